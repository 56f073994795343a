//! What happens to a file-based signing request: submitted, judged, decided upon, signed, taken back.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use rsa::rand_core::Rng;
use uuid::Uuid;

use super::{Base64, Decision, RequestId, SigningRequest, SigningRequestStatus, ledger::Unchanged};
use crate::{
    Error, archive::Archive, artifact, audit::now, catalog::Policy, config::ArtifactConfiguration,
    fault::Tamper, keys, service::Service, store::Material,
};

/// What a submitter sent.
pub(crate) struct Submission {
    pub(crate) user: String,
    pub(crate) artifact_configuration_slug: String,
    pub(crate) artifact_configuration: ArtifactConfiguration,
    pub(crate) description: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) artifact: Vec<u8>,
    pub(crate) tamper: Option<Tamper>,
}

/// Takes a request in. What cannot be signed fails at once, so that nobody is asked to approve it; what needs no approval is
/// signed at once.
pub(crate) fn submit(
    service: &Service,
    policy: &Policy,
    submission: Submission,
) -> Result<Option<SigningRequest>, Error> {
    let mut request = SigningRequest {
        id: RequestId(Uuid::new_v4()),
        secret: secret(),
        submitted: now(),
        user: submission.user,
        project: policy.config.project.clone(),
        policy: policy.config.slug.clone(),
        artifact_configuration_slug: submission.artifact_configuration_slug,
        artifact_configuration: submission.artifact_configuration,
        description: submission.description,
        parameters: submission.parameters,
        status: SigningRequestStatus::WaitingForApproval,
        reason: None,
        artifact: Base64(submission.artifact),
        signed_artifact: None,
        tamper: submission.tamper,
        ready_at: None,
    };
    match Archive::read(&request.artifact.0) {
        Err(reason) => fail(&mut request, format!("The artifact cannot be used: {reason}.")),
        Ok(archive) => {
            let configuration = &request.artifact_configuration;
            match artifact::check(&policy.config, configuration, &archive) {
                Err(reason) => fail(&mut request, reason),
                Ok(()) if policy.config.approval => {}
                Ok(()) => sign(service, &mut request)?,
            }
        }
    }
    let kept = service.requests.add(request.clone())?;
    Ok(kept.then_some(request))
}

/// Approves or denies a request that waits.
pub(crate) fn decide(
    service: &Service,
    id: Uuid,
    decision: Decision,
) -> Result<SigningRequest, Unchanged> {
    let waiting = SigningRequestStatus::WaitingForApproval;
    if decision == Decision::Deny {
        return service.requests.change(id, waiting, |request| {
            request.status = SigningRequestStatus::Denied;
        });
    }
    let mut request = service.requests.change(id, waiting, |request| {
        request.status = SigningRequestStatus::InProgress;
    })?;
    if let Err(error) = sign(service, &mut request) {
        fail(&mut request, error.to_string());
    }
    service.requests.change(id, SigningRequestStatus::InProgress, |kept| *kept = request)
}

/// Takes a request back that waits.
pub(crate) fn cancel(service: &Service, id: Uuid) -> Result<SigningRequest, Unchanged> {
    service.requests.change(id, SigningRequestStatus::WaitingForApproval, |request| {
        request.status = SigningRequestStatus::Canceled;
    })
}

/// Signs with the policy's key and by its rules as they are now; a restart may have changed both.
fn sign(service: &Service, request: &mut SigningRequest) -> Result<(), Error> {
    let Some(policy) = service.catalog.find(&request.project, &request.policy) else {
        fail(request, "The signing policy is no longer there.".to_owned());
        return Ok(());
    };
    let tamper = request.tamper.as_ref();
    let material: Arc<Material> = service.catalog.signing_material(policy, tamper)?;
    let configuration = &request.artifact_configuration;
    let signed = Archive::read(&request.artifact.0).and_then(|archive| {
        configuration.check(policy.config.key)?;
        artifact::check(&policy.config, configuration, &archive)?;
        artifact::sign(&policy.config, configuration, &material.key, &archive, tamper)?.write()
    });
    request.ready_at = Instant::now().checked_add(service.processing_time);
    match signed {
        Ok(bytes) => {
            request.status = SigningRequestStatus::Completed;
            request.signed_artifact = Some(Base64(bytes));
        }
        Err(reason) => fail(request, reason),
    }
    Ok(())
}

fn fail(request: &mut SigningRequest, reason: String) {
    request.status = SigningRequestStatus::Failed;
    request.reason = Some(reason);
}

/// 256 random bits, hexadecimal.
fn secret() -> String {
    let mut random = keys::random();
    (0..4).map(|_| format!("{:016x}", random.next_u64())).collect()
}
