//! Sixty-four threads at once: in sessions of their own, in few sessions, and while sessions, logins and runs end under them.

use std::{
    collections::BTreeSet,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use cryptoki_sys::*;
use serde_json::json;
use signpath_sandbox::{Fault, Route};

use super::{limit, signs};
use crate::harness::{Find, Module, Session, alone, requested, until_requested};

const THREADS: usize = 64;

/// Whatever takes longer is a deadlock.
const LONGEST: Duration = Duration::from_secs(300);

/// What each thread signs is its own.
fn hash_of(thread: usize) -> [u8; 32] {
    [u8::try_from(thread).unwrap(); 32]
}

fn public_key(module: &Module) -> CK_OBJECT_HANDLE {
    module.session().object(CKO_PUBLIC_KEY, "demo/ec")
}

#[test]
fn sixty_four_threads_sign_in_sessions_of_their_own() {
    alone(|process| {
        limit(LONGEST);
        let (sandbox, module) = process.started();
        let (key, public) = (module.session().private_key("demo/ec"), public_key(&module));
        let sign_five_times = |thread| {
            let session = module.session();
            for _ in 0..5 {
                let signature = session.sign(CKM_ECDSA, key, &hash_of(thread)).unwrap();
                session.verify(CKM_ECDSA, public, &hash_of(thread), &signature).unwrap();
            }
            session.close().unwrap();
        };
        thread::scope(|scope| {
            (0..THREADS).for_each(|thread| drop(scope.spawn(move || sign_five_times(thread))));
        });
        assert_eq!(requested(&sandbox, Route::SignHash), THREADS * 5);
    });
}

/// Each thread calls C_SignInit and then C_Sign, whatever the first one says: a signature that comes is over the data of the
/// thread that got it.
#[test]
fn sixty_four_threads_in_four_sessions_get_their_own_signature_or_are_told_that_the_session_is_at_work()
 {
    alone(|process| {
        limit(LONGEST);
        let (_sandbox, module) = process.started();
        let (key, public) = (module.session().private_key("demo/ec"), public_key(&module));
        let shared: Vec<_> = (0..4).map(|_| module.session()).collect();
        let sign_twice = |thread: usize| {
            let (session, own) = (&shared[thread % shared.len()], module.session());
            for _ in 0..2 {
                let signature = signed_in_turn(session, key, &hash_of(thread));
                own.verify(CKM_ECDSA, public, &hash_of(thread), &signature).unwrap();
            }
        };
        thread::scope(|scope| {
            let sign_twice = &sign_twice;
            (0..THREADS).for_each(|thread| drop(scope.spawn(move || sign_twice(thread))));
        });
    });
}

/// Tries until this thread is the one that gets it.
fn signed_in_turn(session: &Session<'_>, key: CK_OBJECT_HANDLE, hash: &[u8]) -> Vec<u8> {
    loop {
        let begun = session.sign_init(CKM_ECDSA, key);
        assert!(matches!(begun, Ok(()) | Err(CKR_OPERATION_ACTIVE)), "{begun:?}");
        match session.sign_into(hash, 64) {
            Ok(signature) => return signature,
            Err(CKR_OPERATION_NOT_INITIALIZED | CKR_OPERATION_ACTIVE) => thread::yield_now(),
            Err(other) => panic!("{other:#x}"),
        }
    }
}

/// What ends under signatures that are under way.
type Disturbance = fn(&Module, &str);

const DISTURBANCES: [(&str, Disturbance); 3] = [
    ("C_CloseAllSessions", |module, pin| {
        assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
        logs_in(module, pin);
    }),
    ("C_Logout", |module, pin| {
        assert_eq!(module.session().logout(), Ok(()));
        logs_in(module, pin);
    }),
    ("C_Finalize", |module, pin| {
        assert_eq!(module.finalize(), Ok(()));
        assert_eq!(module.initialize(), Ok(()));
        logs_in(module, pin);
    }),
];

/// The session stays open, as the login ends with the last one.
fn logs_in(module: &Module, pin: &str) {
    assert_eq!(module.session().login(pin), Ok(()));
}

/// What a call may answer whose session, login or run ended before it or during it.
const DEFINED: [CK_RV; 6] = [
    CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_SESSION_HANDLE_INVALID,
    CKR_USER_NOT_LOGGED_IN,
    CKR_KEY_HANDLE_INVALID,
    CKR_OPERATION_NOT_INITIALIZED,
    // Nothing was found: the token shows its keys to who is logged in.
    CKR_OBJECT_HANDLE_INVALID,
];

#[test]
fn sessions_logins_and_runs_that_end_under_signatures_have_defined_answers() {
    alone(|process| {
        limit(LONGEST);
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let pin = format!("{}:{}", sandbox.organization_id(), sandbox.token());
        let module = Module::started();
        logs_in(&module, &pin);
        println!();
        for (name, disturb) in DISTURBANCES {
            let answers = answers_under(&module, || disturb(&module, &pin));
            println!("| {name} | {answers:x?} |");
            assert!(answers.iter().all(|rv| DEFINED.contains(rv)), "{name}: {answers:x?}");
        }
        signs(&module);
    })
    .show_table();
}

/// What threads come to that sign all the while.
#[derive(Default)]
struct Busy {
    signatures: AtomicUsize,
    answers: Mutex<BTreeSet<CK_RV>>,
    is_over: AtomicBool,
}

impl Busy {
    fn sign_on(&self, module: &Module) {
        while !self.is_over.load(Ordering::Relaxed) {
            if let Err(rv) = whole_signature(module) {
                self.answers.lock().unwrap().insert(rv);
                thread::yield_now();
                continue;
            }
            self.signatures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Until so many more signatures have been made.
    fn wait_for(&self, more: usize) {
        let enough = self.signatures.load(Ordering::Relaxed) + more;
        while self.signatures.load(Ordering::Relaxed) < enough {
            thread::yield_now();
        }
    }
}

/// The errors that threads get which are disturbed again and again.
fn answers_under(module: &Module, disturb: impl Fn()) -> BTreeSet<CK_RV> {
    const ROUNDS: usize = 8;
    let busy = Busy::default();
    let disturb_often = || {
        for _ in 0..ROUNDS {
            busy.wait_for(THREADS / 4);
            disturb();
        }
    };
    thread::scope(|scope| {
        (0..THREADS).for_each(|_| drop(scope.spawn(|| busy.sign_on(module))));
        let disturbed = panic::catch_unwind(AssertUnwindSafe(disturb_often));
        busy.is_over.store(true, Ordering::Relaxed);
        assert!(disturbed.is_ok());
    });
    busy.answers.into_inner().unwrap()
}

fn whole_signature(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.open(1, CKF_SERIAL_SESSION)?;
    let signed = session.find(&private_key()).and_then(|found| {
        let key = found.first().ok_or(CKR_OBJECT_HANDLE_INVALID)?;
        session.sign(CKM_ECDSA, *key, &[7; 32])
    });
    // It may be closed already; what counts is what came of it.
    session.close().ok();
    signed
}

fn private_key() -> [Find<'static>; 2] {
    static CLASS: [u8; 8] = CKO_PRIVATE_KEY.to_ne_bytes();
    [(CKA_CLASS, &CLASS), (CKA_LABEL, b"demo/ec")]
}

/// It hangs until the service is gone, as long as the others take.
#[test]
fn a_signature_that_hangs_holds_up_nobody_else() {
    alone(|process| {
        limit(LONGEST);
        let sandbox = process.sandbox();
        let patient =
            json!({ "HttpRequestTimeoutInSeconds": 120, "Timeouts": { "RetryCount": 1 } });
        process.configure_with(&sandbox, patient);
        let module = Module::started();
        let key = module.session().private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).never_answer());
        let sign = |session: Session<'_>| session.sign(CKM_ECDSA, key, &[7; 32]);
        thread::scope(|scope| {
            let session = module.session();
            let hanging = scope.spawn(move || sign(session));
            until_requested(&sandbox, Route::SignHash);
            let others: Vec<_> =
                (1..THREADS).map(|_| scope.spawn(|| sign(module.session()))).collect();
            for other in others {
                assert!(other.join().unwrap().is_ok());
            }
            assert_eq!(requested(&sandbox, Route::SignHash), THREADS);
            assert!(!hanging.is_finished());
            drop(sandbox);
            assert_eq!(hanging.join().unwrap(), Err(CKR_FUNCTION_FAILED));
        });
    });
}
