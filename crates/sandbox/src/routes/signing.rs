//! What all ways to sign have in common: look the policy up, keep a record; and hash signing: judge the order, sign.

use axum::http::StatusCode;
use uuid::Uuid;

use super::{Call, Form, Route, fast_request, policies::internal, sign_hash, submit};
use crate::{
    Generation,
    algorithm::Algorithm,
    answer::Answer,
    audit::{AuditEntry, AuditResult},
    catalog::Policy,
    config::ApiToken,
    problem::Problem,
    service::Service,
};

/// A request to sign a digest, whichever form it came in.
pub(super) struct Order {
    pub(super) project: String,
    pub(super) policy: String,
    pub(super) algorithm: Algorithm,
    pub(super) digest: Vec<u8>,
}

/// A digest that has been signed.
pub(super) struct Signed {
    pub(super) signing_request_id: String,
    pub(super) web_link: String,
    pub(super) signature: Vec<u8>,
}

/// Recorded texts of the service.
const APPROVAL: &str =
    "The selected signing policy has an approval process. Hash signing does not support approvals.";
const WRONG_LENGTH: &str = "The hash algorithm does not match the given hash.";

/// Answers a request to sign. The audit log has it before the client does.
pub(super) fn answer(
    service: &Service,
    route: Route,
    user: Result<&ApiToken, Problem>,
    call: &Call,
) -> Answer {
    let name = user.as_ref().map_or("unknown", |user| user.user.as_str());
    let mut entry = AuditEntry::begin(route, name);
    let outcome = user.and_then(|user| match route {
        Route::SignHash => sign_hash::handle(service, call, &mut entry).map(with_result),
        _ if fast_request::is_meant(call) => {
            fast_request::handle(service, call, &mut entry).map(with_result)
        }
        _ => submit::handle(service, call, user, &mut entry),
    });
    entry.result = match &outcome {
        Ok((result, _)) => result.clone(),
        Err(problem) => {
            AuditResult::Refused { status: problem.status.as_u16(), reason: problem.reason() }
        }
    };
    if let Err(error) = service.audit.append(entry) {
        return internal(error).into_answer(service.generation);
    }
    match outcome {
        Ok((_, answer)) => answer,
        Err(problem) => problem.into_answer(service.generation),
    }
}

fn with_result((signed, answer): (Signed, Answer)) -> (AuditResult, Answer) {
    (AuditResult::Signed { signing_request_id: signed.signing_request_id }, answer)
}

/// Project and signing policy of a multipart form, as far as it has them.
pub(super) fn slugs(form: &Form, entry: &mut AuditEntry) -> (Option<String>, Option<String>) {
    let (project, policy) = (form.text("ProjectSlug"), form.text("SigningPolicySlug"));
    if project.is_some() || policy.is_some() {
        let shown = |slug: &Option<String>| slug.clone().unwrap_or_default();
        entry.policy = Some(format!("{}/{}", shown(&project), shown(&policy)));
    }
    (project, policy)
}

/// The policy of a request; the text of a miss is recorded.
pub(super) fn known_policy<'a>(
    service: &'a Service,
    project: &str,
    slug: &str,
) -> Result<&'a Policy, Problem> {
    service.catalog.find(project, slug).ok_or_else(|| {
        Problem::field(
            "SigningPolicySlug",
            format!(
                "There is no signing policy with slug '{slug}' in the project with slug '{project}'."
            ),
        )
    })
}

/// The policy of a request to sign a hash.
pub(super) fn find_policy<'a>(
    service: &'a Service,
    project: &str,
    slug: &str,
) -> Result<&'a Policy, Problem> {
    let policy = known_policy(service, project, slug)?;
    if policy.config.approval {
        return Err(Problem::field("SigningPolicyId", APPROVAL));
    }
    Ok(policy)
}

/// Signs. What cannot be signed is refused as the service would.
pub(super) fn sign(service: &Service, call: &Call, order: &Order) -> Result<Signed, Problem> {
    let policy = find_policy(service, &order.project, &order.policy)?;
    let is_rsa = matches!(order.algorithm, Algorithm::Rsa { .. });
    if is_rsa != policy.config.key.is_rsa() {
        return Err(Problem::field(
            "",
            "The signature algorithm does not match the key of the signing policy.",
        ));
    }
    if !order.algorithm.fits(&order.digest) {
        return Err(wrong_length(service.generation, order.algorithm));
    }
    let tamper = call.tamper.as_ref();
    let material = service.catalog.signing_material(policy, tamper).map_err(internal)?;
    let digest = tamper.map_or_else(|| order.digest.clone(), |tamper| tamper.digest(&order.digest));
    let sign = || match order.algorithm {
        Algorithm::Rsa { hash, padding } => material.key.sign_rsa(hash, padding, &digest),
        Algorithm::Ecdsa { format } => {
            let format = tamper.map_or(format, |tamper| tamper.format(format));
            material.key.sign_ecdsa(format, &digest)
        }
    };
    let signature = match &service.replays {
        Some(replays) if tamper.is_none() => {
            let policy = format!("{}/{}", order.project, order.policy);
            replays.signature(&policy, order.algorithm, &digest, sign)
        }
        _ => sign(),
    };
    let cannot = || Problem::field("", "The key cannot sign with this algorithm.");
    let signature = signature.ok_or_else(cannot)?;
    let id = Uuid::new_v4().to_string();
    Ok(Signed {
        web_link: service.web_link(&id),
        signing_request_id: id,
        signature: match &call.tamper {
            Some(tamper) => tamper.apply(signature),
            None => signature,
        },
    })
}

/// Before service version 1.199 a wrong length of an ECDSA digest was an internal error.
fn wrong_length(generation: Generation, algorithm: Algorithm) -> Problem {
    match (generation, algorithm) {
        (Generation::Old, Algorithm::Ecdsa { .. }) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
        }
        _ => Problem::field("", WRONG_LENGTH),
    }
}
