//! docs/troubleshooting.md has a row for each variant of [`Error`], [`Failure`] and [`Stop`] and for each [`Situation`]: the
//! message as it is written, and the advice that goes with it.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::*;

const PAGE: &str = include_str!("../../../../docs/troubleshooting.md");

/// For what differs from one error to the next.
const ANY: &str = "…";

const FAILURES: [Failure; 12] = [
    Failure::Lookup,
    Failure::Connect,
    Failure::Proxy,
    Failure::Tunnel,
    Failure::NotTaken,
    Failure::Trust,
    Failure::Pin,
    Failure::CertificateTime,
    Failure::CertificateName,
    Failure::Tls,
    Failure::Timeout,
    Failure::Lost,
];

/// Statuses, and words of the service that tell one from another.
const ANSWERS: [(u16, &str); 10] = [
    (400, "… approval process …"),
    (400, "… no signing policy …"),
    (400, ANY),
    (401, ""),
    (403, ""),
    (404, ""),
    (407, ""),
    (429, ""),
    (500, ""),
    (503, ""),
];

fn any() -> String {
    ANY.to_owned()
}

/// An error of each kind, in the order of the page.
fn samples() -> Vec<Error> {
    let setting =
        Error::Setting { setting: ANY, value: any(), place: any(), problem: any(), allowed: ANY };
    let mut samples = vec![
        setting,
        Error::ConfigFile { path: PathBuf::from(ANY), problem: any() },
        Error::Setup { why: any() },
        Error::TokenSource { source: any(), why: any() },
    ];
    let connection = |failure| Error::Connection { asked: any(), failure, detail: any() };
    samples.extend(FAILURES.map(connection));
    samples.extend(ANSWERS.map(|(status, text)| answered(status, text)));
    samples.extend([
        Error::Redirect { asked: any(), status: 302, host: Some(any()) },
        Error::Answer { asked: any(), why: any() },
        Error::KeyRotated { policy: any() },
        Error::WrongSignature { policy: any(), detail: any(), link: None },
        Error::Ambiguous { name: any(), found: vec![any()] },
        Error::Unsuitable { policy: any(), why: any() },
        Error::OutOfTime { asked: any(), because: budget() },
    ]);
    let pause = Stop::PauseTooLong { wanted: Duration::from_secs(600) };
    samples.extend([Stop::Final, budget(), Stop::Deadline, Stop::Attempts, pause].map(given_up));
    samples
}

fn answered(status: u16, text: &str) -> Error {
    Error::Status { asked: any(), status, message: ServiceMessage::read(text.as_bytes(), "s3cret") }
}

fn budget() -> Stop {
    Stop::Budget { total: Duration::from_secs(150) }
}

fn given_up(because: Stop) -> Error {
    let (last, elapsed) = (Box::new(answered(503, "")), Duration::from_millis(4120));
    Error::GaveUp { last, attempts: 3, elapsed, because }
}

/// The names of an enum's variants, as its source has them.
fn variants<'s>(source: &'s str, name: &str) -> BTreeSet<&'s str> {
    let (_, body) = source.split_once(&format!("\npub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(char::is_uppercase));
    names.map(|line| line.split([' ', ',', '(']).next().unwrap_or(line)).collect()
}

/// The name of a value's variant.
fn variant(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[track_caller]
fn all_are_there(wanted: &BTreeSet<&str>, there: impl Iterator<Item = String>) {
    let there: BTreeSet<_> = there.collect();
    assert!(wanted.iter().copied().eq(there.iter().map(String::as_str)), "{wanted:?}, {there:?}");
}

#[test]
fn every_variant_has_a_sample() {
    let (errors, stops) = (include_str!("../error.rs"), include_str!("stop.rs"));
    all_are_there(&variants(errors, "Error"), samples().iter().map(variant));
    let failures = samples().into_iter().filter_map(|error| match error {
        Error::Connection { failure, .. } => Some(variant(&failure)),
        _ => None,
    });
    all_are_there(&variants(errors, "Failure"), failures);
    let because = samples().into_iter().filter_map(|error| match error {
        Error::GaveUp { because, .. } => Some(variant(&because)),
        _ => None,
    });
    all_are_there(&variants(stops, "Stop"), because);
}

#[test]
fn every_situation_has_a_sample_and_an_advice() {
    let situations = variants(include_str!("hint.rs"), "Situation");
    all_are_there(&situations, samples().iter().filter_map(Error::situation).map(|s| variant(&s)));
    all_are_there(&situations, HINTS.iter().map(|(situation, _)| variant(situation)));
}

#[test]
fn the_page_has_a_row_for_each_message_with_its_advice() {
    let (_, table) = PAGE.split_once("<!-- service -->\n").unwrap();
    let (table, _) = table.split_once("<!-- /service -->").unwrap();
    let rows: Vec<_> = table.lines().skip(2).collect();
    let samples = samples();
    for (row, error) in rows.iter().zip(&samples) {
        let columns: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [message, cause, advice] = columns[..] else { panic!("not three columns: {row}") };
        let hint = error.hint().unwrap_or_default();
        assert_eq!(message, format!("`{}`", Statement(error)));
        assert!(advice.starts_with(hint), "{message}: the advice is {hint:?}");
        assert!(!cause.is_empty() && !advice.is_empty(), "{row}");
    }
    assert_eq!(rows.len(), samples.len());
}
