//! The process of the module under test: its settings, and a service without a socket.

use std::sync::Once;

use crate::service;

/// The configuration file: two slots, the first of which has no token.
const ORGANIZATIONS: &str = include_str!("organizations.json");

/// The module reads these when it is initialized.
const SETTINGS: [(&str, &str); 2] =
    [("SIGNPATH_LOG_CONSOLE_LEVEL", "none"), ("SIGNPATH_METADATA", "none")];

static PREPARED: Once = Once::new();

/// Has to come before the module's first call, while there is one thread.
pub(crate) fn prepare() {
    PREPARED.call_once(|| {
        // In memory, as the tree may change while a run of hours reads it.
        let file = format!("/dev/shm/signpath-fuzz-{}.json", std::process::id());
        std::fs::write(&file, ORGANIZATIONS).expect("a file in memory");
        for (name, value) in SETTINGS.into_iter().chain([("SIGNPATH_CONFIG_FILE", &*file)]) {
            // SAFETY: this is the process's only thread.
            unsafe { std::env::set_var(name, value) };
        }
        signpath_client::fuzzing::be_served_by(service::answer);
    });
}
