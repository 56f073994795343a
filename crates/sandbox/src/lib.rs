//! A SignPath-compatible service with keys of its own: for trying and testing without an account.
//!
//! It speaks both halves of the service's HTTP API, hash signing and file-based signing, in the documented shapes and with
//! the recorded texts, and shares no type with the client it is there for: two ends that share a type hide errors. As a
//! library it starts in the process of a test, lets faults happen, and gives back what came in. It protects nothing:
//! whoever has its token, which it prints, can sign.

#![forbid(unsafe_code)]

mod algorithm;
mod answer;
mod archive;
mod artifact;
mod audit;
mod builder;
mod catalog;
mod certificates;
mod config;
mod connection;
mod control;
mod env_file;
mod error;
mod fault;
mod generation;
mod html;
mod keys;
mod line;
mod pattern;
mod payload;
mod private_file;
mod problem;
mod record;
mod replay;
mod routes;
mod sandbox;
mod server;
mod service;
mod signing_request;
mod state;
mod store;
mod tls;
mod unambiguous;
mod visible;

pub use crate::{
    audit::{AuditEntry, AuditResult, read_audit_lines},
    builder::Builder,
    config::{
        ApiToken, ArtifactConfiguration, ArtifactHash, Config, DEFAULT_ARTIFACT_CONFIGURATION,
        KeyType, PolicyConfig, RsaPadding, SignatureForm,
    },
    control::{ClientSettings, decide},
    env_file::{to_text as env_text, write_env_file},
    error::Error,
    fault::Fault,
    generation::Generation,
    record::Request,
    routes::Route,
    sandbox::Sandbox,
    signing_request::{Decision, SigningRequestInfo, SigningRequestStatus},
    store::KeyMaterial,
    tls::ServerCertificate,
};
