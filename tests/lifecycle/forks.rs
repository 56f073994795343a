//! Forks, at whatever moment: the child begins anew, the parent goes on, and exit handlers harm neither.

use std::{
    io::{Read, Write},
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use cryptoki_sys::*;
use signpath_sandbox::{Fault, Route};

use super::{limit, signs, whole_run};
use crate::harness::{Module, alone, until_requested};

/// A child that takes longer waits for something that will not come.
const LONGEST: Duration = Duration::from_secs(60);

/// The status of a child in which something went wrong.
const WRONG: i32 = 9;

/// A forked child, by its pid.
struct Forked(libc::pid_t);

impl Forked {
    /// The child ends as programs do, its parent's exit handlers included.
    fn of(body: impl FnOnce()) -> Self {
        // SAFETY: the child is left by exit below.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            limit(LONGEST);
            let ended = panic::catch_unwind(AssertUnwindSafe(body));
            // SAFETY: the child's only thread leaves, and nothing of the test's runs in it any more.
            unsafe { libc::exit(if ended.is_ok() { 0 } else { WRONG }) };
        }
        assert!(pid > 0);
        Self(pid)
    }

    #[track_caller]
    fn ends_well(self) {
        let mut status = 0;
        // SAFETY: `status` is writable, and the child is ours.
        assert_eq!(unsafe { libc::waitpid(self.0, &raw mut status, 0) }, self.0);
        assert_eq!(status, 0, "the status in the upper byte, the signal in the lower one");
    }
}

/// What a child does that wants the module for itself.
fn begins_anew(module: &Module) {
    let mut count = 0;
    let slots = call!(module, C_GetSlotList(CK_TRUE, ptr::null_mut(), &raw mut count));
    assert_eq!(slots, CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(module.finalize(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    whole_run(module);
}

#[test]
fn a_fork_before_c_initialize_gives_both_a_module_of_their_own() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        let module = Module::load();
        let child = Forked::of(|| begins_anew(&module));
        whole_run(&module);
        child.ends_well();
        whole_run(&module);
        assert_eq!(sandbox.connections(), 2);
    });
}

#[test]
fn a_fork_after_c_initialize_leaves_the_parent_its_session_and_its_connection() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        session.sign_init(CKM_ECDSA_SHA256, key).unwrap();
        session.sign_update(b"the parent's").unwrap();
        let child = Forked::of(|| begins_anew(&module));
        let idle = Forked::of(|| {});
        session.sign_final().unwrap();
        child.ends_well();
        idle.ends_well();
        session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
        assert_eq!(sandbox.connections(), 2);
    });
}

#[test]
fn a_fork_during_a_signature_in_another_thread_takes_nothing_from_it() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let key = module.session().private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).delay(Duration::from_secs(2)));
        thread::scope(|scope| {
            let session = module.session();
            let signing = scope.spawn(move || session.sign(CKM_ECDSA, key, &[7; 32]));
            until_requested(&sandbox, Route::SignHash);
            Forked::of(|| begins_anew(&module)).ends_well();
            assert!(!signing.is_finished());
            assert_eq!(signing.join().unwrap().map(|signature| signature.len()), Ok(64));
        });
        signs(&module);
    });
}

/// Whatever lock of the module's or of its libraries is held at the moment of the fork stays held in the child for ever.
#[test]
fn a_child_waits_for_no_lock_that_a_thread_of_the_parent_held() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let is_over = AtomicBool::new(false);
        let until_over = |work: &dyn Fn()| {
            while !is_over.load(Ordering::Relaxed) {
                work();
            }
        };
        let turn = || {
            module.finalize().unwrap();
            module.initialize().unwrap();
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| until_over(&|| drop(sign_if_there_is_a_run(&module))));
            }
            scope.spawn(|| until_over(&turn));
            let forks = panic::catch_unwind(AssertUnwindSafe(|| fork_often(&module)));
            is_over.store(true, Ordering::Relaxed);
            assert!(forks.is_ok());
        });
        signs(&module);
    });
}

fn fork_often(module: &Module) {
    for _ in 0..60 {
        Forked::of(|| begins_anew(module)).ends_well();
    }
}

fn sign_if_there_is_a_run(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.open(1, CKF_SERIAL_SESSION)?;
    let class = CKO_PRIVATE_KEY.to_ne_bytes();
    let found = session.find(&[(CKA_CLASS, &class), (CKA_LABEL, b"demo/ec")])?;
    let key = found.first().ok_or(CKR_OBJECT_HANDLE_INVALID)?;
    session.sign(CKM_ECDSA, *key, &[7; 32])
}

/// C_Finalize of the module that [`finalize_at_exit`] is about.
static FINALIZE: AtomicPtr<CK_FUNCTION_LIST> = AtomicPtr::new(ptr::null_mut());
/// What it has to answer.
static ANSWER: AtomicU64 = AtomicU64::new(CKR_OK);

/// What many hosts do in an exit handler.
extern "C" fn finalize_at_exit() {
    let list = FINALIZE.load(Ordering::Relaxed);
    // SAFETY: the test put the list there, which is never unmapped.
    let finalize = unsafe { (*list).C_Finalize }.unwrap();
    // SAFETY: NULL is what the standard asks for.
    let answer = unsafe { finalize(ptr::null_mut()) };
    if answer != ANSWER.load(Ordering::Relaxed) {
        // SAFETY: _exit has no preconditions.
        unsafe { libc::_exit(WRONG) };
    }
}

#[test]
fn an_exit_handler_that_calls_c_finalize_harms_neither_parent_nor_child() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        signs(&module);
        FINALIZE.store(ptr::from_ref(module.functions()).cast_mut(), Ordering::Relaxed);
        // SAFETY: the handler needs nothing but what was stored above.
        assert_eq!(unsafe { libc::atexit(finalize_at_exit) }, 0);
        let is_initialized = |answer| ANSWER.store(answer, Ordering::Relaxed);
        Forked::of(|| is_initialized(CKR_CRYPTOKI_NOT_INITIALIZED)).ends_well();
        Forked::of(|| {
            module.initialize().unwrap();
            signs(&module);
        })
        .ends_well();
        signs(&module);
        // The parent's own exit, with the run that it has, follows.
    });
}

#[test]
fn a_process_that_exits_while_a_thread_signs_ends_well() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        let module = Module::load();
        sandbox.inject(Fault::on(Route::SignHash).never_answer());
        let (mut told, mut tell) = std::io::pipe().unwrap();
        let child = Forked::of(|| {
            module.initialize().unwrap();
            let module: &'static Module = Box::leak(Box::new(Module::load()));
            thread::spawn(|| signs(module));
            told.read_exact(&mut [0]).unwrap();
        });
        until_requested(&sandbox, Route::SignHash);
        tell.write_all(b"x").unwrap();
        child.ends_well();
        whole_run(&module);
    });
}
