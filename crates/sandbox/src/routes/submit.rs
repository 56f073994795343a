//! `POST SigningRequests/SubmitWithArtifact`: file-based signing, a zip in a multipart form.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use super::{Call, Form, policies::internal, signing, signing_requests::SubmittedAnswer};
use crate::{
    Generation,
    answer::Answer,
    audit::{AuditEntry, AuditResult},
    catalog::Policy,
    config::{ApiToken, ArtifactConfiguration, DEFAULT_ARTIFACT_CONFIGURATION},
    problem::Problem,
    service::Service,
    signing_request::process::{self, Submission},
};

/// `parameters.<name>`, in either case.
const PARAMETER: &str = "parameters.";

pub(super) fn handle(
    service: &Service,
    call: &Call,
    user: &ApiToken,
    entry: &mut AuditEntry,
) -> Result<(AuditResult, Answer), Problem> {
    let form = call.form.as_ref();
    let form = form.ok_or_else(|| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let policy = policy_of(service, form, entry)?;
    let (slug, configuration) = configuration_of(form, policy)?;
    let artifact = form.file("Artifact").unwrap_or_default().to_vec();
    let submission = Submission {
        user: user.user.clone(),
        artifact_configuration_slug: slug,
        artifact_configuration: configuration,
        description: form.text("Description"),
        parameters: parameters(form),
        artifact,
        tamper: call.tamper.clone(),
    };
    let submitted = process::submit(service, policy, submission).map_err(internal)?;
    let request = submitted.ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE)
            .with_detail("Too many signing requests are waiting for an approval.")
    })?;
    entry.about(&request);
    let id = request.id.0.to_string();
    let location = service.request_link(&id);
    let answer = match service.generation {
        // Newer answers alone are said to carry the link.
        Generation::Old => Answer::bare(StatusCode::CREATED),
        Generation::New | Generation::Both => {
            let web_link = service.page_link(&request);
            let body = SubmittedAnswer { signing_request_id: &id, web_link: &web_link };
            Answer { status: StatusCode::CREATED, ..Answer::json(&body) }
        }
    };
    Ok((AuditResult::of(&request), answer.with_header("location", &location)))
}

fn policy_of<'s>(
    service: &'s Service,
    form: &Form,
    entry: &mut AuditEntry,
) -> Result<&'s Policy, Problem> {
    let (project, policy) = signing::slugs(form, entry);
    Problem::require(&[
        ("ProjectSlug", project.is_some()),
        ("SigningPolicySlug", policy.is_some()),
        ("Artifact", form.file("Artifact").is_some()),
    ])?;
    signing::known_policy(service, &project.unwrap_or_default(), &policy.unwrap_or_default())
}

fn configuration_of(
    form: &Form,
    policy: &Policy,
) -> Result<(String, ArtifactConfiguration), Problem> {
    let slug = form.text("ArtifactConfigurationSlug");
    let slug = slug.unwrap_or_else(|| DEFAULT_ARTIFACT_CONFIGURATION.to_owned());
    let project = &policy.config.project;
    let mut known = policy.config.effective_artifact_configurations();
    let configuration = known.remove(&slug).ok_or_else(|| {
        Problem::field(
            "ArtifactConfigurationSlug",
            format!("There is no artifact configuration with slug '{slug}' in the project with slug '{project}'."),
        )
    })?;
    Ok((slug, configuration))
}

fn parameters(form: &Form) -> BTreeMap<String, String> {
    let named = form.texts().filter_map(|(name, value)| {
        let (prefix, rest) = name.split_at_checked(PARAMETER.len())?;
        prefix.eq_ignore_ascii_case(PARAMETER).then(|| (rest.to_owned(), value))
    });
    named.collect()
}
