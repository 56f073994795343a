//! The process of the module under test: its settings, and a service without a socket.

use std::sync::Once;

use crate::service;

/// The module reads these when it is initialized.
const SETTINGS: [(&str, &str); 3] = [
    // Two slots, the first of which has no token
    (
        "SIGNPATH_CONFIG_FILE",
        concat!(env!("CARGO_MANIFEST_DIR"), "/targets/c_abi/organizations.json"),
    ),
    ("SIGNPATH_LOG_CONSOLE_LEVEL", "none"),
    ("SIGNPATH_METADATA", "none"),
];

static PREPARED: Once = Once::new();

/// Has to come before the module's first call, while there is one thread.
pub(crate) fn prepare() {
    PREPARED.call_once(|| {
        for (name, value) in SETTINGS {
            // SAFETY: this is the process's only thread.
            unsafe { std::env::set_var(name, value) };
        }
        signpath_client::fuzzing::be_served_by(service::answer);
    });
}
