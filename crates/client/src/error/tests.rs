use proptest::prelude::*;

use super::message::one_line;
use super::*;
use crate::secret::redact;

fn status(status: u16, body: &str) -> Error {
    Error::Status {
        asked: "signing with demo/ec at https://sp.example/Api".to_owned(),
        status,
        message: ServiceMessage::read(body.as_bytes(), "s3cret"),
    }
}

fn connection(failure: Failure) -> Error {
    Error::Connection { asked: "signing".to_owned(), failure, detail: "os error 111".to_owned() }
}

fn given_up(last: Error) -> Error {
    let elapsed = Duration::from_millis(4120);
    Error::GaveUp {
        last: Box::new(last),
        attempts: 3,
        elapsed,
        because: Stop::Budget { total: Duration::from_secs(150) },
    }
}

#[test]
fn every_status_has_its_class() {
    for (code, class) in [
        (400, Class::Refused),
        (401, Class::Unauthorized),
        (403, Class::Refused),
        (404, Class::Refused),
        (408, Class::Transient),
        (429, Class::Transient),
        (500, Class::Service),
        (501, Class::Service),
        (502, Class::Transient),
        (503, Class::Transient),
        (504, Class::Transient),
        (507, Class::Service),
    ] {
        assert_eq!(status(code, "").class(), class, "{code}");
        assert_eq!(given_up(status(code, "")).class(), class, "{code}");
    }
}

#[test]
fn every_failure_has_its_class() {
    for (failure, class) in [
        (Failure::Lookup, Class::Transient),
        (Failure::Connect, Class::Transient),
        (Failure::Timeout, Class::Transient),
        (Failure::Lost, Class::Transient),
        (Failure::Trust, Class::Untrusted),
        (Failure::CertificateTime, Class::Untrusted),
        (Failure::CertificateName, Class::Untrusted),
        (Failure::Tls, Class::Configuration),
        (Failure::Proxy, Class::Configuration),
        (Failure::Tunnel, Class::Transient),
    ] {
        assert_eq!(connection(failure).class(), class, "{failure:?}");
    }
}

#[test]
fn every_situation_has_one_advice() {
    for (place, (situation, advice)) in HINTS.iter().enumerate() {
        assert!(!advice.is_empty() && !advice.ends_with('.'), "{situation:?}");
        let first = HINTS.iter().position(|(other, _)| other == situation);
        assert_eq!(first, Some(place), "{situation:?}");
        assert_eq!(redact(advice, &[]), *advice, "it is shown as it stands");
    }
}

#[test]
fn the_advice_fits_the_situation() {
    for (error, expected) in [
        (status(401, ""), "SIGNPATH_API_TOKEN"),
        (status(403, ""), "submitter"),
        (status(404, ""), "SIGNPATH_ORGANIZATION_ID"),
        (status(407, ""), "user:password@"),
        (status(429, ""), "fewer requests"),
        (status(500, ""), "trace id"),
        (status(503, ""), "Try again later"),
        (status(400, "The policy has an approval process."), "file-based"),
        (
            status(400, "There is no signing policy with slug 'x' in the project with slug 'y'."),
            "spelling",
        ),
        (connection(Failure::Connect), "SIGNPATH_API_URL"),
        (connection(Failure::Lookup), "SIGNPATH_API_URL"),
        (connection(Failure::Timeout), "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS"),
        (connection(Failure::Trust), "SIGNPATH_TLS_CA_CERTIFICATE"),
        (connection(Failure::CertificateTime), "clock"),
        (connection(Failure::CertificateName), "SIGNPATH_API_URL"),
        (connection(Failure::Tls), "SIGNPATH_TLS_CLIENT_CERTIFICATE"),
        (connection(Failure::Proxy), "user:password@"),
        (connection(Failure::Tunnel), "no_proxy"),
        (given_up(connection(Failure::Connect)), "SIGNPATH_API_URL"),
        (Error::KeyRotated { policy: "demo/ec".to_owned() }, "again"),
    ] {
        let hint = error.hint().unwrap();
        assert!(hint.contains(expected), "{error:?}: {hint}");
        assert!(error.to_string().ends_with(hint), "{error}");
    }
    assert_eq!(status(400, "The hash algorithm does not match the given hash.").hint(), None);
}

#[test]
fn a_message_says_what_was_asked_what_was_answered_and_what_to_do() {
    let body = r#"{"title":"T.","detail":"D","errors":{"":["E"],"Field":["F1","F2."]},
        "traceId":"00-1","webLink":"https://sp.example/1","status":403}"#;
    assert_eq!(
        status(403, body).to_string(),
        "signing with demo/ec at https://sp.example/Api failed: the service answered 403: T. D. E. Field: F1. \
         Field: F2. [trace id 00-1] [https://sp.example/1]. Make the token's user a submitter of this signing policy, \
         and check that the organization may use this way of signing"
    );
    assert_eq!(
        given_up(connection(Failure::Connect)).to_string(),
        "signing failed: no connection (os error 111) (3 attempts in 4.1 s; no time is left for another one: \
         SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS is 150 s). Check \
         SIGNPATH_API_URL, the network, and the proxy if there is one"
    );
}

