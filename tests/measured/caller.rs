//! The process that the module is measured in: does what its variables say and prints what it took.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cryptoki_sys::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{kibibytes, local, processor};
use crate::harness::{Module, Repeatedly, Session, variable};

/// What is to be done, JSON.
const JOB: &str = "SIGNPATH_BENCH_JOB";
/// What a session is logged in with, if the module wants that.
pub(super) const PIN: &str = "SIGNPATH_BENCH_PIN";
/// What stands before what was measured.
const MARK: &str = "measured: ";
/// What is signed: a digest for ECDSA, a message for RSA.
pub(super) const DATA: [u8; 32] = [7; 32];

/// The mechanism for the policies that are measured.
pub(super) fn mechanism(policy: &str) -> CK_MECHANISM_TYPE {
    if policy.ends_with("rsa") { CKM_SHA256_RSA_PKCS } else { CKM_ECDSA }
}

/// The bare client's word for the mechanism, and the digest that is signed.
pub(super) fn signed_with(policy: &str) -> (&'static str, Vec<u8>) {
    match mechanism(policy) {
        CKM_ECDSA => ("Ecdsa", DATA.to_vec()),
        _ => ("RsaPkcs1", Sha256::digest(DATA).to_vec()),
    }
}

/// Has a job done in a process of its own.
pub(super) fn done(module: &Repeatedly, settings: &[(String, String)], job: &Value) -> Value {
    let mut variables = settings.to_vec();
    variables.push((JOB.to_owned(), job.to_string()));
    let (stdout, stderr) = module.written_by(&[], &variables);
    let line = stdout.lines().find_map(|line| Some(line.split_once(MARK)?.1));
    let line = line.unwrap_or_else(|| panic!("nothing was measured: {stdout}\n{stderr}"));
    serde_json::from_str(line).expect("JSON")
}

/// The body of the tests in that process.
pub(super) fn act() {
    let job = variable(JOB).expect("the job").into_string().expect("text");
    let job: Value = serde_json::from_str(&job).expect("JSON");
    let measured = match job["act"].as_str() {
        Some("warm") => warm(&job),
        Some("cold") => cold(&job),
        Some("load") => load(&job),
        Some("start") => start(),
        Some("local") => local::calls(&job),
        other => panic!("nobody knows how to do {other:?}"),
    };
    println!("{MARK}{measured}");
}

fn number(job: &Value, name: &str) -> u64 {
    job[name].as_u64().unwrap_or_else(|| panic!("{name} is missing"))
}

fn policy(job: &Value) -> &str {
    job["policy"].as_str().expect("the policy")
}

fn sign(session: &Session<'_>, key: CK_OBJECT_HANDLE, kind: CK_MECHANISM_TYPE) {
    session.sign(kind, key, &DATA).expect("a signature");
}

/// Where the module wants a PIN.
pub(super) fn log_in(session: &Session<'_>) {
    if let Some(pin) = variable(PIN) {
        session.login(pin.to_str().expect("text")).expect("C_Login");
    }
}

/// How long a call takes, in microseconds.
pub(super) fn timed(call: impl FnOnce()) -> f64 {
    let began = Instant::now();
    call();
    microseconds(began)
}

fn microseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}

/// One signature after the other.
fn warm(job: &Value) -> Value {
    let module = Module::started();
    let session = module.session();
    let (key, kind) = (session.private_key(policy(job)), mechanism(policy(job)));
    sign(&session, key, kind);
    let samples = (0..number(job, "rounds")).map(|_| timed(|| sign(&session, key, kind)));
    json!({ "samples": samples.collect::<Vec<_>>() })
}

/// What cosign does for as many manifests: a run of the module for each.
fn cold(job: &Value) -> Value {
    let began = Instant::now();
    let module = Module::load();
    for _ in 0..number(job, "signatures") {
        module.initialize().expect("C_Initialize");
        let session = module.session();
        sign(&session, session.private_key(policy(job)), mechanism(policy(job)));
        session.close().expect("C_CloseSession");
        module.finalize().expect("C_Finalize");
    }
    json!({ "microseconds": microseconds(began) })
}

/// As many signatures as go, by so many threads with a session each.
fn load(job: &Value) -> Value {
    let module = Module::started();
    let kind = mechanism(policy(job));
    let session = module.session();
    let key = session.private_key(policy(job));
    sign(&session, key, kind);
    let time = Duration::from_secs_f64(job["seconds"].as_f64().expect("seconds"));
    let resident = kibibytes("/proc/self/status", "VmRSS");
    let (began, used) = (Instant::now(), processor());
    let threads = number(job, "at_once");
    let (signatures, most_threads) = thread::scope(|scope| {
        let work = || {
            let session = module.session();
            let mut signatures = 0u64;
            while began.elapsed() < time {
                sign(&session, key, kind);
                signatures += 1;
            }
            signatures
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        thread::sleep(time / 2);
        let most_threads = fs::read_dir("/proc/self/task").expect("proc(5)").count();
        let signatures = threads.into_iter().map(|thread| thread.join().expect("it has signed"));
        (signatures.sum::<u64>(), most_threads)
    });
    json!({
        "signatures": signatures,
        "seconds": began.elapsed().as_secs_f64(),
        "processor": processor() - used,
        "grown": kibibytes("/proc/self/status", "VmHWM").saturating_sub(resident),
        "peak": kibibytes("/proc/self/status", "VmHWM"),
        // The test's own two, and those that sign, are not the module's.
        "threads": u64::try_from(most_threads).expect("a few") - threads,
    })
}

/// From nothing to the slots, and to the first object.
fn start() -> Value {
    let resident = kibibytes("/proc/self/status", "VmRSS");
    let began = Instant::now();
    let module = Module::started();
    assert!(!module.slots().is_empty());
    let slots = microseconds(began);
    let with_slots = kibibytes("/proc/self/status", "VmRSS");
    let session = module.session();
    log_in(&session);
    let found = session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).expect("a search");
    assert!(!found.is_empty());
    json!({
        "slots": slots,
        "object": microseconds(began),
        "memory_slots": with_slots.saturating_sub(resident),
        "memory_object": kibibytes("/proc/self/status", "VmRSS").saturating_sub(resident),
    })
}
