//! One run of the module, from C_Initialize to C_Finalize, and the one door to it.

use std::sync::Arc;

use cryptoki_sys::*;
use parking_lot::RwLock;
use signpath_client::{
    config::{Config, Process as Caller},
    log::{Level, LogSettings},
};
use tracing::{info, warn};

use crate::{
    error::{Error, Result},
    ffi::process::{self, PerProcess},
    handles::Handles,
    session::Session,
    token::Token,
    warm::Warm,
};

/// What this process has of the module. A forked child makes its own.
static PROCESS: PerProcess<Process> = PerProcess::new();

#[derive(Default)]
struct Process {
    run: RwLock<Option<Arc<Module>>>,
    warm: Warm,
}

/// A run: the slots, which never change during it, and the sessions.
pub(crate) struct Module {
    tokens: Vec<Arc<Token>>,
    sessions: Handles<Session>,
}

/// C_Initialize: builds everything and publishes it last, so that a failure leaves nothing behind. No network.
pub(crate) fn initialize() -> Result<()> {
    let process = PROCESS.make();
    let mut run = process.run.write();
    if run.is_some() {
        return Err(Error::AlreadyInitialized);
    }
    *run = Some(Arc::new(Module::start(process)?));
    Ok(())
}

/// C_Finalize: calls that are under way finish with what they hold, and nothing new begins.
pub(crate) fn finalize() -> Result<()> {
    let process = PROCESS.made().ok_or(Error::NotInitialized)?;
    let ended = process.run.write().take();
    ended.map(drop).ok_or(Error::NotInitialized)
}

/// The run, for every function but C_Initialize.
pub(crate) fn current() -> Result<Arc<Module>> {
    let process = PROCESS.made().ok_or(Error::NotInitialized)?;
    process.run.read().clone().ok_or(Error::NotInitialized)
}

/// Whether this process has come to C_Initialize. Before that, in a forked child, nothing is logged: the parent's log
/// may be locked for ever.
pub(crate) fn is_ours() -> bool {
    PROCESS.made().is_some()
}

impl Module {
    fn start(process: &'static Process) -> Result<Self> {
        let caller = if process::is_privileged() { Caller::Privileged } else { Caller::Ordinary };
        let config = match Config::load(caller) {
            Ok(config) => config,
            Err(error) => {
                let console = Level::Error;
                process.warm.start_log(&LogSettings { console, ..LogSettings::default() });
                return Err(error.into());
            }
        };
        process.warm.start_log(&config.log);
        for warning in config.warnings() {
            warn!("{warning}");
        }
        info!("signpath-pkcs11 {} for {}", env!("CARGO_PKG_VERSION"), config.api_url);
        let token = Token::new(1, Arc::new(config), &process.warm);
        Ok(Self { tokens: vec![Arc::new(token)], sessions: Handles::default() })
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
        let read_write = flags & CKF_RW_SESSION != 0;
        Ok(self.sessions.insert(Session::new(Arc::clone(token), read_write)))
    }

    pub(crate) fn session(&self, handle: CK_SESSION_HANDLE) -> Result<Arc<Session>> {
        self.sessions.find(handle).ok_or(Error::SessionHandleInvalid)
    }

    pub(crate) fn close_session(&self, handle: CK_SESSION_HANDLE) -> Result<()> {
        let closed = self.sessions.remove(handle).ok_or(Error::SessionHandleInvalid)?;
        if self.count_sessions(closed.token().slot(), |_| true) == 0 {
            closed.token().all_sessions_closed();
        }
        Ok(())
    }

    pub(crate) fn close_all_sessions(&self, slot: CK_SLOT_ID) -> Result<()> {
        let token = self.token(slot)?;
        self.sessions.remove_where(|session| session.token().slot() == slot);
        token.all_sessions_closed();
        Ok(())
    }

    pub(crate) fn count_sessions(
        &self,
        slot: CK_SLOT_ID,
        counted: impl Fn(&Session) -> bool,
    ) -> usize {
        self.sessions.count_where(|session| session.token().slot() == slot && counted(session))
    }
}
