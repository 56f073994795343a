//! What the HTTP stack's errors mean: how far the request came, and the sentence of whoever failed.

use std::error::Error as StdError;
use std::io;

use crate::error::{Failure, one_line};
use crate::http::Broken;

/// Longest text of the system or the TLS library that is repeated, in characters.
const DETAIL_MAX: usize = 200;

/// What the proxy's 407 becomes in the HTTP stack.
const PROXY_PASSWORD: &str = "proxy authorization required";

/// What its other refusals of a tunnel become.
const TUNNEL: &str = "tunnel error: unsuccessful";

pub(super) fn of(error: &reqwest::Error) -> Broken {
    let chain = chain(error);
    let detail = chain.last().map(|last| one_line(&last.to_string(), DETAIL_MAX));
    Broken::Exchange { failure: kind(error, &chain), detail: detail.unwrap_or_default() }
}

fn kind(error: &reqwest::Error, chain: &[&(dyn StdError + 'static)]) -> Failure {
    if let Some(tls) = chain.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => Failure::Trust,
            _ => Failure::Tls,
        };
    }
    if !error.is_connect() {
        return if error.is_timeout() { Failure::Timeout } else { Failure::Lost };
    }
    let says = |words: &str| chain.iter().any(|cause| cause.to_string().contains(words));
    if says(PROXY_PASSWORD) {
        return Failure::Proxy;
    }
    if says(TUNNEL) { Failure::Tunnel } else { Failure::Connect }
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
