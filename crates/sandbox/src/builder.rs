//! What can be chosen about a sandbox before it starts.

use std::{
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    Config, Error, Generation, KeyMaterial, PolicyConfig, Sandbox,
    record::Memory,
    replay::Replays,
    sandbox::bind,
    service::{self, Service},
    state::StateFolder,
    tls::{CaFile, Choices, ServerCertificate, Tls},
};

/// What a sandbox is to be like.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    listen: Option<String>,
    allow_remote: bool,
    is_tls: bool,
    is_http1_only: bool,
    server_certificate: ServerCertificate,
    needs_client_certificate: bool,
    state: Option<PathBuf>,
    keys: KeyMaterial,
    memory: Memory,
    processing_time: Duration,
    round_trip_time: Duration,
    replays: bool,
    config: Config,
}

impl Builder {
    /// Listens on `HOST:PORT`; port 0 is any free one. Default `127.0.0.1:0`.
    #[must_use]
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// Allows an address that other machines can reach.
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.allow_remote = true;
        self
    }

    /// Serves https, with a certificate of a root of its own.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.is_tls = true;
        self
    }

    /// Offers no HTTP/2 to clients that come by https.
    #[must_use]
    pub fn http1_only(mut self) -> Self {
        self.is_http1_only = true;
        self
    }

    /// Serves https with this certificate instead of one that clients should trust.
    #[must_use]
    pub fn server_certificate(mut self, certificate: ServerCertificate) -> Self {
        self.is_tls = true;
        self.server_certificate = certificate;
        self
    }

    /// Serves https and refuses clients without [`Sandbox::client_certificate_pem`].
    #[must_use]
    pub fn require_client_certificate(mut self) -> Self {
        self.is_tls = true;
        self.needs_client_certificate = true;
        self
    }

    /// Keeps organization, token, keys, certificates and the audit log in a folder.
    #[must_use]
    pub fn state(mut self, folder: impl AsRef<Path>) -> Self {
        self.state = Some(folder.as_ref().to_owned());
        self
    }

    /// Where keys come from that no state folder has.
    #[must_use]
    pub fn keys(mut self, keys: KeyMaterial) -> Self {
        self.keys = keys;
        self
    }

    /// Keeps neither requests nor audit entries in memory: for a service that runs long and that nobody asks for them.
    /// The audit log of a state folder is written all the same.
    #[must_use]
    pub fn without_records(mut self) -> Self {
        self.memory = Memory::Nothing;
        self
    }

    /// Lets file-based signing requests be in progress for this long before they are completed. Default: no time.
    #[must_use]
    pub fn processing_time(mut self, time: Duration) -> Self {
        self.processing_time = time;
        self
    }

    /// Is so far away that each round trip takes this long, those of TCP's and TLS's handshakes included. Default: no time.
    ///
    /// What is under way waits for a clock of whole milliseconds, so that a round trip may take two milliseconds more.
    #[must_use]
    pub fn round_trip_time(mut self, time: Duration) -> Self {
        self.round_trip_time = time;
        self
    }

    /// Gives the signature again that it gave for the same digest before: for measurements of clients, which are not to
    /// measure this service.
    #[must_use]
    pub fn replay(mut self) -> Self {
        self.replays = true;
        self
    }

    /// Serves this content. Replaces what [`Self::generation`] and [`Self::policies`] said before.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Plays this generation of the service.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.config.generation = generation;
        self
    }

    /// Has these signing policies instead of the project `demo`.
    #[must_use]
    pub fn policies(mut self, policies: impl IntoIterator<Item = PolicyConfig>) -> Self {
        self.config.policies = policies.into_iter().collect();
        self
    }

    /// Starts.
    ///
    /// # Errors
    /// When the configuration cannot be, the address cannot be listened on, or the state folder cannot be used.
    pub fn start(self) -> Result<Sandbox, Error> {
        let origin = || "the configuration".to_owned();
        self.config.check().map_err(|reason| Error::Config { origin: origin(), reason })?;
        let listener = self.bind()?;
        let state = self.state.as_deref().map(StateFolder::open).transpose()?.map(Arc::new);
        let address = listener.local_addr().map_err(|source| Error::Runtime { source })?;
        let tls = self
            .is_tls
            .then(|| Tls::new(state.as_deref(), address.ip(), &self.tls_choices()))
            .transpose()?;
        let ca_file = tls.as_ref().map(|tls| CaFile::of(tls, state.as_deref())).transpose()?;
        let origin = service::origin(address, tls.is_some());
        let mut service = Service::new(&self.config, state, self.keys, self.memory, origin)?;
        service.processing_time = self.processing_time;
        service.round_trip_time = self.round_trip_time;
        service.replays = self.replays.then(Replays::default);
        Sandbox::assemble(service, tls, ca_file, listener)?.announced(self.state.as_deref())
    }

    fn tls_choices(&self) -> Choices {
        Choices {
            is_http1_only: self.is_http1_only,
            certificate: self.server_certificate,
            needs_client_certificate: self.needs_client_certificate,
        }
    }

    fn bind(&self) -> Result<TcpListener, Error> {
        let text = self.listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
        let resolved = text.to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            resolved.map_err(|source| Error::Listen { address: text.clone(), source })?.collect();
        if !self.allow_remote && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(Error::NotLoopback { address: text });
        }
        bind(&addresses, &text)
    }
}
