//! The C ABI: sequences of calls with right and wrong handles, pointers and lengths, over a service without a socket. A model
//! says which value each call has to return, and around every buffer something has to stay as it was.
#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;
// The functions that are linked by name
use signpath_pkcs11 as _;

mod buffer;
mod caller;
mod model;
mod objects;
mod operations;
mod script;
mod service;

/// The module reads these when it is initialized.
const SETTINGS: [(&str, &str); 4] = [
    ("SIGNPATH_ORGANIZATION_ID", caller::ORGANIZATION),
    ("SIGNPATH_API_TOKEN", "configured"),
    ("SIGNPATH_LOG_CONSOLE_LEVEL", "none"),
    ("SIGNPATH_METADATA", "none"),
];

static PREPARED: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    PREPARED.call_once(|| {
        for (name, value) in SETTINGS {
            // SAFETY: this is the process's only thread.
            unsafe { std::env::set_var(name, value) };
        }
        signpath_client::fuzzing::be_served_by(service::answer);
    });
    caller::Caller::new(bytes).run();
});
