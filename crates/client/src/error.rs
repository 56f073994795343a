//! What can go wrong between this program and the service, as sentences that say what was asked, what was answered
//! and what to do. Not for PKCS #11 return values: the module derives those from [`Error::class`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use hint::{HINTS, Situation};
pub use message::ServiceMessage;
use message::visible;
pub(crate) use message::{is_invisible, one_line, shown};
pub use stop::Stop;

mod hint;
mod message;
mod stop;

/// Why a call of this crate failed. `Display` is one line without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A setting has a value that is not allowed.
    Setting {
        /// Its name in [`crate::SETTINGS`].
        setting: &'static str,
        /// The value as it may be shown.
        value: String,
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        problem: String,
        /// What a value has to be.
        allowed: &'static str,
    },
    /// The configuration file cannot be read.
    ConfigFile {
        /// The file that `SIGNPATH_CONFIG_FILE` names.
        path: PathBuf,
        /// What is wrong, with line and column where it is the JSON.
        problem: String,
    },
    /// Nothing can be sent: certificate files, token or proxy cannot be used, or this system has no root certificates.
    Setup {
        /// What is wrong, with the path of the file.
        why: String,
    },
    /// There is no API token: its source does not give one.
    TokenSource {
        /// Which source, for example "the command /usr/local/bin/token".
        source: String,
        /// What is wrong with it.
        why: String,
    },
    /// No whole answer came.
    Connection {
        /// What was being done, for example "signing with demo/ec at `https://app.signpath.io/Api`".
        asked: String,
        /// How far it came.
        failure: Failure,
        /// What the system or the TLS library said.
        detail: String,
    },
    /// The service answered with an error status.
    Status {
        /// What was being done.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// What the body said.
        message: ServiceMessage,
    },
    /// The service answered with a redirection, which is never followed: the token would go to another address.
    Redirect {
        /// What was being done.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// The host that `Location` names.
        host: Option<String>,
    },
    /// The service answered with success, but not in a shape that can be used.
    Answer {
        /// What was being done.
        asked: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The signature does not verify, and a fresh look shows that the policy has another key now.
    KeyRotated {
        /// `project/policy`.
        policy: String,
    },
    /// The signature does not verify with the policy's public key.
    WrongSignature {
        /// `project/policy`.
        policy: String,
        /// What a fresh look at the policy gave.
        detail: String,
        /// The signing request's page.
        link: Option<String>,
    },
    /// Several policies have the name, and none of them in the letter case that was asked for.
    Ambiguous {
        /// `project/policy` as it was asked for.
        name: String,
        /// The names of those that there are.
        found: Vec<String>,
    },
    /// The policy's key cannot make this signature; nothing was sent.
    Unsuitable {
        /// `project/policy`.
        policy: String,
        /// Which property does not fit.
        why: String,
    },
    /// No time was left for a request that the call needs.
    OutOfTime {
        /// What was being done.
        asked: String,
        /// What set the end.
        because: Stop,
    },
    /// The call was repeated, or could not be repeated any more, and still failed.
    GaveUp {
        /// The last attempt's error.
        last: Box<Self>,
        /// How often the service was asked.
        attempts: u32,
        /// Time since the first attempt began.
        elapsed: Duration,
        /// Why there was no further attempt.
        because: Stop,
    },
}

/// The kinds of failure that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A setting or a file of this program.
    Configuration,
    /// The service does not accept the token (401).
    Unauthorized,
    /// The service, or this crate for it, says that the request is wrong (other 4xx, redirections).
    Refused,
    /// Worth another try later: time-outs, connections, 408, 429, 502, 503, 504.
    Transient,
    /// The service failed (500 and the other 5xx).
    Service,
    /// A wrong signature, a rotated key, a certificate that is not trusted.
    Untrusted,
    /// The answer has a wrong shape or is too long.
    Answer,
}

/// How a request failed without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The name has no address.
    Lookup,
    /// No connection; nothing of the request was sent.
    Connect,
    /// The proxy asks for a user name and a password; nothing of the request was sent.
    Proxy,
    /// The proxy makes no connection to the service; nothing of the request was sent.
    Tunnel,
    /// The server took the connection and refused the request before anything was done.
    NotTaken,
    /// The server's certificate is not trusted.
    Trust,
    /// The server's certificate is trusted, but its key is none of the configured ones.
    Pin,
    /// The server's certificate is not valid at this machine's time.
    CertificateTime,
    /// The server's certificate is for another name.
    CertificateName,
    /// TLS failed for another reason than trust.
    Tls,
    /// The attempt's time was over; the request may have been carried out.
    Timeout,
    /// The connection ended before the whole answer was there; the request may have been carried out.
    Lost,
}

/// A file that a setting names and that cannot be used; `why` continues a sentence ("cannot be read: …").
pub(crate) fn unusable_file(setting: &str, path: &Path, why: impl fmt::Display) -> Error {
    let row = crate::SETTINGS.iter().find(|row| row.name() == setting);
    let allowed = row.map_or("a file that can be used", |row| row.allowed);
    Error::Setup {
        why: format!("{setting} names {}, which {why}; allowed: {allowed}", path.display()),
    }
}

