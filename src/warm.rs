//! What outlives C_Finalize within the process: the clients with their connections, and their lists of policies.
//! The log too,
//! as it is the process's. cosign initializes and finalizes the module once per manifest; a second handshake and a second look-up for each
//! would be most of what it waits for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use signpath_client::{
    client::Client,
    config::Config,
    error::{Class, Error as ServiceError},
    key::HashToSign,
    log::{Log, LogSettings},
    policy::Policy,
    secret::Credentials,
};

use crate::error::Result;

/// How long a list of policies is believed, and a client without use is kept.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The policies of one answer; shared, so that it can be told whether an answer is still the same.
pub(crate) type Policies = Arc<[Arc<Policy>]>;

/// The services that this process has talked to of late.
#[derive(Default)]
pub(crate) struct Warm {
    services: Mutex<Vec<Arc<Service>>>,
    log: OnceCell<Log>,
}

/// One organization, reached with one token under one configuration.
pub(crate) struct Service {
    config: Arc<Config>,
    client: Client,
    state: Mutex<State>,
}

struct State {
    used: Instant,
    listed: Option<(Instant, Policies)>,
}

impl Warm {
    /// Logs as configured from now on.
    pub(crate) fn start_log(&self, settings: &LogSettings) {
        self.log.get_or_init(|| Log::install(settings)).configure(settings);
    }

    /// The service for these credentials; a client is only taken over from an earlier run if everything that was
    /// configured is the same.
    pub(crate) fn service(&self, config: &Arc<Config>, credentials: &Credentials) -> Arc<Service> {
        let mut services = self.services.lock();
        services.retain(|service| service.state.lock().used.elapsed() < MAX_AGE);
        let same = |service: &&Arc<Service>| {
            service.client.credentials() == credentials && service.config == *config
        };
        if let Some(service) = services.iter().find(same) {
            return Arc::clone(service);
        }
        if let Some(log) = self.log.get() {
            log.protect(&credentials.token);
        }
        let service = Arc::new(Service::new(Arc::clone(config), credentials.clone()));
        services.push(Arc::clone(&service));
        service
    }

    /// Lets go of a service, so that the next login starts anew.
    pub(crate) fn forget(&self, service: &Arc<Service>) {
        self.services.lock().retain(|kept| !Arc::ptr_eq(kept, service));
    }
}

impl Service {
    fn new(config: Arc<Config>, credentials: Credentials) -> Self {
        let client = Client::new(&config, credentials);
        let state = Mutex::new(State { used: Instant::now(), listed: None });
        Self { config, client, state }
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        self.client.credentials()
    }

    /// The policies that the token may use, from the service or from an answer of the last minute.
    pub(crate) fn policies(&self) -> Result<Policies> {
        if let Some(policies) = self.fresh_list() {
            return Ok(policies);
        }
        let policies = self.client.policies().map_err(|error| self.noted(error))?;
        let policies: Policies = policies.into_iter().map(Arc::new).collect();
        self.state.lock().listed = Some((Instant::now(), Arc::clone(&policies)));
        Ok(policies)
    }

    /// The signature of `what` with the policy's key, checked against its public half. EC: r‖s.
    pub(crate) fn sign(&self, policy: &Policy, what: &HashToSign) -> Result<Vec<u8>> {
        self.state.lock().used = Instant::now();
        Ok(self.client.sign_hash(policy, what).map_err(|error| self.noted(error))?)
    }

    fn fresh_list(&self) -> Option<Policies> {
        let mut state = self.state.lock();
        state.used = Instant::now();
        let fresh = state.listed.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE);
        fresh.map(|(_, policies)| Arc::clone(policies))
    }

    /// What the service told before it refused the token, or signed with another key, is not believed any longer.
    fn noted(&self, error: ServiceError) -> ServiceError {
        if matches!(error.class(), Class::Unauthorized | Class::Untrusted) {
            self.state.lock().listed = None;
        }
        error
    }
}
