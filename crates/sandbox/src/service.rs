//! The service behind the sockets: everything a request can see or change.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    Config, Error, Generation, KeyMaterial,
    audit::AuditLog,
    catalog::Catalog,
    fault::FaultQueue,
    record::{Memory, Recorder},
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
        let store = Store::new(state, keys)?;
        Ok(Self {
            catalog: Catalog::new(identity.organization_id, &config.policies, store),
            identity,
            generation: config.generation,
            audit,
            faults: FaultQueue::default(),
            recorder: Recorder::new(memory),
            origin,
        })
    }

    /// The page of a signing request, in the form of the real service's links. The sandbox has no such page.
    pub(crate) fn web_link(&self, signing_request_id: &str) -> String {
        let organization = self.identity.organization_id;
        format!("{}/Web/{organization}/SigningRequests/Details/{signing_request_id}", self.origin)
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
