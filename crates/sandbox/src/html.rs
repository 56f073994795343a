//! HTML without a script: a signing request as people read it. Everything that a client sent is escaped.

use std::fmt::Write as _;

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    answer::Answer,
    archive::{Archive, ArchiveFile},
    artifact::signed_files,
    payload::{self, Kind, Payload},
    service::Service,
    signing_request::{Decision, SigningRequest, SigningRequestStatus},
    visible::{self, hex},
};

/// More of a file than this nobody reads in a browser, nor more of all files together than the other.
const MOST_SHOWN: usize = 64 * 1024;
const MOST_SHOWN_TOGETHER: usize = 1024 * 1024;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}dt{font-weight:600}\
dd{margin:0;overflow-wrap:anywhere}\
pre{border:1px solid #8888;padding:1rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}\
form{display:inline-block;margin:1rem 1rem 0 0}\
button{font:inherit;padding:.5rem 1.5rem;cursor:pointer}";

/// A page of one sentence.
pub(crate) fn message(status: StatusCode, text: &str) -> Answer {
    let body = format!("<h1>Signing request</h1><p>{}</p>", escape(&visible::line(text)));
    let answer = document("Signing request", &body);
    Answer { status, ..answer }
}

/// The page of a signing request.
pub(crate) fn page(service: &Service, request: &SigningRequest) -> Answer {
    let id = request.id.0.to_string();
    let mut body = format!("<h1>Signing request for {}</h1>", escape(&request.policy_name()));
    body += &list(&facts(request));
    if request.status == SigningRequestStatus::WaitingForApproval {
        let page = service.page_path(&id);
        body += &button(&page, request, Decision::Approve);
        body += &button(&page, request, Decision::Deny);
    }
    match Archive::read(&request.artifact.0) {
        Ok(archive) => {
            let start = body.len();
            for file in signed_files(&request.artifact_configuration, &archive) {
                let is_whole = body.len() - start < MOST_SHOWN_TOGETHER;
                body += &shown_file(service, request, file, is_whole);
            }
        }
        Err(reason) => {
            body += &format!("<p>The artifact: {}.</p>", escape(&visible::line(&reason)))
        }
    }
    document(&format!("Signing request for {}", request.policy_name()), &body)
}

/// Headers that keep a page to itself. `same-origin`, as with `no-referrer` browsers send no Origin that can be checked.
pub(crate) fn protected(answer: Answer) -> Answer {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    [
        ("content-security-policy", policy.as_str()),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ]
    .iter()
    .fold(answer, |answer, (name, value)| answer.with_header(name, value))
}

fn document(title: &str, body: &str) -> Answer {
    let title = escape(title);
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    );
    protected(Answer::new(StatusCode::OK, "text/html; charset=utf-8", text.into_bytes()))
}

fn facts(request: &SigningRequest) -> Vec<(String, String)> {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut facts = vec![
        fact("Status", &format!("{:?}", request.status)),
        fact("Submitted by", &request.user),
        fact("Submitted at", &request.submitted),
        fact("Artifact configuration", &request.artifact_configuration_slug),
        fact("Signature", &request.artifact_configuration.describe()),
        fact("Request", &request.id.0.to_string()),
    ];
    facts.extend(request.reason.iter().map(|reason| fact("Reason", reason)));
    facts.extend(request.description.iter().map(|text| fact("Description", text)));
    let parameters = request.parameters.iter();
    facts.extend(parameters.map(|(name, value)| fact(&format!("Parameter {name}"), value)));
    facts
}

/// As it is going to be signed, with what the policy puts in; its content only where there is room for it.
fn shown_file(
    service: &Service,
    request: &SigningRequest,
    file: &ArchiveFile,
    has_room: bool,
) -> String {
    let policy = service.catalog.find(&request.project, &request.policy);
    let content = match policy {
        Some(policy) => payload::inject(&file.content, &policy.config.inject),
        None => file.content.clone(),
    };
    let payload = Payload::read(&content);
    let mut facts = facts_of(&payload);
    facts.push(("SHA-256 of the file".to_owned(), hex(&Sha256::digest(&content))));
    if content != file.content {
        let note = "values of the signing policy are put into optional; shown as it is signed";
        facts.push(("Changed".to_owned(), note.to_owned()));
    }
    let path = escape(&visible::line(&file.path));
    let mut shown = format!("<section><h2>{path}</h2>{}", list(&facts));
    if !has_room {
        return shown + "<p>Too much to show.</p></section>";
    }
    let pretty = payload.json.as_ref().and_then(|json| serde_json::to_string_pretty(json).ok());
    shown += &pretty.map_or_else(String::new, |pretty| preformatted(&pretty));
    shown += &match std::str::from_utf8(&content) {
        Ok(text) => format!("<h3>Byte for byte</h3>{}", preformatted(text)),
        Err(_) => format!("<p>{} bytes that are no text.</p>", content.len()),
    };
    shown + "</section>"
}

fn facts_of(payload: &Payload) -> Vec<(String, String)> {
    let (kind, label) = match payload.kind {
        Kind::SimpleSigning => ("simple-signing payload", "Image"),
        Kind::Statement => ("in-toto statement", "Subject"),
        Kind::Other => ("other content", "Subject"),
    };
    let mut facts = vec![("Kind".to_owned(), kind.to_owned())];
    for subject in &payload.subjects {
        let unnamed = || "(names no repository)".to_owned();
        facts.push((label.to_owned(), subject.name.clone().unwrap_or_else(unnamed)));
        facts.extend(subject.digest.clone().map(|digest| ("Digest".to_owned(), digest)));
    }
    facts.extend(payload.predicate_type.clone().map(|kind| ("Predicate type".to_owned(), kind)));
    facts
}

fn preformatted(text: &str) -> String {
    let end = (0..=MOST_SHOWN.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let begin = text.get(..end.unwrap_or_default()).unwrap_or_default();
    let rest = text.len() - begin.len();
    let more = if rest == 0 { String::new() } else { format!("<p>… and {rest} bytes more.</p>") };
    format!("<pre>{}</pre>{more}", escape(&visible::lines(begin)))
}

fn list(facts: &[(String, String)]) -> String {
    let mut text = "<dl>".to_owned();
    for (name, value) in facts {
        let (name, value) = (escape(&visible::line(name)), escape(&visible::lines(value)));
        // Writing to a String cannot fail.
        write!(text, "<dt>{name}</dt><dd>{value}</dd>").unwrap_or_default();
    }
    text + "</dl>"
}

fn button(page: &str, request: &SigningRequest, decision: Decision) -> String {
    let word = decision.word();
    format!(
        "<form method=\"post\" action=\"{page}/{word}\">\
         <input type=\"hidden\" name=\"secret\" value=\"{}\">\
         <button type=\"submit\">{word}</button></form>",
        escape(&request.secret)
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_was_escaped_is_markup(text in any::<String>()) {
            let shown = list(&[(text.clone(), text.clone())]) + &preformatted(&text);
            let tags = shown.matches('<').count();
            prop_assert_eq!(tags, "<dl><dt></dt><dd></dd></dl><pre></pre>".matches('<').count());
            let is_obeyed = shown.contains(['\'', '\u{202e}', '\r']);
            prop_assert!(!is_obeyed);
        }
    }

    #[test]
    fn a_long_file_is_cut_between_characters() {
        let shown = preformatted(&"é".repeat(MOST_SHOWN));
        assert!(shown.contains("… and 65536 bytes more."), "{}", &shown[shown.len() - 80..]);
    }
}
