//! What those who verify have to know of a policy: its public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signpath_client::PublicKey;

use crate::error::Error;
use crate::service::{self, PolicyName};
use crate::terminal;

/// Prints the key of a policy as the service has it now, in PEM, as `cosign public-key` does.
///
/// # Errors
/// A policy that the token may not use; no answer.
pub(crate) fn run(name: &PolicyName) -> Result<(), Error> {
    let (_, policy) = service::open_policy(service::configuration()?, name)?;
    terminal::data(pem(policy.key()).as_bytes())?;
    terminal::say("for cosign verify --insecure-ignore-tlog=true --key FILE IMAGE");
    Ok(())
}

/// RFC 7468 §13.
fn pem(key: &PublicKey) -> String {
    let mut text = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for (place, character) in STANDARD.encode(key.spki_der()).chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + "\n-----END PUBLIC KEY-----\n"
}
