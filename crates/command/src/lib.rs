//! What `signpath-cosign` and `sigstore-kms-signpath` are made of: container signatures with keys held at SignPath, with
//! the whole payload in sight.
//!
//! [`cli::run`] is `signpath-cosign`, [`plugin::main`] is cosign's KMS plugin. Neither needs PKCS #11.
//!
//! # From an image to its signature
//!
//! | step | rooms |
//! | --- | --- |
//! | which image | [`image`], [`digest`]: names as cosign reads them; [`registry`]: the OCI distribution API, with its logins and its budget of time |
//! | what is signed | [`payload`] (simple signing), [`statement`] and [`bundle`] (cosign v3's form), [`go_json`]: byte for byte what cosign makes, and pure |
//! | who signs | [`sign`]: by hash signing, or by a signing request that is given the whole payload; [`request`]: that request, remembered and waited for |
//! | where it goes | [`attach`]: into the registry, after what is there, and only if it verifies; [`files`] |
//!
//! The plugin takes the third step alone: cosign makes the message and attaches the signature.
//!
//! # Around it
//!
//! [`keys`] and [`trust`] say what there is and what verifiers need, [`doctor`] what keeps signing from working. [`error`] has
//! the one place that decides on exit codes, [`terminal`] what goes to standard output and what to standard error,
//! [`interruption`] what a signal does. [`unambiguous`] refuses JSON that two readers could read in two ways, [`bounded`]
//! waits for what may take for ever. [`system`] has what differs between Linux, macOS and Windows.
//!
//! # Rules
//!
//! - Nothing of a registry or of the service is shown with control characters in it, or with a secret.
//! - Data goes to standard output, everything else to standard error.
//! - What may be the same for two runs is asked for once: a signing request that waits is found again.
#![forbid(unsafe_code)]

pub mod cli;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod plugin;

mod attach;
mod bounded;
mod bundle;
mod digest;
mod doctor;
mod error;
mod files;
mod go_json;
mod image;
mod interruption;
mod keys;
mod payload;
mod registry;
mod request;
mod service;
mod sign;
mod statement;
mod system;
mod terminal;
mod trust;
mod unambiguous;
