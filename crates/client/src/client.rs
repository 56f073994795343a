//! One organization at one address with one token: the policies it may use, and signatures that are checked before
//! they are handed out.

use std::collections::HashSet;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::config::{ApiUrl, Config};
use crate::error::{Class, Error, shown};
use crate::http::{Answer, Broken, Settings, Transport};
use crate::key::HashToSign;
use crate::log::Log;
use crate::metadata::{MetadataDetail, SigningContext, SourceProcess};
use crate::policy::{LeftOut, Policy};
use crate::retry::{self, Cause, Clock as _, Failed, Limits};
use crate::secret::{Credentials, Token, without_tokens};
use crate::wire::sign::SignRequest;
use crate::wire::{Form, Metadata, Request, Signed, policies, sign};

use self::effort::Effort;
use self::token::CurrentToken;

/// A client of the service. Its calls block the calling thread; any number of threads may call at once, and share the
/// connections. It starts no thread and holds no lock while it waits for the network.
///
/// A forked child must not use or drop a client of its parent: both would write into the same connections.
pub struct Client {
    credentials: Credentials,
    token: CurrentToken,
    api_url: ApiUrl,
    project: Option<String>,
    signing_policy: Option<String>,
    placeholders: bool,
    detail: MetadataDetail,
    limits: Limits,
    transport: Transport,
    /// What is told of this process; collected for the first signature.
    process: OnceLock<Option<SourceProcess>>,
    /// The place in [`Form::ALL`] of the form that has worked last.
    form: AtomicUsize,
    /// Whether the service has turned out not to know `/Status`.
    is_without_status: AtomicBool,
    /// When everything has to be over.
    deadline: Option<Instant>,
}

impl Client {
    /// Notes the settings; reads no file, runs no program and connects nowhere.
    pub fn new(config: &Config, credentials: Credentials) -> Self {
        let transport = Transport::new(Settings::new(config, &credentials.organization));
        Self {
            api_url: config.api_url.clone(),
            project: config.project.clone(),
            signing_policy: config.signing_policy.clone(),
            placeholders: config.dummy_certificates,
            detail: config.metadata,
            limits: Limits::new(config),
            transport,
            process: OnceLock::new(),
            form: AtomicUsize::new(0),
            is_without_status: AtomicBool::new(false),
            deadline: None,
            token: CurrentToken::new(credentials.token.clone()),
            credentials,
        }
    }

    /// The same client, whose calls end by then.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same client, whose tokens are hidden in this log as long as the client is there.
    #[must_use]
    pub fn hiding_tokens_in(mut self, log: &Log) -> Self {
        self.token.hide_in(log);
        self
    }

    /// The tokens that are known by now and that nobody may see; none before a program was asked for the first.
    pub fn known_tokens(&self) -> Vec<Token> {
        self.token.known()
    }

    /// Organization, and where the token comes from.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The service's address.
    pub fn api_url(&self) -> &ApiUrl {
        &self.api_url
    }

    /// The policies that the token may sign with (`GET …/Cryptoki/MySigningPolicies`), narrowed to the configured
    /// project and policy. Policies that cannot be used are left out, each with a line in the log.
    ///
    /// # Errors
    /// [`crate::Class::Unauthorized`] for a wrong token; everything that keeps an answer from coming.
    pub fn policies(&self) -> Result<Vec<Policy>, Error> {
        let asked = format!("reading the signing policies at {}", self.api_url);
        self.list(self.project.as_deref(), self.signing_policy.as_deref(), &asked, &Effort::start())
    }

