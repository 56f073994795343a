//! A PKCS #11 module whose keys live at SignPath: C_Sign forwards the digest to the service and hands out
//! the signature once it has been checked against the key's public half.
//!
//! The rooms, from the C caller inwards (ARCHITECTURE.md walks the whole path of a signature):
//!
//! - `ffi`: the C boundary, and the only room that works on raw pointers;
//! - `module`, `warm`, `token`, `session`, `handles`: the state behind it, as safe Rust;
//! - `object`, `mechanism`, `request`, `digest`: what the token shows and what it asks the service, as tables
//!   and pure functions;
//! - `error`: what can go wrong, and the one place that turns it into a CK_RV.

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
