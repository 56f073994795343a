//! A slot and its token: who is logged in, and which objects there are to see.

use std::sync::Arc;

use cryptoki_sys::*;
use parking_lot::Mutex;
use signpath_client::{config::Config, error::Class as ErrorClass};
use tracing::{error, info, warn};

use crate::{
    error::{Error, Result},
    handles::Counter,
    object::{Catalog, Object, Scope, Template},
    warm::{Service, Warm},
};

mod login;

use login::Choice;

/// How many keys a message lists before it only counts the rest.
const LISTED_KEYS: usize = 10;

/// CK_TOKEN_INFO has as many bytes for it (2.40 §3.2).
const SERIAL_NUMBER_LEN: usize = 16;

/// One slot with the token of one organization. The slot is there from C_Initialize on, without any request.
pub(crate) struct Token {
    slot: CK_SLOT_ID,
    /// How many slots before this one are of the same organization.
    twins: usize,
    config: Arc<Config>,
    warm: &'static Warm,
    /// Whether certificates are objects of this token (design decision: hidden from cosign unless asked for).
    certificates: bool,
    state: Mutex<State>,
}

/// What changes during a run. One lock, held for moments, so that sessions, login and objects always fit together.
struct State {
    sessions: SessionCount,
    login: Option<Login>,
    /// Goes up with every login and logout: who waited for the service meanwhile has to look again.
    epoch: u64,
    catalog: Catalog,
    /// Whether the last login failed for its PIN (CKF_USER_PIN_COUNT_LOW, 2.40 §3.2).
    pin_was_wrong: bool,
}

/// How many sessions are open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionCount {
    pub(crate) all: usize,
    pub(crate) read_write: usize,
}

/// The user of the token, logged in.
struct Login {
    service: Arc<Service>,
    by_pin: bool,
}

impl Token {
    pub(crate) fn new(
        slot: CK_SLOT_ID,
        twins: usize,
        config: Arc<Config>,
        warm: &'static Warm,
        object_handles: &'static Counter,
    ) -> Self {
        let (certificates, decision) = config.shows_certificates();
        info!("{decision}");
        let public_certificates = certificates && config.credentials().is_some();
        let state = Mutex::new(State {
            sessions: SessionCount::default(),
            login: None,
            epoch: 0,
            catalog: Catalog::new(object_handles, public_certificates),
            pin_was_wrong: false,
        });
        Self { slot, twins, config, warm, certificates, state }
    }

    pub(crate) fn slot(&self) -> CK_SLOT_ID {
        self.slot
    }

    pub(crate) fn label(&self) -> &str {
        &self.config.token_label
    }

    /// A serial number that stays the same: the first half of the configured organization's id, else the slot's. Of several
    /// slots of one organization the later ones end in a number of their own.
    pub(crate) fn serial_number(&self) -> String {
        let Some(organization) = self.config.organization.as_ref() else {
            return format!("{:016}", self.slot);
        };
        let number = if self.twins == 0 { String::new() } else { format!("-{}", self.twins) };
        let digits = organization.as_str().chars().filter(|digit| *digit != '-');
        digits.take(SERIAL_NUMBER_LEN.saturating_sub(number.len())).chain(number.chars()).collect()
    }

    /// A PIN is asked for only where the configuration has no credentials.
    pub(crate) fn requires_login(&self) -> bool {
        self.config.organization.is_none() || self.config.token.is_none()
    }

    pub(crate) fn sessions(&self) -> SessionCount {
        self.state.lock().sessions
    }

    pub(crate) fn session_opened(&self, read_write: bool) {
        let sessions = &mut self.state.lock().sessions;
        sessions.all = sessions.all.saturating_add(1);
        sessions.read_write = sessions.read_write.saturating_add(usize::from(read_write));
    }

    /// Closing the last session ends the login as well (2.40 §5.6); the connection is kept for the next one.
    pub(crate) fn session_closed(&self, read_write: bool) {
        let mut state = self.state.lock();
        let sessions = &mut state.sessions;
        sessions.all = sessions.all.saturating_sub(1);
        sessions.read_write = sessions.read_write.saturating_sub(usize::from(read_write));
        if sessions.all == 0 {
            state.end_login();
        }
    }

    /// C_CloseAllSessions ends the login (2.40 §5.6), also where another thread has opened a session meanwhile.
    pub(crate) fn all_sessions_closed(&self) {
        self.state.lock().end_login();
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.state.lock().login.is_some()
    }

    /// Whether the last login failed for its PIN.
    pub(crate) fn pin_was_wrong(&self) -> bool {
        self.state.lock().pin_was_wrong
    }

    /// C_Login and C_LoginUser: chooses the credentials and asks the service for the policies, so that a wrong token is
    /// found here. The user's name is empty, or the organization's id.
    pub(crate) fn login(&self, pin: &[u8], user_name: &[u8]) -> Result<()> {
        let outcome = self.try_login(pin, user_name);
        match outcome {
            Ok(()) => self.state.lock().pin_was_wrong = false,
            Err(Error::PinIncorrect(_)) => self.state.lock().pin_was_wrong = true,
            Err(_) => {}
        }
        outcome
    }

