//! Multipart forms.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart},
    http::{HeaderMap, Request},
};

/// The parts of a multipart form.
pub(crate) struct Form {
    parts: Vec<Part>,
}

struct Part {
    name: String,
    /// Only a file has one.
    file_name: Option<String>,
    content: Vec<u8>,
}

impl Form {
    /// Reads a multipart body; `None` when it is not a complete one.
    pub(crate) async fn read(headers: &HeaderMap, body: Vec<u8>) -> Option<Self> {
        let mut request = Request::new(Body::from(body));
        *request.headers_mut() = headers.clone();
        // The server has bounded the body already.
        DefaultBodyLimit::disable().apply(&mut request);
        let mut multipart = Multipart::from_request(request, &()).await.ok()?;
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await.ok()? {
            parts.push(Part {
                name: field.name().unwrap_or_default().to_owned(),
                file_name: field.file_name().map(str::to_owned),
                content: field.bytes().await.ok()?.to_vec(),
            });
        }
        Some(Self { parts })
    }

    /// Pascal and camel case are both documented, so the case of a name does not matter.
    fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let part = self.part(name)?;
        String::from_utf8(part.content.clone()).ok().filter(|text| !text.is_empty())
    }

    /// The content of a file.
    pub(super) fn file(&self, name: &str) -> Option<&[u8]> {
        let part = self.part(name)?;
        part.file_name.as_ref().map(|_| part.content.as_slice())
    }

    /// All parts that are text, with their names.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.parts.iter().filter(|part| part.file_name.is_none()).filter_map(|part| {
            Some((part.name.as_str(), String::from_utf8(part.content.clone()).ok()?))
        })
    }
}
