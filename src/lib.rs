//! A PKCS #11 module whose keys live at SignPath: C_Sign forwards the digest to the service and hands out
//! the signature once it has been checked against the key's public half.
//!
//! The rooms, from the C caller inwards (ARCHITECTURE.md walks the whole path of a signature; `scripts/test doc` writes this book
//! with all of them):
//!
//! - [`ffi`]: the C boundary, and the only room that works on raw pointers;
//! - [`module`], [`warm`], [`token`], [`session`], [`handles`]: the state behind it, as safe Rust;
//! - [`object`], [`mechanism`], [`request`], [`digest`]: what the token shows and what it asks the service, as tables
//!   and pure functions;
//! - [`error`]: what can go wrong, and the one place that turns it into a CK_RV.
//!
//! # C_Sign, from one end to the other
//!
//! `ffi::table` has the C function, and `ffi`'s boundary keeps signals and panics from the host program. `ffi::sign`
//! makes slices of the pointers. [`module`] gives the run that C_Initialize began; its session gives up the operation,
//! unless only a length is asked for. [`request`] says, purely, what SignPath is asked for; [`signpath_client`] asks, and
//! checks the answer with the key's public half. The signature is written where the caller wants it. An error goes up
//! by `?` to the boundary, which writes one line and asks [`error`] for the number.
//!
//! # Rules
//!
//! - No thread, nothing on standard output, no lock while the network is waited for.
//! - A forked child uses nothing of what it inherits but the log.
//! - C_Initialize, lists of slots and the token's information never touch the network.
//! - Raw pointers are for `ffi` alone, and every `unsafe` block there says who vouches for it.
//!
//! docs/module.md is for its users: URIs, functions, mechanisms, return values.

mod digest;
mod error;
#[expect(unsafe_code, reason = "the C boundary works on the caller's raw pointers")]
mod ffi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod handles;
mod mechanism;
mod module;
mod object;
mod request;
mod session;
mod token;
mod warm;
