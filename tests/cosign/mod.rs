//! Stock cosign, as people run it, with a real registry: what it signs verifies, what is refused leaves nothing behind.
//!
//! No command of these tests can reach a public log or any other host than this one ([`crate::harness::Workplace`]).

pub(crate) mod bench;
mod certificates;
pub(crate) mod documents;
pub(crate) mod front;
mod key_uris;
mod keys;
mod manifests;
pub(crate) mod plugin;
mod refusals;
mod service;
mod stock;
mod troubleshooting;
