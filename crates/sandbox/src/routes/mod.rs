//! The way from a request to the handler that answers it.
//!
//! Handlers are plain functions from a [`Call`] to an [`Answer`]; nothing here knows sockets.

mod fast_request;
mod form;
mod meta;
mod page;
mod policies;
mod sign_hash;
mod signing;
pub(crate) mod signing_requests;
mod submit;
mod table;

use axum::http::{HeaderMap, Method, StatusCode, header};
use uuid::Uuid;

use table::{ROUTES, captures};

pub(crate) use form::Form;
pub use table::Route;

use crate::{Generation, answer::Answer, config::ApiToken, problem::Problem, service::Service};

/// A request, read completely.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// Host and port as the client wrote them: a header of HTTP/1.1, `:authority` of HTTP/2.
    pub(crate) host: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The multipart form, where the body is one.
    pub(crate) form: Option<Form>,
    /// What a fault wants done to the signature.
    pub(crate) tamper: Option<crate::fault::Tamper>,
}

/// Answers a request.
pub(crate) fn answer(service: &Service, call: &Call) -> Answer {
    let generation = service.generation;
    let rows = ROUTES.iter().filter(|row| row.generations.contains(&generation));
    let matching: Vec<_> =
        rows.filter_map(|row| captures(row, &call.path).map(|found| (row, found))).collect();
    let Some((row, captures)) = matching.iter().find(|(row, _)| row.method == call.method) else {
        return match matching.first() {
            Some((row, _)) => Answer::bare(StatusCode::METHOD_NOT_ALLOWED)
                .with_header("allow", row.method.as_str()),
            None => Answer::bare(StatusCode::NOT_FOUND),
        };
    };
    match row.route {
        Route::Health => meta::health(),
        Route::SystemInfo => meta::system_info(generation),
        Route::Page | Route::PageApprove | Route::PageDeny => {
            page::answer(service, row.route, captures, call)
        }
        // The newer service has the route, and takes no hashes there.
        Route::SubmitWithArtifact
            if generation == Generation::New && fast_request::is_meant(call) =>
        {
            Answer::bare(StatusCode::NOT_FOUND)
        }
        route => in_organization(service, route, captures, call)
            .unwrap_or_else(|problem| problem.into_answer(generation)),
    }
}

/// Routes below an organization: they need a token of that organization.
fn in_organization(
    service: &Service,
    route: Route,
    captures: &[&str],
    call: &Call,
) -> Result<Answer, Problem> {
    let user = authenticate(service, captures.first().copied().unwrap_or_default(), &call.headers);
    if route.is_signing() {
        return Ok(signing::answer(service, route, user, call));
    }
    let user = user?;
    match (route, captures) {
        (Route::MySigningPolicies, _) => policies::my_signing_policies(service, &call.query),
        (Route::Certificate, [_, project, slug]) => policies::certificate(service, project, slug),
        (Route::CertificateBySlug, [_, slug]) => policies::certificate_by_slug(service, slug),
        (_, [_, id, ..]) => signing_requests::answer(service, route, &user.user, id),
        _ => Err(Problem::new(StatusCode::NOT_FOUND)),
    }
}

/// The user of the bearer token, if it is good for this organization.
fn authenticate<'a>(
    service: &'a Service,
    organization: &str,
    headers: &HeaderMap,
) -> Result<&'a ApiToken, Problem> {
    let unauthorized = || {
        Problem::new(StatusCode::UNAUTHORIZED).with_detail("The API token is missing or not valid.")
    };
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or_else(unauthorized)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(unauthorized());
    }
    let known = service.identity.tokens.iter().find(|known| known.token == token);
    let user = known.ok_or_else(unauthorized)?;
    if Uuid::parse_str(organization) != Ok(service.identity.organization_id) {
        return Err(Problem::new(StatusCode::FORBIDDEN).with_detail(format!(
            "The user of this API token is no member of the organization '{organization}'."
        )));
    }
    Ok(user)
}

#[cfg(test)]
mod tests;
