//! The C ABI: sequences of calls with right and wrong handles, pointers and lengths, over a service without a socket. A model
//! says which value each call has to return, and around every buffer something has to stay as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
// The functions that are linked by name
use signpath_pkcs11 as _;

mod buffer;
mod caller;
mod digests;
mod login;
mod model;
mod objects;
mod operations;
mod script;
mod service;
mod settings;
mod signed;
mod signing;
mod tokens;
mod verifying;

fuzz_target!(|bytes: &[u8]| {
    settings::prepare();
    caller::Caller::new(bytes).run();
});
