//! What is the host's own: how it takes signals, its environment, its folder and the rights of its files.

use std::{ffi::CStr, mem::MaybeUninit, ptr};

use cryptoki_sys::*;
use libc::c_char;

use super::{signs, whole_run};
use crate::harness::{Module, alone_beside_a_sandbox};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// All of it, to be compared.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    /// For each signal: handler, flags, and which signals are blocked meanwhile.
    handlers: Vec<(i32, usize, i32, Vec<i32>)>,
    /// The signals that this thread blocks.
    blocked: Vec<i32>,
    /// Where each variable is in memory, and what it says.
    environment: Vec<(usize, Vec<u8>)>,
    folder: std::path::PathBuf,
    file_mode: u32,
}

/// The signals that a program may know.
const SIGNALS: std::ops::RangeInclusive<i32> = 1..=64;

impl Host {
    fn now() -> Self {
        // SAFETY: umask has no preconditions.
        let file_mode = unsafe { libc::umask(0o077) };
        // SAFETY: as above; puts back what was there.
        unsafe { libc::umask(file_mode) };
        Self {
            handlers: SIGNALS.filter_map(handler).collect(),
            blocked: blocked(),
            environment: environment(),
            folder: std::env::current_dir().unwrap(),
            file_mode,
        }
    }
}

/// `None` for a number that the C library keeps to itself.
fn handler(signal: i32) -> Option<(i32, usize, i32, Vec<i32>)> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: NULL changes nothing, and `action` is writable.
    let failed = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: every bit pattern of zeros is a sigaction, and the call has filled it if it succeeded.
    let action = unsafe { action.assume_init() };
    (failed == 0).then(|| (signal, action.sa_sigaction, action.sa_flags, members(&action.sa_mask)))
}

fn blocked() -> Vec<i32> {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: NULL changes nothing, and `set` is writable.
    let failed = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), set.as_mut_ptr()) };
    assert_eq!(failed, 0);
    // SAFETY: the call has filled it.
    members(&unsafe { set.assume_init() })
}

fn members(set: &libc::sigset_t) -> Vec<i32> {
    // SAFETY: the set is readable, and other numbers are answered with -1.
    SIGNALS.filter(|signal| unsafe { libc::sigismember(set, *signal) } == 1).collect()
}

fn environment() -> Vec<(usize, Vec<u8>)> {
    let mut variables = Vec::new();
    // SAFETY: the C library's pointer, which nobody changes in this process.
    let mut next = unsafe { environ };
    loop {
        // SAFETY: the array ends with NULL, and the loop with it.
        let variable = unsafe { *next };
        if variable.is_null() {
            return variables;
        }
        // SAFETY: every variable ends with a NUL byte.
        let text = unsafe { CStr::from_ptr(variable) };
        variables.push((variable.addr(), text.to_bytes().to_vec()));
        // SAFETY: not behind the NULL yet.
        next = unsafe { next.add(1) };
    }
}

extern "C" fn handle(_signal: i32) {}

/// A host with handlers, with a signal that it blocks, and with the default for SIGPIPE.
fn like_a_host() {
    let handle: extern "C" fn(i32) = handle;
    for (signal, handler) in [
        (libc::SIGCHLD, handle as libc::sighandler_t),
        (libc::SIGINT, handle as libc::sighandler_t),
        (libc::SIGUSR1, libc::SIG_IGN),
        (libc::SIGPIPE, libc::SIG_DFL),
    ] {
        // SAFETY: the handler does nothing.
        assert_ne!(unsafe { libc::signal(signal, handler) }, libc::SIG_ERR);
    }
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: `set` is writable.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: as above, and it was filled.
    unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGUSR2) };
    // SAFETY: the set was filled, and the old one is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut()) };
}

#[test]
fn signal_handlers_signal_mask_and_environment_of_the_host_stay_as_they_are() {
    alone_beside_a_sandbox(|_| {
        like_a_host();
        let before = Host::now();
        assert!(before.blocked == [libc::SIGUSR2] && !before.environment.is_empty());
        let module = Module::load();
        assert_eq!(Host::now(), before, "loaded");
        module.initialize().unwrap();
        assert_eq!(Host::now(), before, "initialized");
        signs(&module);
        assert_eq!(Host::now(), before, "signed");
        module.finalize().unwrap();
        assert_eq!(Host::now(), before, "finalized");
        drop(module);
        whole_run(&Module::load());
        assert_eq!(Host::now(), before, "loaded again");
    });
}

#[test]
fn a_host_that_closes_every_descriptor_of_ours_signs_again_in_the_next_run() {
    alone_beside_a_sandbox(|_| {
        let module = Module::started();
        signs(&module);
        // SAFETY: nothing in this process owns a descriptor beyond the standard ones, but the module.
        assert_eq!(unsafe { libc::close_range(3, libc::c_uint::MAX, 0) }, 0);
        let kept = std::fs::File::open("/dev/null").unwrap();
        let session = module.session();
        let lost = session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]);
        assert!(matches!(lost, Ok(_) | Err(CKR_GENERAL_ERROR | CKR_FUNCTION_FAILED)), "{lost:?}");
        module.finalize().unwrap();
        whole_run(&module);
        assert!(
            kept.metadata().is_ok(),
            "a descriptor that the host has opened since is the host's"
        );
    });
}
