//! SignPath's hash-signing service, seen from a client: its configuration, the policies a token may use, and
//! signatures that are checked before they are handed out.
//!
//! The crate knows nothing of PKCS #11. It starts no thread, writes nothing to standard output, and is the one
//! place of the workspace that reads the environment.
//!
//! # A signature
//!
//! From the configuration to a signature that verifies, against the service's double:
//!
//! ```
//! use signpath_client::config::HostProgram;
//! use signpath_client::key::Scheme;
//! use signpath_client::{Client, Config, HashToSign};
//! use signpath_sandbox::Sandbox;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start()?;
//! // For a program of its own this is `Config::load(Process::Ordinary)?`.
//! let settings = sandbox.environment();
//! let value = |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.into());
//! let config = Config::from_sources(value, HostProgram::named("example"))?;
//!
//! let credentials = config.credentials().ok_or("organization and token are not set")?;
//! let client = Client::new(&config, credentials);
//! let policy = client.policy("demo", "ec")?.ok_or("the token may not use this policy")?;
//! let digest = HashToSign { scheme: Scheme::Ecdsa, hash: vec![7; 32] };
//! // Checked already: what does not verify is an error.
//! let signature = client.sign_hash(&policy, &digest)?;
//! assert!(policy.key().verify(&digest, &signature));
//! # Ok(())
//! # }
//! ```
//!
//! # The chapters
//!
//! | first | |
//! | --- | --- |
//! | [`config`] | every setting, from the environment over a file over the defaults |
//! | [`secret`] | the token: where it comes from, and how it stays out of sight |
//! | [`client`] | the calls: policies, hash signing, file-based signing requests |
//! | [`policy`], [`certificate`], [`key`] | what comes back, as types; a signature is checked in [`key`] |
//! | [`error`] | what went wrong, of which [`Class`], and what to do |
//! | then | |
//! | [`metadata`] | what the service is told of this process |
//! | [`log`] | lines without secrets |
//! | [`probe`] | the way to the service without a token, for those who look for what is broken |
//! | [`private`], [`replacement`], [`process`] | files that are this user's alone, files that are there whole or not at all, the running process |
//!
//! Inside, `wire` has the JSON of both generations of the service, `http` the connections, and `retry` the table of
//! what is repeated, within one total time. `system` has what differs between Linux, macOS and Windows.

#![forbid(unsafe_code)]

pub mod certificate;
pub mod client;
pub mod config;
pub mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod key;
pub mod log;
pub mod metadata;
pub mod policy;
pub mod private;
pub mod probe;
pub mod process;
pub mod replacement;
pub mod secret;

#[cfg(test)]
mod damage;
mod http;
mod retry;
mod system;
mod wire;

pub use certificate::Certificate;
pub use client::Client;
pub use config::{Config, Process, SETTINGS};
pub use error::{Class, Error};
pub use key::{HashToSign, PublicKey};
pub use log::Log;
pub use metadata::SourceProcess;
pub use policy::Policy;
pub use probe::Probe;
pub use secret::{Credentials, OrganizationId, Token};
pub use wire::files::{FileSubmission, RequestState, RequestStatus, SubmittedRequest};
