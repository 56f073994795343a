//! Linux and macOS.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};
use signpath_client::process;

/// The right of anybody to run a file.
const RUN: u32 = 0o111;

/// The file of the module.
#[cfg(not(target_os = "macos"))]
pub(crate) const MODULE: &str = "libsignpath_pkcs11.so";

/// The file of the module.
#[cfg(target_os = "macos")]
pub(crate) const MODULE: &str = "libsignpath_pkcs11.dylib";

/// Where libraries, and PKCS #11 modules among them, are installed.
#[cfg(not(target_os = "macos"))]
pub(crate) const MODULE_FOLDERS: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
];

/// Where libraries are installed, by hand and by Homebrew.
#[cfg(target_os = "macos")]
pub(crate) const MODULE_FOLDERS: &[&str] = &["/usr/local/lib", "/opt/homebrew/lib"];

/// The file that is run by this name.
pub(crate) fn file_name_of(program: &str) -> String {
    program.to_owned()
}

/// Whether a file can be run, by somebody at least.
pub(crate) fn is_program(found: &Metadata) -> bool {
    found.is_file() && found.permissions().mode() & RUN != 0
}

/// Has `stop` called on a thread, with the name of the signal that stops the program and what has the program die by that. A second
/// signal waits for nothing. A signal that is ignored, as it is in a shell's background, stays ignored.
///
/// SIGXFSZ stops nothing: a file that gets too long is an error of who writes it.
///
/// # Errors
/// The system's; the signals stop the program then without a word.
pub(crate) fn on_stop(stop: impl Fn(&str, &dyn Fn()) + Send + 'static) -> io::Result<()> {
    // Caught rather than ignored: what is ignored stays so in the programs that this one runs.
    if !process::ignores(SIGXFSZ) {
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    }
    let watched = [SIGINT, SIGTERM].into_iter().filter(|signal| !process::ignores(*signal));
    let watched: Vec<_> = watched.collect();
    stop_by(&watched, stop).inspect_err(|_| die_by(&watched))
}

/// The thread is there before a signal sets the flag that lets only the next one end the program.
fn stop_by(watched: &[i32], stop: impl Fn(&str, &dyn Fn()) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(watched)?;
    let watch = move || {
        for signal in signals.forever() {
            // Only if this does not end it, which POSIX has no reason for, there is a second round.
            let die = || {
                emulate_default_handler(signal).ok();
            };
            stop(signal_name(signal).unwrap_or("a signal"), &die);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in watched {
        // In this order, so that the signal that sets it does not meet it.
        flag::register_conditional_default(*signal, is_second.clone())?;
        flag::register(*signal, is_second.clone())?;
    }
    Ok(())
}

/// As if nothing had ever been registered: signal-hook leaves its handler where its default was.
fn die_by(signals: &[i32]) {
    for signal in signals {
        flag::register_conditional_default(*signal, Arc::new(AtomicBool::new(true))).ok();
    }
}
