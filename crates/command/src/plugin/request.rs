//! `via=request`: the message goes to SignPath in a file-based signing request, which people may have to approve, and the
//! signature comes back when they have.

use std::io::Write;
use std::time::Duration;

use signpath_client::Error;
use signpath_client::error::Class;
use signpath_client::policy::Policy;
use signpath_client::{FileSubmission, RequestState};
use uuid::Uuid;

use super::artifact::Artifact;
use super::message::Message;
use super::payload::{self, kind};
use super::pending::{Identity, Pending, Remembered};
use super::signing::{Signer, to_sign};

/// How long is waited before each look at a request; the last one is that of SignPath's own CI action.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

/// With less time than this nothing is begun any more.
const LEAST: Duration = Duration::from_secs(1);

/// A signature that is being asked for.
pub(super) struct Asking<'a> {
    signer: &'a Signer,
    message: &'a Message,
    artifact: Artifact,
    identity: Identity,
    pending: Option<Pending>,
    /// Where the person at cosign reads.
    told: &'a mut dyn Write,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// The message cannot be handed in.
    pub(super) fn new(
        signer: &'a Signer,
        message: &'a Message,
        told: &'a mut dyn Write,
    ) -> Result<Self, String> {
        let artifact = Artifact::of(message, &signer.key.settings)?;
        let identity = identity(signer, &artifact);
        let opened = signer.config.folders.state.as_deref().map(Pending::open);
        let unusable = |error: std::io::Error| {
            writeln!(
                told,
                "signpath: signing requests are not remembered for a second run: {error}"
            )
            .ok();
        };
        let pending = opened.and_then(|opened| opened.map_err(unusable).ok());
        Ok(Self { signer, message, artifact, identity, pending, told })
    }

    /// The signature, checked, in the form of a PKCS #11 signature.
    ///
    /// # Errors
    /// The service's refusal, no answer, no decision in time, a wrong signature.
    pub(super) fn signature(mut self, policy: &Policy) -> Result<Vec<u8>, String> {
        let request = match &self.signer.key.settings.signing_request {
            Some(id) => self.named(id)?,
            None => self.found_or_made()?,
        };
        self.wait(&request)?;
        if let Some(pending) = &self.pending {
            pending.completed(&self.identity);
        }
        let fetched = self.signer.client.signed_artifact(&request.id);
        let zip = fetched.map_err(|error| self.noted(&error))?;
        let found = self.artifact.signature_in(&zip);
        let checked = found.and_then(|signature| self.checked(policy, signature));
        checked.map_err(|why| {
            self.forget();
            format!("what the signing request {} signed cannot be used: {why}", place(&request))
        })
    }

    /// The request that the user names, if it is about this message.
    fn named(&mut self, id: &str) -> Result<Remembered, String> {
        let id = Uuid::try_parse(id).map_err(|_| format!("{id} is no id of a signing request"))?;
        let artifact = self.signer.client.unsigned_artifact(&id);
        // A service that does not give it: what it signs is looked at all the same.
        if let Some(zip) = artifact.map_err(|error| error.to_string())? {
            self.artifact.check_in(&zip).map_err(|why| {
                format!("SIGNPATH_SIGNING_REQUEST_ID names the signing request {id}, which is about something else: {why}")
            })?;
        }
        Ok(Remembered::new(id, None))
    }

    /// The request of an earlier run, or a new one that is on disk when this returns.
    fn found_or_made(&mut self) -> Result<Remembered, String> {
        let left = self.signer.time_left().unwrap_or(Duration::from_secs(3600));
        let lock = self.pending.as_ref().map(|pending| pending.lock(left)).transpose();
        let _lock =
            lock.map_err(|error| format!("other runs cannot be kept from asking, too: {error}"))?;
        if let Some(found) = self.pending.as_ref().and_then(|it| it.find(&self.identity)) {
            let place = place(&found);
            writeln!(
                self.told,
                "signpath: going on with the signing request {place} of an earlier run"
            )
            .ok();
            return Ok(found);
        }
        let made = self.make()?;
        if let Some(pending) = &self.pending {
            pending.forget_old();
            if let Err(error) = pending.keep(&self.identity, &made) {
                writeln!(self.told, "signpath: the signing request is not remembered: {error}")
                    .ok();
            }
        }
        Ok(made)
    }

    fn make(&mut self) -> Result<Remembered, String> {
        let settings = &self.signer.key.settings;
        let submission = FileSubmission {
            project: self.signer.key.project.clone(),
            policy: self.signer.key.policy.clone(),
            artifact_configuration: settings.artifact_configuration.clone(),
            description: settings.description.clone(),
            parameters: settings.parameters.clone(),
            artifact: self.artifact.zip()?,
        };
        let made = self.signer.client.submit_file(&submission).map_err(|error| match error.class() {
            Class::Transient | Class::Service => {
                format!("{error}. It may have been made all the same: look at SignPath before the next try")
            }
            _ => error.to_string(),
        })?;
        let id = Uuid::try_parse(&made.id).map_err(|error| error.to_string())?;
        let made = Remembered::new(id, made.link);
        writeln!(self.told, "signpath: signing request {}", place(&made)).ok();
        Ok(made)
    }

    /// Until the request is completed.
    fn wait(&mut self, request: &Remembered) -> Result<(), String> {
        let last_pause = PAUSES.last().copied().unwrap_or(LEAST);
        let mut pauses = PAUSES.into_iter().chain(std::iter::repeat(last_pause));
        let mut last = String::new();
        while !self.is_completed(request, &mut last)? {
            let left = self.signer.time_left().unwrap_or(Duration::MAX);
            let spare = left.saturating_sub(LEAST);
            if spare.is_zero() {
                return Err(self.late(request, &last));
            }
            std::thread::sleep(pauses.next().unwrap_or(last_pause).min(spare));
        }
        Ok(())
    }

    /// Whether it is; `last` is what was said of it last.
    fn is_completed(&mut self, request: &Remembered, last: &mut String) -> Result<bool, String> {
        let status = match self.signer.client.request_status(&request.id) {
            Ok(status) => status,
            // It may be otherwise a little later, and the request is there anyway.
            Err(error) if error.class() == Class::Transient => {
                tracing::warn!("{error}");
                return Ok(false);
            }
            Err(error) => return Err(self.noted(&error)),
        };
        if status.words != *last {
            writeln!(self.told, "signpath: {} ({})", status.words, place(request)).ok();
            last.clone_from(&status.words);
        }
        if status.state == RequestState::Ended {
            self.forget();
            return Err(format!("the signing request {} has ended: {last}", place(request)));
        }
        Ok(status.state == RequestState::Completed)
    }

    fn late(&self, request: &Remembered, last: &str) -> String {
        let Remembered { id, .. } = request;
        let place = place(request);
        let next = match (payload::describe(self.message).kind, &self.pending) {
            (kind::ATTESTATION, _) => format!(
                "Give cosign more time (-t 30m): where cosign writes the time into an attestation, the next run has another \
                 message and makes another request. Only for the very same message, SIGNPATH_SIGNING_REQUEST_ID={id} goes on \
                 with this one"
            ),
            (_, Some(_)) => format!(
                "Run the same command again to go on waiting for it (on another machine with SIGNPATH_SIGNING_REQUEST_ID={id}), \
                 or give cosign more time (-t 30m)"
            ),
            (_, None) => format!(
                "Run the same command with SIGNPATH_SIGNING_REQUEST_ID={id} to go on waiting for it, or give cosign more time \
                 (-t 30m)"
            ),
        };
        format!(
            "the signing request {place} is not signed yet ({last}), and cosign waits no longer. It stays. {next}"
        )
    }

    fn checked(&self, policy: &Policy, signature: Vec<u8>) -> Result<Vec<u8>, String> {
        let what = to_sign(policy.key(), self.message);
        let fixed = policy.key().fixed_signature(signature).map_err(|why| why.to_string())?;
        if policy.key().verify(&what, &fixed) {
            return Ok(fixed);
        }
        let fresh = self.signer.fresh_policy()?;
        if fresh.key() != policy.key() {
            return Err(
                "the policy has another key now; run the command again to use it".to_owned()
            );
        }
        Err(format!(
            "the signature does not verify with the policy's public key over the {} digest of the message. The artifact \
             configuration has to sign with this hash algorithm, and RSA keys with rsa-padding=\"pkcs1\"",
            self.message.hash.name()
        ))
    }

    /// A request that the service does not know any more is not gone on with.
    fn noted(&self, error: &Error) -> String {
        if error.class() == Class::Refused {
            self.forget();
        }
        error.to_string()
    }

    fn forget(&self) {
        if let Some(pending) = &self.pending {
            pending.forget(&self.identity);
        }
    }
}

fn place(request: &Remembered) -> String {
    request.link.clone().unwrap_or_else(|| request.id.to_string())
}

/// Of the same service, organization, policy, configuration and parameters, and the same bytes.
fn identity(signer: &Signer, artifact: &Artifact) -> Identity {
    let settings = &signer.key.settings;
    let organization = signer.client.credentials().organization.as_str();
    let configuration = settings.artifact_configuration.as_deref().unwrap_or_default();
    let mut texts = vec![
        signer.client.api_url().as_str(),
        organization,
        &signer.key.project,
        &signer.key.policy,
        configuration,
    ];
    let mut parameters: Vec<_> = settings.parameters.iter().collect();
    parameters.sort();
    texts.extend(parameters.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    Identity::of(texts.into_iter().map(str::as_bytes).chain(artifact.parts()))
}
