//! TLS for the sandbox: a root of its own, a server certificate for loopback, and client certificates on request.

use std::sync::Arc;

use p256::ecdsa::SigningKey;
use p256::elliptic_curve::Generate;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::{
    Error,
    certificates::{Authority, Usage},
    keys,
    state::{StateFolder, root_name},
};

/// The TLS side of a sandbox.
pub(crate) struct Tls {
    pub(crate) root_pem: String,
    /// Chain and key of a client certificate that the server asks for, if it does.
    pub(crate) client_pem: Option<String>,
    pub(crate) config: Arc<ServerConfig>,
}

/// A certificate with its private key.
struct Leaf {
    certificate: Vec<u8>,
    key: SigningKey,
}

impl Tls {
    pub(crate) fn new(
        state: Option<&StateFolder>,
        needs_client_certificate: bool,
    ) -> Result<Self, Error> {
        const ROOT: &str = "tls-root";
        let root = match state {
            Some(state) => state.authority(ROOT)?,
            None => Authority::create(&root_name(ROOT))?,
        };
        let server = leaf(&root, "signpath-sandbox", Usage::LoopbackServer)?;
        let provider = Arc::new(ring::default_provider());
        let client = needs_client_certificate
            .then(|| leaf(&root, "signpath-sandbox client", Usage::Client))
            .transpose()?;
        let verifier =
            client.as_ref().map(|_| client_verifier(&root, Arc::clone(&provider))).transpose()?;
        Ok(Self {
            root_pem: root.certificate_pem().map_err(failed)?,
            client_pem: client.map(|leaf| leaf.pem()).transpose()?,
            config: Arc::new(server_config(provider, verifier, server)?),
        })
    }
}

impl Leaf {
    fn pem(&self) -> Result<String, Error> {
        let key = self.key.to_pkcs8_pem(LineEnding::LF).map_err(failed)?;
        Ok(keys::pem("CERTIFICATE", &self.certificate) + &key)
    }
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
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn failed(reason: impl std::fmt::Display) -> Error {
    Error::crypto("the TLS server's identity", reason)
}
