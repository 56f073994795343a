//! What belongs to the process and not to a call: the state of this process, its pid, the panic hook and, in a file for each
//! system, the signal mask and its rights. One place, with a safe face.
//!
//! The state is reached through an atomic pointer and the pid that it was made under, never through a lock: in
//! a forked child the parent's locks may be held for ever by threads that do not exist there. A child therefore
//! sees no state, makes its own at its own C_Initialize, and leaks what it inherited (dropping it would reach
//! into sockets and an epoll set that the parent still uses).

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, Ordering},
};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) use system::{WriteSignalsBlocked, is_privileged};

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

    /// The value of this process, made now when there is none yet. The code that it needs stays loaded from then on.
    pub(crate) fn make(&self) -> &'static T {
        system::stay_loaded();
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

    #[test]
    fn a_panic_becomes_its_message_and_place() {
        let stopped = stop_panics(|| panic!("a defect")).unwrap_err();
        assert!(stopped.contains("a defect at src/ffi/process.rs"), "{stopped}");
        assert_eq!(stop_panics(|| 1), Ok(1));
    }
}
