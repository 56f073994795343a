//! The service's routes: one table, and the way from a request to the handler that answers it.
//!
//! Handlers are plain functions from a [`Call`] to an [`Answer`]; nothing here knows sockets.

mod fast_request;
mod meta;
mod policies;
mod sign_hash;
mod signing;

use axum::http::{HeaderMap, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use fast_request::Form;

use crate::{Generation, answer::Answer, config::ApiToken, problem::Problem, service::Service};

/// A route of the service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Route {
    /// `GET Cryptoki/MySigningPolicies`
    MySigningPolicies,
    /// `POST SigningRequests/SignHash`
    SignHash,
    /// `POST SigningRequests/SubmitWithArtifact`, the multipart form
    SubmitWithArtifact,
    /// `POST SigningRequests`, the multipart form of still older servers
    SigningRequests,
    /// `GET Projects/{project}/SigningPolicies/{policy}/Certificate`
    Certificate,
    /// `GET healthz`
    Health,
    /// `GET Meta/SystemInfo`
    SystemInfo,
}

struct Row {
    route: Route,
    method: Method,
    /// Words are matched whatever their case, as the service does; `*` stands for one segment.
    path: &'static [&'static str],
    generations: &'static [Generation],
}

const EVERY: &[Generation] = &[Generation::Old, Generation::New, Generation::Both];
const NOT_OLD: &[Generation] = &[Generation::New, Generation::Both];
const NOT_NEW: &[Generation] = &[Generation::Old, Generation::Both];

const ROUTES: &[Row] = &[
    row(Route::Health, Method::GET, &["Api", "healthz"], EVERY),
    row(Route::SystemInfo, Method::GET, &["Api", "v1", "Meta", "SystemInfo"], EVERY),
    row(
        Route::MySigningPolicies,
        Method::GET,
        &["Api", "v1", "*", "Cryptoki", "MySigningPolicies"],
        EVERY,
    ),
    row(Route::SignHash, Method::POST, &["Api", "v1", "*", "SigningRequests", "SignHash"], NOT_OLD),
    row(
        Route::SubmitWithArtifact,
        Method::POST,
        &["Api", "v1", "*", "SigningRequests", "SubmitWithArtifact"],
        NOT_NEW,
    ),
    row(Route::SigningRequests, Method::POST, &["Api", "v1", "*", "SigningRequests"], NOT_NEW),
    row(
        Route::Certificate,
        Method::GET,
        &["Api", "v1", "*", "Projects", "*", "SigningPolicies", "*", "Certificate"],
        EVERY,
    ),
];

const fn row(
    route: Route,
    method: Method,
    path: &'static [&'static str],
    generations: &'static [Generation],
) -> Row {
    Row { route, method, path, generations }
}

impl Route {
    /// The route of a request, whichever generation offers it.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let row = ROUTES.iter().find(|row| row.method == *method && captures(row, path).is_some());
        row.map(|row| row.route)
    }

    fn is_signing(self) -> bool {
        matches!(self, Self::SignHash | Self::SubmitWithArtifact | Self::SigningRequests)
    }
}

/// A request, read completely.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
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
        route => in_organization(service, route, captures, call)
            .unwrap_or_else(|problem| problem.into_answer(generation)),
    }
}

/// Routes below `v1/{organization}`: they need a token of that organization.
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
    user?;
    match (route, captures) {
        (Route::Certificate, [_, project, slug]) => policies::certificate(service, project, slug),
        _ => policies::my_signing_policies(service, &call.query),
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

/// The segments of a path that stand where the row has `*`, if the path is the row's.
fn captures<'p>(row: &Row, path: &'p str) -> Option<Vec<&'p str>> {
    let segments: Vec<&str> = path.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
    if segments.len() != row.path.len() {
        return None;
    }
    let mut captured = Vec::new();
    for (pattern, segment) in row.path.iter().zip(segments) {
        if *pattern == "*" && !segment.is_empty() {
            captured.push(segment);
        } else if !pattern.eq_ignore_ascii_case(segment) {
            return None;
        }
    }
    Some(captured)
}

#[cfg(test)]
mod tests;
