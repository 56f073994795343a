//! A soak: many signatures in one process while every hundredth answer of the service is none, or is wrong. `scripts/soak` runs it on
//! the module that is shipped, and shows the figures.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use cryptoki_sys::*;
use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use p256::pkcs8::DecodePublicKey;
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::{
    harness::{Ended, Module, alone_repeatedly, sandbox_builder, variable},
    lifecycle::resident,
};

/// How many signatures, and the key that they have to verify with.
const COUNT: &str = "SIGNPATH_TEST_SOAK";
const KEY: &str = "SIGNPATH_TEST_SOAK_KEY";

const THREADS: usize = 16;

/// Of so many requests one goes wrong.
const ONE_IN: usize = 100;

/// So much more memory may be in use at the end than when everything had been used for a while, in KiB: what a short run grows by is
/// the allocator's, and a leak of a hundred bytes a signature is more than that in a long one.
const GROWTH: u64 = 8192;

/// A thing that goes wrong.
type Wrong = fn(Fault) -> Fault;

/// What goes wrong, in turn, and whether it is an error in the end.
const WRONGS: [(&str, Wrong, bool); 14] = [
    ("503", |fault| fault.status(503), false),
    ("429", |fault| fault.status(429).header("Retry-After", "0"), false),
    ("500", |fault| fault.status(500), false),
    ("502", |fault| fault.status(502), false),
    ("no answer, connection closed", Fault::drop_before_answer, false),
    ("half an answer", Fault::drop_mid_body, false),
    ("an answer, connection closed", Fault::close_after_answer, false),
    ("no answer in time", Fault::never_answer, false),
    ("no JSON", Fault::garbage, true),
    ("400", |fault| fault.status(400), true),
    ("a wrong signature", Fault::wrong_signature, true),
    ("a short signature", Fault::short_signature, true),
    ("a long signature", Fault::long_signature, true),
    ("no signature", Fault::empty_signature, true),
];

#[test]
#[ignore = "a soak: scripts/soak"]
fn every_signature_verifies_or_is_an_error_and_memory_stays_flat() {
    let Some(parent) = alone_repeatedly(|_| soak()) else { return };
    let count = count();
    let sandbox = sandbox_builder().start().expect("a sandbox");
    let faults = count / ONE_IN;
    inject(&sandbox, faults);
    let mut variables = sandbox.environment();
    variables.push((COUNT.to_owned(), count.to_string()));
    variables.push((KEY.to_owned(), sandbox.public_key_pem("demo/ec").unwrap()));
    // So that neither the pauses nor what does not come in time make up most of it.
    variables.push(("SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY".to_owned(), "0.05".to_owned()));
    variables.push(("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS".to_owned(), "3".to_owned()));
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let ended: Ended = parent.run(&variables);
    println!("| {faults} faults in turn | {} |", WRONGS.map(|(name, ..)| name).join(", "));
    ended.show_table();
}

fn count() -> usize {
    let count = variable(COUNT).expect("scripts/soak says how many");
    count.to_str().and_then(|count| count.parse().ok()).expect("a number")
}

/// Each lets those requests pass that come before the one it is meant for.
fn inject(sandbox: &Sandbox, faults: usize) {
    for (number, (_, wrong, _)) in (1..=faults).zip(WRONGS.iter().cycle()) {
        // The request that a fault is used up by is not counted by those behind it.
        sandbox.inject(wrong(Fault::on(Route::SignHash).after(number * (ONE_IN - 1))));
    }
}

/// What the threads have come to.
#[derive(Default)]
struct Figures {
    begun: AtomicUsize,
    verified: AtomicUsize,
    errors: Mutex<BTreeMap<CK_RV, usize>>,
    /// At a tenth, in the middle, and at the end.
    memory: Mutex<Vec<u64>>,
}

fn soak() {
    let (count, started) = (count(), Instant::now());
    let pem = variable(KEY).unwrap().into_string().unwrap();
    let key = VerifyingKey::from_public_key_pem(&pem).unwrap();
    let (figures, module) = (Figures::default(), Module::started());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| figures.sign_until(count, &module, &key));
        }
    });
    module.finalize().unwrap();
    figures.memory.lock().unwrap().push(resident());
    figures.show(count, started.elapsed().as_secs_f64());
    figures.judge(count);
}

impl Figures {
    fn sign_until(&self, count: usize, module: &Module, key: &VerifyingKey) {
        let session = module.session();
        let private = session.private_key("demo/ec");
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            if [count / 10, count / 2].contains(&number) {
                self.memory.lock().unwrap().push(resident());
            }
            let mut hash = [7; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            match session.sign(CKM_ECDSA, private, &hash) {
                Ok(signature) => {
                    let signature = Signature::from_slice(&signature).unwrap();
                    key.verify_prehash(&hash, &signature).expect("what is handed out verifies");
                    self.verified.fetch_add(1, Ordering::Relaxed);
                }
                Err(rv) => *self.errors.lock().unwrap().entry(rv).or_default() += 1,
            }
        }
    }

    fn errors(&self) -> usize {
        self.errors.lock().unwrap().values().sum()
    }

    fn show(&self, count: usize, seconds: f64) {
        let verified = self.verified.load(Ordering::Relaxed);
        println!("\n| signatures asked for | {count} |");
        println!("| verified | {verified} |");
        println!("| errors | {} |", self.errors());
        for (rv, times) in &*self.errors.lock().unwrap() {
            println!("| of these, CK_RV {rv:#x} | {times} |");
        }
        let memory = self.memory.lock().unwrap();
        println!("| KiB in use at a tenth, in the middle, at the end | {memory:?} |");
        println!("| seconds | {seconds:.0} |");
        println!("| in a second | {:.0} |", f64::from(u32::try_from(count).unwrap()) / seconds);
    }

    fn judge(&self, count: usize) {
        let (verified, errors) = (self.verified.load(Ordering::Relaxed), self.errors());
        assert_eq!(verified + errors, count);
        // A fault that passes can meet another one in its second attempt, and is an error then; none is one without a fault.
        let hopeless = WRONGS.iter().filter(|(.., is_error)| *is_error).count();
        let faults = count / ONE_IN;
        let expected = faults / WRONGS.len() * hopeless;
        assert!((expected..=faults).contains(&errors), "{errors} errors, {expected} expected");
        let memory = self.memory.lock().unwrap();
        let (early, end) = (memory[0], memory[memory.len() - 1]);
        assert!(end < early + GROWTH, "memory grows: {memory:?}");
    }
}
