//! The service behind the sockets: everything a request can see or change.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    Config, Error, Generation, KeyMaterial,
    audit::AuditLog,
    catalog::Catalog,
    fault::FaultQueue,
    record::{Memory, Recorder},
    replay::Replays,
    signing_request::{SigningRequest, ledger::Ledger},
    state::{Identity, StateFolder},
    store::Store,
};

/// A SignPath-compatible service, without its sockets.
pub(crate) struct Service {
    pub(crate) identity: Identity,
    pub(crate) generation: Generation,
    pub(crate) catalog: Catalog,
    pub(crate) audit: AuditLog,
    pub(crate) faults: FaultQueue,
    pub(crate) recorder: Recorder,
    pub(crate) requests: Ledger,
    /// How long a file-based request is in progress, once nothing stands in its way.
    pub(crate) processing_time: Duration,
    /// How far away it is.
    pub(crate) round_trip_time: Duration,
    /// The signatures that are given again, if they are to be.
    pub(crate) replays: Option<Replays>,
    /// Scheme, host and port, as clients reach it.
    pub(crate) origin: String,
}

impl Service {
    pub(crate) fn new(
        config: &Config,
        state: Option<Arc<StateFolder>>,
        keys: KeyMaterial,
        memory: Memory,
        origin: String,
    ) -> Result<Self, Error> {
        let identity = Identity::resolve(config, state.as_deref())?;
        let audit = AuditLog::open(state.as_deref(), memory)?;
        let requests = Ledger::open(state.clone())?;
        let store = Store::new(state, keys)?;
        Ok(Self {
            catalog: Catalog::new(identity.organization_id, &config.policies, store),
            identity,
            generation: config.generation,
            audit,
            faults: FaultQueue::default(),
            recorder: Recorder::new(memory),
            requests,
            processing_time: Duration::ZERO,
            round_trip_time: Duration::ZERO,
            replays: None,
            origin,
        })
    }

    /// Whether a client that wrote this host and port means this sandbox, not a name that somebody else has pointed at it.
    pub(crate) fn is_served_as(&self, host: &str) -> bool {
        let Some((_, own)) = self.origin.split_once("://") else { return false };
        let port = own.rsplit_once(':').map_or("", |(_, port)| port);
        let is_loopback = own.starts_with("127.") || own.starts_with("[::1]");
        host == own || (is_loopback && host == format!("localhost:{port}"))
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &str {
        self.origin.split_once("://").map_or("http", |(scheme, _)| scheme)
    }

    /// The page of a signing request, in the form of the real service's links. Requests to sign a hash have no such page.
    pub(crate) fn web_link(&self, signing_request_id: &str) -> String {
        format!("{}{}", self.origin, self.page_path(signing_request_id))
    }

    /// As [`Self::web_link`], with the secret that opens the page.
    pub(crate) fn page_link(&self, request: &SigningRequest) -> String {
        format!("{}?secret={}", self.web_link(&request.id.0.to_string()), request.secret)
    }

    pub(crate) fn page_path(&self, signing_request_id: &str) -> String {
        let organization = self.identity.organization_id;
        format!("/Web/{organization}/SigningRequests/Details/{signing_request_id}")
    }

    /// Where a client asks for a signing request.
    pub(crate) fn request_link(&self, signing_request_id: &str) -> String {
        let organization = self.identity.organization_id;
        format!("{}/Api/v1/{organization}/SigningRequests/{signing_request_id}", self.origin)
    }
}

/// Scheme, host and port for clients on this machine, also when the sandbox listens on every address.
pub(crate) fn origin(address: SocketAddr, is_tls: bool) -> String {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let scheme = if is_tls { "https" } else { "http" };
    format!("{scheme}://{reachable}")
}
