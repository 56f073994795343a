//! What came in, for tests to read back: requests, connections, TLS handshakes.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use parking_lot::Mutex;

use crate::routes::Route;

/// Whether what came in is kept in memory, to be read back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Memory {
    /// The newest 10,000 of each kind.
    #[default]
    Newest,
    /// Nothing: nobody is there who could read it.
    Nothing,
}

/// The newest of their kind, oldest first.
pub(crate) struct Newest<T> {
    limit: usize,
    kept: Mutex<VecDeque<T>>,
}

impl<T: Clone> Newest<T> {
    pub(crate) fn new(memory: Memory) -> Self {
        let limit = match memory {
            Memory::Newest => 10_000,
            Memory::Nothing => 0,
        };
        Self { limit, kept: Mutex::new(VecDeque::new()) }
    }

    /// Keeps an item, which is made only if it is kept.
    pub(crate) fn keep(&self, item: impl FnOnce() -> T) {
        if self.limit == 0 {
            return;
        }
        let mut kept = self.kept.lock();
        if kept.len() == self.limit {
            kept.pop_front();
        }
        kept.push_back(item());
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.kept.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.kept.lock().clear();
    }
}

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

/// Keeps and counts what came in.
pub(crate) struct Recorder {
    pub(crate) requests: Newest<Request>,
    requested: AtomicUsize,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
}

impl Recorder {
    pub(crate) fn new(memory: Memory) -> Self {
        Self {
            requests: Newest::new(memory),
            requested: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
        }
    }

    /// Counts a request, and keeps it if requests are kept.
    pub(crate) fn requested(&self, request: impl FnOnce() -> Request) {
        self.requested.fetch_add(1, Ordering::Relaxed);
        self.requests.keep(request);
    }

    pub(crate) fn request_count(&self) -> usize {
        self.requested.load(Ordering::Relaxed)
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
