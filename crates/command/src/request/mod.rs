//! File-based signing requests, which people may have to approve: made once, remembered on disk from before the waiting
//! begins, waited for, fetched. cosign's plugin and the command share them.

pub(crate) mod archive;
pub(crate) mod file;
mod pending;

use std::time::{Duration, Instant};

use signpath_client::config::{CosignSettings, PersonalFolders};
use signpath_client::error::Class;
use signpath_client::{Client, FileSubmission, RequestState};
use uuid::Uuid;

use crate::error::Error;
use crate::service::PolicyName;

pub(crate) use file::{File, SignedFile};
use pending::{Identity, Pending, Remembered};

/// How long is waited before each look at a request; the last one is that of SignPath's own CI action.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

/// The requests of this user at a service.
pub(crate) struct Requests<'a> {
    client: &'a Client,
    pending: Option<Pending>,
    watcher: &'a mut dyn Watcher,
}

/// The person who waits.
pub(crate) trait Watcher {
    /// Something has happened.
    fn hears(&mut self, line: &str);
    /// Nothing has, and the next look at the request comes after a pause.
    fn waits(&mut self, _status: &str) {}
    /// Nothing is waited for any more.
    fn ends(&mut self) {}
}

/// What is asked for.
pub(crate) struct Submission<'a> {
    pub(crate) policy: &'a PolicyName,
    pub(crate) settings: &'a CosignSettings,
    pub(crate) files: &'a [File],
    /// What is to be done with the signatures, for who finds the request by its id.
    pub(crate) task: Option<serde_json::Value>,
}

/// A request at the service.
pub(crate) struct Request {
    pub(crate) id: Uuid,
    /// Its page.
    pub(crate) link: Option<String>,
    pub(crate) task: Option<serde_json::Value>,
    /// What it is remembered by.
    identity: Option<Identity>,
}

/// How the waiting ended.
pub(crate) enum Waited {
    Completed,
    /// Time is over. With the last status.
    Open(String),
}

impl Request {
    /// One of which the id is known.
    pub(crate) fn named(id: Uuid) -> Self {
        Self { id, link: None, task: None, identity: None }
    }

    fn remembered(identity: Identity, found: Remembered) -> Self {
        let Remembered { id, link, task, .. } = found;
        Self { id, link, task, identity: Some(identity) }
    }

    /// Where people look at it: its page, or its id.
    pub(crate) fn place(&self) -> String {
        self.link.clone().unwrap_or_else(|| self.id.to_string())
    }
}

impl Submission<'_> {
    /// Of the same service, organization, policy, configuration and parameters, and the same bytes.
    fn identity(&self, client: &Client) -> Identity {
        let organization = client.credentials().organization.as_str();
        let configuration = self.settings.artifact_configuration.as_deref().unwrap_or_default();
        let PolicyName { project, policy } = self.policy;
        let mut texts =
            vec![client.api_url().as_str(), organization, project, policy, configuration];
        let mut parameters: Vec<_> = self.settings.parameters.iter().collect();
        parameters.sort();
        texts.extend(
            parameters.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]),
        );
        let files = self.files.iter().flat_map(File::parts);
        Identity::of(texts.into_iter().map(str::as_bytes).chain(files))
    }

    fn encode(&self) -> Result<FileSubmission, Error> {
        let files = self.files.iter().map(|file| (file.path.as_str(), file.content.as_slice()));
        Ok(FileSubmission {
            project: self.policy.project.clone(),
            policy: self.policy.policy.clone(),
            artifact_configuration: self.settings.artifact_configuration.clone(),
            description: self.settings.description.clone(),
            parameters: self.settings.parameters.clone(),
            artifact: archive::packed(files).map_err(Error::failed)?,
        })
    }
}

impl<'a> Requests<'a> {
    /// Without a folder for them, or with one that is not this user's alone, nothing is remembered.
    pub(crate) fn open(
        client: &'a Client,
        folders: &PersonalFolders,
        watcher: &'a mut dyn Watcher,
    ) -> Self {
        let opened = folders.state.as_deref().map(Pending::open).transpose();
        let pending = opened.unwrap_or_else(|error| {
            watcher
                .hears(&format!("signing requests are not remembered for a second run: {error}"));
            None
        });
        Self { client, pending, watcher }
    }

    /// Whether a second run finds what this one made.
    pub(crate) fn are_remembered(&self) -> bool {
        self.pending.is_some()
    }

