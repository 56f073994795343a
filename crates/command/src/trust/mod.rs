//! What those who verify have to know of a policy: its public key.

use signpath_client::config::Via;

use crate::error::Error;
use crate::service::{self, PolicyName};
use crate::terminal;

/// Prints the key of a policy as the service has it now, in PEM, as `cosign public-key` does.
///
/// # Errors
/// A policy that the token may not use; no answer.
pub(crate) fn run(name: &PolicyName) -> Result<(), Error> {
    let client = service::open(&service::configuration()?)?;
    let policy = service::policy(&client, name, Via::Request)?;
    terminal::data(policy.key().to_pem().as_bytes())?;
    terminal::say("for cosign verify --insecure-ignore-tlog=true --key FILE IMAGE");
    Ok(())
}
