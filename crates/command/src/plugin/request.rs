//! `via=request`: the message goes to SignPath in a file-based signing request, which people may have to approve, and the
//! signature comes back when they have.

use std::io::Write;
use std::time::Duration;

use signpath_client::policy::Policy;
use uuid::Uuid;

use super::artifact::{self, CHANGED};
use super::message::Message;
use super::payload::{self, kind};
use super::signing::{Signer, to_sign};
use crate::error::Error;
use crate::interruption;
use crate::request::archive::Archive;
use crate::request::{File, Request, Requests, Submission, Unusable, Waited, Watcher};
use crate::terminal;

/// So long before everything has to be over the waiting ends, so that a signature can still be fetched.
const FETCHING: Duration = Duration::from_secs(1);

/// So long another run may take to make a request if cosign has no deadline.
const LONGEST: Duration = Duration::from_secs(3600);

/// The person at cosign, who reads standard error.
pub(super) struct Reader<'a>(pub(super) &'a mut dyn Write);

impl Watcher for Reader<'_> {
    fn hears(&mut self, line: &str) {
        writeln!(self.0, "signpath: {}", terminal::redacted(line)).ok();
    }
}

/// The signature of a message, checked, in the form of a PKCS #11 signature.
///
/// # Errors
/// A message that cannot be handed in; the service's refusal, no answer, no decision in time, a wrong signature.
pub(super) fn signature(
    signer: &Signer,
    message: &Message,
    policy: &Policy,
    told: &mut dyn Write,
) -> Result<Vec<u8>, String> {
    let file = artifact::of(message, &signer.key.settings)?;
    let mut reader = Reader(told);
    let mut requests = Requests::open(&signer.client, &signer.config.folders, &mut reader);
    let request = match &signer.key.settings.signing_request {
        Some(id) => named(signer, &file, id)?,
        None => {
            let submission = Submission {
                policy: &signer.key.policy,
                settings: &signer.key.settings,
                files: std::slice::from_ref(&file),
                task: None,
            };
            let time = signer.time_left().unwrap_or(LONGEST);
            let made = requests.found_or_made(&submission, time);
            made.map_err(|error| error.line())?
        }
    };
    let until = signer.deadline().and_then(|deadline| deadline.checked_sub(FETCHING));
    let place = request.place();
    let next = goes_on(message, &request);
    interruption::goes_on_by(format!("the signing request {place} stays. {next}"));
    match requests.wait(&request, until).map_err(|error| error.line())? {
        Waited::Completed => {}
        Waited::Open(status) => return Err(late(message, &request, &status)),
    }
    let zip = requests.signed(&request).map_err(|error| error.line())?;
    let checked = signature_in(&file, &zip)
        .and_then(|signature| checked(signer, message, policy, &signature));
    checked.map_err(|why| requests.unusable(&request, why).line())
}

/// The signature in a signed zip, over the very file that was handed in.
fn signature_in(file: &File, zip: &[u8]) -> Result<Vec<u8>, Unusable> {
    let signed = file.signed_in(&mut Archive::open(zip)?)?;
    match signed.content == file.content {
        true => Ok(signed.signature),
        false => Err(Unusable::ForGood(format!("{} in it {CHANGED}", file.path))),
    }
}

/// The request that the user names, if it is about this message.
fn named(signer: &Signer, file: &File, id: &str) -> Result<Request, String> {
    let id = Uuid::try_parse(id).map_err(|_| format!("{id} is no id of a signing request"))?;
    let artifact = signer.client.unsigned_artifact(&id);
    let artifact = artifact.map_err(|error| Error::from(error).line())?;
    // A service that does not give it: what it signs is looked at all the same.
    let content = artifact.map(|zip| file.content_in(&mut Archive::open(&zip)?)).transpose();
    let problem = match content {
        Ok(Some(Some(content))) if content != file.content => {
            format!("{} in it {CHANGED}", file.path)
        }
        Ok(Some(None)) => format!("there is no {} in it", file.path),
        Ok(_) => return Ok(Request::named(id)),
        Err(unusable) => unusable.why().to_owned(),
    };
    Err(format!(
        "SIGNPATH_SIGNING_REQUEST_ID names the signing request {id}, which is about something else: {problem}"
    ))
}

fn late(message: &Message, request: &Request, last: &str) -> String {
    let (place, next) = (request.place(), goes_on(message, request));
    format!(
        "the signing request {place} is not signed yet ({last}), and cosign waits no longer. It stays. {next}"
    )
}

fn goes_on(message: &Message, request: &Request) -> String {
    let Request { id, .. } = request;
    match (payload::describe(message).kind, request.is_remembered()) {
        (kind::ATTESTATION, _) => format!(
            "Give cosign more time (-t 30m): where cosign writes the time into an attestation, the next run has another \
             message and makes another request. Only for the very same message, SIGNPATH_SIGNING_REQUEST_ID={id} goes on \
             with this one"
        ),
        (_, true) => format!(
            "Run the same command again to go on waiting for it (on another machine with SIGNPATH_SIGNING_REQUEST_ID={id}), \
             or give cosign more time (-t 30m)"
        ),
        (_, false) => format!(
            "Run the same command with SIGNPATH_SIGNING_REQUEST_ID={id} to go on waiting for it, or give cosign more time \
             (-t 30m)"
        ),
    }
}

fn checked(
    signer: &Signer,
    message: &Message,
    policy: &Policy,
    signature: &[u8],
) -> Result<Vec<u8>, Unusable> {
    let verified = |policy: &Policy| {
        let fixed = policy.key().fixed_signature(signature.to_vec());
        let fixed = fixed.map_err(|why| why.to_string())?;
        match policy.key().verify(&to_sign(policy.key(), message), &fixed) {
            true => Ok(fixed),
            false => Err(format!(
                "the signature does not verify with the policy's public key over the {} digest of the message. The \
                 artifact configuration has to sign with this hash algorithm, and RSA keys with rsa-padding=\"pkcs1\"",
                message.hash.name()
            )),
        }
    };
    let why = match verified(policy) {
        Ok(fixed) => return Ok(fixed),
        Err(why) => why,
    };
    let fresh = signer.fresh_policy().map_err(Unusable::Now)?;
    if fresh.key() != policy.key() && verified(&fresh).is_ok() {
        let why = "the policy has another key now; run the command again to use it, with the same request";
        return Err(Unusable::Now(why.to_owned()));
    }
    Err(Unusable::ForGood(why))
}
