//! What is sent again, seen from the service.

use std::time::{Duration, Instant};

use super::*;
use crate::error::{Failure, Stop};
use crate::http::responder::Received;

#[test]
fn a_signature_is_asked_for_again_where_nothing_was_signed() {
    for status in [429, 502, 503, 504] {
        let replies =
            vec![Reply::status(status, ""), Reply::status(status, ""), signed(&ec_signature())];
        let responder = Responder::script(replies);
        client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
        assert_eq!(responder.received().len(), 3, "{status}");
    }
}

fn correlation_id(request: &Received) -> String {
    let metadata = &request.json()["hashSigningData"]["metadata"];
    metadata["correlationId"].as_str().unwrap().to_owned()
}

#[test]
fn in_doubt_a_signature_is_asked_for_once_more_with_the_same_id_and_a_line() {
    for first in [Reply::status(500, ""), Reply::Bytes(Vec::new()), Reply::Silence] {
        let responder = Responder::script(vec![first, signed(&ec_signature())]);
        let settings = [("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "0.2")];
        let client = client_with(&responder, &settings);
        let (_, lines) = lines::of(|| client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap());
        let [one, two] = responder.received().try_into().unwrap();
        assert_eq!(one.body, two.body);
        assert_eq!(one.headers, two.headers);
        assert!(Uuid::parse_str(&correlation_id(&one)).is_ok());
        assert!(lines.iter().any(|line| line.contains("possible duplicate")), "{lines:?}");
        client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
        let [_, _, other] = responder.received().try_into().unwrap();
        assert_ne!(correlation_id(&one), correlation_id(&other));
    }
}

#[test]
fn a_service_that_fails_again_is_not_asked_a_third_time() {
    let responder = Responder::script(vec![Reply::status(500, "")]);
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(responder.received().len(), 2);
    assert_eq!(error.class(), Class::Service);
    assert!(error.to_string().contains("(2 attempts in "), "{error}");
}

#[test]
fn a_long_retry_after_is_told_at_once() {
    let headers = vec![("retry-after", "3600".to_owned())];
    let responder =
        Responder::script(vec![Reply::Whole { status: 503, headers, body: Vec::new() }]);
    let start = Instant::now();
    let error = client(&responder).policies().unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    let wanted = Duration::from_secs(3600);
    assert!(
        matches!(error, Error::GaveUp { because: Stop::PauseTooLong { wanted: w }, .. } if w == wanted)
    );
    assert_eq!(error.class(), Class::Transient);
    assert!(error.to_string().contains("a pause of 3600 s"), "{error}");
}

#[test]
fn a_service_that_is_down_is_asked_until_the_time_is_over() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/Api", listener.local_addr().unwrap());
    drop(listener);
    let settings = [("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "0.3")];
    let credentials = Credentials::from_pin(&format!("{ORGANIZATION}:{TOKEN}")).unwrap();
    let error = Client::new(&config(&url, &settings), credentials).policies().unwrap_err();
    let Error::GaveUp { last, attempts, because: Stop::Budget { .. }, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(**last, Error::Connection { failure: Failure::Connect, .. }));
    assert!(*attempts > 1);
    assert_eq!(error.class(), Class::Transient);
    assert!(
        error.to_string().contains("no connection") && error.to_string().contains(&url),
        "{error}"
    );
}

#[test]
fn a_service_that_says_nothing_to_a_connection_is_no_connection_also_when_time_is_short() {
    let responder = Responder::script(vec![Reply::Silence]);
    let url = responder.url().replace("http:", "https:");
    let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tls/test_ca.pem");
    let settings = [
        ("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "0.6"),
        ("SIGNPATH_TLS_CA_CERTIFICATE", ca),
    ];
    let credentials = Credentials::from_pin(&format!("{ORGANIZATION}:{TOKEN}")).unwrap();
    let client = Client::new(&config(&url, &settings), credentials);
    let error = client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    let Error::GaveUp { last, because: Stop::Budget { .. }, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(**last, Error::Connection { failure: Failure::Connect, .. }), "{error:?}");
}
