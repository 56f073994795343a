//! Refusals as the service words them: problem+json (RFC 9457), and plain text before service version 1.195.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use rsa::rand_core::Rng;
use serde::Serialize;

use crate::{Generation, answer::Answer, keys};

/// A refusal: its status, and what is wrong by field.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    detail: Option<String>,
    errors: BTreeMap<String, Vec<String>>,
}

/// Status, section of RFC 9110 that the type points to, title.
const KINDS: &[(u16, &str, &str)] = &[
    (400, "15.5.1", "Bad Request"),
    (401, "15.5.2", "Unauthorized"),
    (403, "15.5.4", "Forbidden"),
    (404, "15.5.5", "Not Found"),
    (413, "15.5.14", "Content Too Large"),
    (415, "15.5.16", "Unsupported Media Type"),
    (500, "15.6.1", "An error occurred while processing your request."),
    (503, "15.6.4", "Service Unavailable"),
];

/// The title of a 400 with `errors`, as recorded.
const VALIDATION_TITLE: &str = "One or more validation errors occurred.";

/// In the order of the recorded answers.
#[derive(Serialize)]
struct Form<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: &'a BTreeMap<String, Vec<String>>,
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(rename = "traceId")]
    trace_id: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, detail: None, errors: BTreeMap::new() }
    }

    /// A 400 about one field; the empty name is about the whole request.
    pub(crate) fn field(name: &str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST).and_field(name, text)
    }

    pub(crate) fn and_field(mut self, name: &str, text: impl Into<String>) -> Self {
        self.errors.entry(name.to_owned()).or_default().push(text.into());
        self
    }

    /// Refuses a request in which a mandatory property is missing, naming each.
    pub(crate) fn require(properties: &[(&str, bool)]) -> Result<(), Self> {
        let missing = properties.iter().filter(|(_, is_there)| !is_there);
        let problem = missing.fold(None, |problem: Option<Self>, (name, _)| {
            let problem = problem.unwrap_or_else(|| Self::new(StatusCode::BAD_REQUEST));
            Some(problem.and_field(name, format!("The {name} field is required.")))
        });
        problem.map_or(Ok(()), Err)
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Why, on one line, for the audit log.
    pub(crate) fn reason(&self) -> String {
        let texts: Vec<&str> = self.errors.values().flatten().map(String::as_str).collect();
        match (&self.detail, texts.is_empty()) {
            (_, false) => texts.join(" "),
            (Some(detail), true) => detail.clone(),
            (None, true) => self.title().to_owned(),
        }
    }

    pub(crate) fn into_answer(self, generation: Generation) -> Answer {
        let plain = matches!(self.status.as_u16(), 401 | 403 | 500);
        let answer = if generation == Generation::Old && plain {
            Answer::new(self.status, "text/plain; charset=utf-8", self.reason().into_bytes())
        } else {
            let body = serde_json::to_vec(&self.form()).unwrap_or_default();
            Answer::new(self.status, "application/problem+json; charset=utf-8", body)
        };
        if self.status == StatusCode::UNAUTHORIZED {
            return answer.with_header("www-authenticate", "Bearer");
        }
        answer
    }

    fn form(&self) -> Form<'_> {
        let section = self.kind().map_or("15", |kind| kind.1);
        Form {
            errors: &self.errors,
            kind: format!("https://tools.ietf.org/html/rfc9110#section-{section}"),
            title: self.title(),
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            trace_id: trace_id(),
        }
    }

    fn title(&self) -> &'static str {
        if self.errors.is_empty() {
            self.kind().map_or("Error", |kind| kind.2)
        } else {
            VALIDATION_TITLE
        }
    }

    fn kind(&self) -> Option<&'static (u16, &'static str, &'static str)> {
        KINDS.iter().find(|kind| kind.0 == self.status.as_u16())
    }
}

/// A trace id in the form of W3C Trace Context, as recorded: `00-<32 hex>-<16 hex>-00`.
fn trace_id() -> String {
    let mut random = keys::random();
    format!("00-{:016x}{:016x}-{:016x}-00", random.next_u64(), random.next_u64(), random.next_u64())
}
