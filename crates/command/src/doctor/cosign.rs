//! The cosign that is on the search path, and what it can do.

use std::process::{Command, Stdio};

use super::Finding;

const PROGRAM: &str = "cosign";
const PLUGIN: &str = "sigstore-kms-signpath";

/// What is said of versions, from the first one up to the one before the second. From the cosign project's releases.
const VERSIONS: &[(Version, Version, &str, &str)] = &[
    (
        (0, 0, 0),
        (2, 0, 0),
        "is older than what is promised",
        "use cosign 2.0 or later; 3.1.2 is tried in full",
    ),
    (
        (2, 0, 0),
        (2, 5, 0),
        "runs no KMS plugins",
        "for --key signpath://… use cosign 2.5 or later; the PKCS #11 module works with this one, if it is built with PKCS #11",
    ),
    (
        (3, 0, 0),
        (3, 0, 6),
        "is one of the versions with a known crash (3.0.0 to 3.0.5)",
        "use cosign 3.1 or later",
    ),
];

type Version = (u64, u64, u64);

pub(super) fn findings() -> Vec<Finding> {
    let Some(said) = output(&["version"]) else {
        let advice =
            "cosign verifies what signpath-cosign signs, and signs with the module and the plugin";
        return vec![Finding::warning("cosign", "there is no cosign on PATH", advice)];
    };
    vec![of_version(&said), pkcs11(), plugin()]
}

fn of_version(said: &str) -> Finding {
    let text =
        said.lines().find_map(|line| line.strip_prefix("GitVersion:")).unwrap_or_default().trim();
    let Some(version) = read(text) else {
        let advice = "`cosign version` should name a release";
        return Finding::warning("cosign", "it does not say which version it is", advice);
    };
    match VERSIONS.iter().find(|(from, to, ..)| (*from..*to).contains(&version)) {
        Some((_, _, what, advice)) => Finding::warning("cosign", format!("{text} {what}"), advice),
        None => Finding::ok("cosign", format!("{text}, which runs KMS plugins")),
    }
}

/// `v3.1.2`, whatever comes behind.
fn read(text: &str) -> Option<Version> {
    let mut parts = text.strip_prefix('v')?.splitn(3, '.');
    let mut next = || {
        let part: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
        part.parse().ok()
    };
    Some((next()?, next()?, next()?))
}

/// Builds without it say so (cosign, `pkcs11_tool_disabled.go`).
fn pkcs11() -> Finding {
    match output(&["pkcs11-tool", "--help"]) {
        Some(said) if !said.contains("not built with") => {
            Finding::ok("cosign", "it is built with PKCS #11, so that it can load the module")
        }
        _ => Finding::warning(
            "cosign",
            "it is built without PKCS #11: --key pkcs11:… does not work with it",
            "use the plugin (--key signpath://…), signpath-cosign sign, or the release file cosign-linux-pivkey-pkcs11key-amd64",
        ),
    }
}

fn plugin() -> Finding {
    let found = Command::new(PLUGIN)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match found {
        Ok(_) => Finding::ok("plugin", format!("{PLUGIN} is on PATH")),
        Err(error) => Finding::warning(
            "plugin",
            format!("{PLUGIN} cannot be run: {error}"),
            "cosign sign --key signpath://… needs it in a folder of PATH",
        ),
    }
}

/// What it prints; `None` if it cannot be run.
fn output(words: &[&str]) -> Option<String> {
    let output = Command::new(PROGRAM).args(words).stdin(Stdio::null()).output().ok()?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some(text(&output.stdout) + &text(&output.stderr))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn each_version_has_its_word() {
        for (text, state, said) in [
            ("v3.1.2", State::Ok, "v3.1.2, which runs"),
            ("v2.6.4", State::Ok, "plugins"),
            ("v2.5.0-rc.1", State::Ok, "plugins"),
            ("v3.0.5", State::Warning, "known crash"),
            ("v2.4.3", State::Warning, "no KMS plugins"),
            ("v1.13.1", State::Warning, "older"),
            ("devel", State::Warning, "which version"),
            ("v3", State::Warning, "which version"),
        ] {
            let finding = of_version(&format!("  ____\nGitVersion:    {text}\nGitCommit: x\n"));
            assert_eq!(finding.state, state, "{text}");
            assert!(finding.text.contains(said), "{}", finding.text);
        }
    }
}
