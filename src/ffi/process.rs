//! What belongs to the process and not to a call: the state of this process, its pid, the signal mask, the panic
//! hook. One place, with a safe face.
//!
//! The state is reached through an atomic pointer and the pid that it was made under, never through a lock: in
//! a forked child the parent's locks may be held for ever by threads that do not exist there. A child therefore
//! sees no state, makes its own at its own C_Initialize, and leaks what it inherited (dropping it would reach
//! into sockets and an epoll set that the parent still uses).

use std::{
    cell::{Cell, RefCell},
    mem::MaybeUninit,
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, Ordering},
};

/// A value that is made once in each process and then lives as long as the process.
pub(crate) struct PerProcess<T: 'static> {
    current: AtomicPtr<Made<T>>,
}

struct Made<T> {
    pid: u32,
    value: T,
    /// What a forked child took over and leaks: it stays reachable, so that leak checkers, which a host may run in its
    /// children, do not take it for lost.
    _inherited: *const Self,
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
            let made = Made { pid: std::process::id(), value: T::default(), _inherited: seen };
            let fresh = Box::into_raw(Box::new(made));
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

/// What a write can bring upon the thread that writes, and what by default ends the process: a connection that was closed, a
/// file that would become longer than the process may have one (setrlimit(2), RLIMIT_FSIZE). The write fails as well, which
/// is all that is needed. Looking at the limit before each write would not do: the host can change it meanwhile.
const OF_WRITES: [libc::c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// Keeps the signals of writes from the calling thread for as long as it lives, and takes away those that a write left
/// pending. The host's own dispositions and mask stay as they are, and so does a signal of the host's that was pending
/// before.
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
            let set = set_of(&[signal]);
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the set and the time are valid for the call; a NULL info is allowed (POSIX sigtimedwait).
            unsafe {
                libc::sigtimedwait(&raw const set, ptr::null_mut(), &raw const at_once);
            }
        }
        // SAFETY: `before` is the mask that pthread_sigmask filled in; a NULL old set is allowed.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut());
        }
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
pub(crate) fn is_privileged() -> bool {
    // SAFETY: getauxval reads the process's auxiliary vector and has no preconditions.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

thread_local! {
    /// The panic of the call that this thread is in, once there was one: where, and what it said.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call so that a panic stops here, and gives its place and message as the error.
pub(crate) fn stop_panics<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    let outer = IN_CALL.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    IN_CALL.set(outer);
    outcome.map_err(|_| PANIC.take().unwrap_or_default())
}

/// The standard hook would print a message with a backtrace on the host's standard error. During a call the panic is
/// noted instead, and `boundary` logs it; outside of one the hook before ours goes on. It belongs to this library's own
/// copy of the standard library.
fn install_hook() {
    // Not a `Once`: a forked child would wait for a thread that was in it and does not exist there.
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return;
    }
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IN_CALL.get() {
            return before(info);
        }
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("no message");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        PANIC.set(Some(format!("{text} at {place}")));
    }));
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
    fn what_another_process_made_is_not_used_and_stays_reachable() {
        static STATE: PerProcess<State> = PerProcess::new();
        let theirs = Made { pid: 0, value: State, _inherited: ptr::null() };
        let theirs = Box::into_raw(Box::new(theirs));
        STATE.current.store(theirs, Ordering::Release);
        assert!(STATE.made().is_none());
        STATE.make();
        assert!(STATE.made().is_some());
        // SAFETY: `make` has stored a value that is never freed.
        let ours = unsafe { &*STATE.current.load(Ordering::Acquire) };
        assert_eq!(ours._inherited, theirs.cast_const());
    }

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

    #[test]
    fn a_panic_becomes_its_message_and_place() {
        let stopped = stop_panics(|| panic!("a defect")).unwrap_err();
        assert!(stopped.contains("a defect at src/ffi/process.rs"), "{stopped}");
        assert_eq!(stop_panics(|| 1), Ok(1));
    }
}