#[test]
fn plain_text_is_told_and_html_is_not() {
    assert_eq!(ServiceMessage::read(b" The token\nis wrong ", "").text(), "The token\\nis wrong");
    let html = ServiceMessage::read(b"\n<!DOCTYPE html><html>...", "");
    assert!(html.text().contains("HTML page"), "{html:?}");
    assert_eq!(ServiceMessage::read(b"", "").to_string(), "");
}

#[test]
fn only_problem_json_counts_as_a_problem() {
    for (body, problem) in [
        (r#"{"title":"Not Found"}"#, true),
        (r#"{"errors":{"":["x"]}}"#, true),
        (r#"{"traceId":"00-1"}"#, true),
        (r#"{"message":"no route"}"#, false),
        (r#"{"errors":{}}"#, false),
        ("[]", false),
        ("", false),
        ("Not Found", false),
    ] {
        assert_eq!(ServiceMessage::read(body.as_bytes(), "").is_problem(), problem, "{body}");
        assert_eq!(status(404, body).is_missing_route(), !problem, "{body}");
    }
    assert!(!status(400, "").is_missing_route());
    assert!(given_up(status(405, "")).is_missing_route());
}

#[test]
fn the_service_cannot_write_a_second_line_or_move_the_cursor() {
    let text = one_line("a\nb\u{1b}[2Jc\u{202e}d\u{2028}e\r\t\u{feff}\u{61c}ü", 100);
    assert_eq!(text, "a\\nb\\u{1b}[2Jc\\u{202e}d\\u{2028}e\\r\\t\\u{feff}\\u{61c}ü");
}

#[test]
fn a_path_or_a_value_with_control_characters_stays_one_line() {
    let path = PathBuf::from("/a\nb\u{1b}[2J");
    let file = Error::ConfigFile { path: path.clone(), problem: "it is\nnot there".to_owned() };
    let token =
        Error::TokenSource { source: format!("the file {}", path.display()), why: "\0".into() };
    let setup = unusable_file("TlsCaCertificate", &path, "cannot be read");
    let last = Box::new(token.clone());
    let because = Stop::Attempts;
    let gave_up = Error::GaveUp { last, attempts: 2, elapsed: Duration::ZERO, because };
    for error in [file, token, setup, gave_up] {
        let line = error.to_string();
        assert!(line.contains("/a\\nb\\u{1b}[2J") && !line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn long_texts_are_cut() {
    assert_eq!(one_line("äöü", 2), "äö…");
    assert_eq!(one_line("äöü", 3), "äöü");
}

#[test]
fn a_secret_that_the_service_gives_back_is_hidden_also_at_the_cut() {
    let body = format!("{}s3cret", "x".repeat(997));
    assert!(!ServiceMessage::read(body.as_bytes(), "s3cret").text().contains("s3"));
    let json = r#"{"detail":"s3cret","traceId":"s3cret","webLink":"s3\u0063ret"}"#;
    assert!(!format!("{:?}", ServiceMessage::read(json.as_bytes(), "s3cret")).contains("s3cret"));
}

#[test]
fn a_secret_that_the_service_gives_back_percent_encoded_is_hidden() {
    for body in ["at /?token=s%33c%2bret", r#"{"detail":"at","webLink":"/?token=s3c%2Bret"}"#] {
        let message = ServiceMessage::read(body.as_bytes(), "s3c+ret").to_string();
        assert!(message.contains("token=***") && !message.contains("ret"), "{message}");
    }
}

#[test]
fn a_secret_at_which_the_body_breaks_off_is_hidden() {
    for (body, expected) in [
        ("Bearer s3cr", "Bearer"),
        ("Bearer s3cret", "Bearer ***"),
        ("this is s3c", "this is s3c"),
        ("no half", "no half"),
        (r#"{"detail":"s3\u0063ret"#, "a damaged answer"),
        ("{", "a damaged answer"),
        (r#"{"message":"s3\u0063ret"}"#, r#"{"message":"***"}"#),
        (r#"[["s3\u0063ret"]]"#, r#"[["***"]]"#),
        (r#""s3\u0063ret""#, r#""***""#),
        (r#"["s3\u0063re"#, "a damaged answer"),
        (r#""s3\u0063re"#, "a damaged answer"),
    ] {
        assert_eq!(ServiceMessage::read(body.as_bytes(), "s3cret").text(), expected);
    }
}

proptest! {
    #[test]
    fn every_message_is_one_bounded_line(body in prop::collection::vec(any::<u8>(), 0..3000)) {
        let text = status(400, &String::from_utf8_lossy(&body)).to_string();
        prop_assert!(!text.chars().any(|character| character.is_control()));
        prop_assert!(text.chars().count() < 12_000);
    }
}
