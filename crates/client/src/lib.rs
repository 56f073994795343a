//! SignPath's hash-signing service, seen from a client: its configuration, the policies a token may use, and
//! signatures that are checked before they are handed out.
//!
//! The crate knows nothing of PKCS #11. It starts no thread, writes nothing to standard output, and is the one
//! place of the workspace that reads the environment.

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
