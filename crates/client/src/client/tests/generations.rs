//! Services of all ages: which form is tried when, and what is remembered.

use std::time::Instant;

use super::*;
use crate::error::Stop;

const SIGN_HASH: &str = "/Api/v1/c62f1ea8-8f1f-4c0c-9f6e-5f6f7c2c9a11/SigningRequests/SignHash";
const SUBMIT: &str =
    "/Api/v1/c62f1ea8-8f1f-4c0c-9f6e-5f6f7c2c9a11/SigningRequests/SubmitWithArtifact";
const OLDEST: &str = "/Api/v1/c62f1ea8-8f1f-4c0c-9f6e-5f6f7c2c9a11/SigningRequests";

/// A service that knows these routes; others are 404 as a web server says it.
fn generation(known: &'static [&'static str]) -> Responder {
    Responder::start(move |request, _| {
        if !known.contains(&request.target.as_str()) {
            return Reply::status(404, "");
        }
        match request.target.as_str() {
            SIGN_HASH => signed(&ec_signature()),
            _ => old_signed(&ec_signature()),
        }
    })
}

#[test]
fn an_old_service_is_asked_in_its_form_and_remembered() {
    for (known, first, then) in [
        (&[SUBMIT][..], &[SIGN_HASH, SUBMIT][..], SUBMIT),
        (&[OLDEST], &[SIGN_HASH, SUBMIT, OLDEST], OLDEST),
        (&[SIGN_HASH, SUBMIT, OLDEST], &[SIGN_HASH], SIGN_HASH),
    ] {
        let responder = generation(known);
        let client = client(&responder);
        client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
        assert_eq!(targets(&responder), first);
        client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
        assert_eq!(targets(&responder).last().unwrap(), then);
        assert_eq!(responder.received().len(), first.len() + 1);
    }
}

#[test]
fn an_old_service_is_not_remembered_before_its_form_has_worked() {
    let responder = Responder::start(|request, before| match (request.target.as_str(), before) {
        (SUBMIT, 1) => Reply::status(400, "no"),
        (SUBMIT, _) => old_signed(&ec_signature()),
        _ => Reply::status(405, "no such method"),
    });
    let client = client(&responder);
    assert!(client.sign_hash(&policy(P256.spki), &ec_hash()).is_err());
    client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
    assert_eq!(targets(&responder), [SIGN_HASH, SUBMIT, SIGN_HASH, SUBMIT]);
}

#[test]
fn a_service_that_was_brought_up_to_date_is_found_again() {
    let responder = Responder::start(|request, before| match (request.target.as_str(), before) {
        (SUBMIT, 0..=1) => old_signed(&ec_signature()),
        (SIGN_HASH, 3..) => signed(&ec_signature()),
        _ => Reply::status(404, ""),
    });
    let client = client(&responder);
    for _ in 0..2 {
        client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
    }
    assert_eq!(targets(&responder), [SIGN_HASH, SUBMIT, SUBMIT, SIGN_HASH]);
}

#[test]
fn a_404_with_a_problem_is_a_refusal_and_not_an_old_service() {
    let problem = r#"{"title":"Not Found","status":404,"traceId":"00-1"}"#;
    let responder = Responder::script(vec![Reply::json(404, problem)]);
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(responder.received().len(), 1);
    assert_eq!(error.class(), Class::Refused);
    let text = error.to_string();
    assert!(text.contains("404: Not Found [trace id 00-1]"), "{text}");
    assert!(text.contains("SIGNPATH_ORGANIZATION_ID"), "{text}");
}

#[test]
fn where_no_form_is_known_the_first_answer_is_told() {
    let responder = Responder::start(|request, _| Reply::status(404, &request.target));
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(responder.received().len(), 3);
    assert!(error.to_string().contains("/SignHash"), "{error}");
}

#[test]
fn what_may_have_been_signed_is_asked_for_twice_at_most_whatever_the_form() {
    let responder = Responder::script(vec![
        Reply::status(500, ""),
        Reply::status(404, ""),
        Reply::status(500, ""),
        old_signed(&ec_signature()),
    ]);
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(targets(&responder), [SIGN_HASH, SIGN_HASH, SUBMIT]);
    assert_eq!(error.class(), Class::Service);
}

/// A service without these routes, that takes its time to say so.
fn slow(time: Duration) -> Responder {
    Responder::start(move |_, _| {
        thread::sleep(time);
        Reply::status(404, "")
    })
}

#[test]
fn a_form_that_there_is_no_time_for_is_not_tried() {
    let responder = slow(Duration::from_millis(2500));
    let settings = [("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "4")];
    let client = client_with(&responder, &settings);
    let error = client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(targets(&responder), [SIGN_HASH]);
    assert!(matches!(error, Error::OutOfTime { .. }), "{error:?}");
    let line = error.to_string();
    assert!(line.contains("no time is left for the next request: SIGNPATH_"), "{line}");
}

#[test]
fn a_form_that_nobody_waits_for_is_not_tried() {
    let (late, end) = (Duration::from_millis(1000), Duration::from_millis(1050));
    let responder = slow(late);
    let client = client(&responder).until(Instant::now() + end);
    let error = client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(targets(&responder), [SIGN_HASH], "{error}");
    let error = client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert!(matches!(error, Error::OutOfTime { because: Stop::Deadline, .. }), "{error:?}");
    assert_eq!(targets(&responder).len(), 1);
}
