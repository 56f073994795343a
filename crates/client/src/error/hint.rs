//! What a user can do about a failure: one table, one row per situation.

use crate::error::{Error, Failure, ServiceMessage};

/// Situations that have an advice of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// 400, the policy wants a person's approval.
    Approval,
    /// 403.
    Forbidden,
    /// The answer is not what a SignPath service gives.
    NotSignPath,
    /// 404 or 405: the organization, or the address as a whole.
    NotFound,
    /// The server has another key than the configured ones.
    OtherKey,
    /// No address for the host, or nobody listens there.
    NoConnection,
    /// 407, or the proxy's wish for a password on a tunnel.
    ProxyPassword,
    /// The proxy's refusal of a tunnel.
    ProxyRefusal,
    /// 429.
    RateLimit,
    /// 3xx.
    Redirection,
    /// The policy's key is another one than at the start.
    Rotated,
    /// 500 and other 5xx.
    ServiceFailed,
    /// 408, 502, 503, 504, a stream that is refused.
    ServiceDown,
    /// The attempt took too long.
    TimeOut,
    /// The file or the program that ApiToken names gives no token.
    TokenSource,
    /// TLS fails without a word on trust.
    TlsHandshake,
    /// The server's certificate has ended, or has not begun.
    CertificateTime,
    /// The server's certificate is for another name.
    CertificateName,
    /// No chain from the server's certificate to a trusted root.
    UnknownIssuer,
    /// 400, there is no such policy.
    UnknownPolicy,
    /// 401.
    WrongToken,
    /// The signature does not verify.
    WrongSignature,
}

/// The advice for each situation.
pub const HINTS: &[(Situation, &str)] = &[
    (
        Situation::Approval,
        "Use a signing policy without an approval process; approvals need file-based signing requests",
    ),
    (
        Situation::Forbidden,
        "Make the token's user a submitter of this signing policy, and check that the organization may use this way of signing",
    ),
    (
        Situation::NotSignPath,
        "Check SIGNPATH_API_URL, and whether a proxy answers in the service's place",
    ),
    (
        Situation::NotFound,
        "Check SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_URL (it ends in /Api), and the project and signing policy",
    ),
    (Situation::NoConnection, "Check SIGNPATH_API_URL, the network, and the proxy if there is one"),
    (
        Situation::OtherKey,
        "Do not trust this connection, unless the service's owner confirms that the key is new: then add it to \
         SIGNPATH_TLS_SERVER_KEY_SHA256",
    ),
    // As a URL it would be taken for a secret in the log.
    (Situation::ProxyPassword, "Write user:password@ before the host of the proxy's address"),
    (
        Situation::ProxyRefusal,
        "Let the proxy's owner allow the service's host, or name another proxy in HttpProxy or https_proxy, or the host in no_proxy",
    ),
    (Situation::RateLimit, "Wait before the next try, or make fewer requests at once"),
    (Situation::Redirection, "Set SIGNPATH_API_URL to the service's own address"),
    (Situation::Rotated, "Run the command again to use the policy's new key"),
    (Situation::ServiceFailed, "If it happens again, give the trace id to the service's support"),
    (Situation::ServiceDown, "Try again later"),
    (Situation::TimeOut, "Try again, or set SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS higher"),
    (
        Situation::TokenSource,
        "Look at what ApiToken names in the configuration: a program is run as this user, and the first line of its standard \
         output has to be the token",
    ),
    (
        Situation::TlsHandshake,
        "Check that SIGNPATH_API_URL names an https server, and SIGNPATH_TLS_CLIENT_CERTIFICATE if the server asks for one",
    ),
    (
        Situation::CertificateTime,
        "Check this machine's clock; if it is right, the server's owner has to renew the certificate",
    ),
    (
        Situation::CertificateName,
        "Set SIGNPATH_API_URL to a host that the certificate names, and check whether a proxy answers in the service's place",
    ),
    (
        Situation::UnknownIssuer,
        "If the server uses a private CA, name its certificate in SIGNPATH_TLS_CA_CERTIFICATE",
    ),
    (Situation::UnknownPolicy, "Check the spelling of the project and the signing policy"),
    (
        Situation::WrongToken,
        "The token is wrong, expired, or of another organization: check SIGNPATH_API_TOKEN and SIGNPATH_ORGANIZATION_ID, or \
         the PIN if they came with it",
    ),
    (
        Situation::WrongSignature,
        "Do not trust this connection until the reason is known; tell the service's support",
    ),
];

/// The advice of a situation.
pub(super) fn text(situation: Situation) -> &'static str {
    HINTS.iter().find(|(row, _)| *row == situation).map_or("", |(_, text)| text)
}

/// Which situation an error is.
pub(super) fn situation(error: &Error) -> Option<Situation> {
    match error {
        Error::TokenSource { .. } => Some(Situation::TokenSource),
        Error::Connection { failure, .. } => Some(of_failure(*failure)),
        Error::Status { status, message, .. } => of_status(*status, message),
        Error::Redirect { .. } => Some(Situation::Redirection),
        Error::Answer { .. } => Some(Situation::NotSignPath),
        Error::KeyRotated { .. } => Some(Situation::Rotated),
        Error::WrongSignature { .. } => Some(Situation::WrongSignature),
        Error::GaveUp { last, .. } => situation(last),
        _ => None,
    }
}

fn of_failure(failure: Failure) -> Situation {
    match failure {
        Failure::Lookup | Failure::Connect | Failure::Lost => Situation::NoConnection,
        Failure::Proxy => Situation::ProxyPassword,
        Failure::Tunnel => Situation::ProxyRefusal,
        Failure::Trust => Situation::UnknownIssuer,
        Failure::Pin => Situation::OtherKey,
        Failure::CertificateTime => Situation::CertificateTime,
        Failure::CertificateName => Situation::CertificateName,
        Failure::Tls => Situation::TlsHandshake,
        Failure::Timeout => Situation::TimeOut,
        Failure::NotTaken => Situation::ServiceDown,
    }
}

fn of_status(status: u16, message: &ServiceMessage) -> Option<Situation> {
    match status {
        400 if message.text().contains("approval process") => Some(Situation::Approval),
        400 if message.text().contains("no signing policy") => Some(Situation::UnknownPolicy),
        401 => Some(Situation::WrongToken),
        403 => Some(Situation::Forbidden),
        404 | 405 => Some(Situation::NotFound),
        407 => Some(Situation::ProxyPassword),
        429 => Some(Situation::RateLimit),
        408 | 502..=504 => Some(Situation::ServiceDown),
        500.. => Some(Situation::ServiceFailed),
        _ => None,
    }
}
