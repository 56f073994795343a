//! What outlives C_Finalize within the process: the clients with their connections, their lists of policies, and the
//! log, which is the process's own.
//!
//! cosign initializes and finalizes the module once per manifest. A handshake and a look-up for each would be most of
//! what its user waits for.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use signpath_client::{
    client::Client,
    config::Config,
    error::{Class, Error as ServiceError},
    key::HashToSign,
    log::{Log, LogSettings},
    policy::Policy,
    secret::{Credentials, Token},
};

use crate::error::Result;

/// How long a list of policies is believed, and a client is kept that nobody uses.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The policies of one answer; shared, so that it can be told whether an answer is still the same.
pub(crate) type Policies = Arc<[Arc<Policy>]>;

/// The services that this process has talked to of late.
#[derive(Default)]
pub(crate) struct Warm {
    services: Mutex<Vec<Kept>>,
    log: OnceLock<Log>,
}

struct Kept {
    service: Arc<Service>,
    used: Instant,
}

/// One organization, reached with one token under one configuration.
pub(crate) struct Service {
    config: Arc<Config>,
    client: Client,
    listed: Mutex<Listed>,
}

/// The last list of policies, by when it was asked for.
#[derive(Default)]
struct Listed {
    policies: Option<(Instant, Policies)>,
    /// Answers to questions from before this moment are not believed.
    doubted: Option<Instant>,
}

impl Warm {
    /// Logs as configured from now on, and hides the tokens from the first line on.
    pub(crate) fn start_log<'a>(
        &self,
        settings: &LogSettings,
        tokens: impl IntoIterator<Item = &'a Token>,
    ) {
        let log = self.log.get_or_init(|| Log::install(settings));
        for token in tokens {
            log.protect(token);
        }
        log.configure(settings);
    }

    /// The service for these credentials; a client is only taken over from an earlier run if everything that was
    /// configured is the same.
    pub(crate) fn service(&self, config: &Arc<Config>, credentials: &Credentials) -> Arc<Service> {
        if let Some(service) = self.find(config, credentials) {
            return service;
        }
        let service = Service::new(Arc::clone(config), credentials.clone(), self.log.get());
        let service = Arc::new(service);
        let kept = Kept { service: Arc::clone(&service), used: Instant::now() };
        self.services.lock().push(kept);
        service
    }

    /// Lets go of a service, so that the next login starts anew.
    pub(crate) fn forget(&self, service: &Arc<Service>) {
        self.take_out(|kept| Arc::ptr_eq(&kept.service, service));
    }

    /// Lets go of the services that nobody holds and nobody has used for a minute.
    pub(crate) fn forget_unused(&self) {
        self.take_out(|kept| {
            Arc::strong_count(&kept.service) == 1 && kept.used.elapsed() >= MAX_AGE
        });
    }

    fn find(&self, config: &Arc<Config>, credentials: &Credentials) -> Option<Arc<Service>> {
        self.forget_unused();
        let mut services = self.services.lock();
        let kept = services.iter_mut().find(|kept| {
            let is_same_config =
                Arc::ptr_eq(&kept.service.config, config) || kept.service.config == *config;
            is_same_config && kept.service.credentials() == credentials
        })?;
        kept.used = Instant::now();
        Some(Arc::clone(&kept.service))
    }

    /// What is taken out is dropped here, after the lock: it may have sockets to close.
    fn take_out(&self, doomed: impl Fn(&Kept) -> bool) {
        let gone: Vec<_> = self.services.lock().extract_if(.., |kept| doomed(kept)).collect();
        drop(gone);
    }
}

impl Service {
    fn new(config: Arc<Config>, credentials: Credentials, log: Option<&Log>) -> Self {
        let client = Client::new(&config, credentials);
        let client = match log {
            Some(log) => client.hiding_tokens_in(log),
            None => client,
        };
        Self { config, client, listed: Mutex::default() }
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        self.client.credentials()
    }

    /// The policies that the token may use, from the service or from an answer of the last minute.
    pub(crate) fn policies(&self) -> Result<Policies> {
        let asked = Instant::now();
        if let Some(policies) = self.listed.lock().believed() {
            return Ok(policies);
        }
        let policies = self.client.policies().map_err(|error| self.noted(error))?;
        let policies: Policies = policies.into_iter().map(Arc::new).collect();
        self.listed.lock().keep(asked, &policies);
        Ok(policies)
    }

    /// The signature of `what` with the policy's key, checked against its public half. EC: r‖s.
    pub(crate) fn sign(&self, policy: &Policy, what: &HashToSign) -> Result<Vec<u8>> {
        Ok(self.client.sign_hash(policy, what).map_err(|error| self.noted(error))?)
    }

    /// What the service told before it refused the token, or signed with another key, is not believed any longer.
    fn noted(&self, error: ServiceError) -> ServiceError {
        if matches!(error.class(), Class::Unauthorized | Class::Untrusted) {
            *self.listed.lock() = Listed { policies: None, doubted: Some(Instant::now()) };
        }
        error
    }
}

impl Listed {
    fn believed(&self) -> Option<Policies> {
        let fresh = self.policies.as_ref().filter(|(asked, _)| asked.elapsed() < MAX_AGE);
        fresh.map(|(_, policies)| Arc::clone(policies))
    }

    /// An answer that took long may be older than another one, or than a doubt.
    fn keep(&mut self, asked: Instant, policies: &Policies) {
        let doubted = self.doubted.is_some_and(|doubted| asked < doubted);
        let outdated = self.policies.as_ref().is_some_and(|(newer, _)| asked < *newer);
        if !doubted && !outdated {
            self.policies = Some((asked, Arc::clone(policies)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Policies {
        Vec::new().into()
    }

    #[test]
    fn an_answer_older_than_the_kept_one_or_than_a_doubt_is_not_kept() {
        let early = Instant::now();
        let late = early + Duration::from_millis(1);
        let (old, new) = (list(), list());
        let mut listed = Listed::default();
        listed.keep(late, &new);
        listed.keep(early, &old);
        assert!(Arc::ptr_eq(&listed.believed().unwrap(), &new));
        let mut listed = Listed { policies: None, doubted: Some(late) };
        listed.keep(early, &old);
        assert!(listed.believed().is_none());
    }

    #[test]
    fn a_list_is_believed_for_a_minute_from_when_it_was_asked_for() {
        let Some(long_ago) = Instant::now().checked_sub(MAX_AGE) else {
            // The machine has been up for less than a minute: there is no such moment.
            return;
        };
        let mut listed = Listed::default();
        listed.keep(long_ago, &list());
        assert!(listed.believed().is_none());
    }
}
