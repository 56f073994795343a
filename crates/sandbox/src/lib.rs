//! A SignPath-compatible service with keys of its own: for trying and testing without an account.
//!
//! It speaks both halves of the service's HTTP API, hash signing and file-based signing, in the documented shapes and with
//! the recorded texts, and shares no type with the client it is there for: two ends that share a type hide errors. As a
//! library it starts in the process of a test, lets faults happen, and gives back what came in. It protects nothing:
//! whoever has its token, which it prints, can sign.
//!
//! # In a test
//!
//! ```
//! use signpath_sandbox::{Fault, Route, Sandbox};
//!
//! let sandbox = Sandbox::start()?;
//! // The next two signatures meet a service that is busy.
//! sandbox.inject(Fault::on(Route::SignHash).times(2).status(503).header("Retry-After", "1"));
//! // What a client needs, as environment variables.
//! let settings = sandbox.environment();
//! assert!(settings.iter().any(|(name, _)| name == "SIGNPATH_API_TOKEN"));
//! // … a client is run with these …
//! assert!(sandbox.requests().is_empty() && sandbox.audit().is_empty());
//! # Ok::<(), signpath_sandbox::Error>(())
//! ```
//!
//! # The chapters
//!
//! | | |
//! | --- | --- |
//! | [`Sandbox`], [`Builder`] | a running service, and the choices before it runs: content, TLS, generation, a folder for its state |
//! | [`Config`] and its parts | the content: projects, signing policies with their keys, artifact configurations |
//! | [`Fault`], [`Route`] | what goes wrong, where, and how often |
//! | [`Request`], [`AuditEntry`], [`SigningRequestInfo`] | what came in, what was signed, what waits for an approval ([`Sandbox::approve`]) |
//! | [`Generation`] | the newer API, or the older one without `SignHash` |
//! | [`ClientSettings`], [`decide`], [`write_env_file`] | a sandbox that runs in another process |
//!
//! Its README has the routes, the program `signpath-sandbox`, and every choice that no source settles.

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
