//! The service's messages: what is sent, byte for byte, and what answers look like. Pure: nothing here connects, waits,
//! or decides what to do about an answer.
//!
//! The shapes are those of the service's documentation, both generations. Unknown properties are ignored.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::retry::Call;

pub(crate) use metadata::Metadata;
pub(crate) use policies::PolicyEntry;
pub(crate) use sign::{Form, Signed};

pub(crate) mod chain;
pub(crate) mod files;
mod metadata;
pub(crate) mod policies;
pub(crate) mod sign;

/// Longest list of policies that is read: 64 MiB.
const POLICIES_MAX: usize = 64 << 20;

/// Longest other answer that is read: 1 MiB.
const ANSWER_MAX: usize = 1 << 20;

/// One request below `<ApiUrl>/v1/<organization>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The path, beginning with a slash.
    pub(crate) route: Cow<'static, str>,
    /// Names and values, not yet percent-encoded.
    pub(crate) query: Vec<(&'static str, String)>,
    /// What is sent; `None` is a GET, everything else a POST.
    pub(crate) body: Body,
    /// What it is, for the question of when it may be sent again.
    pub(crate) call: Call,
    /// The most bytes that a successful answer may have.
    pub(crate) answer_max: usize,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// None: a GET.
    None,
    /// `application/json`.
    Json(Vec<u8>),
    /// `multipart/form-data`: plain fields, then one file.
    Form { fields: Vec<(Cow<'static, str>, String)>, file: File },
}

/// The file of a multipart form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The form field.
    pub(crate) field: &'static str,
    /// The file's name.
    pub(crate) name: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its bytes.
    pub(crate) content: Vec<u8>,
}

impl Request {
    /// The method on the wire.
    pub(crate) fn method(&self) -> &'static str {
        if self.body == Body::None { "GET" } else { "POST" }
    }
}

/// Base64 with the standard alphabet, padded.
fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of padded Base64; white space around it is ignored.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}

/// A property that nothing depends on: of any other type than the documented one it counts as missing, so that a signature
/// is not lost for a link.
fn if_any<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let text = Box::<RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(text.get()).ok())
}

#[cfg(test)]
mod tests;
