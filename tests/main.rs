//! End to end, through the C ABI: the module, the sandbox and, where they are installed, the programs that people use.
//!
//! `cargo test` runs what needs nothing but this repository. What needs cosign, a registry or SoftHSM is ignored there and
//! run by `scripts/test`.
#![expect(unsafe_code, reason = "the tests call a C ABI")]
#![expect(
    clippy::as_conversions,
    reason = "lengths go from usize to CK_ULONG and back, both 64 bits wide"
)]

#[cfg(test)]
#[macro_use]
mod harness;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod artifact;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod command;
#[cfg(test)]
mod cosign;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod digests;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod general;
#[cfg(test)]
mod header;
#[cfg(test)]
mod house;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod log_files;
#[cfg(test)]
mod login;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod metadata_flow;
#[cfg(test)]
mod newer_functions;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod organizations;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod process;
#[cfg(test)]
mod recipes;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod softhsm;
#[cfg(test)]
mod states;
#[cfg(test)]
mod troubleshooting;
#[cfg(test)]
mod verifying;
#[cfg(test)]
mod warm;
