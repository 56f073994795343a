//! What the HTTP stack's errors mean: how far the request came, and the sentence of whoever failed.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use crate::error::{Failure, one_line};
use crate::http::Broken;
use crate::http::tls::OtherKey;
use crate::secret::without_token;

/// Longest text of the system or the TLS library that is repeated, in characters.
const DETAIL_MAX: usize = 200;

/// What the proxy's 407 becomes in the HTTP stack.
const PROXY_PASSWORD: &str = "proxy authorization required";

/// What its other refusals of a tunnel become.
const TUNNEL: &str = "tunnel error: unsuccessful";

/// What a server says of our certificate. In TLS 1.3 that comes after the handshake (RFC 8446, section 4.4.2.4), and on HTTP/2
/// the TLS library's error has become a text by then.
const OUR_CERTIFICATE: [&str; 7] = [
    "received fatal alert: AccessDenied",
    "received fatal alert: BadCertificate",
    "received fatal alert: CertificateExpired",
    "received fatal alert: CertificateRequired",
    "received fatal alert: CertificateRevoked",
    "received fatal alert: CertificateUnknown",
    "received fatal alert: UnknownCA",
];

/// How HTTP/2 says that a stream was not looked at (RFC 9113 §8.7), and that the connection takes none any more (§6.8).
const NOT_PROCESSED: [&str; 2] = [
    "stream error received: refused stream before processing any application logic",
    "connection error received: not a result of an error",
];

/// `secret` is not in it, also where a peer gives it back.
pub(super) fn of(error: &reqwest::Error, secret: &str) -> Broken {
    let chain = chain(error);
    if let Some(other) = tls_error(&chain).and_then(OtherKey::behind) {
        return Broken::Exchange { failure: Failure::Pin, detail: other.to_string() };
    }
    let detail = chain.last().map(|last| {
        let words = without_token(&last.to_string(), secret);
        one_line(without_link(&words), DETAIL_MAX)
    });
    Broken::Exchange { failure: kind(error, &chain), detail: detail.unwrap_or_default() }
}

fn tls_error<'a>(chain: &[&'a (dyn StdError + 'static)]) -> Option<&'a rustls::Error> {
    chain.iter().find_map(|cause| cause.downcast_ref())
}

/// The TLS library's words for an end without a farewell go on with the address of its manual.
fn without_link(text: &str) -> &str {
    text.split_once(": https://docs.rs/").map_or(text, |(words, _)| words)
}

fn kind(error: &reqwest::Error, chain: &[&(dyn StdError + 'static)]) -> Failure {
    if let Some(tls) = tls_error(chain) {
        return match tls {
            rustls::Error::InvalidCertificate(reason) => of_certificate(reason),
            _ => Failure::Tls,
        };
    }
    let says = |words: &str| chain.iter().any(|cause| cause.to_string().contains(words));
    if OUR_CERTIFICATE.iter().any(|alert| says(alert)) {
        return Failure::Tls;
    }
    if NOT_PROCESSED.iter().any(|words| says(words)) {
        return Failure::NotTaken;
    }
    if !error.is_connect() {
        return if error.is_timeout() { Failure::Timeout } else { Failure::Lost };
    }
    if says(PROXY_PASSWORD) {
        return Failure::Proxy;
    }
    if says(TUNNEL) { Failure::Tunnel } else { Failure::Connect }
}

fn of_certificate(reason: &CertificateError) -> Failure {
    match reason {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Failure::CertificateTime,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Failure::CertificateName
        }
        _ => Failure::Trust,
    }
}

/// The error and everything that it came from. An `io::Error` hides what it wraps from `source`.
fn chain(error: &reqwest::Error) -> Vec<&(dyn StdError + 'static)> {
    let mut chain: Vec<&(dyn StdError + 'static)> = Vec::new();
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(cause) = next {
        chain.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    chain
}
