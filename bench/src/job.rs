//! What is to be measured, and what was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A job of the bare client.
#[derive(Deserialize)]
pub(crate) struct Job {
    /// `HOST:PORT`, both as in the server's certificate.
    pub(crate) address: String,
    /// The root of the server's certificate, PEM, in a file.
    pub(crate) root: String,
    pub(crate) http: Http,
    /// What a client sends; the last one is the request to sign.
    pub(crate) requests: Vec<Request>,
    pub(crate) way: Way,
    /// The policy's public key, PEM: each signature is checked.
    pub(crate) check: Option<Check>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
pub(crate) enum Http {
    One,
    Two,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query, if there is one.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// Base64.
    pub(crate) body: String,
}

/// How the requests are made.
#[derive(Clone, Copy, Deserialize)]
pub(crate) enum Way {
    /// The last one over and over on a connection that is there, one after the other.
    Warm { rounds: usize },
    /// All of them in their order on a new connection; the last one `signatures` times.
    Cold { rounds: usize, signatures: usize },
    /// The last one, as often as it goes, by this many at once.
    Load { at_once: usize, connections: usize, seconds: f64 },
}

/// What each signature is checked with.
#[derive(Clone, Deserialize)]
pub(crate) struct Check {
    pub(crate) key: String,
    /// `Ecdsa` or `RsaPkcs1`, of a digest of SHA-256.
    pub(crate) scheme: String,
    /// Base64.
    pub(crate) digest: String,
}

/// What was measured.
#[derive(Default, Serialize)]
pub(crate) struct Measured {
    /// Of each round, in microseconds.
    pub(crate) samples: Vec<f64>,
    /// Signatures, and in how many seconds.
    pub(crate) signatures: usize,
    pub(crate) seconds: f64,
    /// Processor time of this process meanwhile, in seconds.
    pub(crate) processor: f64,
    /// The most memory that this process has had, in KiB.
    pub(crate) peak: u64,
}
