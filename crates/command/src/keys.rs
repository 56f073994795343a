//! The policies that a token may use, for people, for scripts, and as command lines of cosign.

use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};
use signpath_client::{Policy, PublicKey};

use crate::digest::hex;
use crate::doctor;
use crate::error::Error;
use crate::service;
use crate::system::MODULE;
use crate::terminal;

/// How the list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Table,
    Json,
    /// Commands of cosign.
    Cosign,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    policy: String,
    #[serde(rename = "type")]
    kind: &'static str,
    bits: usize,
    /// `YYYY-MM-DD`, the last day.
    certificate_expires: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo.
    fingerprint: String,
}

impl Key {
    fn of(policy: &Policy) -> Self {
        let key = policy.key();
        let kind = match key {
            PublicKey::Rsa(_) => "RSA",
            PublicKey::Ec(_) => "EC",
        };
        let expires = policy.certificate().map(|certificate| date(certificate.end_date()));
        let hash = Sha256::digest(key.spki_der());
        Self {
            policy: policy.name(),
            kind,
            bits: key.bits(),
            certificate_expires: expires,
            fingerprint: hex(&hash),
        }
    }
}

impl Key {
    fn is_larger_curve(&self) -> bool {
        self.kind == "EC" && self.bits > 256
    }
}

/// Digits YYYYMMDD as YYYY-MM-DD.
pub(crate) fn date(digits: [u8; 8]) -> String {
    let text = String::from_utf8_lossy(&digits).into_owned();
    match (text.get(..4), text.get(4..6), text.get(6..)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text,
    }
}

/// Lists.
///
/// # Errors
/// What keeps the service from answering, a refusal among it. A token that may use no policy gets an empty list and a warning.
pub(crate) fn run(shape: Shape) -> Result<(), Error> {
    let config = service::configuration()?;
    let policies = service::open(&config)?.policies().map_err(service::unlisted)?;
    if policies.is_empty() {
        terminal::warn(&format!("{}: {}", service::NO_POLICY, service::WITHOUT_LIST));
        if shape != Shape::Json {
            return Ok(());
        }
    }
    let keys: Vec<_> = policies.iter().map(Key::of).collect();
    match shape {
        Shape::Table => terminal::line(&table(&keys)),
        Shape::Json => {
            let text = serde_json::to_string_pretty(&keys);
            terminal::line(
                &text
                    .map_err(|error| Error::failed("the list cannot be written").because(error))?,
            )
        }
        Shape::Cosign => {
            let module = doctor::installed_module();
            let module = module.unwrap_or_else(|| PathBuf::from(UNKNOWN).join(MODULE));
            terminal::line(&commands(&keys, &config.token_label, &module.to_string_lossy()))
        }
    }
}

fn table(keys: &[Key]) -> String {
    let head = ["POLICY", "TYPE", "BITS", "CERTIFICATE UNTIL", "SHA-256 OF THE PUBLIC KEY"]
        .map(str::to_owned);
    let row = |key: &Key| {
        let expires = key.certificate_expires.clone().unwrap_or_else(|| "-".to_owned());
        [
            key.policy.clone(),
            key.kind.to_owned(),
            key.bits.to_string(),
            expires,
            key.fingerprint.clone(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(keys.iter().map(row)).collect();
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| Some(row.get(column)?.chars().count()));
        widths.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..5).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// An empty signing configuration keeps cosign v3 off the public log.
const PREPARATION: &str =
    "# Once: a signing configuration without services, which keeps signatures off the public log
cosign signing-config create --out signing-config.json";

const CONFIGURATION: &str = "--signing-config signing-config.json";

/// What keeps cosign v2 off it.
const FOR_V2: &str = "--tlog-upload=false";

/// cosign v3 signs SHA-256 with every PKCS #11 key, and checks a bundle of a key on P-384 or P-521 with another hash.
const OLDER_FORM: &str = "--use-signing-config=false --new-bundle-format=false --tlog-upload=false";

/// Where a module is that was not found.
const UNKNOWN: &str = "/path/to";

fn commands(keys: &[Key], label: &str, module: &str) -> String {
    let label = escaped(label);
    let path = module.split('/').map(escaped).collect::<Vec<_>>().join("/");
    let of = |key: &Key| {
        let policy = &key.policy;
        let name = policy.replace('/', "%2F");
        let plugin = format!("'signpath://{policy}'");
        let uri = format!("'pkcs11:token={label};object={name}?module-path={path}'");
        let module = if key.is_larger_curve() { OLDER_FORM } else { CONFIGURATION };
        format!(
            "
# {policy}: {} {}, by the plugin sigstore-kms-signpath, with cosign v3
cosign sign --yes {CONFIGURATION} --key {plugin} IMAGE@sha256:…
# with v2, from 2.5 on
cosign sign --yes {FOR_V2} --key {plugin} IMAGE@sha256:…
# by the PKCS #11 module, with a cosign v3 that is built with PKCS #11; the path has to be absolute
cosign sign --yes {module} --key {uri} IMAGE@sha256:…
# with such a v2
cosign sign --yes {FOR_V2} --key {uri} IMAGE@sha256:…",
            key.kind, key.bits
        )
    };
    keys.iter().map(of).fold(PREPARATION.to_owned(), |text, next| format!("{text}\n{next}"))
}

/// For a value of a PKCS #11 URI in single quotes of a shell.
fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            policy: "web/release".to_owned(),
            kind: "RSA",
            bits: 3072,
            certificate_expires: None,
            fingerprint: "00ff".to_owned(),
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        let table = table(&[key()]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[1], "web/release  RSA   3072  -                  00ff");
        assert_eq!(lines[0].find("TYPE"), lines[1].find("RSA"));
    }

    #[test]
    fn every_command_stays_off_the_public_log() {
        let text = commands(&[key()], "My label's", "/opt/my tools/m.so");
        assert!(text.contains("?module-path=/opt/my%20tools/m.so'"), "{text}");
        assert!(text.contains("token=My%20label%27s;object=web%2Frelease?"), "{text}");
        let signing: Vec<_> = text.lines().filter(|line| line.contains("cosign sign ")).collect();
        let with = |option: &str| signing.iter().filter(|line| line.contains(option)).count();
        assert_eq!((signing.len(), with("--signing-config ")), (4, 2), "{text}");
        assert_eq!(with("--tlog-upload=false "), 2, "{text}");
    }
}
