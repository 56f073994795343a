//! What a key of a reference does: gives its public half, signs, checks.

use std::io::Write;
use std::time::{Duration, Instant};

use signpath_client::Error;
use signpath_client::client::Client;
use signpath_client::config::{Config, Via};
use signpath_client::error::{Class, Situation};
use signpath_client::key::{HashToSign, PublicKey};
use signpath_client::log::Log;
use signpath_client::metadata::{SigningContext, SourceProcess};
use signpath_client::policy::Policy;
use signpath_client::private::KnownKeys;
use signpath_client::secret::Credentials;

use super::message::Message;
use super::payload;
use super::reference::KeyReference;
use super::request;
use crate::interruption;
use crate::service::{self, PolicyName};

/// A key, and the service that holds it.
pub(super) struct Signer {
    pub(super) config: Config,
    pub(super) key: KeyReference,
    pub(super) client: Client,
    /// When everything has to be over.
    deadline: Option<Instant>,
    known: Option<KnownKeys>,
}

impl Signer {
    /// Chooses the organization; asks nobody.
    ///
    /// # Errors
    /// Without credentials, or without those of the organization that the reference names.
    pub(super) fn new(
        config: Config,
        key: KeyReference,
        time: Option<Duration>,
        log: &Log,
    ) -> Result<Self, String> {
        let missing = config.missing_credentials().map(str::to_owned);
        let (config, credentials) =
            chosen(config, &key).ok_or_else(|| match &key.organization {
                Some(id) => {
                    format!("there are no credentials for the organization {id}: {SET_BOTH}")
                }
                None => missing.unwrap_or_else(|| format!("there are no credentials: {SET_BOTH}")),
            })?;
        let client = Client::new(&config, credentials).hiding_tokens_in(log);
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let client = match deadline {
            Some(deadline) => client.until(deadline),
            None => client,
        };
        let known = config.folders.cache.as_deref();
        let known =
            known.and_then(|base| KnownKeys::open(base, client.api_url(), client.credentials()));
        Ok(Self { config, key, client, deadline, known })
    }

    /// The policy's public key.
    ///
    /// # Errors
    /// The service's refusal, no answer, or no such policy.
    pub(super) fn public_key(&self) -> Result<PublicKey, String> {
        Ok(self.policy()?.key().clone())
    }

    /// The signature of a message, as cosign has it: checked, EC in DER.
    ///
    /// # Errors
    /// The service's refusal, no answer, a wrong signature.
    pub(super) fn sign(&self, message: &Message, told: &mut dyn Write) -> Result<Vec<u8>, String> {
        let policy = self.policy()?;
        let fixed = match self.key.via() {
            Via::Hash => self.sign_hash(message, &policy)?,
            Via::Request => request::signature(self, message, &policy, told)?,
        };
        let encoded = policy.key().encoded_signature(&fixed);
        encoded.ok_or_else(|| "the signature cannot be written in DER".to_owned())
    }

    /// When everything has to be over; `None` if the time is not limited.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time that is left; `None` if it is not limited.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Checks a signature here, with the policy's public key.
    ///
    /// # Errors
    /// It does not verify, or there is no key to check it with.
    pub(super) fn verify(&self, signature: &[u8], message: &Message) -> Result<(), String> {
        let key = self.public_key()?;
        let what = to_sign(&key, message);
        let wrong =
            || format!("the signature was not made by {} over this message", self.key.policy);
        let fixed = key.fixed_signature(signature.to_vec()).map_err(|_| wrong())?;
        key.verify(&what, &fixed).then_some(()).ok_or_else(wrong)
    }

    fn sign_hash(&self, message: &Message, policy: &Policy) -> Result<Vec<u8>, String> {
        let context = self.context(message);
        let what = to_sign(policy.key(), message);
        let signed = self.client.sign_hash_in(&context, policy, &what);
        signed.map_err(|error| self.noted(&error))
    }

    fn context(&self, message: &Message) -> SigningContext {
        let tokens = &self.client.known_tokens();
        SigningContext {
            // This process was started by cosign for its user, and has no command line worth reading.
            process: SourceProcess::of_parent(self.config.metadata, tokens),
            payload: Some(payload::describe(message)),
            ci_run: self.config.ci_run.clone(),
            artifact_configuration: self.key.settings.artifact_configuration.clone(),
            description: self.key.settings.description.clone(),
        }
    }

    /// From the service, or from another call of the same cosign.
    fn policy(&self) -> Result<Policy, String> {
        let PolicyName { project, policy } = &self.key.policy;
        if let Some(key) = self.known.as_ref().and_then(|known| known.get(project, policy)) {
            return Ok(Policy::known(project, policy, key));
        }
        let found = self.fresh_policy()?;
        if let Some(known) = &self.known {
            interruption::whole(|| known.put(project, policy, found.key()));
        }
        Ok(found)
    }

    /// From the service.
    pub(super) fn fresh_policy(&self) -> Result<Policy, String> {
        let found = service::policy(&self.client, &self.key.policy, self.key.via());
        found.map_err(|error| error.line())
    }

    /// A key that did not fit is not to be met again.
    fn noted(&self, error: &Error) -> String {
        if let (Class::Untrusted, Some(known)) = (error.class(), &self.known) {
            known.forget(&self.key.policy.project, &self.key.policy.policy);
        }
        explained(error)
    }
}

const SET_BOTH: &str = "set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN";

/// The configuration of the organization that the reference names, or of the first one that has credentials.
fn chosen(config: Config, key: &KeyReference) -> Option<(Config, Credentials)> {
    let slots = config.into_slots().into_iter();
    let mut usable = slots.filter_map(|slot| Some((slot.credentials()?, slot)));
    let wanted = |credentials: &Credentials| match &key.organization {
        Some(organization) => credentials.organization == *organization,
        None => true,
    };
    usable
        .find(|(credentials, _)| wanted(credentials))
        .map(|(credentials, slot)| (slot, credentials))
}

/// The digest that cosign gives or means.
pub(super) fn to_sign(key: &PublicKey, message: &Message) -> HashToSign {
    service::hash_to_sign(key, message.hash, message.digest.clone())
}

/// A refusal that another way of signing does not have names that way.
fn explained(error: &Error) -> String {
    match error.situation() {
        Some(Situation::Approval) => format!(
            "{error}. With this plugin they are made by via=request: add ?via=request to the key, or set \
             SIGNPATH_COSIGN_VIA=request"
        ),
        _ => error.to_string(),
    }
}
