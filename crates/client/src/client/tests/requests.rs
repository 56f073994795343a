//! File-based signing requests.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::*;
use crate::wire::files::{FileSubmission, RequestState, SubmittedRequest};

const BASE: &str = "/Api/v1/c62f1ea8-8f1f-4c0c-9f6e-5f6f7c2c9a11";
const ID: &str = "9d0e2a1c-0000-4000-8000-000000000001";

fn id() -> Uuid {
    ID.parse().unwrap()
}

fn submission() -> FileSubmission {
    FileSubmission {
        project: "demo".to_owned(),
        policy: "ec".to_owned(),
        artifact: b"PK-zip".to_vec(),
        ..FileSubmission::default()
    }
}

fn created() -> Reply {
    let headers = vec![("location", format!("https://sp.example/x/SigningRequests/{ID}"))];
    Reply::Whole { status: 201, headers, body: Vec::new() }
}

fn status(words: &str) -> Reply {
    Reply::json(200, &json!({ "status": words }).to_string())
}

#[test]
fn a_submission_gives_the_id_that_its_location_names() {
    let responder = Responder::script(vec![created()]);
    let made = client(&responder).submit_file(&submission()).unwrap();
    assert_eq!(made, SubmittedRequest { id: ID.to_owned(), link: None });
    let sent = &responder.received()[0];
    assert_eq!(sent.target, format!("{BASE}/SigningRequests/SubmitWithArtifact"));
    let body = String::from_utf8_lossy(&sent.body);
    assert!(body.contains("PK-zip") && body.contains("projectSlug"), "{body}");
}

/// Where it may have been made, it is not made a second time.
#[test]
fn a_submission_is_repeated_only_where_it_was_not_taken() {
    for (first, sent) in [
        (Reply::status(429, ""), 2),
        (Reply::status(503, ""), 2),
        (Reply::status(500, ""), 1),
        (Reply::status(502, ""), 1),
        (Reply::status(400, ""), 1),
        (Reply::Bytes(Vec::new()), 1),
    ] {
        let responder = Responder::script(vec![first.clone(), created()]);
        let made = client(&responder).submit_file(&submission());
        assert_eq!((made.is_ok(), responder.received().len()), (sent == 2, sent), "{first:?}");
    }
}

#[test]
fn a_service_without_the_short_status_is_asked_for_the_whole_request_from_then_on() {
    let responder = Responder::start(|request, _| match request.target.ends_with("/Status") {
        true => Reply::status(404, ""),
        false => status("Completed"),
    });
    let client = client(&responder);
    for _ in 0..2 {
        assert_eq!(client.request_status(&id(), None).unwrap().state, RequestState::Completed);
    }
    let whole = format!("{BASE}/SigningRequests/{ID}");
    assert_eq!(targets(&responder), [format!("{whole}/Status"), whole.clone(), whole]);
}

#[test]
fn a_request_that_is_not_known_is_no_missing_route() {
    let problem = Reply::json(404, r#"{"title":"Not Found","status":404,"traceId":"t"}"#);
    let responder = Responder::script(vec![problem]);
    let client = client(&responder);
    assert!(client.request_status(&id(), None).is_err());
    assert!(client.unsigned_artifact(&id()).is_err());
    assert_eq!(responder.received().len(), 2);
}

#[test]
fn artifacts_are_fetched_where_the_service_gives_them() {
    let responder = Responder::start(|request, _| match request.target.rsplit('/').next() {
        Some("UnsignedArtifact") => Reply::status(405, ""),
        _ => Reply::status(200, "zip"),
    });
    let client = client(&responder);
    assert_eq!(client.signed_artifact(&id()).unwrap(), b"zip");
    assert_eq!(client.unsigned_artifact(&id()), Ok(None));
}

#[test]
fn a_policy_s_certificate_is_read_in_either_form() {
    use x509_cert::der::pem::{self, LineEnding};
    let der = STANDARD.decode(crate::certificate::vectors::CERTIFICATE).unwrap();
    let text = pem::encode_string("CERTIFICATE", LineEnding::LF, &der).unwrap();
    for body in [der.clone(), text.into_bytes()] {
        let reply = Reply::Whole { status: 200, headers: Vec::new(), body };
        let responder = Responder::script(vec![reply]);
        let certificate = client(&responder).policy_certificate("demo", "ec").unwrap();
        assert_eq!(certificate.der(), der);
        let target = format!("{BASE}/Projects/demo/SigningPolicies/ec/Certificate");
        assert_eq!(targets(&responder), [target]);
    }
    let responder = Responder::script(vec![Reply::status(200, "-----BEGIN")]);
    assert!(client(&responder).policy_certificate("demo", "ec").is_err());
}

#[test]
fn nothing_takes_longer_than_to_the_deadline() {
    let responder = Responder::script(vec![Reply::Silence]);
    let begun = Instant::now();
    let client = client(&responder).until(begun + Duration::from_millis(200));
    assert_eq!(client.request_status(&id(), None).unwrap_err().class(), Class::Transient);
    assert!(begun.elapsed() < Duration::from_secs(5));
}
