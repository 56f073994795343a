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
use crate::interruption;
use crate::service::PolicyName;

pub(crate) use file::File;
use pending::{Identity, Pending, Remembered};

/// How long is waited before each look at a request; the last one is that of SignPath's own CI action.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

/// A request is not made with less time than this: its id would come too late.
const LEAST: Duration = Duration::from_secs(2);

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
    /// What it is remembered by; `None` where a second run does not find it.
    identity: Option<Identity>,
}

/// Why what a request has signed is not handed out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It may be otherwise in another run.
    Now(String),
    /// No run will be able to use it.
    ForGood(String),
}

impl Unusable {
    /// As a sentence.
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Now(why) | Self::ForGood(why) => why,
        }
    }
}

/// What is known of a request that is waited for.
#[derive(Default)]
struct Known {
    /// The last status.
    status: String,
    /// Since then the service has not answered.
    failure: Option<Error>,
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

    /// Whether the same command finds it on this machine.
    pub(crate) fn is_remembered(&self) -> bool {
        self.identity.is_some()
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
    /// Without a folder for them, or with one that is not this user's alone, nothing is remembered, and that is said.
    pub(crate) fn open(
        client: &'a Client,
        folders: &PersonalFolders,
        watcher: &'a mut dyn Watcher,
    ) -> Self {
        let opened = match &folders.state {
            Some(base) => Pending::open(base).map_err(|error| error.to_string()),
            None => Err("neither XDG_STATE_HOME nor HOME is set".to_owned()),
        };
        let unusable = |why: String| {
            watcher.hears(&format!("signing requests are not remembered for a second run: {why}"));
        };
        Self { client, pending: opened.map_err(unusable).ok(), watcher }
    }

    /// The request of an earlier run, or a new one; where requests are remembered it is on disk when this returns. `time`: how
    /// long another run may take that makes one at this moment.
    ///
    /// # Errors
    /// The service's refusal, no answer, another run that does not end.
    pub(crate) fn found_or_made(
        &mut self,
        submission: &Submission<'_>,
        time: Duration,
    ) -> Result<Request, Error> {
        let identity = submission.identity(self.client);
        let begun = Instant::now();
        let lock = self.pending.as_ref().map(|pending| pending.lock(time)).transpose();
        let _lock = lock.map_err(|error| {
            Error::failed("other runs cannot be kept from asking, too")
                .because(error)
                .hint("run the command again when the other one has ended")
        })?;
        let found = self.pending.as_ref().and_then(|pending| pending.find(&identity));
        let remembered = match found {
            Some(found) => {
                let place = found.link.clone().unwrap_or_else(|| found.id.to_string());
                let line = format!("going on with the signing request {place} of an earlier run");
                self.watcher.hears(&line);
                found.with_task(submission.task.clone())
            }
            None if time.saturating_sub(begun.elapsed()) < LEAST => {
                return Err(Error::failed(
                    "there is too little time for a signing request; none was made",
                )
                .hint("give it more time (cosign --timeout 5m)"));
            }
            None => self.make(submission)?,
        };
        let mut request = Request::remembered(identity, remembered.clone());
        let kept = match (&self.pending, &request.identity) {
            (Some(pending), Some(identity)) => pending.keep(identity, &remembered),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        if let Err(error) = kept {
            request.identity = None;
            if self.pending.is_some() {
                self.watcher.hears(&format!("the signing request is not remembered: {error}"));
            }
        }
        if let Some(pending) = &self.pending {
            pending.forget_old();
        }
        Ok(request)
    }

    fn make(&mut self, submission: &Submission<'_>) -> Result<Remembered, Error> {
        let encoded = submission.encode()?;
        interruption::goes_on_by(
            "a signing request may have been made: look at SignPath before the next try",
        );
        let made = self.client.submit_file(&encoded).map_err(|error| {
            interruption::begins_anew();
            match error.may_have_been_carried_out() {
                true => Error::from(error).also(
                    "it may have been made all the same: look at SignPath before the next try",
                ),
                false => error.into(),
            }
        })?;
        let id = Uuid::try_parse(&made.id)
            .map_err(|error| Error::failed("the signing request has no id").because(error))?;
        let made = Remembered::new(&self.service(), id, made.link, submission.task.clone());
        let place = made.link.clone().unwrap_or_else(|| made.id.to_string());
        self.watcher.hears(&format!("signing request {place}"));
        Ok(made)
    }

    /// A request by its id, as an earlier run on this machine knows it, or the id alone.
    pub(crate) fn by_id(&self, id: Uuid) -> Request {
        let service = self.service();
        let found = self.pending.as_ref().and_then(|pending| pending.find_id(&service, &id));
        found.map_or_else(
            || Request::named(id),
            |(identity, found)| Request::remembered(identity, found),
        )
    }

    /// An id says nothing elsewhere.
    fn service(&self) -> String {
        format!("{} {}", self.client.api_url(), self.client.credentials().organization)
    }

    /// Waits until the request is completed, or until then; a service that hangs then has one attempt more.
    ///
    /// # Errors
    /// It was denied, failed or cancelled; the service's refusal; not a single answer.
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
        let mut known = Known::default();
        while !self.is_completed(request, until, &mut known)? {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.unwrap_or(Duration::MAX);
            if left.is_zero() {
                return match known.failure {
                    Some(error) if known.status.is_empty() => Err(error),
                    _ => Ok(Waited::Open(known.status)),
                };
            }
            self.watcher.waits(&known.status);
            std::thread::sleep(pauses.next().unwrap_or(last_pause).min(left));
        }
        if let (Some(pending), Some(identity)) = (&self.pending, &request.identity) {
            pending.completed(identity, &request.id);
        }
        Ok(Waited::Completed)
    }

    fn is_completed(
        &mut self,
        request: &Request,
        until: Option<Instant>,
        known: &mut Known,
    ) -> Result<bool, Error> {
        let status = match self.client.request_status(&request.id, until) {
            Ok(status) => status,
            // It may be otherwise a little later, and the request is there anyway.
            Err(error) if error.class() == Class::Transient => {
                let error = Error::from(error);
                if known.failure.is_none() {
                    self.watcher.hears(&format!("{}; trying on", error.line()));
                }
                known.failure = Some(error);
                return Ok(false);
            }
            Err(error) => {
                return Err(self.lost(request, error));
            }
        };
        known.failure = None;
        if status.words != known.status {
            self.watcher.hears(&format!("{} ({})", status.words, request.place()));
            known.status.clone_from(&status.words);
        }
        if status.state == RequestState::Ended {
            self.forget(request);
            let what =
                format!("the signing request {} has ended: {}", request.place(), status.words);
            return Err(Error::failed(what).hint("its page at SignPath says why"));
        }
        Ok(status.state == RequestState::Completed)
    }

    /// Who answers 404 without a word may be a service that does not have it, or somebody else in its place.
    fn lost(&self, request: &Request, error: signpath_client::Error) -> Error {
        if error.is_not_found() {
            self.forget(request);
        }
        match (&self.pending, &request.identity) {
            (Some(pending), Some(identity)) if error.is_missing_route() => {
                let file = pending.file(identity);
                let hint =
                    format!("if SignPath has it no more, remove {} and sign again", file.display());
                Error::from(error).also(&hint)
            }
            _ => error.into(),
        }
    }

    /// The zip of a completed request.
    ///
    /// # Errors
    /// The service's refusal, no answer.
    pub(crate) fn signed(&self, request: &Request) -> Result<Vec<u8>, Error> {
        Ok(self.client.signed_artifact(&request.id)?)
    }

    /// The zip that it was made with, where the service gives it.
    ///
    /// # Errors
    /// The service's refusal, no answer.
    pub(crate) fn unsigned(&self, request: &Request) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.client.unsigned_artifact(&request.id)?)
    }

    /// Why nothing comes of what was signed; a request that is no use to anybody is forgotten.
    pub(crate) fn unusable(&self, request: &Request, why: Unusable) -> Error {
        let what = format!("what the signing request {} signed cannot be used", request.place());
        match why {
            Unusable::Now(why) => Error::failed(what).because(why),
            Unusable::ForGood(why) if request.is_remembered() => {
                self.forget(request);
                Error::failed(what).because(why).hint("signing again makes another request")
            }
            Unusable::ForGood(why) => Error::failed(what).because(why),
        }
    }

    /// Nothing good comes of it any more.
    fn forget(&self, request: &Request) {
        if let (Some(pending), Some(identity)) = (&self.pending, &request.identity) {
            pending.forget(identity, &request.id);
        }
    }
}
