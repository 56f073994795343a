//! The log: a small, blocking tracing subscriber. Lines go to standard error and, if asked for, to a file; each in
//! one write, each with its secrets taken out at the last moment. Never to standard output, which belongs to the
//! host program, and never through a thread.
//!
//! Only events of this workspace's crates are logged: what libraries say of their insides may hold a token.

mod file;
mod generation;
mod level;
#[cfg(test)]
pub(crate) mod lines;
mod subscriber;
#[cfg(test)]
mod tests;
mod time;

use std::path::PathBuf;
use std::sync::Arc;

use crate::secret::{HIDDEN, Token};
use crate::system;

pub use file::FILE_NAME;
pub use level::{LEVELS, Level};
pub use subscriber::LogSubscriber;

use generation::{Process, Shared};

/// What is logged where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// What goes to standard error.
    pub console: Level,
    /// What goes to the file.
    pub file: Level,
    /// The folder of the file ([`FILE_NAME`]); made if it is missing, then for this user alone. One that is there has to be
    /// this user's or root's. The file is this user's alone in any case.
    pub directory: PathBuf,
}

/// The handle of the log. Cheap to clone.
///
/// In a forked child it is silent until it is configured there, and forgets the tokens: the parent's threads may have held
/// its locks.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

impl Log {
    /// Makes the log that of the process: the first call installs the subscriber, later ones configure it again.
    /// In a process with a subscriber of another kind nothing of ours is logged.
    pub fn install(settings: &LogSettings) -> Self {
        if let Some(log) = Self::installed() {
            log.configure(settings);
            return log;
        }
        let log = Self::new(settings);
        tracing::subscriber::set_global_default(log.subscriber()).ok();
        log
    }

    /// The log of the process, once there is one.
    pub fn installed() -> Option<Self> {
        tracing::dispatcher::get_default(|dispatch| {
            dispatch.downcast_ref::<LogSubscriber>().map(LogSubscriber::log)
        })
    }

    /// A log that is not installed: for [`tracing::subscriber::with_default`].
    pub fn new(settings: &LogSettings) -> Self {
        Self::with(settings, Box::new(system::write_to_standard_error), Box::new(std::process::id))
    }

    fn with(settings: &LogSettings, console: Console, process: Process) -> Self {
        let log = Self(Arc::new(Shared::new(console, process)));
        log.configure(settings);
        log
    }

    /// The subscriber that feeds this log.
    pub fn subscriber(&self) -> LogSubscriber {
        LogSubscriber::new(self.clone())
    }

    /// Sets levels and folder from now on. A log file that was given up is tried again.
    pub fn configure(&self, settings: &LogSettings) {
        self.0.state().configure(settings);
        tracing::callsite::rebuild_interest_cache();
    }

    /// Hides the token in every line from now on, whoever writes it.
    pub fn protect(&self, token: &Token) {
        self.0.state().protect(token);
    }

    /// A text that is shown elsewhere, without what is hidden in every line ([`crate::secret::redact`] with these tokens).
    pub fn redacted(&self, text: &str) -> String {
        self.0.state().redacted(text).unwrap_or_else(|| HIDDEN.to_owned())
    }

    /// Takes one [`Log::protect`] of this token back. It stays hidden as long as there is another one.
    pub fn forget(&self, token: &Token) {
        self.0.state().forget(token);
    }
}

/// Takes a whole line, its newline included.
type Console = Box<dyn Fn(&[u8]) + Send + Sync>;
