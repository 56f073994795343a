//! The cosign that is on the search path, and what it can do.

use std::fs;
use std::path::{Path, PathBuf};

use signpath_client::config::HostProgram;

use super::check::Check;
use super::finding::Finding;
use super::program;

const PROGRAM: &str = "cosign";
const PLUGIN: &str = "sigstore-kms-signpath";

/// A cosign as it was found.
pub(super) struct Cosign {
    pub(super) path: PathBuf,
    /// `None` if it does not say.
    pub(super) version: Option<Version>,
    pub(super) has_pkcs11: bool,
    /// What it calls its version, or why it does not run.
    said: Result<String, String>,
}

pub(super) type Version = (u64, u64, u64);

/// What is said of versions, from the first one up to the one before the second. From the cosign project's releases; the
/// crash is its issues 4540 and 4775, mended by its pull request 4761.
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
        "crashes when it signs with a PKCS #11 key (nil pointer dereference, 3.0.0 to 3.0.5): it closes the token before it \
         makes the signature of a bundle",
        "use cosign 3.0.6 or later for --key pkcs11:…; 3.1.2 is tried in full. The plugin (--key signpath://…) is not concerned",
    ),
];

impl Cosign {
    /// The one that a shell would run.
    pub(super) fn find(search_path: &[PathBuf]) -> Option<Self> {
        let path = program::find(search_path, PROGRAM)?;
        let said = version_of(&path);
        let version = said.as_ref().ok().and_then(|text| read(text));
        let has_pkcs11 = said.is_ok() && has_pkcs11(&path);
        Some(Self { version, path, has_pkcs11, said })
    }

    /// As the module in it would see it: the file's name, and the name it is started by.
    pub(super) fn host(&self) -> HostProgram {
        let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let resolved = fs::canonicalize(&self.path).ok().and_then(|path| name(&path));
        let host = HostProgram::named(&resolved.unwrap_or_else(|| PROGRAM.to_owned()));
        host.started_as(&name(&self.path).unwrap_or_else(|| PROGRAM.to_owned()))
    }

    fn findings(&self) -> Vec<Finding> {
        match &self.said {
            Ok(text) => vec![of_version(&self.path, text), pkcs11(self.has_pkcs11)],
            Err(why) => {
                let text = format!("{} does not run: {why}", self.path.display());
                let advice = "run `cosign version`; it may be a build for another machine, or lack a library (`ldd` names it)";
                vec![Finding::error(Check::Cosign, text, advice)]
            }
        }
    }
}

pub(super) fn findings(cosign: Option<&Cosign>, search_path: &[PathBuf]) -> Vec<Finding> {
    let mut findings = match cosign {
        Some(cosign) => cosign.findings(),
        None => {
            let advice = "cosign verifies what signpath-cosign signs, and signs with the module and the plugin";
            vec![Finding::warning(Check::Cosign, "there is no cosign on PATH", advice)]
        }
    };
    findings.push(plugin(search_path));
    findings
}

fn of_version(path: &Path, text: &str) -> Finding {
    let path = path.display();
    let Some(version) = read(text) else {
        let advice = "`cosign version` should name a release";
        let text = format!("{path} does not say which version it is");
        return Finding::warning(Check::Cosign, text, advice);
    };
    match VERSIONS.iter().find(|(from, to, ..)| (*from..*to).contains(&version)) {
        Some((_, _, what, advice)) => {
            Finding::warning(Check::Cosign, format!("{path}: {text} {what}"), advice)
        }
        None => Finding::ok(Check::Cosign, format!("{path}: {text}, which runs KMS plugins")),
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

fn pkcs11(has_pkcs11: bool) -> Finding {
    if has_pkcs11 {
        let text = "it is built with PKCS #11, so that it can load the module";
        return Finding::ok(Check::Cosign, text);
    }
    Finding::warning(
        Check::Cosign,
        "it is built without PKCS #11: --key pkcs11:… does not work with it",
        "use the plugin (--key signpath://…), signpath-cosign sign, or the release file cosign-linux-pivkey-pkcs11key-amd64",
    )
}

fn plugin(search_path: &[PathBuf]) -> Finding {
    let advice = "cosign sign --key signpath://… needs it in a folder of PATH";
    let Some(path) = program::find(search_path, PLUGIN) else {
        return Finding::warning(Check::Plugin, format!("{PLUGIN} is not on PATH"), advice);
    };
    let (ours, shown) = (env!("CARGO_PKG_VERSION"), path.display());
    match program::run(&path, &["--version"]) {
        Err(why) => Finding::error(Check::Plugin, format!("{shown}: {why}"), advice),
        Ok(ran) if ran.stdout.trim() == ours => {
            Finding::ok(Check::Plugin, format!("{shown}, version {ours}"))
        }
        Ok(ran) => {
            let word = ran.stdout.split_whitespace().next();
            let is_version =
                |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c));
            let other = word.filter(is_version).unwrap_or("of a version that it does not tell");
            let text = format!("{shown} is {other}, this program {ours}");
            Finding::warning(Check::Plugin, text, "install both from one release")
        }
    }
}

/// What it calls its version, empty if it does not say.
///
/// # Errors
/// Why it does not run, in its own words if it has any.
fn version_of(path: &Path) -> Result<String, String> {
    let ran = program::run(path, &["version"])?;
    if !ran.is_success {
        let words = ran.last_words();
        return Err(if words.is_empty() {
            "`version` fails without a word".to_owned()
        } else {
            words
        });
    }
    let said = ran.stdout + &ran.stderr;
    let text = said.lines().find_map(|line| line.strip_prefix("GitVersion:"));
    Ok(text.unwrap_or_default().trim().to_owned())
}

/// Builds without it say so (cosign, `pkcs11_tool_disabled.go`).
fn has_pkcs11(path: &Path) -> bool {
    let ran = program::run(path, &["pkcs11-tool", "--help"]);
    let said = ran.map(|ran| ran.stdout + &ran.stderr).unwrap_or_default();
    !said.is_empty() && !said.contains("not built with")
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn each_version_has_its_word() {
        for (text, state, said) in [
            ("v3.1.2", State::Ok, "/bin/cosign: v3.1.2, which runs"),
            ("v3.0.6", State::Ok, "plugins"),
            ("v2.6.4", State::Ok, "plugins"),
            ("v2.5.0-rc.1", State::Ok, "plugins"),
            ("v3.0.0", State::Warning, "crashes"),
            ("v3.0.5", State::Warning, "crashes"),
            ("v2.4.3", State::Warning, "no KMS plugins"),
            ("v1.13.1", State::Warning, "older"),
            ("devel", State::Warning, "which version"),
            ("v3", State::Warning, "which version"),
        ] {
            let finding = of_version(Path::new("/bin/cosign"), text);
            assert_eq!(finding.state, state, "{text}");
            assert!(finding.text.contains(said), "{}", finding.text);
        }
    }
}
