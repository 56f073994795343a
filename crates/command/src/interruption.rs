//! SIGINT and SIGTERM: the program stops at once, whatever it waits for, says how to go on, and dies by the signal, so that a
//! shell knows what it died of. A file that is just being written is finished first, and a second signal waits for nothing.
//! SIGXFSZ stops nothing: a file that gets too long is an error of who writes it.
//!
//! Signals belong to the process, and so does what is kept here.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};
use signpath_client::process;

use crate::bounded::within;
use crate::error::Error;

/// How to go on if the program is stopped now; `None` where the same command begins anew.
static GOES_ON: Mutex<Option<String>> = Mutex::new(None);

/// Held by who must not be stopped.
static WHOLE: Mutex<()> = Mutex::new(());

/// Whether a signal has come that stops the program.
static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// How long is waited before each look at whether the program is still to be stopped.
const PAUSE: Duration = Duration::from_millis(10);

/// So long the last words may take: whoever does not read standard error does not keep the program alive.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Watches from now on, on a thread. `tell` is how this program says why it failed. A signal that is ignored, as it is in a
/// shell's background, stays ignored.
///
/// # Errors
/// The system's; the signals stop the program then without a word.
pub(crate) fn watch(tell: fn(&Error)) -> io::Result<()> {
    // Caught rather than ignored: what is ignored stays so in the programs that this one runs.
    if !process::ignores(SIGXFSZ) {
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    }
    let watched = [SIGINT, SIGTERM].into_iter().filter(|signal| !process::ignores(*signal));
    let watched: Vec<_> = watched.collect();
    stop_by(&watched, tell).inspect_err(|_| die_by(&watched))
}

/// The thread is there before a signal sets the flag that lets only the next one end the program.
fn stop_by(watched: &[i32], tell: fn(&Error)) -> io::Result<()> {
    let mut signals = Signals::new(watched)?;
    let stop = move || {
        for signal in signals.forever() {
            IS_STOPPED.store(true, Ordering::SeqCst);
            let _whole = lock(&WHOLE);
            let error = stopped(signal);
            // They may be held up by a pipe that is full, or by a lock of who writes into that.
            within(LAST_WORDS, move || tell(&error));
            // Only if this does not end it, which POSIX has no reason for, there is a second round.
            emulate_default_handler(signal).ok();
            IS_STOPPED.store(false, Ordering::SeqCst);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(stop)?;
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

/// From now on this is how to go on, as a sentence without its full stop.
pub(crate) fn goes_on_by(how: impl Into<String>) {
    *lock(&GOES_ON) = Some(how.into());
}

/// From now on the same command begins anew.
pub(crate) fn begins_anew() {
    *lock(&GOES_ON) = None;
}

/// Does what takes a moment, and must not be half done. If a signal has come meanwhile, this is the last thing that is done.
pub(crate) fn whole<T>(what: impl FnOnce() -> T) -> T {
    let done = {
        let _whole = lock(&WHOLE);
        what()
    };
    while IS_STOPPED.load(Ordering::SeqCst) {
        thread::sleep(PAUSE);
    }
    done
}

fn stopped(signal: i32) -> Error {
    let name = signal_name(signal).unwrap_or("a signal");
    let error = Error::failed(format!("stopped by {name}"));
    match lock(&GOES_ON).take() {
        Some(how) => error.hint(how),
        None => error,
    }
}

/// A panic elsewhere leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
