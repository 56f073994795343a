//! A slot and its token: who is logged in, and which objects there are to see.

use std::sync::Arc;

use cryptoki_sys::*;
use parking_lot::Mutex;
use signpath_client::{
    config::Config, error::Class as ErrorClass, key::HashToSign, policy::Policy,
    secret::Credentials,
};
use tracing::{error, info, warn};

use crate::{
    error::{Error, Result},
    object::{Catalog, Object, Template},
    warm::{Service, Warm},
};

mod login;

use login::Choice;

/// How many keys a message lists before it only counts the rest.
const LISTED_KEYS: usize = 10;

/// One slot with the token of one organization. The slot is there from C_Initialize on, without any request.
pub(crate) struct Token {
    slot: CK_SLOT_ID,
    config: Arc<Config>,
    warm: &'static Warm,
    /// Whether certificates are objects of this token (design decision: hidden from cosign unless asked for).
    certificates: bool,
    login: Mutex<Option<Login>>,
    catalog: Mutex<Catalog>,
}

/// The user of the token, logged in.
struct Login {
    service: Arc<Service>,
    by_pin: bool,
}

impl Token {
    pub(crate) fn new(slot: CK_SLOT_ID, config: Arc<Config>, warm: &'static Warm) -> Self {
        let (certificates, decision) = config.shows_certificates();
        info!("{decision}");
        let (login, catalog) = (Mutex::default(), Mutex::default());
        Self { slot, config, warm, certificates, login, catalog }
    }

    pub(crate) fn slot(&self) -> CK_SLOT_ID {
        self.slot
    }

    pub(crate) fn label(&self) -> &str {
        &self.config.token_label
    }

    /// A serial number that stays the same: the first half of the configured organization's id, else the slot's.
    pub(crate) fn serial_number(&self) -> String {
        self.config.organization.as_ref().map_or_else(
            || format!("{:016}", self.slot),
            |organization| organization.to_string().replace('-', "").chars().take(16).collect(),
        )
    }

    /// A PIN is asked for only where the configuration has no credentials.
    pub(crate) fn requires_login(&self) -> bool {
        self.config.credentials().is_none()
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.login.lock().is_some()
    }

    /// C_Login: chooses the credentials and asks the service for the policies, so that a wrong token is found here.
    pub(crate) fn login(&self, pin: &[u8]) -> Result<()> {
        if self.is_logged_in() {
            return Err(Error::UserAlreadyLoggedIn);
        }
        let choice =
            login::choose(pin, self.config.credentials(), self.config.organization.as_ref())?;
        let (credentials, by_pin) = match choice {
            Choice::Configured(credentials) => (credentials, false),
            Choice::ConfiguredInsteadOfPin(credentials) => {
                warn!("the PIN is not `organization:token`; the configured credentials are used");
                (credentials, false)
            }
            Choice::Pin(credentials) => (credentials, true),
        };
        let service = self.warm.service(&self.config, &credentials);
        service.policies().map_err(refused_login)?;
        let mut login = self.login.lock();
        if login.is_some() {
            return Err(Error::UserAlreadyLoggedIn);
        }
        *login = Some(Login { service, by_pin });
        Ok(())
    }

    /// C_Logout. What a PIN opened is forgotten, the connection too.
    pub(crate) fn logout(&self) -> Result<()> {
        let login = self.end_login().ok_or(Error::UserNotLoggedIn)?;
        if login.by_pin {
            self.warm.forget(&login.service);
        }
        Ok(())
    }

    /// The last session was closed, which ends the login as well (2.40 §5.6); the connection is kept for the next one.
    pub(crate) fn all_sessions_closed(&self) {
        self.end_login();
    }

    /// The objects that match. A template that can match nothing, and a token that nobody is logged into where a login
    /// is required, answer without a request.
    pub(crate) fn search(&self, template: &Template) -> Result<Vec<CK_OBJECT_HANDLE>> {
        if !template.can_match() {
            return Ok(Vec::new());
        }
        let Some(service) = self.service() else { return Ok(Vec::new()) };
        let policies = service.policies()?;
        let mut catalog = self.catalog.lock();
        let organization = service.credentials().organization.to_string();
        catalog.show(&policies, &organization, self.certificates);
        let found = catalog.search(template);
        if found.is_empty() {
            report_missing(template, &catalog);
        }
        Ok(found)
    }

    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE) -> Result<Arc<Object>> {
        self.catalog.lock().find(handle).ok_or(Error::ObjectHandleInvalid)
    }

    /// Asks the service for a signature; the answer has been checked against the policy's public key.
    pub(crate) fn sign(&self, policy: &Policy, what: &HashToSign) -> Result<Vec<u8>> {
        self.service().ok_or(Error::UserNotLoggedIn)?.sign(policy, what)
    }

    /// The service with the credentials in force: those of the login, else the configured ones.
    fn service(&self) -> Option<Arc<Service>> {
        if let Some(login) = self.login.lock().as_ref() {
            return Some(Arc::clone(&login.service));
        }
        let credentials: Credentials = self.config.credentials()?;
        Some(self.warm.service(&self.config, &credentials))
    }

    fn end_login(&self) -> Option<Login> {
        let login = self.login.lock().take()?;
        if login.by_pin {
            self.catalog.lock().clear();
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
fn report_missing(template: &Template, catalog: &Catalog) {
    let Some(wanted) = template.wanted_key() else { return };
    let names: Vec<_> = catalog.key_names().collect();
    if names.contains(&wanted) {
        return;
    }
    let listed = names.iter().take(LISTED_KEYS).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => error!("there is no key {wanted:?}: this token may use no signing policy at all"),
        1..=LISTED_KEYS => error!("there is no key {wanted:?}; there is: {listed}"),
        more => error!(
            "there is no key {wanted:?}; there is: {listed} and {} more",
            more.saturating_sub(LISTED_KEYS)
        ),
    }
}
