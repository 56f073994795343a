//! Signatures by a file-based signing request: SignPath sees the whole message, people may have to approve it, and what
//! comes back may have more in it than what was handed in.

use std::path::Path;
use std::time::{Duration, Instant};

use signpath_client::config::{Config, CosignSettings, Via};
use signpath_client::{Client, Policy, PublicKey};

use crate::cli::NAME;
use crate::error::Error;
use crate::interruption;
use crate::request::archive::Archive;
use crate::request::{File, Request, Requests, Submission, Unusable, Waited};
use crate::service::{self, PolicyName};
use crate::sign::by_hash::to_sign;
use crate::sign::deliver::Delivery;
use crate::sign::task::{Part, Task};
use crate::sign::{Message, Signed, returned};
use crate::terminal::Progress;

/// So long another run may take that makes a request at this moment.
const OTHERS: Duration = Duration::from_secs(180);

pub(super) struct ByRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) policy: Policy,
    pub(super) name: PolicyName,
    pub(super) config: &'a Config,
    /// How long it is waited for.
    pub(super) wait: Duration,
}

/// What a signed zip has for a message. Nobody has checked the signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unchecked {
    pub(super) message: Message,
    pub(super) signature: Vec<u8>,
    /// What the service put in.
    pub(super) added: Vec<String>,
}

impl ByRequest<'_> {
    /// All messages in one request.
    ///
    /// # Errors
    /// The service's refusal, no answer, no decision in time; a file that came back and is not what was asked for.
    pub(super) fn sign(
        &self,
        settings: &CosignSettings,
        messages: Vec<Message>,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), Error> {
        let (parts, files) = handed_in(messages, settings);
        let task = Task::of(&self.name, &parts, delivery.folder()?, delivery.may_mix);
        let mut progress = Progress::default();
        let mut requests = Requests::open(self.client, &self.config.folders, &mut progress);
        let submission =
            Submission { policy: &self.name, settings, files: &files, task: task.to_value() };
        let request = requests.found_or_made(&submission, OTHERS)?;
        self.finish(&mut requests, &request, delivery, |zip| of_parts(&parts, zip))
    }

    /// Waits for a request, checks what it signed, and hands it on. `read` says what is in the zip.
    ///
    /// # Errors
    /// As [`Self::sign`]; what keeps the registry from answering.
    pub(super) fn finish(
        &self,
        requests: &mut Requests<'_>,
        request: &Request,
        delivery: &mut Delivery<'_>,
        read: impl Fn(&[u8]) -> Result<Vec<Unchecked>, Unusable>,
    ) -> Result<(), Error> {
        delivery.begin(request);
        let folder = delivery.folder()?;
        let next = self.goes_on(request, folder.as_deref());
        let stays = format!("the signing request {} stays; {next}", request.place());
        interruption::goes_on_by(stays);
        let until = Instant::now().checked_add(self.wait);
        if let Waited::Open(status) = requests.wait(request, until)? {
            delivery.stays(&status);
            return Err(self.waiting(request, &status, folder.as_deref()));
        }
        let zip = requests.signed(request)?;
        let signed = read(&zip).and_then(|found| self.checked(&found));
        let signed = signed.map_err(|why| requests.unusable(request, why))?;
        let resume = self.resume(request, true, folder.as_deref());
        let next = format!("the signatures are made: `{resume}` goes on without signing again");
        interruption::goes_on_by(&next);
        for one in signed {
            delivery.take(&one).map_err(|error| error.also(&next))?;
        }
        Ok(())
    }

    /// Signatures in cosign's form, if they verify with the policy's key.
    fn checked(&self, found: &[Unchecked]) -> Result<Vec<Signed>, Unusable> {
        let why = match verified(self.policy.key(), found) {
            Ok(signed) => return Ok(signed),
            Err(why) => why,
        };
        // It may have been changed while the request waited.
        let fresh = service::policy(self.client, &self.name, Via::Request);
        let fresh = fresh.map_err(|error| Unusable::Now(error.line()))?;
        if fresh.key() != self.policy.key() && verified(fresh.key(), found).is_ok() {
            let why = format!("{} has another key now; run the command again to use it", self.name);
            return Err(Unusable::Now(why));
        }
        Err(Unusable::ForGood(format!(
            "{why} with the public key of {}. The artifact configuration has to sign with SHA-256, and RSA keys with \
             rsa-padding=\"pkcs1\"",
            self.name
        )))
    }

    fn waiting(&self, request: &Request, status: &str, folder: Option<&Path>) -> Error {
        let (place, next) = (request.place(), self.goes_on(request, folder));
        let what = format!("the signing request {place} is not signed yet ({status}). It stays");
        Error::waiting(what).hint(format!("{next}; --wait 2h waits longer"))
    }

    fn goes_on(&self, request: &Request, folder: Option<&Path>) -> String {
        let elsewhere = self.resume(request, true, folder);
        match request.is_remembered() {
            true => format!(
                "`{}` or the same command goes on with it here, `{elsewhere}` elsewhere",
                self.resume(request, false, None)
            ),
            false => format!("`{elsewhere}` goes on with it"),
        }
    }

    /// The command that goes on with a request. What this machine remembers of it need not be said here.
    fn resume(&self, request: &Request, is_elsewhere: bool, folder: Option<&Path>) -> String {
        let mut command = format!("{NAME} resume {}", request.id);
        if is_elsewhere {
            command.push_str(&format!(" --policy {}", self.name));
        }
        if let Some(folder) = folder {
            command.push_str(&format!(" --output-dir {}", folder.display()));
        }
        command
    }
}

