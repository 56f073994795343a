//! What `signpath-cosign` and `sigstore-kms-signpath` are made of: container signatures with keys held at SignPath, with
//! the whole payload in sight.
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
mod terminal;
mod trust;
mod unambiguous;
