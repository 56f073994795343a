use std::ffi::OsString;

use super::*;
use crate::config::HostProgram;
use crate::http::responder::{Reply, Responder};

fn probe(responder: &Responder) -> Probe {
    let url = responder.url();
    let environment = move |name: &str| match name {
        "SIGNPATH_API_URL" => Some(OsString::from(&url)),
        "SIGNPATH_API_TOKEN" => Some("t0ken".into()),
        _ => None,
    };
    Probe::new(&Config::from_sources(environment, HostProgram::default()).unwrap())
}

fn dated(date: &str, body: &str) -> Reply {
    Reply::Whole { status: 200, headers: vec![("date", date.to_owned())], body: body.into() }
}

#[test]
fn a_probe_has_no_credentials_and_asks_once() {
    let responder = Responder::script(vec![Reply::status(503, "down")]);
    let probe = probe(&responder);
    assert!(matches!(probe.health(), Err(Error::Status { status: 503, .. })));
    assert!(matches!(probe.version(), Err(Error::Status { .. })));
    let received = responder.received();
    let asked: Vec<_> = received.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(asked, ["/Api/healthz", "/Api/v1/Meta/SystemInfo"]);
    assert!(received.iter().all(|request| request.header("authorization").is_none()));
    assert!(probe.certificate().is_none(), "there was no TLS");
}

#[test]
fn an_answer_tells_the_servers_clock_and_version() {
    let now = || httpdate::fmt_http_date(SystemTime::now());
    let script = vec![
        dated(&now(), "Healthy"),
        dated("Thu, 01 Jan 1970 00:00:00 GMT", r#"{"version":"1.209.0","more":1}"#),
        Reply::status(200, "{}"),
        dated("soon", "[]"),
    ];
    let responder = Responder::script(script);
    let probe = probe(&responder);
    assert_eq!(probe.health().unwrap().clock, Some(ClockDifference::None));
    let reached = probe.version().unwrap();
    assert_eq!(reached.version.as_deref(), Some("1.209.0"));
    assert!(matches!(reached.clock, Some(ClockDifference::Ahead(by)) if by.as_secs() > 1 << 30));
    assert_eq!(probe.version().unwrap(), Reached { clock: None, version: None });
    assert!(matches!(probe.version(), Err(Error::Answer { .. })));
}

#[test]
fn what_a_date_cannot_tell_is_no_difference() {
    let at = |millis: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let of = |before, date, after| difference(at(before), at(date), at(after));
    let millis = Duration::from_millis;
    for (before, date, after, expected) in [
        (5_900, 5_000, 5_950, ClockDifference::None),
        (6_000, 5_000, 6_000, ClockDifference::None),
        (1_000, 5_000, 9_000, ClockDifference::None),
        (6_001, 5_000, 7_000, ClockDifference::Ahead(millis(1))),
        (3_000, 5_000, 4_000, ClockDifference::Behind(millis(1_000))),
    ] {
        assert_eq!(of(before, date, after), expected, "{before} {date} {after}");
    }
}
