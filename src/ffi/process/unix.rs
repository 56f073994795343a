//! Linux and macOS: the signals of writes, and whether the program has been given rights.

use std::{mem::MaybeUninit, ptr};

/// What a write can bring upon the thread that writes, and what by default ends the process: a connection that was closed, a
/// file that would become longer than the process may have one (setrlimit(2), RLIMIT_FSIZE). The write fails as well, which
/// is all that is needed. Looking at the limit before each write would not do: the host can change it meanwhile.
const OF_WRITES: [libc::c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// Keeps the signals of writes from the calling thread for as long as it lives, and takes away those that a write left
/// pending. The host's own dispositions and mask stay as they are, and so does a signal of the host's that was pending
/// before.
///
/// macOS sends the SIGPIPE of a pipe to the process rather than to the thread, and another thread of the host may get it;
/// connections have none there, as std and mio turn it off (SO_NOSIGPIPE).
pub(crate) struct WriteSignalsBlocked {
    /// The thread's mask as it was.
    before: libc::sigset_t,
    were_pending: [bool; OF_WRITES.len()],
}

impl WriteSignalsBlocked {
    /// `None` if the mask cannot be changed, which POSIX has no reason for.
    pub(crate) fn new() -> Option<Self> {
        let were_pending = pending();
        let blocked = set_of(&OF_WRITES);
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both sets are valid for the call, which fills `before` when it succeeds.
        let failed = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const blocked, before.as_mut_ptr())
        };
        // SAFETY: when pthread_sigmask succeeds, `before` is filled.
        (failed == 0).then(|| Self { before: unsafe { before.assume_init() }, were_pending })
    }
}

impl Drop for WriteSignalsBlocked {
    fn drop(&mut self) {
        let pending = OF_WRITES.into_iter().zip(self.were_pending.into_iter().zip(pending()));
        for (signal, _) in pending.filter(|(_, (before, now))| *now && !before) {
            take_away(signal);
        }
        // SAFETY: `before` is the mask that pthread_sigmask filled in; a NULL old set is allowed.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut());
        }
    }
}

/// Takes a blocked signal that is pending from this thread.
#[cfg(target_os = "linux")]
fn take_away(signal: libc::c_int) {
    let set = set_of(&[signal]);
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time are valid for the call; a NULL info is allowed (POSIX sigtimedwait).
    unsafe {
        libc::sigtimedwait(&raw const set, ptr::null_mut(), &raw const at_once);
    }
}

/// Takes a blocked signal that is pending from this thread. There is no sigtimedwait, and sigwait would wait for ever where another
/// thread has taken meanwhile what was pending for the process: so the thread gives itself one first, which merges with it.
#[cfg(not(target_os = "linux"))]
fn take_away(signal: libc::c_int) {
    let set = set_of(&[signal]);
    let mut taken = 0;
    // SAFETY: raise has no preconditions, and sends to the calling thread, which blocks the signal.
    if unsafe { libc::raise(signal) } == 0 {
        // SAFETY: the set and the place for the number are valid for the call.
        unsafe { libc::sigwait(&raw const set, &raw mut taken) };
    }
}

fn set_of(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset fills the set that it is given.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set was filled above; a signal that is none is an error, which changes nothing.
        unsafe { libc::sigaddset(set.as_mut_ptr(), *signal) };
    }
    // SAFETY: sigemptyset filled it.
    unsafe { set.assume_init() }
}

/// Of each of the signals.
fn pending() -> [bool; OF_WRITES.len()] {
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigpending fills the set that it is given.
    if unsafe { libc::sigpending(pending.as_mut_ptr()) } != 0 {
        return [false; OF_WRITES.len()];
    }
    // SAFETY: sigpending succeeded, so the set is filled.
    OF_WRITES.map(|signal| unsafe { libc::sigismember(pending.as_ptr(), signal) == 1 })
}

/// Whether the kernel started this program with raised rights (set-uid, set-gid, file capabilities), so that its
/// environment is not the administrator's (getauxval(3), AT_SECURE).
#[cfg(target_os = "linux")]
pub(crate) fn is_privileged() -> bool {
    // SAFETY: getauxval reads the process's auxiliary vector and has no preconditions.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether the kernel started this program with raised rights (set-uid, set-gid), so that its environment is not the administrator's
/// (issetugid(2)).
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_privileged() -> bool {
    // SAFETY: issetugid has no preconditions.
    unsafe { libc::issetugid() != 0 }
}

/// The linker has seen to it that the module stays loaded, or the system does (build.rs).
pub(super) fn stay_loaded() {}

#[cfg(test)]
mod tests {
    use super::*;

    fn break_a_pipe() {
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for the two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: the reading end is open, and nobody else uses it.
        unsafe { libc::close(ends[0]) };
        // SAFETY: one readable byte, and a descriptor that is open.
        let written = unsafe { libc::write(ends[1], b"x".as_ptr().cast(), 1) };
        assert_eq!(written, -1);
        // SAFETY: the writing end is open, and nobody else uses it.
        unsafe { libc::close(ends[1]) };
    }

    /// Leaves both signals with this thread.
    fn break_writes() {
        break_a_pipe();
        // SAFETY: raise has no preconditions, and the signal is blocked.
        assert_eq!(unsafe { libc::raise(libc::SIGXFSZ) }, 0);
    }

    #[test]
    fn a_write_leaves_no_signal_behind() {
        let guard = WriteSignalsBlocked::new();
        break_writes();
        assert_eq!(pending(), [true; 2]);
        drop(guard);
        assert_eq!(pending(), [false; 2]);
    }

    #[test]
    fn a_host_that_blocks_the_signals_gets_none_of_ours_and_keeps_its_own() {
        let host = WriteSignalsBlocked::new();
        let guard = WriteSignalsBlocked::new();
        break_writes();
        drop(guard);
        assert_eq!(pending(), [false; 2]);
        break_a_pipe();
        let guard = WriteSignalsBlocked::new();
        break_writes();
        drop(guard);
        assert_eq!(pending(), [true, false]);
        drop(host);
    }
}
