//! One run of the module, from C_Initialize to C_Finalize, and the one door to it.

use std::{collections::HashSet, sync::Arc};

use cryptoki_sys::*;
use parking_lot::{Mutex, RwLock};
use signpath_client::{
    config::{Config, Origin, Process},
    secret::TokenSource,
};
use tracing::{error, info, trace, warn};

use crate::{
    error::{Error, Result},
    ffi::process::{self, PerProcess},
    handles::{Counter, Handles},
    session::Session,
    token::Token,
    warm::Warm,
};

/// What this process has of the module. A forked child makes its own.
static STATE: PerProcess<State> = PerProcess::new();

/// The slot of the first organization; include/signpath_pkcs11.h has it as SIGNPATH_FIRST_SLOT_ID.
const FIRST_SLOT: CK_SLOT_ID = 1;

#[derive(Default)]
struct State {
    run: RwLock<Option<Arc<Module>>>,
    /// Held by whoever begins or ends a run, files included; other calls do not wait for it.
    turning: Mutex<()>,
    warm: Warm,
    /// What was said of the configuration: once is enough for a program that initializes the module again and again.
    said: Mutex<HashSet<String>>,
    session_handles: Counter,
    object_handles: Counter,
}

/// A run: the slots, which never change during it, and the sessions.
pub(crate) struct Module {
    tokens: Vec<Arc<Token>>,
    sessions: Handles<Session>,
}

/// C_Initialize: builds everything and publishes it last, so that a failure leaves nothing behind. No network.
pub(crate) fn initialize() -> Result<()> {
    let state = STATE.make();
    let _turn = state.turning.lock();
    if state.run.read().is_some() {
        return Err(Error::AlreadyInitialized);
    }
    let module = Arc::new(Module::start(state)?);
    *state.run.write() = Some(module);
    Ok(())
}

/// C_Finalize: calls that are under way finish with what they hold, and nothing new begins.
pub(crate) fn finalize() -> Result<()> {
    let state = STATE.made().ok_or(Error::NotInitialized)?;
    let _turn = state.turning.lock();
    let ended = state.run.write().take();
    ended.map(drop).ok_or(Error::NotInitialized)?;
    state.warm.forget_unused();
    Ok(())
}

/// The run, for every function but C_Initialize.
pub(crate) fn current() -> Result<Arc<Module>> {
    let state = STATE.made().ok_or(Error::NotInitialized)?;
    state.run.read().clone().ok_or(Error::NotInitialized)
}

/// An open session of the run.
pub(crate) fn session(handle: CK_SESSION_HANDLE) -> Result<Arc<Session>> {
    current()?.sessions.find(handle).ok_or(Error::SessionHandleInvalid)
}

/// Whether this process has come to C_Initialize. Before that, in a forked child, nothing is logged: the parent's log
/// may be locked for ever.
pub(crate) fn is_ours() -> bool {
    STATE.made().is_some()
}

impl State {
    fn say_what_is_odd(&self, config: &Config) {
        let is_new = |sentence: &str| self.said.lock().insert(sentence.to_owned());
        if let Some(sentence) = config.missing_credentials().filter(|sentence| is_new(sentence)) {
            error!("{sentence}");
        }
        for sentence in config.warnings().iter().filter(|sentence| is_new(sentence)) {
            warn!("{sentence}");
        }
        for Origin { setting, value, place } in config.origins() {
            let value = value.as_deref().unwrap_or("not set");
            trace!("{} is {value} ({place})", setting.name());
        }
    }
}

impl Module {
    fn start(state: &'static State) -> Result<Self> {
        let caller = if process::is_privileged() { Process::Privileged } else { Process::Ordinary };
        let config = Config::load(caller)
            .inspect_err(|_| state.warm.start_log(&Config::log_settings(caller), []))?;
        let slots = config.into_slots();
        if let Some(first) = slots.first() {
            let sources = slots.iter().filter_map(|slot| slot.token.as_ref());
            state.warm.start_log(&first.log, sources.filter_map(TokenSource::known));
        }
        info!("signpath-pkcs11 {}", env!("CARGO_PKG_VERSION"));
        let mut organizations = Vec::new();
        let tokens = (FIRST_SLOT..).zip(slots).map(|(id, config)| {
            let twins = organizations.iter().filter(|known| **known == config.organization).count();
            organizations.push(config.organization.clone());
            state.say_what_is_odd(&config);
            info!("slot {id} is {:?}, for {}", config.token_label, config.api_url);
            let config = Arc::new(config);
            Arc::new(Token::new(id, twins, config, &state.warm, &state.object_handles))
        });
        let tokens = tokens.collect();
        Ok(Self { tokens, sessions: Handles::new(&state.session_handles) })
    }

    pub(crate) fn tokens(&self) -> &[Arc<Token>] {
        &self.tokens
    }

    pub(crate) fn token(&self, slot: CK_SLOT_ID) -> Result<&Arc<Token>> {
        self.tokens.iter().find(|token| token.slot() == slot).ok_or(Error::SlotIdInvalid)
    }

    pub(crate) fn open_session(
        &self,
        slot: CK_SLOT_ID,
        flags: CK_FLAGS,
    ) -> Result<CK_SESSION_HANDLE> {
        let token = self.token(slot)?;
        if flags & CKF_SERIAL_SESSION == 0 {
            return Err(Error::SessionParallelNotSupported);
        }
        if flags & CKF_ASYNC_SESSION != 0 {
            return Err(Error::SessionAsyncNotSupported);
        }
        let read_write = flags & CKF_RW_SESSION != 0;
        token.session_opened(read_write);
        Ok(self.sessions.insert(Session::new(Arc::clone(token), read_write)))
    }

    pub(crate) fn close_session(&self, handle: CK_SESSION_HANDLE) -> Result<()> {
        let closed = self.sessions.remove(handle).ok_or(Error::SessionHandleInvalid)?;
        closed.token().session_closed(closed.is_read_write());
        Ok(())
    }

    pub(crate) fn close_all_sessions(&self, slot: CK_SLOT_ID) -> Result<()> {
        let token = self.token(slot)?;
        for closed in self.sessions.remove_where(|session| session.token().slot() == slot) {
            token.session_closed(closed.is_read_write());
        }
        token.all_sessions_closed();
        Ok(())
    }
}
