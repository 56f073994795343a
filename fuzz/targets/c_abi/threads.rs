//! The C ABI in several threads at once: a third of the case for each. Each has sessions of its own, so the model knows what
//! each call of each thread has to return; slots, logins, objects and the service are the same for all of them.
#![no_main]

use std::ptr::null_mut;
use std::thread;

use cryptoki_sys::*;
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

use buffer::ck;
use caller::{Caller, call, expect};
use login::{ORGANIZATIONS, TOKEN};
use model::{Credentials, Model, SLOTS, Token};

const THREADS: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    settings::prepare();
    let host = host();
    let lane = bytes.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        for part in bytes.chunks(lane) {
            scope.spawn(|| {
                let mut caller = Caller::new(part);
                caller.model = shared();
                caller.run();
            });
        }
    });
    host.run();
});

/// Keeps the module initialized, with a session and a login for each slot.
fn host() -> Caller<'static> {
    let mut host = Caller::new(&[]);
    expect("C_Initialize", call!(host, C_Initialize(null_mut())), CKR_OK);
    host.model.initialized = true;
    for (slot, organization) in SLOTS.into_iter().zip(ORGANIZATIONS) {
        let mut session = 0;
        let given = &raw mut session;
        let came = call!(host, C_OpenSession(slot, CKF_SERIAL_SESSION, null_mut(), None, given));
        expect("C_OpenSession", came, CKR_OK);
        let mut pin = format!("{organization}:{TOKEN}").into_bytes();
        let (text, len) = (pin.as_mut_ptr(), ck(pin.len()));
        expect("C_Login", call!(host, C_Login(session, CKU_USER, text, len)), CKR_OK);
    }
    host
}

/// What a thread beside the host finds.
fn shared() -> Model {
    let token = Token { login: Some(Credentials::OfPin), pin_was_wrong: false };
    Model { initialized: true, tokens: [token; 2], is_shared: true, ..Model::default() }
}