fn verified(key: &PublicKey, found: &[Unchecked]) -> Result<Vec<Signed>, String> {
    let signed = found.iter().map(|Unchecked { message, signature, added }| {
        let fixed = key.fixed_signature(signature.clone()).map_err(|why| why.to_string())?;
        if !key.verify(&to_sign(key, message), &fixed) {
            return Err(format!("the signature of {} does not verify", message.file));
        }
        let signature = key.encoded_signature(&fixed).ok_or("the signature cannot be written")?;
        Ok(Signed { message: message.clone(), signature, added: added.clone() })
    });
    signed.collect()
}

/// A single file has the name that the settings give it; several have their own, in the same folder.
fn handed_in(messages: Vec<Message>, settings: &CosignSettings) -> (Vec<Part>, Vec<File>) {
    let is_alone = messages.len() == 1;
    let folder = settings.file.rsplit_once('/').map(|(folder, _)| folder);
    let path = |message: &Message| match folder {
        _ if is_alone => settings.file.clone(),
        Some(folder) => format!("{folder}/{}", message.file),
        None => message.file.clone(),
    };
    let part = |message: Message| {
        let path = path(&message);
        Part::new(message, path, settings.form)
    };
    let parts: Vec<_> = messages.into_iter().map(part).collect();
    let files = parts.iter().map(|part| part.file.clone()).collect();
    (parts, files)
}

/// What a signed zip has for messages that are known here.
pub(super) fn of_parts(parts: &[Part], zip: &[u8]) -> Result<Vec<Unchecked>, Unusable> {
    let mut zip = Archive::open(zip)?;
    let found = parts.iter().map(|part| {
        let signed = part.file.signed_in(&mut zip)?;
        let (content, added) = came(part, signed.content).map_err(Unusable::ForGood)?;
        let message = Message { content, ..part.message.clone() };
        Ok(Unchecked { message, signature: signed.signature, added })
    });
    found.collect()
}

/// What came back for a part, and what was put in.
fn came(part: &Part, content: Vec<u8>) -> Result<(Vec<u8>, Vec<String>), String> {
    let content = returned::content(part.message.format, part.file.form, content)?;
    let added = returned::added(&part.message, &content)
        .map_err(|why| format!("{} {why}", part.file.path))?;
    Ok((content, added))
}
