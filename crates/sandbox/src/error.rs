//! What can go wrong while a sandbox is set up or asked by its owner. What a client is told is in [`crate::problem`].

use std::{fmt, io, path::PathBuf};

use crate::signing_request::SigningRequestStatus;

/// Why the sandbox cannot start or answer its owner. Every message is a sentence to act on.
#[derive(Debug)]
pub enum Error {
    /// The address cannot be listened on.
    Listen {
        /// The address as it was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address is reachable from other machines and that was not allowed.
    NotLoopback {
        /// The address as it was given.
        address: String,
    },
    /// The configuration cannot be used.
    Config {
        /// The file, or `the configuration` when it was given by a program.
        origin: String,
        /// What is wrong with it and what is allowed.
        reason: String,
    },
    /// Another process is using the state folder.
    StateInUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds something else than a sandbox's state.
    NotASandbox {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no audit log because the folder is no sandbox's state folder, or is not there.
    NoStateFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the sandbox cannot be read or written.
    File {
        /// What was tried, as in `read` or `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the state folder has a content the sandbox cannot have written.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A key or a certificate cannot be made or used.
    Crypto {
        /// What it was for, as in `the key of demo/ec`.
        subject: String,
        /// What the cryptography library said.
        reason: String,
    },
    /// There is no such signing policy.
    UnknownPolicy {
        /// The name that was asked for.
        name: String,
    },
    /// There is no such signing request.
    UnknownRequest {
        /// The id that was asked for.
        id: String,
    },
    /// The signing request does not wait for an approval.
    NotWaiting {
        /// Its id.
        id: String,
        /// Where it stands.
        status: SigningRequestStatus,
    },
    /// The settings to reach a running sandbox are not there or not usable.
    Settings {
        /// What is wrong and what to do.
        reason: String,
    },
    /// A running sandbox cannot be asked, or has refused.
    Control {
        /// What was tried and what came of it.
        reason: String,
    },
    /// The sandbox's thread or runtime cannot be started.
    Runtime {
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    pub(crate) fn crypto(subject: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Crypto { subject: subject.into(), reason: reason.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => {
                write!(f, "cannot listen on {address}: {source}; choose another --listen address")
            }
            Self::NotLoopback { address } => write!(
                f,
                "{address} can be reached from other machines and the sandbox protects nothing; \
                 add --allow-remote if that is meant"
            ),
            Self::Config { origin, reason } => write!(f, "{origin}: {reason}"),
            Self::StateInUse { folder } => write!(
                f,
                "the state folder {} is in use by another sandbox; stop it or choose another folder",
                folder.display()
            ),
            Self::NotASandbox { folder } => write!(
                f,
                "{} is neither empty nor the state folder of a sandbox, which has a sandbox.json; \
                 choose another folder",
                folder.display()
            ),
            Self::NoStateFolder { folder } => write!(
                f,
                "{} is not the state folder of a sandbox; name the folder that serve --state was given",
                folder.display()
            ),
            Self::File { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            Self::Damaged { path, reason } => {
                write!(f, "{} is damaged: {reason}; remove it to have it made anew", path.display())
            }
            Self::Crypto { subject, reason } => write!(f, "{subject}: {reason}"),
            Self::UnknownPolicy { name } => {
                write!(f, "there is no signing policy {name} in this sandbox")
            }
            Self::UnknownRequest { id } => {
                write!(f, "there is no signing request {id} in this sandbox")
            }
            Self::NotWaiting { id, status } => write!(
                f,
                "the signing request {id} does not wait for an approval: its status is {status:?}"
            ),
            Self::Settings { reason } | Self::Control { reason } => f.write_str(reason),
            Self::Runtime { source } => write!(f, "cannot start the sandbox's thread: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::File { source, .. } | Self::Runtime { source } => {
                Some(source)
            }
            Self::NotLoopback { .. }
            | Self::Config { .. }
            | Self::StateInUse { .. }
            | Self::NotASandbox { .. }
            | Self::NoStateFolder { .. }
            | Self::Damaged { .. }
            | Self::Crypto { .. }
            | Self::UnknownPolicy { .. }
            | Self::UnknownRequest { .. }
            | Self::NotWaiting { .. }
            | Self::Settings { .. }
            | Self::Control { .. } => None,
        }
    }
}
