//! What belongs to the process and not to a call: the state of this process, its pid, the signal mask, the panic
//! hook. One place, with a safe face.
//!
//! The state is reached through an atomic pointer and the pid that it was made under, never through a lock: in
//! a forked child the parent's locks may be held for ever by threads that do not exist there. A child therefore
//! sees no state, makes its own at its own C_Initialize, and leaks what it inherited (dropping it would reach
//! into sockets and an epoll set that the parent still uses).

use std::{
    mem::MaybeUninit,
    panic, ptr,
    sync::{
        Once,
        atomic::{AtomicPtr, Ordering},
    },
};

/// A value that is made once in each process and then lives as long as the process.
pub(crate) struct PerProcess<T: 'static> {
    current: AtomicPtr<Made<T>>,
}

struct Made<T> {
    pid: u32,
    value: T,
}

impl<T: Default + Send + Sync> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { current: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The value that *this* process made; `None` before that, in a forked child too. Takes no lock.
    pub(crate) fn made(&self) -> Option<&'static T> {
        let pointer = self.current.load(Ordering::Acquire);
        // SAFETY: the pointer is null or comes from `Box::leak` in `make`, so what it points to is never freed
        // and is only ever shared.
        let made: &'static Made<T> = unsafe { pointer.as_ref() }?;
        (made.pid == std::process::id()).then_some(&made.value)
    }

    /// The value of this process, made now when there is none yet.
    pub(crate) fn make(&self) -> &'static T {
        loop {
            let seen = self.current.load(Ordering::Acquire);
            if let Some(value) = self.made() {
                return value;
            }
            let fresh =
                Box::into_raw(Box::new(Made { pid: std::process::id(), value: T::default() }));
            if self
                .current
                .compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                // SAFETY: `fresh` came from `Box::into_raw` above and was not published.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }
}

/// Keeps SIGPIPE from the calling thread for as long as it lives, and takes away the one that a write to a closed
/// connection left pending. The host's own disposition is not touched.
pub(crate) struct SigpipeBlocked {
    /// The thread's mask as it was; `None` when SIGPIPE was blocked or pending already and is the host's matter.
    restore: Option<libc::sigset_t>,
}

impl SigpipeBlocked {
    pub(crate) fn new() -> Self {
        if sigpipe_pending() {
            return Self { restore: None };
        }
        let sigpipe = only_sigpipe();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both sets are valid for the call, which fills `before` when it succeeds.
        let failed = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const sigpipe, before.as_mut_ptr())
        };
        if failed != 0 {
            return Self { restore: None };
        }
        // SAFETY: pthread_sigmask succeeded, so `before` is filled.
        let before = unsafe { before.assume_init() };
        // SAFETY: `before` is a valid set.
        let was_blocked = unsafe { libc::sigismember(&raw const before, libc::SIGPIPE) } == 1;
        Self { restore: (!was_blocked).then_some(before) }
    }
}

impl Drop for SigpipeBlocked {
    fn drop(&mut self) {
        let Some(before) = self.restore else { return };
        if sigpipe_pending() {
            let sigpipe = only_sigpipe();
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the set and the time are valid for the call; a NULL info is allowed (POSIX sigtimedwait).
            unsafe {
                libc::sigtimedwait(&raw const sigpipe, ptr::null_mut(), &raw const at_once);
            }
        }
        // SAFETY: `before` is the mask that pthread_sigmask filled in; a NULL old set is allowed.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        }
    }
}

fn only_sigpipe() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset fills the set that it is given.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was filled above, and SIGPIPE is a valid signal.
    unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE) };
    // SAFETY: sigemptyset filled it.
    unsafe { set.assume_init() }
}

fn sigpipe_pending() -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigpending fills the set that it is given.
    if unsafe { libc::sigpending(pending.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: sigpending succeeded, so the set is filled.
    unsafe { libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1 }
}

/// Whether the kernel started this program with raised rights (set-uid, set-gid, file capabilities), so that its
/// environment is not the administrator's (getauxval(3), AT_SECURE).
pub(crate) fn is_privileged() -> bool {
    // SAFETY: getauxval reads the process's auxiliary vector and has no preconditions.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Panics are caught at the boundary and logged there; the standard hook would print a second message, with a
/// backtrace, on the host's standard error. The hook belongs to this library's own copy of the standard library.
pub(crate) fn quiet_panics() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| panic::set_hook(Box::new(|_| ())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct State;

    #[test]
    fn a_value_is_made_once_and_then_found() {
        static STATE: PerProcess<State> = PerProcess::new();
        assert!(STATE.made().is_none());
        let made = ptr::from_ref(STATE.make());
        assert_eq!(made, ptr::from_ref(STATE.make()));
        assert_eq!(STATE.made().map(ptr::from_ref), Some(made));
    }

    #[test]
    fn a_broken_pipe_while_blocked_leaves_no_signal_behind() {
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for the two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: the reading end is open, and nobody else uses it.
        unsafe { libc::close(ends[0]) };
        let guard = SigpipeBlocked::new();
        // SAFETY: one readable byte, and a descriptor that is open.
        let written = unsafe { libc::write(ends[1], b"x".as_ptr().cast(), 1) };
        assert_eq!(written, -1);
        drop(guard);
        assert!(!sigpipe_pending());
        // SAFETY: the writing end is open, and nobody else uses it.
        unsafe { libc::close(ends[1]) };
    }
}
