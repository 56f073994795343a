//! The library's face: start a sandbox in this process, break it, ask what it saw.

use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    AuditEntry, Builder, Decision, Error, Fault, Request, SigningRequestInfo, keys,
    routes::signing_requests,
    server::Server,
    service::Service,
    signing_request::{SigningRequest, ledger::Unchanged},
    state::CLIENT_FILE,
    tls::{CaFile, Tls},
    write_env_file,
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

impl Sandbox {
    /// Starts with all defaults: in memory, without TLS, the project `demo`.
    ///
    /// Keys are made at their first use, which takes some hundred milliseconds for RSA; tests that start many
    /// sandboxes use [`crate::KeyMaterial::Cached`].
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
            let path = file.path().display().to_string();
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

    /// The requests that came in, oldest first; the newest 10,000 are kept, without [`Builder::without_records`].
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.service.recorder.requests.all()
    }

    /// Forgets the requests that came in; connections keep their count.
    pub fn clear_requests(&self) {
        self.service.recorder.requests.clear();
    }

    /// How many requests came in so far, kept or not.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.service.recorder.request_count()
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

    /// The audit log of this run, oldest first; the newest 10,000 entries are kept, without
    /// [`Builder::without_records`].
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.service.audit.entries()
    }

    /// The file-based signing requests, oldest first.
    #[must_use]
    pub fn signing_requests(&self) -> Vec<SigningRequestInfo> {
        let info = |request| self.info(request);
        self.service.requests.all().into_iter().map(info).collect()
    }

    /// The file-based signing request of this id.
    ///
    /// # Errors
    /// When there is none.
    pub fn signing_request(&self, id: &str) -> Result<SigningRequestInfo, Error> {
        let found = Uuid::try_parse(id).ok().and_then(|id| self.service.requests.find(id));
        let unknown = || Error::UnknownRequest { id: id.to_owned() };
        found.map(|request| self.info(request)).ok_or_else(unknown)
    }

    /// Approves a signing request that waits, and signs it.
    ///
    /// # Errors
    /// When there is none, or it does not wait.
    pub fn approve(&self, id: &str) -> Result<SigningRequestInfo, Error> {
        self.decide(id, Decision::Approve)
    }

    /// Denies a signing request that waits.
    ///
    /// # Errors
    /// When there is none, or it does not wait.
    pub fn deny(&self, id: &str) -> Result<SigningRequestInfo, Error> {
        self.decide(id, Decision::Deny)
    }

    fn decide(&self, id: &str, decision: Decision) -> Result<SigningRequestInfo, Error> {
        let unknown = || Error::UnknownRequest { id: id.to_owned() };
        let uuid = Uuid::try_parse(id).map_err(|_| unknown())?;
        match signing_requests::decide(&self.service, "owner", uuid, decision) {
            Ok(request) => Ok(self.info(request)),
            Err(Unchanged::Unknown) => Err(unknown()),
            Err(Unchanged::Is(status)) => Err(Error::NotWaiting { id: id.to_owned(), status }),
            Err(Unchanged::Broken(error)) => Err(error),
        }
    }

    fn info(&self, request: SigningRequest) -> SigningRequestInfo {
        SigningRequestInfo {
            id: request.id.0,
            policy: request.policy_name(),
            web_link: self.service.page_link(&request),
            user: request.user,
            artifact_configuration: request.artifact_configuration_slug,
            description: request.description,
            parameters: request.parameters,
            status: request.status,
            reason: request.reason,
            artifact: request.artifact.0,
            signed_artifact: request.signed_artifact.map(|signed| signed.0),
        }
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

    /// The certificates above a policy's, nearest first, PEM; empty unless the policy gives its chain.
    ///
    /// # Errors
    /// When there is no such policy, or its key cannot be made.
    pub fn certificate_chain_pem(&self, policy: &str) -> Result<Vec<String>, Error> {
        let material = self.service.catalog.material(self.service.catalog.named(policy)?)?;
        Ok(material.chain.iter().map(|der| keys::pem("CERTIFICATE", der)).collect())
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

    /// Puts the pieces together and starts the server on the listener.
    pub(crate) fn assemble(
        service: Service,
        tls: Option<Tls>,
        ca_file: Option<CaFile>,
        listener: TcpListener,
    ) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(|source| Error::Runtime { source })?;
        let service = Arc::new(service);
        let sandbox = Self { service, address, tls, ca_file, server: Mutex::new(None) };
        *sandbox.server.lock() = Some(sandbox.serve(listener)?);
        Ok(sandbox)
    }

    /// Leaves the settings of a client in the state folder, for `approve` and `deny`.
    pub(crate) fn announced(self, state: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = state {
            write_env_file(&folder.join(CLIENT_FILE), &self.environment())?;
        }
        Ok(self)
    }

    fn serve(&self, listener: TcpListener) -> Result<Server, Error> {
        let tls = self.tls.as_ref().map(|tls| Arc::clone(&tls.config));
        Server::start(Arc::clone(&self.service), listener, tls)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("api_url", &self.api_url()).finish_non_exhaustive()
    }
}

/// Listens on the first of these addresses that can be had.
pub(crate) fn bind(addresses: &[SocketAddr], text: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(addresses)
        .map_err(|source| Error::Listen { address: text.to_owned(), source })
}
