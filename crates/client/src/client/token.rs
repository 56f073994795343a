//! The token that requests carry: what its source has told, until the service refuses it and the source has another one.

use std::time::Duration;

use parking_lot::Mutex;
use tracing::{error, info};

use crate::client::Client;
use crate::error::Error;
use crate::log::Log;
use crate::secret::{COMMAND_TIME, Token, TokenSource};

/// A source and what it has told. The lock is held for moments, never while the source is asked: threads that need a
/// token at once may ask at once.
pub(super) struct CurrentToken {
    source: TokenSource,
    told: Mutex<Told>,
}

struct Told {
    current: Option<Token>,
    /// The current one and those before it.
    all: Vec<Token>,
    /// Where they are hidden as long as this is there.
    log: Option<Log>,
    /// They stay hidden there.
    is_for_good: bool,
}

impl Client {
    /// The same client, whose tokens are hidden in this log for as long as the process is there.
    #[must_use]
    pub fn hiding_tokens_for_good_in(mut self, log: &Log) -> Self {
        self.token.hide_in(log);
        self.token.never_forget();
        self
    }
}

impl CurrentToken {
    pub(super) fn new(source: TokenSource) -> Self {
        let current = source.known().cloned();
        let all = current.iter().cloned().collect();
        let told = Mutex::new(Told { current, all, log: None, is_for_good: false });
        Self { source, told }
    }

    /// Hides the tokens in this log, those to come as well.
    pub(super) fn hide_in(&mut self, log: &Log) {
        let told = self.told.get_mut();
        told.all.iter().for_each(|token| log.protect(token));
        told.log = Some(log.clone());
    }

    /// From now on nothing is shown again when this is gone.
    pub(super) fn never_forget(&mut self) {
        self.told.get_mut().is_for_good = true;
    }

    /// Every token that has been told: what must not be seen, also where the service has refused it.
    pub(super) fn known(&self) -> Vec<Token> {
        self.told.lock().all.clone()
    }

    /// The token for a request. A source that has not been asked yet is asked now, for `left` at most.
    ///
    /// # Errors
    /// [`Error::TokenSource`].
    pub(super) fn current(&self, left: Duration) -> Result<Token, Error> {
        if let Some(token) = self.told.lock().current.clone() {
            return Ok(token);
        }
        let token = self.source.ask(left.min(COMMAND_TIME)).map_err(|why| self.fault(why))?;
        self.keep(&token);
        Ok(token)
    }

    /// Another token than the one that the service has refused, if the source has one by now; another thread may have
    /// asked it already.
    pub(super) fn instead_of(&self, refused: &Token, left: Duration) -> Option<Token> {
        let newer = self.told.lock().current.clone().filter(|current| current != refused);
        if newer.is_some() {
            return newer;
        }
        match self.source.ask_again(left.min(COMMAND_TIME))? {
            Ok(token) if token == *refused => None,
            Ok(token) => {
                info!("the service refused the API token; {} has another one", self.source);
                self.keep(&token);
                Some(token)
            }
            Err(why) => {
                // The answer to the request stays the service's refusal.
                error!("{}", self.fault(why));
                None
            }
        }
    }

    fn keep(&self, token: &Token) {
        self.told.lock().keep(token);
    }

    fn fault(&self, why: String) -> Error {
        Error::TokenSource { source: self.source.to_string(), why }
    }
}

impl Told {
    fn keep(&mut self, token: &Token) {
        self.current = Some(token.clone());
        if self.all.contains(token) {
            return;
        }
        self.all.push(token.clone());
        if let Some(log) = &self.log {
            log.protect(token);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let Some(log) = self.log.as_ref().filter(|_| !self.is_for_good) else { return };
        self.all.iter().for_each(|token| log.forget(token));
    }
}