impl Error {
    /// Which kind of failure this is.
    pub fn class(&self) -> Class {
        match self {
            Self::Setting { .. }
            | Self::ConfigFile { .. }
            | Self::Setup { .. }
            | Self::TokenSource { .. } => Class::Configuration,
            Self::Connection {
                failure:
                    Failure::Trust | Failure::Pin | Failure::CertificateTime | Failure::CertificateName,
                ..
            } => Class::Untrusted,
            Self::Connection { failure: Failure::Tls | Failure::Proxy, .. } => Class::Configuration,
            Self::Connection { .. } | Self::OutOfTime { .. } => Class::Transient,
            Self::Status { status, .. } => class_of_status(*status),
            Self::Redirect { .. } | Self::Unsuitable { .. } | Self::Ambiguous { .. } => {
                Class::Refused
            }
            Self::Answer { .. } => Class::Answer,
            Self::KeyRotated { .. } | Self::WrongSignature { .. } => Class::Untrusted,
            Self::GaveUp { last, .. } => last.class(),
        }
    }

    /// What the user can do about it; `None` where nothing better than the message is known.
    pub fn hint(&self) -> Option<&'static str> {
        hint::situation(self).map(hint::text)
    }

    /// Which situation this is, of those that have an advice.
    pub fn situation(&self) -> Option<Situation> {
        hint::situation(self)
    }

    /// 404 or 405 without a problem+json body: this server does not know the route.
    pub fn is_missing_route(&self) -> bool {
        match self {
            Self::Status { status: 404 | 405, message, .. } => !message.is_problem(),
            Self::GaveUp { last, .. } => last.is_missing_route(),
            _ => false,
        }
    }

    /// 410, or 404 with a problem+json body: the service says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Status { status: 410, .. } => true,
            Self::Status { status: 404, message, .. } => message.is_problem(),
            Self::GaveUp { last, .. } => last.is_not_found(),
            _ => false,
        }
    }

    /// Whether the service may have done what it was asked for all the same: the answer did not come, or not as it should be.
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Connection { failure, .. } => matches!(failure, Failure::Timeout | Failure::Lost),
            Self::Status { status, .. } => matches!(status, 500 | 502 | 504..),
            Self::Answer { .. } | Self::KeyRotated { .. } | Self::WrongSignature { .. } => true,
            Self::GaveUp { last, .. } => last.may_have_been_carried_out(),
            _ => false,
        }
    }

    /// The message without the hint.
    fn statement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { setting, value, place, problem, allowed } => write!(
                f,
                "the setting {setting} cannot be \"{value}\" (from {place}): {problem}; allowed: {allowed}"
            ),
            Self::ConfigFile { path, problem } => {
                write!(f, "the configuration file {} cannot be used: {problem}", path.display())
            }
            Self::Setup { why } => {
                write!(f, "the connection to the service cannot be set up: {why}")
            }
            Self::TokenSource { source, why } => write!(f, "{source} gives no API token: {why}"),
            Self::Connection { asked, failure, detail } => {
                write!(f, "{asked} failed: {}", failure.words())?;
                if detail.is_empty() { Ok(()) } else { write!(f, " ({detail})") }
            }
            Self::Status { asked, status, message } => {
                write!(f, "{asked} failed: the service answered {status}{message}")
            }
            Self::Redirect { asked, status, host } => {
                let host = host.as_deref().unwrap_or("an address that cannot be read");
                write!(f, "{asked} failed: the service answered {status} and points to {host}")
            }
            Self::Answer { asked, why } => {
                write!(f, "{asked} failed: the answer cannot be used: {why}")
            }
            Self::KeyRotated { policy } => write!(
                f,
                "the signature made with {policy} does not verify with the key that was read before: the policy has \
                 another key now, and the signature was thrown away"
            ),
            Self::WrongSignature { policy, detail, link } => {
                write!(
                    f,
                    "the signature made with {policy} is wrong and was thrown away: {detail}"
                )?;
                link.iter().try_for_each(|link| write!(f, " [{link}]"))
            }
            Self::Unsuitable { policy, why } => write!(f, "{policy} cannot sign this: {why}"),
            Self::OutOfTime { asked, because } => {
                write!(f, "{asked} failed: ")?;
                because.statement(f, "the next request")
            }
            Self::Ambiguous { name, found } => write!(
                f,
                "several signing policies are called {name}, but for letter case: {}; one of them has to be named as it is",
                found.join(", ")
            ),
            Self::GaveUp { last, attempts, elapsed, because } => {
                last.statement(f)?;
                because.after(f, *attempts, *elapsed)
            }
        }
    }
}

/// An error's message without the hint, as it is put together.
struct Statement<'e>(&'e Error);

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.statement(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Paths and values may have anything in them.
        f.write_str(&visible(&Statement(self).to_string()))?;
        self.hint().map_or(Ok(()), |hint| write!(f, ". {hint}"))
    }
}

impl std::error::Error for Error {}

impl Failure {
    fn words(self) -> &'static str {
        match self {
            Self::Lookup => "the host's name cannot be resolved",
            Self::Connect => "no connection",
            Self::Proxy => "the proxy asks for a user name and a password",
            Self::Tunnel => "the proxy makes no connection to the service",
            Self::NotTaken => "the server takes no further request at the moment",
            Self::Trust => "the server's certificate is not trusted",
            Self::Pin => "the server's key is none of those in TlsServerKeySha256",
            Self::CertificateTime => {
                "the server's certificate is not valid at the time of this machine's clock"
            }
            Self::CertificateName => "the server's certificate is for another name",
            Self::Tls => "the TLS handshake failed",
            Self::Timeout => "no whole answer in time",
            Self::Lost => "the connection ended before the whole answer was there",
        }
    }
}

/// RFC 9110 §15.5 and §15.6, in the groups that callers treat differently.
fn class_of_status(status: u16) -> Class {
    match status {
        401 => Class::Unauthorized,
        408 | 429 | 502..=504 => Class::Transient,
        500.. => Class::Service,
        _ => Class::Refused,
    }
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
