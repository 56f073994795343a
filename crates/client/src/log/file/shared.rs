//! A log file that several processes write: one after the other, by flock(2) on the file itself. Whoever has the turn and
//! finds the file to be the one with the name may put it aside.

use std::fs::{File, TryLockError};
use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant};

/// A line takes microseconds. Whoever holds the file longer has been stopped, and a signature does not wait for that.
const WAIT: Duration = Duration::from_millis(200);

/// So often the turn is asked for before sleeping.
const AT_ONCE: u32 = 10;

/// How long is slept before each further look.
const PAUSE: Duration = Duration::from_millis(1);

/// What there is to know of the turn with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Ours,
    /// The file system knows no locks; then all is done as if nobody else wrote.
    Unknown,
    /// Another process did not let go of the file.
    Theirs,
}

impl Turn {
    /// Waits for the turn for a moment, unless that was in vain the last time.
    pub(super) fn take(file: &File, is_held_up: &mut bool) -> Self {
        let begun = Instant::now();
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    *is_held_up = false;
                    return Self::Ours;
                }
                Err(TryLockError::Error(_)) => return Self::Unknown,
                Err(TryLockError::WouldBlock) if *is_held_up || begun.elapsed() >= WAIT => {
                    *is_held_up = true;
                    return Self::Theirs;
                }
                Err(TryLockError::WouldBlock) if looks < AT_ONCE => yield_now(),
                Err(TryLockError::WouldBlock) => sleep(PAUSE),
            }
            looks += 1;
        }
    }

    pub(super) fn is_ours(self) -> bool {
        self != Self::Theirs
    }

    /// Gives the turn to the next. Closing the file would not do where a forked child has it open as well.
    pub(super) fn end(self, file: &File) {
        if self == Self::Ours {
            file.unlock().ok();
        }
    }
}
