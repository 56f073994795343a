//! The routes, one table: who offers what on which path.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Generation;

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
    /// `GET SigningRequests/{id}/Status`
    SigningRequestStatus,
    /// `GET SigningRequests/{id}`
    SigningRequest,
    /// `GET SigningRequests/{id}/SignedArtifact`
    SignedArtifact,
    /// `GET SigningRequests/{id}/UnsignedArtifact`
    UnsignedArtifact,
    /// `POST SigningRequests/{id}/Cancel`
    Cancel,
    /// `POST SigningRequests/{id}/Approve` below `/Sandbox`, or whatever else approves a request
    Approve,
    /// `POST SigningRequests/{id}/Deny` below `/Sandbox`, or whatever else denies a request
    Deny,
    /// The page of a signing request
    Page,
    /// The button of the page that approves
    PageApprove,
    /// The button of the page that denies
    PageDeny,
    /// `GET Certificates/{slug}`
    CertificateBySlug,
    /// `GET Projects/{project}/SigningPolicies/{policy}/Certificate`
    Certificate,
    /// `GET healthz`
    Health,
    /// `GET Meta/SystemInfo`
    SystemInfo,
}

pub(super) struct Row {
    pub(super) route: Route,
    pub(super) method: Method,
    /// Words are matched whatever their case, as the service does; `*` stands for one segment, `{id}` for one that is a UUID.
    path: &'static str,
    pub(super) generations: &'static [Generation],
}

const EVERY: &[Generation] = &[Generation::Old, Generation::New, Generation::Both];
const NOT_OLD: &[Generation] = &[Generation::New, Generation::Both];
const NOT_NEW: &[Generation] = &[Generation::Old, Generation::Both];

const GET: Method = Method::GET;
const POST: Method = Method::POST;

#[rustfmt::skip]
pub(super) const ROUTES: &[Row] = &[
    row(Route::Health, GET, "Api/healthz", EVERY),
    row(Route::SystemInfo, GET, "Api/v1/Meta/SystemInfo", EVERY),
    row(Route::MySigningPolicies, GET, "Api/v1/*/Cryptoki/MySigningPolicies", EVERY),
    row(Route::SignHash, POST, "Api/v1/*/SigningRequests/SignHash", NOT_OLD),
    row(Route::SubmitWithArtifact, POST, "Api/v1/*/SigningRequests/SubmitWithArtifact", EVERY),
    row(Route::SigningRequests, POST, "Api/v1/*/SigningRequests", NOT_NEW),
    row(Route::SigningRequest, GET, "Api/v1/*/SigningRequests/{id}", EVERY),
    row(Route::SigningRequestStatus, GET, "Api/v1/*/SigningRequests/{id}/Status", NOT_OLD),
    row(Route::SignedArtifact, GET, "Api/v1/*/SigningRequests/{id}/SignedArtifact", EVERY),
    row(Route::UnsignedArtifact, GET, "Api/v1/*/SigningRequests/{id}/UnsignedArtifact", EVERY),
    row(Route::Cancel, POST, "Api/v1/*/SigningRequests/{id}/Cancel", NOT_OLD),
    row(Route::Certificate, GET, "Api/v1/*/Projects/*/SigningPolicies/*/Certificate", EVERY),
    row(Route::CertificateBySlug, GET, "Api/v1/*/Certificates/*", NOT_OLD),
    row(Route::Approve, POST, "Sandbox/v1/*/SigningRequests/{id}/Approve", EVERY),
    row(Route::Deny, POST, "Sandbox/v1/*/SigningRequests/{id}/Deny", EVERY),
    row(Route::Page, GET, "Web/*/SigningRequests/Details/{id}", EVERY),
    row(Route::PageApprove, POST, "Web/*/SigningRequests/Details/{id}/Approve", EVERY),
    row(Route::PageDeny, POST, "Web/*/SigningRequests/Details/{id}/Deny", EVERY),
];

const fn row(
    route: Route,
    method: Method,
    path: &'static str,
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

    pub(super) fn is_signing(self) -> bool {
        matches!(self, Self::SignHash | Self::SubmitWithArtifact | Self::SigningRequests)
    }

    /// Whether its body may be as large as an artifact.
    pub(crate) fn takes_artifact(self) -> bool {
        matches!(self, Self::SubmitWithArtifact | Self::SigningRequests)
    }
}

/// The segments of a path that stand where the row has `*` or `{id}`, if the path is the row's.
pub(super) fn captures<'p>(row: &Row, path: &'p str) -> Option<Vec<&'p str>> {
    let mut segments = path.strip_prefix('/')?.trim_end_matches('/').split('/');
    let mut captured = Vec::new();
    for pattern in row.path.split('/') {
        let segment = segments.next()?;
        let fits = match pattern {
            "*" => !segment.is_empty(),
            "{id}" => Uuid::try_parse(segment).is_ok(),
            word => word.eq_ignore_ascii_case(segment),
        };
        if !fits {
            return None;
        }
        if matches!(pattern, "*" | "{id}") {
            captured.push(segment);
        }
    }
    segments.next().is_none().then_some(captured)
}
