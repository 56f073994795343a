//! A signing configuration of Sigstore, as cosign reads it: protojson (protobuf.dev, "ProtoJSON Format", takes both spellings of
//! a field) of sigstore/protobuf-specs `sigstore_trustroot.proto`.

use std::path::Path;

use serde_json::{Map, Value};

use crate::files;

use super::super::check::Check;
use super::super::finding::Finding;
use super::{ADVICE, log};

/// The only one that cosign takes (sigstore-go `pkg/root/signing_config.go`).
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// Fields that matter here, in both spellings.
const MEDIA_TYPES: [&str; 2] = ["mediaType", "media_type"];
const LOGS: [&str; 2] = ["rekorTlogUrls", "rekor_tlog_urls"];

/// Whether the file names a log.
pub(super) fn finding(file: &Path) -> Finding {
    match logs(file) {
        Ok(logs) if logs.is_empty() => {
            Finding::ok(Check::PublicLog, format!("{} names no log", file.display()))
        }
        Ok(logs) => {
            let text = format!("{} names the log {}", file.display(), logs.join(", "));
            Finding::error(Check::PublicLog, text, ADVICE)
        }
        Err(why) => Finding::error(Check::PublicLog, why, ADVICE),
    }
}

/// The logs that it names.
///
/// # Errors
/// Why cosign could not use the file, as a sentence.
fn logs(file: &Path) -> Result<Vec<String>, String> {
    // For cosign `-` is a file's name.
    let bytes = files::read(&Path::new(".").join(file)).map_err(|error| error.statement())?;
    read(&bytes).map_err(|why| format!("{} {why}", file.display()))
}

fn read(bytes: &[u8]) -> Result<Vec<String>, String> {
    let json = serde_json::from_slice::<Value>(bytes);
    let json = json.map_err(|error| format!("is no JSON: {error}"))?;
    let config = json.as_object().ok_or("is no JSON object, and cosign refuses it")?;
    let media_type = named(config, MEDIA_TYPES).next().and_then(Value::as_str);
    if media_type != Some(MEDIA_TYPE) {
        return Err(format!(
            "is no signing configuration: cosign refuses a mediaType that is not {MEDIA_TYPE}"
        ));
    }
    let mut logs = Vec::new();
    for value in named(config, LOGS) {
        match value {
            Value::Null => {}
            Value::Array(list) => logs.extend(list.iter().map(address)),
            _ => return Err("has no list in rekorTlogUrls, and cosign refuses it".to_owned()),
        }
    }
    Ok(logs)
}

fn named<'a>(
    config: &'a Map<String, Value>,
    names: [&'static str; 2],
) -> impl Iterator<Item = &'a Value> {
    names.into_iter().filter_map(|name| config.get(name))
}

fn address(log: &Value) -> String {
    let url = log.get("url").and_then(Value::as_str);
    url.map_or_else(|| "without an address".to_owned(), log::shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(rest: &str) -> String {
        format!(r#"{{"mediaType":"{MEDIA_TYPE}"{rest}}}"#)
    }

    #[test]
    fn logs_are_found_in_both_spellings_and_without_their_passwords() {
        for (rest, expected) in [
            ("", &[][..]),
            (r#","rekorTlogUrls":[]"#, &[]),
            (r#","rekorTlogUrls":null"#, &[]),
            (r#","rekorTlogUrls":[{"url":"https://a.example"}]"#, &["https://a.example"]),
            (r#","rekor_tlog_urls":[{"url":"https://a.example"}]"#, &["https://a.example"]),
            (r#","rekor_tlog_urls":[{}]"#, &["without an address"]),
        ] {
            assert_eq!(read(with(rest).as_bytes()).unwrap(), expected, "{rest}");
        }
        let secret =
            read(with(r#","rekorTlogUrls":[{"url":"https://u:w0rd@a.example"}]"#).as_bytes());
        assert!(!secret.unwrap()[0].contains("w0rd"));
        let other = format!(r#"{{"media_type":"{MEDIA_TYPE}"}}"#);
        assert_eq!(read(other.as_bytes()).unwrap(), [""; 0]);
    }

    #[test]
    fn what_cosign_refuses_is_not_called_free_of_logs() {
        let list = with(r#","rekorTlogUrls":{}"#);
        for (text, said) in [
            ("", "is no JSON:"),
            ("[]", "is no JSON object"),
            ("\"x\"", "is no JSON object"),
            ("null", "is no JSON object"),
            ("{}", "mediaType"),
            (r#"{"mediaType":"x"}"#, "mediaType"),
            (&list, "no list"),
        ] {
            let why = read(text.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>, rest in "[\\[\\]{}\":,a-z]{0,20}") {
            read(&bytes).ok();
            read(with(&rest).as_bytes()).ok();
        }
    }
}