    /// The request of an earlier run, or a new one, on disk when this returns. `time`: how long another run may take that
    /// makes one at this moment.
    ///
    /// # Errors
    /// The service's refusal, no answer, another run that does not end.
    pub(crate) fn found_or_made(
        &mut self,
        submission: &Submission<'_>,
        time: Duration,
    ) -> Result<Request, Error> {
        let identity = submission.identity(self.client);
        let lock = self.pending.as_ref().map(|pending| pending.lock(time)).transpose();
        let _lock = lock.map_err(|error| {
            Error::failed("other runs cannot be kept from asking, too").because(error)
        })?;
        let found = self.pending.as_ref().and_then(|pending| pending.find(&identity));
        let remembered = match found {
            Some(found) => {
                let place = found.link.clone().unwrap_or_else(|| found.id.to_string());
                let line = format!("going on with the signing request {place} of an earlier run");
                self.watcher.hears(&line);
                found.with_task(submission.task.clone())
            }
            None => self.make(submission)?,
        };
        if let Some(pending) = &self.pending {
            pending.forget_old();
            if let Err(error) = pending.keep(&identity, &remembered) {
                self.watcher.hears(&format!("the signing request is not remembered: {error}"));
            }
        }
        Ok(Request::remembered(identity, remembered))
    }

    fn make(&mut self, submission: &Submission<'_>) -> Result<Remembered, Error> {
        let made = self.client.submit_file(&submission.encode()?);
        let made = made.map_err(|error| match error.class() {
            Class::Transient | Class::Service => Error::from(error)
                .also("it may have been made all the same: look at SignPath before the next try"),
            _ => error.into(),
        })?;
        let id = Uuid::try_parse(&made.id)
            .map_err(|error| Error::failed("the signing request has no id").because(error))?;
        let made = Remembered::new(id, made.link, submission.task.clone());
        let place = made.link.clone().unwrap_or_else(|| made.id.to_string());
        self.watcher.hears(&format!("signing request {place}"));
        Ok(made)
    }

    /// A request by its id, as an earlier run on this machine knows it, or the id alone.
    pub(crate) fn by_id(&self, id: Uuid) -> Request {
        let found = self.pending.as_ref().and_then(|pending| pending.find_id(&id));
        found.map_or_else(
            || Request::named(id),
            |(identity, found)| Request::remembered(identity, found),
        )
    }

    /// Waits until the request is completed, or until then.
    ///
    /// # Errors
    /// It was denied, failed or cancelled; the service's refusal, no answer.
    pub(crate) fn wait(
        &mut self,
        request: &Request,
        until: Option<Instant>,
    ) -> Result<Waited, Error> {
        let waited = self.watch(request, until);
        self.watcher.ends();
        waited
    }

    fn watch(&mut self, request: &Request, until: Option<Instant>) -> Result<Waited, Error> {
        let last_pause = PAUSES.last().copied().unwrap_or_default();
        let mut pauses = PAUSES.into_iter().chain(std::iter::repeat(last_pause));
        let mut last = String::new();
        while !self.is_completed(request, &mut last)? {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.unwrap_or(Duration::MAX);
            if left.is_zero() {
                return Ok(Waited::Open(last));
            }
            self.watcher.waits(&last);
            std::thread::sleep(pauses.next().unwrap_or(last_pause).min(left));
        }
        if let (Some(pending), Some(identity)) = (&self.pending, &request.identity) {
            pending.completed(identity);
        }
        Ok(Waited::Completed)
    }

    /// Whether it is; `last` is what was said of it last.
    fn is_completed(&mut self, request: &Request, last: &mut String) -> Result<bool, Error> {
        let status = match self.client.request_status(&request.id) {
            Ok(status) => status,
            // It may be otherwise a little later, and the request is there anyway.
            Err(error) if error.class() == Class::Transient => {
                tracing::warn!("{error}");
                return Ok(false);
            }
            Err(error) => return Err(self.noted(request, error)),
        };
        if status.words != *last {
            self.watcher.hears(&format!("{} ({})", status.words, request.place()));
            last.clone_from(&status.words);
        }
        if status.state == RequestState::Ended {
            self.forget(request);
            let what = format!("the signing request {} has ended: {last}", request.place());
            return Err(Error::failed(what).hint("its page at SignPath says why"));
        }
        Ok(status.state == RequestState::Completed)
    }

    /// The zip of a completed request.
    ///
    /// # Errors
    /// The service's refusal, no answer.
    pub(crate) fn signed(&self, request: &Request) -> Result<Vec<u8>, Error> {
        self.client.signed_artifact(&request.id).map_err(|error| self.noted(request, error))
    }

    /// A request that the service does not know any more is not gone on with. A wrong token or address is no reason.
    fn noted(&self, request: &Request, error: signpath_client::Error) -> Error {
        if error.is_not_found() {
            self.forget(request);
        }
        error.into()
    }

    /// Nothing good comes of it any more.
    pub(crate) fn forget(&self, request: &Request) {
        if let (Some(pending), Some(identity)) = (&self.pending, &request.identity) {
            pending.forget(identity);
        }
    }
}
