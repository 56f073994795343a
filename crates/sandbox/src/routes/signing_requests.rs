//! A file-based signing request by its id: status, artifacts, cancelling, and the sandbox's own way to decide.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::{Route, policies::internal};
use crate::{
    Error,
    answer::Answer,
    audit::AuditEntry,
    problem::Problem,
    service::Service,
    signing_request::{Decision, SigningRequest, SigningRequestStatus, ledger::Unchanged, process},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubmittedAnswer<'a> {
    pub(super) signing_request_id: &'a str,
    pub(super) web_link: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusAnswer {
    signing_request_id: String,
    status: SigningRequestStatus,
    workflow_status: &'static str,
    is_final_status: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestAnswer<'a> {
    #[serde(flatten)]
    status: StatusAnswer,
    project_slug: &'a str,
    signing_policy_slug: &'a str,
    artifact_configuration_slug: &'a str,
    description: Option<&'a str>,
    parameters: &'a BTreeMap<String, String>,
    created_at: &'a str,
    failure_reason: Option<&'a str>,
    unsigned_artifact_link: String,
    signed_artifact_link: Option<String>,
    web_link: String,
}

pub(super) fn answer(
    service: &Service,
    route: Route,
    user: &str,
    id: &str,
) -> Result<Answer, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND);
    let id = Uuid::parse_str(id).map_err(|_| unknown())?;
    let request = service.requests.find(id).ok_or_else(unknown)?;
    match route {
        Route::SigningRequestStatus => Ok(Answer::json(&status(&request))),
        Route::SignedArtifact => signed_artifact(request),
        Route::UnsignedArtifact => Ok(zip(request.artifact.0)),
        Route::Cancel => cancel(service, user, id),
        Route::Approve => decided(service, user, id, Decision::Approve),
        Route::Deny => decided(service, user, id, Decision::Deny),
        _ => Ok(Answer::json(&whole(service, &request))),
    }
}

fn status(request: &SigningRequest) -> StatusAnswer {
    StatusAnswer {
        signing_request_id: request.id.0.to_string(),
        status: request.status,
        workflow_status: request.status.workflow(),
        is_final_status: request.status.is_final(),
    }
}

fn whole<'a>(service: &Service, request: &'a SigningRequest) -> RequestAnswer<'a> {
    let link = service.request_link(&request.id.0.to_string());
    let signed = request.signed_artifact.as_ref();
    RequestAnswer {
        status: status(request),
        project_slug: &request.project,
        signing_policy_slug: &request.policy,
        artifact_configuration_slug: &request.artifact_configuration_slug,
        description: request.description.as_deref(),
        parameters: &request.parameters,
        created_at: &request.submitted,
        failure_reason: request.reason.as_deref(),
        unsigned_artifact_link: format!("{link}/UnsignedArtifact"),
        signed_artifact_link: signed.map(|_| format!("{link}/SignedArtifact")),
        web_link: service.page_link(request),
    }
}

fn signed_artifact(request: SigningRequest) -> Result<Answer, Problem> {
    let status = request.status;
    let signed = request.signed_artifact.ok_or_else(|| {
        Problem::field("", format!("There is no signed artifact: the status is {status:?}."))
    })?;
    Ok(zip(signed.0))
}

fn zip(bytes: Vec<u8>) -> Answer {
    Answer::new(StatusCode::OK, "application/zip", bytes)
}

fn cancel(service: &Service, user: &str, id: Uuid) -> Result<Answer, Problem> {
    let canceled = process::cancel(service, id).map_err(refusal)?;
    append(service, Route::Cancel, user, &canceled).map_err(internal)?;
    Ok(Answer::bare(StatusCode::OK))
}

fn decided(service: &Service, user: &str, id: Uuid, decision: Decision) -> Result<Answer, Problem> {
    let request = decide(service, user, id, decision).map_err(refusal)?;
    Ok(Answer::json(&whole(service, &request)))
}

/// Decides, and has it in the audit log.
pub(crate) fn decide(
    service: &Service,
    user: &str,
    id: Uuid,
    decision: Decision,
) -> Result<SigningRequest, Unchanged> {
    let request = process::decide(service, id, decision)?;
    let route = match decision {
        Decision::Approve => Route::Approve,
        Decision::Deny => Route::Deny,
    };
    append(service, route, user, &request).map_err(Unchanged::Broken)?;
    Ok(request)
}

fn append(
    service: &Service,
    route: Route,
    user: &str,
    request: &SigningRequest,
) -> Result<(), Error> {
    let mut entry = AuditEntry::begin(route, user);
    entry.about(request);
    service.audit.append(entry)
}

fn refusal(unchanged: Unchanged) -> Problem {
    match unchanged {
        Unchanged::Unknown => Problem::new(StatusCode::NOT_FOUND),
        Unchanged::Is(status) => Problem::field(
            "",
            format!("The signing request does not wait for an approval: its status is {status:?}."),
        ),
        Unchanged::Broken(error) => internal(error),
    }
}
