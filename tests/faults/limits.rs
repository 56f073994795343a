//! What ends the attempts, as the user reads it, and the id that they share.

use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{AuditResult, Fault, Route};

use crate::harness::{Alone, Module, alone, alone_with, requested};

const DIGEST: [u8; 32] = [7; 32];

/// Signs with a service that is never well again, under these settings.
fn fails_under(process: &Alone, settings: Value) {
    let sandbox = process.sandbox();
    process.configure_with(&sandbox, settings);
    let module = Module::started();
    let session = module.session();
    let key = session.private_key("demo/ec");
    sandbox.inject(Fault::on(Route::SignHash).status(503).always());
    assert_eq!(session.sign(CKM_ECDSA, key, &DIGEST), Err(CKR_FUNCTION_FAILED));
    assert!(requested(&sandbox, Route::SignHash) > 1);
}

const TOTAL: &str =
    "no time is left for another one: SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS is";

/// Short, so that chance cannot make the first pause outlast the total time.
const FIRST_PAUSE: (&str, &str) = ("SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY", "0.05");

#[test]
fn the_end_of_the_total_time_is_said_with_the_time_and_the_setting() {
    alone_with(&[FIRST_PAUSE], |process| {
        fails_under(
            &process,
            json!({ "ServiceUnavailableTimeoutInSeconds": 1, "HttpRequestTimeoutInSeconds": 0.4 }),
        );
    })
    .stderr_lines(1)
    .stderr_says(&format!("{TOTAL} 1 s"));
}

/// The older generation has no name for the total time; its time of an attempt and the newer total go together.
#[test]
fn the_end_of_the_total_time_is_said_under_the_older_names_too() {
    let variables = [("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "1.2"), FIRST_PAUSE];
    alone_with(&variables, |process| {
        fails_under(&process, json!({ "Timeouts": { "HttpRequest": 0.4 } }));
    })
    .stderr_lines(1)
    .stderr_says(&format!("{TOTAL} 1.2 s"));
}

#[test]
fn the_end_of_the_repetitions_is_said_with_the_setting() {
    alone(|process| {
        let timeouts = json!({ "HttpRequest": 5, "FirstRetryDelay": 0.01, "RetryCount": 2 });
        fails_under(&process, json!({ "Timeouts": timeouts }));
    })
    .stderr_lines(1)
    .stderr_says("(3 attempts in ")
    .stderr_says("SIGNPATH_TIMEOUTS_RETRY_COUNT allows no more");
}

/// What cannot have been carried out is repeated as often as it is allowed, a signature too.
#[test]
fn a_signature_that_cannot_be_sent_is_tried_as_often_as_any_request() {
    alone(|process| {
        let sandbox = process.sandbox();
        let timeouts = json!({ "HttpRequest": 5, "FirstRetryDelay": 0.01, "RetryCount": 2 });
        process.configure_with(&sandbox, json!({ "Timeouts": timeouts }));
        let module = Module::started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        sandbox.stop();
        assert_eq!(session.sign(CKM_ECDSA, key, &DIGEST), Err(CKR_FUNCTION_FAILED));
        sandbox.restart().unwrap();
        session.sign(CKM_ECDSA, key, &DIGEST).unwrap();
        assert_eq!(requested(&sandbox, Route::SignHash), 1);
    })
    .stderr_lines(1)
    .stderr_says("no connection (Connection refused")
    .stderr_says("(3 attempts in ")
    .stderr_hides("possible duplicate");
}

#[test]
fn the_audit_trail_has_both_signatures_of_a_lost_answer_under_one_id() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).drop_mid_body());
        session.sign(CKM_ECDSA, key, &DIGEST).unwrap();
        session.sign(CKM_ECDSA, key, &DIGEST).unwrap();
        let audit = sandbox.audit();
        assert!(audit.iter().all(|entry| matches!(entry.result, AuditResult::Signed { .. })));
        let id = |place: usize| {
            let metadata = audit[place].metadata.as_ref().unwrap();
            metadata["correlationId"].as_str().unwrap().to_owned()
        };
        assert_eq!(audit.len(), 3);
        assert_eq!(id(0), id(1), "two attempts of one signature");
        assert_ne!(id(1), id(2), "another signature");
    })
    .stderr_lines(0);
}