    /// One policy, whatever project and policy are configured; `None` if the token may not use it. Letter case decides only
    /// between several.
    ///
    /// # Errors
    /// As [`Self::policies`]; [`Error::Ambiguous`].
    pub fn policy(&self, project: &str, policy: &str) -> Result<Option<Policy>, Error> {
        let asked = format!("reading the signing policy {project}/{policy} at {}", self.api_url);
        let mut found = self.list(Some(project), Some(policy), &asked, &Effort::start())?;
        if let Some(exact) =
            found.iter().position(|found| (found.project(), found.slug()) == (project, policy))
        {
            return Ok(Some(found.swap_remove(exact)));
        }
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(Error::Ambiguous {
                name: format!("{project}/{policy}"),
                found: found.iter().map(Policy::name).collect(),
            }),
        }
    }

    /// Has a digest signed (`POST …/SigningRequests/SignHash`, or the multipart form of older services) and checks the
    /// signature against the policy's public key. RSA signatures have the modulus's length, ECDSA ones are r‖s.
    ///
    /// # Errors
    /// [`Error::KeyRotated`] and [`Error::WrongSignature`] instead of a signature that does not verify;
    /// [`Error::Unsuitable`] for a digest that is not for this key; the service's refusal; no answer.
    pub fn sign_hash(&self, policy: &Policy, what: &HashToSign) -> Result<Vec<u8>, Error> {
        self.sign_hash_in(&SigningContext::default(), policy, what)
    }

    /// As [`Self::sign_hash`], and the service is told more about the signature.
    ///
    /// # Errors
    /// As [`Self::sign_hash`].
    pub fn sign_hash_in(
        &self,
        context: &SigningContext,
        policy: &Policy,
        what: &HashToSign,
    ) -> Result<Vec<u8>, Error> {
        if let Some(why) = policy.key().objection(what) {
            return Err(Error::Unsuitable { policy: policy.name(), why });
        }
        let effort = Effort::start();
        let signed = self.submit(context, policy, what, &effort)?;
        let link = signed.link;
        let fault = match policy.key().fixed_signature(signed.signature) {
            Ok(signature) if policy.key().verify(what, &signature) => return Ok(signature),
            Ok(_) => "it does not verify with the policy's public key".to_owned(),
            Err(reason) => reason.to_string(),
        };
        Err(self.explain(policy, fault, link, &effort))
    }

    /// Tries the forms until the service knows one. Which one it knows is remembered when it has worked.
    fn submit(
        &self,
        context: &SigningContext,
        policy: &Policy,
        what: &HashToSign,
        effort: &Effort,
    ) -> Result<Signed, Error> {
        let asked = format!("signing with {} at {}", policy.name(), self.api_url);
        let metadata = self.metadata(context);
        let request = SignRequest {
            project: policy.project(),
            policy: policy.slug(),
            what,
            metadata: &metadata,
            artifact_configuration: context.artifact_configuration.as_deref(),
            description: context.description.as_deref(),
        };
        let mut unknown_route = None;
        for (place, form) in self.forms() {
            match self.call(&request.encode(form), &asked, effort) {
                Ok(answer) => {
                    let signed =
                        sign::decode(&answer.body).map_err(|why| self.bad_answer(&asked, &why))?;
                    self.form.store(place, Ordering::Relaxed);
                    self.note(policy, &metadata, &signed);
                    return Ok(signed);
                }
                Err(error) if error.is_missing_route() => {
                    debug!("the service does not know {}", form.route());
                    unknown_route.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        let none = || Error::Answer { asked: asked.clone(), why: "no form was tried".to_owned() };
        Err(unknown_route.unwrap_or_else(none))
    }

    /// The form that worked last, then the others, newest first.
    fn forms(&self) -> impl Iterator<Item = (usize, Form)> {
        let last = self.form.load(Ordering::Relaxed);
        let worked = Form::ALL.into_iter().enumerate().filter(move |(place, _)| *place == last);
        worked.chain(Form::ALL.into_iter().enumerate().filter(move |(place, _)| *place != last))
    }

    /// The same for all attempts and forms of one signature.
    fn metadata(&self, context: &SigningContext) -> Metadata {
        let tokens = &self.token.known();
        let this = || self.process.get_or_init(|| SourceProcess::collect(self.detail, tokens));
        Metadata {
            process: context.process.clone().or_else(|| this().clone()),
            told: context.told(self.detail, tokens),
            correlation_id: Uuid::new_v4().to_string(),
        }
    }

    fn note(&self, policy: &Policy, metadata: &Metadata, signed: &Signed) {
        let id = self.shown(signed.id.as_deref().unwrap_or("without an id"));
        info!(
            "{} signed: signing request {id} (correlation id {})",
            policy.name(),
            metadata.correlation_id
        );
    }

    /// Why a signature is not right: a fresh look at the policy tells whether its key was rotated.
    fn explain(
        &self,
        policy: &Policy,
        fault: String,
        link: Option<String>,
        effort: &Effort,
    ) -> Error {
        let name = policy.name();
        let asked = format!("reading the signing policy {name} at {}", self.api_url);
        let found = self.list(Some(policy.project()), Some(policy.slug()), &asked, effort);
        let seen = match found {
            Err(error) => format!("whether the key was rotated is not known, as {error}"),
            Ok(policies) => match policies.iter().find(|found| found.name() == name) {
                None => "the token may not use the policy any more".to_owned(),
                Some(found) if found.key() != policy.key() => {
                    return Error::KeyRotated { policy: name };
                }
                Some(_) => "the policy's key is still the same".to_owned(),
            },
        };
        let link = link.as_deref().map(|link| self.shown(link));
        Error::WrongSignature { policy: name, detail: format!("{fault}; {seen}"), link }
    }

    fn bad_answer(&self, asked: &str, why: &str) -> Error {
        Error::Answer { asked: asked.to_owned(), why: self.shown(why) }
    }

    /// A text of the service, or about what it has sent, as a part of one line. Tokens are taken out before it is cut: half
    /// of one is a secret, too.
    fn shown(&self, text: &str) -> String {
        shown(&without_tokens(text, &self.token.known()))
    }

    fn list(
        &self,
        project: Option<&str>,
        policy: Option<&str>,
        asked: &str,
        effort: &Effort,
    ) -> Result<Vec<Policy>, Error> {
        let answer = self.call(&policies::request(project, policy), asked, effort)?;
        let entries = policies::decode(&answer.body).map_err(|why| self.bad_answer(asked, &why))?;
        let read = entries.into_iter().map(|entry| match entry {
            Ok(entry) => Policy::from_entry(&entry, self.placeholders),
            Err(bad) => Err(LeftOut { name: bad.name, why: bad.why }),
        });
        let policies =
            read.filter_map(|policy| policy.inspect_err(|bad| self.log_left_out(bad)).ok());
        let mut seen = HashSet::new();
        let policies = policies.filter(|found| asked_for(found, project, policy));
        Ok(policies.filter(|found| seen.insert(found.name()) || log_twice(found)).collect())
    }

    /// Sends a request until there is an answer, as far as the table of repetitions allows. A request that was refused
    /// for its token was not carried out: it is sent once more if there is another token by now.
    fn call(&self, request: &Request, asked: &str, effort: &Effort) -> Result<Answer, Error> {
        let limits = self.limits_of(effort);
        let token = self.token.current(effort.left(&limits))?;
        let answered = self.send(request, &token, asked, effort);
        let limits = self.limits_of(effort);
        let is_refused = matches!(&answered, Err(error) if error.class() == Class::Unauthorized);
        let asks_again = is_refused && limits.exhausted(effort.clock.elapsed()).is_none();
        let newer = asks_again.then(|| self.token.instead_of(&token, effort.left(&limits)));
        match newer.flatten() {
            // The program may have taken what time there was.
            Some(newer) if limits.exhausted(effort.clock.elapsed()).is_none() => {
                self.send(request, &newer, asked, effort)
            }
            _ => answered,
        }
    }

    fn send(
        &self,
        request: &Request,
        token: &Token,
        asked: &str,
        effort: &Effort,
    ) -> Result<Answer, Error> {
        let limits = self.limits_of(effort);
        if let Some(because) = limits.exhausted(effort.clock.elapsed()) {
            return Err(Error::OutOfTime { asked: asked.to_owned(), because });
        }
        retry::run(request.call, &limits, &effort.clock, &effort.once_used, |time| {
            self.transport.send(request, token, time).map_err(|broken| failed(broken, asked))
        })
    }

    fn log_left_out(&self, left_out: &LeftOut) {
        let (name, why) = (self.shown(&left_out.name), self.shown(&left_out.why));
        warn!("the signing policy {name} is left out: {why}");
    }

    fn limits_of(&self, effort: &Effort) -> Limits {
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        let ends = [self.deadline, effort.end];
        match ends.into_iter().flatten().min() {
            Some(end) => self.limits.within(effort.clock.elapsed(), left(end)),
            None => self.limits,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.credentials.organization, self.api_url)
    }
}

/// Whether a policy is among those that were asked for; a service that ignores the filters would widen what the token shows.
/// Letter case does not count.
fn asked_for(found: &Policy, project: Option<&str>, policy: Option<&str>) -> bool {
    let fits = |wanted: Option<&str>, slug: &str| {
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(slug))
    };
    fits(project, found.project()) && fits(policy, found.slug())
}

/// Of two entries with one name nobody could be chosen; the first is kept.
fn log_twice(policy: &Policy) -> bool {
    warn!("the signing policy {} is in the service's list twice; the first is used", policy.name());
    false
}

/// An attempt's failure as the table of repetitions and the user want it.
pub(crate) fn failed(broken: Broken, asked: &str) -> Failed {
    let asked = asked.to_owned();
    let (cause, error, retry_after) = match broken {
        Broken::Setup(error) => (Cause::Hopeless, error, None),
        Broken::Exchange { failure, detail } => {
            (Cause::of_failure(failure), Error::Connection { asked, failure, detail }, None)
        }
        Broken::Status { status, message, retry_after } => {
            (Cause::of_status(status), Error::Status { asked, status, message }, retry_after)
        }
        Broken::Redirect { status, host } => {
            (Cause::Hopeless, Error::Redirect { asked, status, host }, None)
        }
        Broken::TooLong { max } => {
            let why = format!("it has more than {max} bytes");
            (Cause::Hopeless, Error::Answer { asked, why }, None)
        }
    };
    Failed { cause, error: Box::new(error), retry_after }
}

mod effort;
mod requests;
#[cfg(test)]
mod tests;
mod token;