    fn try_login(&self, pin: &[u8], user_name: &[u8]) -> Result<()> {
        let epoch = self.state.lock().epoch_without_login()?;
        let (credentials, by_pin) = match login::choose(pin, user_name, &self.config)? {
            Choice::Configured(credentials) => (credentials, false),
            Choice::ConfiguredInsteadOfPin(credentials) => {
                warn!("the PIN is not `organization:token`; the configured credentials are used");
                (credentials, false)
            }
            Choice::Pin(credentials) => (credentials, true),
        };
        let service = self.warm.service(&self.config, &credentials);
        service.policies().map_err(refused_login)?;
        let mut state = self.state.lock();
        let now = state.epoch_without_login()?;
        if now != epoch || state.sessions.all == 0 {
            return Err(Error::SessionClosed);
        }
        state.begin_login(Login { service, by_pin });
        Ok(())
    }

    /// C_Logout: the handles of private keys become invalid, whoever sees the keys afterwards (2.40 §5.6). What a PIN opened is
    /// forgotten, the connection too.
    pub(crate) fn logout(&self) -> Result<()> {
        let mut state = self.state.lock();
        let login = state.end_login().ok_or(Error::UserNotLoggedIn)?;
        state.catalog.forget_private_keys();
        drop(state);
        if login.by_pin {
            self.warm.forget(&login.service);
        }
        Ok(())
    }

    /// The objects that match. A template that needs no signing policies, and a token that nobody is logged into where a
    /// login is required, answer without a request.
    pub(crate) fn search(&self, template: &Template) -> Result<Vec<CK_OBJECT_HANDLE>> {
        match template.scope() {
            Scope::Nothing => return Ok(Vec::new()),
            Scope::Features => return Ok(self.state.lock().catalog.search(template)),
            Scope::Everything => {}
        }
        let (state, found) = loop {
            let epoch = self.state.lock().epoch;
            let Some(service) = self.service() else {
                return Ok(self.state.lock().catalog.search(template));
            };
            let policies = service.policies()?;
            let organization = service.credentials().organization.as_str();
            let mut state = self.state.lock();
            // Somebody may have logged in or out meanwhile, and these not be the user's objects any more.
            if state.epoch == epoch {
                state.catalog.show(&policies, organization, self.certificates);
                let found = state.catalog.search(template);
                break (state, found);
            }
        };
        let wanted = template.wanted_key().filter(|_| found.is_empty());
        let missing = wanted.and_then(|key| missing_key(key, &state.catalog, &self.config));
        drop(state);
        if let Some(message) = missing {
            error!("{message}");
        }
        Ok(found)
    }

    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE) -> Result<Arc<Object>> {
        self.state.lock().catalog.find(handle).ok_or(Error::ObjectHandleInvalid)
    }

    /// The service with the credentials in force: those of the login, else the configured ones.
    pub(crate) fn service(&self) -> Option<Arc<Service>> {
        if let Some(login) = self.state.lock().login.as_ref() {
            return Some(Arc::clone(&login.service));
        }
        let credentials = self.config.credentials()?;
        Some(self.warm.service(&self.config, &credentials))
    }

    /// Whether the credentials in force are still those that an operation began with: the audit trail at SignPath has
    /// to name the user who asked.
    pub(crate) fn still_uses(&self, service: &Service) -> bool {
        match self.state.lock().login.as_ref() {
            Some(login) => login.service.credentials() == service.credentials(),
            None => self.config.credentials().as_ref() == Some(service.credentials()),
        }
    }
}

impl State {
    fn epoch_without_login(&self) -> Result<u64> {
        if self.login.is_some() { Err(Error::UserAlreadyLoggedIn) } else { Ok(self.epoch) }
    }

    fn begin_login(&mut self, login: Login) {
        self.login = Some(login);
        self.epoch = self.epoch.wrapping_add(1);
    }

    fn end_login(&mut self) -> Option<Login> {
        let login = self.login.take()?;
        self.epoch = self.epoch.wrapping_add(1);
        if login.by_pin {
            self.catalog.clear();
        }
        Some(login)
    }
}

/// 2.40 §5.6: a PIN that the service does not take is CKR_PIN_INCORRECT; why, the user reads on standard error.
fn refused_login(error: Error) -> Error {
    match error {
        Error::Service(error) if error.class() == ErrorClass::Unauthorized => {
            Error::PinIncorrect(error.to_string())
        }
        other => other,
    }
}

/// A client that finds no key says little more than that; this says which keys there are.
fn missing_key(wanted: &str, catalog: &Catalog, config: &Config) -> Option<String> {
    let names: Vec<_> = catalog.keys().collect();
    if names.contains(&wanted) {
        return None;
    }
    let listed = names.iter().take(LISTED_KEYS).copied().collect::<Vec<_>>().join(", ");
    let token = &config.token_label;
    Some(match names.len() {
        0 => format!(
            "there is no key {wanted:?} on the token {token:?}: the API token may use no signing policy{}",
            narrowed(config)
        ),
        1..=LISTED_KEYS => {
            format!(
                "there is no key {wanted:?} on the token {token:?}; there is: {listed}{}",
                narrowed(config)
            )
        }
        more => {
            let rest = more.saturating_sub(LISTED_KEYS);
            format!(
                "there is no key {wanted:?} on the token {token:?}; there is: {listed} and {rest} more{}",
                narrowed(config)
            )
        }
    })
}

/// What the configuration narrows the keys to, as the end of a sentence.
fn narrowed(config: &Config) -> String {
    let filters = [
        ("ProjectSlug", config.project.as_deref()),
        ("SigningPolicySlug", config.signing_policy.as_deref()),
    ];
    let set: Vec<_> =
        filters.iter().filter_map(|(name, slug)| Some(format!("{name}={}", (*slug)?))).collect();
    if set.is_empty() { String::new() } else { format!(" (only keys with {})", set.join(" and ")) }
}
