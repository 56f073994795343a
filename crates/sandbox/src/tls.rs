//! TLS for the sandbox: a root of its own, a server certificate for loopback and the address that is listened on, and
//! client certificates on request.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use p256::ecdsa::SigningKey;
use p256::elliptic_curve::Generate;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use uuid::Uuid;

use crate::{
    Error,
    certificates::{Authority, Usage},
    keys, private_file,
    state::{StateFolder, authority_name},
};

/// The name of the root's files in a state folder.
const ROOT: &str = "tls-root";

/// How long ago a certificate has ended that is to have ended: it is backdated by more.
const ENDED: Duration = Duration::from_secs(30 * 60);

/// How soon one ends that is to end soon: not while somebody looks at it, and within a day.
const ENDS: Duration = Duration::from_secs(60 * 60);

/// The certificate that a TLS server shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ServerCertificate {
    /// For loopback and the address that is listened on.
    #[default]
    Right,
    /// The right one, which has ended half an hour ago.
    Expired,
    /// The right one, which ends in an hour: it has ended for a clock that is a day ahead.
    Brief,
    /// Of another server's name, below the same root.
    OfAnotherName,
}

/// What can be chosen about TLS.
pub(crate) struct Choices {
    pub(crate) is_http1_only: bool,
    pub(crate) certificate: ServerCertificate,
    pub(crate) needs_client_certificate: bool,
}

/// The TLS side of a sandbox.
pub(crate) struct Tls {
    pub(crate) root_pem: String,
    /// Chain and key of a client certificate that the server asks for, if it does.
    pub(crate) client_pem: Option<String>,
    pub(crate) config: Arc<ServerConfig>,
}

/// The file that the TLS root is in, and the folder that has to go with it.
pub(crate) struct CaFile {
    path: PathBuf,
    temporary_folder: Option<PathBuf>,
}

/// A certificate with its private key.
struct Leaf {
    certificate: Vec<u8>,
    key: SigningKey,
}

impl Tls {
    /// With a server certificate for this address too.
    pub(crate) fn new(
        state: Option<&StateFolder>,
        listening: IpAddr,
        choices: &Choices,
    ) -> Result<Self, Error> {
        let root = match state {
            Some(state) => state.authority(ROOT)?,
            None => Authority::create(&authority_name(ROOT), None)?,
        };
        let server = |ends| Usage::Server { addresses: served(listening), ends };
        let usage = match choices.certificate {
            ServerCertificate::Right => server(None),
            ServerCertificate::Expired => server(Some(SystemTime::now() - ENDED)),
            ServerCertificate::Brief => server(Some(SystemTime::now() + ENDS)),
            ServerCertificate::OfAnotherName => Usage::OtherServer("other.invalid"),
        };
        let server = leaf(&root, "signpath-sandbox", usage)?;
        let provider = Arc::new(ring::default_provider());
        let client = choices
            .needs_client_certificate
            .then(|| leaf(&root, "signpath-sandbox client", Usage::Client))
            .transpose()?;
        let verifier =
            client.as_ref().map(|_| client_verifier(&root, Arc::clone(&provider))).transpose()?;
        Ok(Self {
            root_pem: root.certificate_pem().map_err(failed)?,
            client_pem: client.map(|leaf| leaf.pem()).transpose()?,
            config: Arc::new(server_config(provider, verifier, server, choices.is_http1_only)?),
        })
    }
}

impl Leaf {
    fn pem(&self) -> Result<String, Error> {
        let key = self.key.to_pkcs8_pem(LineEnding::LF).map_err(failed)?;
        Ok(keys::pem("CERTIFICATE", &self.certificate) + &key)
    }
}

impl CaFile {
    /// The state folder has the root's file; without one it is written into a folder of its own.
    pub(crate) fn of(tls: &Tls, state: Option<&StateFolder>) -> Result<Self, Error> {
        if let Some(state) = state {
            let path = state.path().join(format!("{ROOT}.pem"));
            let path = fs::canonicalize(&path).unwrap_or(path);
            return Ok(Self { path, temporary_folder: None });
        }
        let folder = std::env::temp_dir().join(format!("signpath-sandbox-{}", Uuid::new_v4()));
        private_file::create_folder(&folder)?;
        let path = folder.join(format!("{ROOT}.pem"));
        let file = Self { path: path.clone(), temporary_folder: Some(folder) };
        private_file::write(&path, tls.root_pem.as_bytes())?;
        Ok(file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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

/// Loopback, and the address that clients are told, which is loopback again for a server on every address.
fn served(listening: IpAddr) -> Vec<IpAddr> {
    let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    if !listening.is_unspecified() && !addresses.contains(&listening) {
        addresses.push(listening);
    }
    addresses
}

fn leaf(root: &Authority, name: &str, usage: Usage) -> Result<Leaf, Error> {
    let key = SigningKey::generate_from_rng(&mut keys::random());
    let spki = key.verifying_key().to_public_key_der().map_err(failed)?;
    let certificate = root.issue(name, spki.as_bytes(), usage)?;
    Ok(Leaf { certificate, key })
}

fn client_verifier(
    root: &Authority,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.certificate_der().map_err(failed)?)).map_err(failed)?;
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(failed)
}

fn server_config(
    provider: Arc<CryptoProvider>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    leaf: Leaf,
    is_http1_only: bool,
) -> Result<ServerConfig, Error> {
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let key = leaf.key.to_pkcs8_der().map_err(failed)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()));
    let chain = vec![CertificateDer::from(leaf.certificate)];
    let mut config = builder.with_single_cert(chain, key).map_err(failed)?;
    let protocols: &[&[u8]] = if is_http1_only { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn failed(reason: impl std::fmt::Display) -> Error {
    Error::crypto("the TLS server's identity", reason)
}
