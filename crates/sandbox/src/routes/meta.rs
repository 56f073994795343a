//! The routes that need no token.

use axum::http::StatusCode;
use serde::Serialize;

use crate::{Generation, answer::Answer};

#[derive(Serialize)]
struct SystemInfo {
    version: &'static str,
}

pub(super) fn health() -> Answer {
    Answer::new(StatusCode::OK, "text/plain", b"Healthy".to_vec())
}

pub(super) fn system_info(generation: Generation) -> Answer {
    Answer::json(&SystemInfo { version: generation.version() })
}
