//! The library's face: start a sandbox in this process, break it, ask what it saw.

use std::{
    fs,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    AuditEntry, Config, Error, Fault, Generation, KeyMaterial, PolicyConfig, Request,
    audit::AuditLog,
    catalog::Catalog,
    fault::FaultQueue,
    keys, private_file,
    record::Recorder,
    server::Server,
    service::{self, Service},
    state::{Identity, StateFolder},
    store::Store,
    tls::Tls,
};

/// A running SignPath-compatible service, on a loopback port, in a thread of its own. It stops when it is dropped.
///
/// ```
/// use signpath_sandbox::Sandbox;
///
/// let sandbox = Sandbox::start()?;
/// assert!(sandbox.api_url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), signpath_sandbox::Error>(())
/// ```
pub struct Sandbox {
    service: Arc<Service>,
    address: SocketAddr,
    tls: Option<Tls>,
    ca_file: Option<CaFile>,
    server: Mutex<Option<Server>>,
}

/// What a sandbox is to be like.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    listen: Option<String>,
    allow_remote: bool,
    is_tls: bool,
    needs_client_certificate: bool,
    state: Option<PathBuf>,
    keys: KeyMaterial,
    config: Config,
}

/// The file that the TLS root is in, and the folder that has to go with it.
struct CaFile {
    path: PathBuf,
    temporary_folder: Option<PathBuf>,
}

impl Sandbox {
    /// Starts with all defaults: in memory, without TLS, the project `demo`.
    ///
    /// Keys are made at their first use, which takes some hundred milliseconds for RSA; tests that start many
    /// sandboxes use [`KeyMaterial::Cached`].
    ///
    /// # Errors
    /// When no port is free or no thread can be started.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// A sandbox with choices.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `ApiUrl` for clients, as in `http://127.0.0.1:40123/Api`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/Api", self.service.origin)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The organization's id, lower case.
    #[must_use]
    pub fn organization_id(&self) -> String {
        self.service.identity.organization_id.to_string()
    }

    /// The first token; a random one has `+` and `/` in it, as real ones do.
    #[must_use]
    pub fn token(&self) -> String {
        let first = self.service.identity.tokens.first();
        first.map(|entry| entry.token.clone()).unwrap_or_default()
    }

