//! What came in, for tests to read back: requests, connections, TLS handshakes.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use parking_lot::Mutex;

use crate::routes::Route;

/// How many requests are kept; the oldest go first.
const KEPT: usize = 10_000;

/// A request as it came in, faults or not.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, as in `GET`.
    pub method: String,
    /// The path as the client wrote it.
    pub path: String,
    /// What stands after the `?`, empty when there is none.
    pub query: String,
    /// Names in lower case, and values; the token is among them.
    pub headers: Vec<(String, String)>,
    /// The body, complete.
    pub body: Vec<u8>,
    /// The route, whichever generation offers it; `None` for a path that the service does not have.
    pub route: Option<Route>,
    /// Counts the connections of a sandbox from 1.
    pub connection: u64,
    /// Whether it came by HTTP/2.
    pub http2: bool,
    /// When it had been read.
    pub at: Instant,
}

impl Request {
    /// The first header of this name, whose case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `None` when it is not.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Keeps what came in.
#[derive(Default)]
pub(crate) struct Recorder {
    requests: Mutex<VecDeque<Request>>,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
}

impl Recorder {
    pub(crate) fn keep(&self, request: Request) {
        let mut requests = self.requests.lock();
        if requests.len() == KEPT {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.requests.lock().clear();
    }

    /// Counts a connection and gives its number.
    pub(crate) fn connected(&self) -> u64 {
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn shook_hands(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }
}
