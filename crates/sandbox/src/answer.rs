//! An answer before it goes on the wire: status, headers, body.

use axum::http::StatusCode;
use serde::Serialize;

/// What a route answers. Pure data; faults and framing come later.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body }
    }

    /// 200 with a JSON body.
    pub(crate) fn json(body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::new(StatusCode::OK, "application/json; charset=utf-8", body)
    }

    /// Nothing but a status: what ASP.NET answers where no route matches.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Puts these members before those of a body that is a JSON object.
    pub(crate) fn prepend(&mut self, members: &str) {
        if let Some(rest) = self.body.strip_prefix(b"{") {
            self.body = [b"{", members.as_bytes(), b",", rest].concat();
        }
    }

    /// Calls the body something else.
    pub(crate) fn relabel(&mut self, content_type: &str) {
        self.headers.retain(|(name, _)| name != "content-type");
        self.headers.push(("content-type".to_owned(), content_type.to_owned()));
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}