    /// The `SIGNPATH_…` settings of a client.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut settings = vec![
            ("SIGNPATH_ORGANIZATION_ID".to_owned(), self.organization_id()),
            ("SIGNPATH_API_TOKEN".to_owned(), self.token()),
            ("SIGNPATH_API_URL".to_owned(), self.api_url()),
        ];
        if let Some(file) = &self.ca_file {
            let path = file.path.display().to_string();
            settings.push(("SIGNPATH_TLS_CA_CERTIFICATE".to_owned(), path));
        }
        settings
    }

    /// The root of the TLS server's certificate, PEM; `None` without TLS.
    #[must_use]
    pub fn ca_certificate_pem(&self) -> Option<String> {
        self.tls.as_ref().map(|tls| tls.root_pem.clone())
    }

    /// A client certificate with its private key, PEM; `None` unless the server asks for one.
    #[must_use]
    pub fn client_certificate_pem(&self) -> Option<String> {
        self.tls.as_ref().and_then(|tls| tls.client_pem.clone())
    }

    /// Lets something go wrong with requests to come.
    pub fn inject(&self, fault: Fault) {
        self.service.faults.inject(fault);
    }

    /// Takes all faults back that have not happened yet.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// The requests that came in, oldest first; the newest 10,000 are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.service.recorder.requests()
    }

    /// Forgets the requests that came in; connections keep their count.
    pub fn clear_requests(&self) {
        self.service.recorder.clear();
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.service.recorder.connections()
    }

    /// How many TLS handshakes were completed so far.
    #[must_use]
    pub fn tls_handshakes(&self) -> usize {
        self.service.recorder.handshakes()
    }

    /// The audit log of this run, oldest first; the newest 10,000 entries are kept.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.service.audit.entries()
    }

    /// The private key of a policy `project/slug`, PKCS #8 PEM. What no real service gives away.
    ///
    /// # Errors
    /// When there is no such policy, or its key cannot be made.
    pub fn private_key_pem(&self, policy: &str) -> Result<String, Error> {
        let material = self.service.catalog.material(self.service.catalog.named(policy)?)?;
        material.key.to_pem().map_err(|reason| Error::crypto(policy, reason))
    }

    /// The public key of a policy, SubjectPublicKeyInfo PEM.
    ///
    /// # Errors
    /// When there is no such policy, or its key cannot be made.
    pub fn public_key_pem(&self, policy: &str) -> Result<String, Error> {
        let material = self.service.catalog.material(self.service.catalog.named(policy)?)?;
        let der = material.key.spki_der().map_err(|reason| Error::crypto(policy, reason))?;
        Ok(keys::pem("PUBLIC KEY", &der))
    }

    /// The certificate of a policy, PEM; `None` when it has none.
    ///
    /// # Errors
    /// When there is no such policy, or its key cannot be made.
    pub fn certificate_pem(&self, policy: &str) -> Result<Option<String>, Error> {
        let material = self.service.catalog.material(self.service.catalog.named(policy)?)?;
        Ok(material.certificate.as_ref().map(|der| keys::pem("CERTIFICATE", der)))
    }

    /// The root of the policies' certificates, PEM.
    ///
    /// # Errors
    /// Never for a root that the sandbox has made.
    pub fn code_signing_root_pem(&self) -> Result<String, Error> {
        let root = self.service.catalog.store().root();
        root.certificate_pem().map_err(|reason| Error::crypto("the code signing root", reason))
    }

    /// The id of a policy, as `signingPolicyId` gives it.
    ///
    /// # Errors
    /// When there is no such policy.
    pub fn signing_policy_id(&self, policy: &str) -> Result<Uuid, Error> {
        Ok(self.service.catalog.named(policy)?.id)
    }

    /// Gives a policy another key and certificate, as a renewal does.
    ///
    /// # Errors
    /// When there is no such policy, or the key cannot be made or kept.
    pub fn rotate_key(&self, policy: &str) -> Result<(), Error> {
        self.service.catalog.rotate(self.service.catalog.named(policy)?)
    }

    /// Makes all keys now, instead of at their first use.
    ///
    /// # Errors
    /// When a key cannot be made, read or kept.
    pub fn prepare(&self) -> Result<(), Error> {
        self.service.catalog.prepare()
    }

    /// Closes all connections and the port. What was recorded stays.
    pub fn stop(&self) {
        drop(self.server.lock().take());
    }

    /// Listens again, on the same port, after [`Self::stop`]; without it, drops every connection.
    ///
    /// # Errors
    /// When something else has taken the port.
    pub fn restart(&self) -> Result<(), Error> {
        self.stop();
        let listener = bind(&[self.address], &self.address.to_string())?;
        *self.server.lock() = Some(self.serve(listener)?);
        Ok(())
    }

    fn serve(&self, listener: TcpListener) -> Result<Server, Error> {
        let tls = self.tls.as_ref().map(|tls| Arc::clone(&tls.config));
        Server::start(Arc::clone(&self.service), listener, tls)
    }
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
        let tls = self
            .is_tls
            .then(|| Tls::new(state.as_deref(), self.needs_client_certificate))
            .transpose()?;
        let ca_file = tls.as_ref().map(|tls| CaFile::of(tls, state.as_deref())).transpose()?;
        let address = listener.local_addr().map_err(|source| Error::Runtime { source })?;
        let identity = Identity::resolve(&self.config, state.as_deref())?;
        let audit = AuditLog::open(state.as_deref())?;
        let store = Store::new(state, self.keys)?;
        let catalog = Catalog::new(identity.organization_id, &self.config.policies, store);
        let service = Service {
            identity,
            generation: self.config.generation,
            catalog,
            audit,
            faults: FaultQueue::default(),
            recorder: Recorder::default(),
            origin: service::origin(address, tls.is_some()),
        };
        let server = Mutex::new(None);
        let sandbox = Sandbox { service: Arc::new(service), address, tls, ca_file, server };
        *sandbox.server.lock() = Some(sandbox.serve(listener)?);
        Ok(sandbox)
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

fn bind(addresses: &[SocketAddr], text: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(addresses)
        .map_err(|source| Error::Listen { address: text.to_owned(), source })
}

impl CaFile {
    /// The state folder has the root's file; without one it is written into a folder of its own.
    fn of(tls: &Tls, state: Option<&StateFolder>) -> Result<Self, Error> {
        const NAME: &str = "tls-root.pem";
        if let Some(state) = state {
            let path = state.path().join(NAME);
            let path = fs::canonicalize(&path).unwrap_or(path);
            return Ok(Self { path, temporary_folder: None });
        }
        let folder = std::env::temp_dir().join(format!("signpath-sandbox-{}", Uuid::new_v4()));
        private_file::create_folder(&folder)?;
        let path = folder.join(NAME);
        let file = Self { path: path.clone(), temporary_folder: Some(folder) };
        private_file::write(&path, tls.root_pem.as_bytes())?;
        Ok(file)
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary_folder {
            // Only untidy if it fails, and there is nobody left to tell.
            drop(fs::remove_dir_all(folder));
        }
    }
}
