//! What a registry is sent, and what it answers.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::image::Repository;

/// What a request needs to be allowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Pull,
    PullPush,
}

impl Scope {
    pub(super) fn of(self, repository: &Repository) -> String {
        let actions = match self {
            Self::Pull => "pull",
            Self::PullPush => "pull,push",
        };
        format!("repository:{}:{actions}", repository.path())
    }
}

/// A request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scope: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn new(method: Method, url: Url, scope: String) -> Self {
        Self { method, url, scope, headers: HeaderMap::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn with_secret(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn content(mut self, content: &[u8]) -> Self {
        self.body = content.to_vec();
        self
    }
}

/// A whole answer of any status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}
