//! The page at `webLink`: what somebody reads before they approve or deny, and the two buttons.
//!
//! There is no login, so the link carries a secret of the request. Whoever has it can decide: a page of another site that does
//! not know it cannot, and neither can one that has made a browser take it for this host (Host) or for this page (Origin).

use axum::http::{StatusCode, header};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Call, Route, signing_requests::decide};
use crate::{
    answer::Answer,
    html,
    service::Service,
    signing_request::{Decision, SigningRequest, ledger::Unchanged},
};

/// The user of the audit log: a link says nothing about who follows it.
const USER: &str = "page";

pub(super) fn answer(service: &Service, route: Route, captures: &[&str], call: &Call) -> Answer {
    match answered(service, route, captures, call) {
        Ok(answer) => answer,
        Err((status, text)) => html::message(status, text),
    }
}

type Refusal = (StatusCode, &'static str);

const UNKNOWN: Refusal =
    (StatusCode::NOT_FOUND, "There is no such signing request, or the link is not complete.");
const WRONG_HOST: Refusal =
    (StatusCode::FORBIDDEN, "This page is served under the address in the link alone.");
const WRONG_ORIGIN: Refusal =
    (StatusCode::FORBIDDEN, "A decision is taken on the signing request's own page alone.");
const DECIDED: Refusal = (
    StatusCode::CONFLICT,
    "The signing request no longer waits for an approval. Its page says where it stands.",
);
const BROKEN: Refusal = (
    StatusCode::INTERNAL_SERVER_ERROR,
    "The decision cannot be kept; the state folder cannot be written.",
);

fn answered(
    service: &Service,
    route: Route,
    captures: &[&str],
    call: &Call,
) -> Result<Answer, Refusal> {
    let host = call.host.as_deref().unwrap_or_default();
    if !service.is_served_as(host) {
        return Err(WRONG_HOST);
    }
    let decision = match route {
        Route::PageApprove => Decision::Approve,
        Route::PageDeny => Decision::Deny,
        _ => {
            let request = opened(service, captures, secret_of(&call.query))?;
            return Ok(html::page(service, &request));
        }
    };
    let text = |name| call.headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::ORIGIN) != Some(&format!("{}://{host}", service.scheme())) {
        return Err(WRONG_ORIGIN);
    }
    let request = opened(service, captures, secret_of(&String::from_utf8_lossy(&call.body)))?;
    let decided = decide(service, USER, request.id.0, decision);
    decided.map_err(|unchanged| match unchanged {
        Unchanged::Unknown => UNKNOWN,
        Unchanged::Is(_) => DECIDED,
        Unchanged::Broken(_) => BROKEN,
    })?;
    // Under the host that the browser knows, and so that loading the page again asks instead of deciding.
    let page = service.page_path(&request.id.0.to_string());
    let location = format!("{page}?secret={}", request.secret);
    Ok(html::protected(Answer::bare(StatusCode::SEE_OTHER)).with_header("location", &location))
}

/// The request of this id, for whoever knows its secret.
fn opened(
    service: &Service,
    captures: &[&str],
    secret: Option<&str>,
) -> Result<SigningRequest, Refusal> {
    let [organization, id] = captures else { return Err(UNKNOWN) };
    if Uuid::try_parse(organization) != Ok(service.identity.organization_id) {
        return Err(UNKNOWN);
    }
    let found = Uuid::try_parse(id).ok().and_then(|id| service.requests.find(id));
    // Digests are compared: how long that takes says nothing about the secret.
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    let is_known = |request: &SigningRequest| {
        secret.is_some_and(|secret| digest(secret) == digest(&request.secret))
    };
    found.filter(is_known).ok_or(UNKNOWN)
}

/// `secret` of a query or of a form; it is hexadecimal, so nothing is encoded in it.
fn secret_of(pairs: &str) -> Option<&str> {
    pairs.split('&').find_map(|pair| pair.strip_prefix("secret="))
}
