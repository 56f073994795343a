//! What a registry's refusals mean to a person.

use std::error::Error as _;

use serde::Deserialize;
use signpath_client::Token;
use signpath_client::secret::redact;

use crate::error::Error;

use super::call::Answer;

/// So much of a registry's words is shown.
const SHOWN_MAX: usize = 300;

/// Distribution specification 1.1, "Error Codes".
#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    #[serde(default)]
    message: String,
}

/// An answer that is none of those that help. It may repeat what it was sent: the secrets are taken out.
pub(super) fn refused(asked: &str, answer: &Answer, registry: &str, secrets: &[Token]) -> Error {
    let said = said(&answer.body, secrets);
    let error = Error::failed(format!("{asked} failed"))
        .because(format!("{registry} answered {}{said}", answer.status));
    match answer.status {
        401 | 403 => error.hint(format!(
            "log in to the registry (docker login {registry}) as somebody who may do this"
        )),
        404 => error.hint(
            "look at the repository's name; a registry may also say this to who may not see it",
        ),
        429 => error.hint("the registry limits how often it is asked: try again later, or log in"),
        _ => error,
    }
}

fn said(body: &[u8], secrets: &[Token]) -> String {
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else { return String::new() };
    let reasons =
        refusal.errors.iter().map(|reason| format!("{} ({})", reason.message, reason.code));
    let text = reasons.collect::<Vec<_>>().join("; ");
    let text = hidden(&text, secrets);
    let text: String = text.chars().take(SHOWN_MAX).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// A registry's words without what moves a terminal, and then without the secrets, which may have been cut in pieces by it.
pub(super) fn hidden(text: &str, secrets: &[Token]) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    redact(&text, secrets)
}

/// No answer.
pub(super) fn unreachable(asked: &str, registry: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        why = format!("{why}: {inner}");
        source = inner.source();
    }
    let is_plain = why.contains("InvalidContentType");
    let failed = Error::failed(format!("{asked} failed"))
        .because(format!("{registry} gave no answer: {why}"));
    if is_plain {
        failed.hint(format!(
            "the registry speaks plain http: --http-registry {registry} allows that, --allow-insecure-registry without a login"
        ))
    } else if why.contains("invalid peer certificate") {
        failed.hint("name a PEM file with the roots to trust in SSL_CERT_FILE")
    } else {
        failed.hint("check the registry's name, the network and the proxy (HTTPS_PROXY)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_shown_without_what_moves_a_terminal() {
        let body = r#"{"errors":[{"code":"DENIED","message":"no \u001b[31maccess","detail":{}},{"code":"X"}]}"#;
        assert_eq!(said(body.as_bytes(), &[]), ": no [31maccess (DENIED);  (X)");
        assert_eq!(said(b"<html>", &[]), "");
    }

    #[test]
    fn a_secret_is_taken_out_of_reasons_however_it_is_cut() {
        let secrets = [Token::new("s3cret/pw".to_owned())];
        let body =
            r#"{"errors":[{"code":"s3cret%2fpw","message":"s3\u0000cret/pw user:s3cret/pw"}]}"#;
        assert_eq!(said(body.as_bytes(), &secrets), ": *** user:*** (***)");
        let long = format!("{} s3cret/pw", "x".repeat(SHOWN_MAX - 5));
        let body = serde_json::json!({"errors": [{"code": "C", "message": long}]}).to_string();
        assert!(!said(body.as_bytes(), &secrets).contains("s3c"));
    }
}
