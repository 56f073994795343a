//! Whether a command of cosign would write to Sigstore's public log, where entries stay for good.

use std::path::Path;

use serde_json::Value;

use crate::files;

use super::Finding;

const CHECK: &str = "public log";

/// The subcommands that write signatures.
const SIGNING: [&str; 4] = ["sign", "sign-blob", "attest", "attest-blob"];

const ADVICE: &str = "give --signing-config a file from `cosign signing-config create` without further options (cosign v3), or \
     --tlog-upload=false (v2; with --use-signing-config=false v3 too)";

/// The command's words, its program first.
pub(super) fn finding(command: &[String]) -> Finding {
    if !command.iter().any(|word| SIGNING.contains(&word.as_str())) {
        return Finding::ok(CHECK, "the command writes no signature");
    }
    if let Some(file) = value(command, "--signing-config") {
        return of_configuration(Path::new(file));
    }
    if command.iter().any(|word| word == "--tlog-upload=false") {
        return Finding::ok(CHECK, "the command says --tlog-upload=false");
    }
    Finding::error(CHECK, "the command would write to Sigstore's public log, for good", ADVICE)
}

fn value<'a>(command: &'a [String], option: &str) -> Option<&'a str> {
    let behind = |word: &'a String| word.strip_prefix(option)?.strip_prefix('=');
    let next = || command.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    command.iter().find_map(behind).or_else(next)
}

/// A signing configuration of Sigstore: lists of services, `rekorTlogUrls` among them.
fn of_configuration(file: &Path) -> Finding {
    let shown = file.display();
    let read = files::read(file).map_err(|error| error.statement());
    let json = read.and_then(|bytes| {
        serde_json::from_slice::<Value>(&bytes)
            .map_err(|error| format!("{shown} is no JSON: {error}"))
    });
    let config = match json {
        Ok(config) => config,
        Err(why) => return Finding::error(CHECK, why, ADVICE),
    };
    let logs = config.get("rekorTlogUrls").and_then(Value::as_array);
    match logs.filter(|logs| !logs.is_empty()) {
        None => Finding::ok(CHECK, format!("{shown} names no log")),
        Some(logs) => {
            let urls = logs.iter().filter_map(|log| log.get("url")?.as_str());
            let urls = urls.collect::<Vec<_>>().join(", ");
            Finding::error(CHECK, format!("{shown} names the log {urls}"), ADVICE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn state(command: &str) -> State {
        finding(&command.split(' ').map(str::to_owned).collect::<Vec<_>>()).state
    }

    #[test]
    fn a_signing_command_needs_an_option_that_keeps_it_off() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let empty = file("empty", r#"{"mediaType":"x"}"#);
        let full = file("full", r#"{"rekorTlogUrls":[{"url":"https://rekor.example"}]}"#);
        let broken = file("broken", "{");
        for (command, expected) in [
            ("cosign verify --key k IMAGE".to_owned(), State::Ok),
            ("cosign sign --key k IMAGE".to_owned(), State::Error),
            ("cosign attest --key k --tlog-upload=true IMAGE".to_owned(), State::Error),
            ("cosign sign --key k --tlog-upload=false IMAGE".to_owned(), State::Ok),
            (format!("cosign sign --signing-config {empty} --key k IMAGE"), State::Ok),
            (format!("cosign sign --signing-config={empty} --key k IMAGE"), State::Ok),
            (format!("cosign sign-blob --signing-config={full} --key k FILE"), State::Error),
            (format!("cosign sign --signing-config {broken} --key k IMAGE"), State::Error),
            ("cosign sign --signing-config /nowhere --key k IMAGE".to_owned(), State::Error),
        ] {
            assert_eq!(state(&command), expected, "{command}");
        }
    }
}
