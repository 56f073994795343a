//! SIGINT and SIGTERM: the program stops at once, whatever it waits for, says how to go on, and dies by the signal, so that a
//! shell knows what it died of. A file that is just being written is finished first, and a second signal waits for nothing.
//!
//! Signals belong to the process, and so does what is kept here.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::bounded::within;
use crate::error::Error;
use crate::system;

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
    system::on_stop(move |signal, die| {
        IS_STOPPED.store(true, Ordering::SeqCst);
        let _whole = lock(&WHOLE);
        let error = stopped(signal);
        // They may be held up by a pipe that is full, or by a lock of who writes into that.
        within(LAST_WORDS, move || tell(&error));
        die();
        IS_STOPPED.store(false, Ordering::SeqCst);
    })
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

fn stopped(signal: &str) -> Error {
    let error = Error::failed(format!("stopped by {signal}"));
    match lock(&GOES_ON).take() {
        Some(how) => error.hint(how),
        None => error,
    }
}

/// A panic elsewhere leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
