//! The judgement on a server's certificate: the ordinary one, and then its key where the key is known. What the server
//! shows is noted for those who ask for it, trusted or not.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::config::KeyPin;
use crate::error::Error;
use crate::http::Settings;

/// The certificate in DER that the server of the last handshake showed.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<Vec<u8>>>);

impl Seen {
    /// `None` if there was no handshake that came so far.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        self.0.lock().clone()
    }
}

/// The verifier that `with_root_certificates` makes, and what comes before and after it.
#[derive(Debug)]
pub(super) struct Verifier {
    judge: Arc<WebPkiServerVerifier>,
    /// The keys that the server may have; any if there are none.
    pins: Vec<KeyPin>,
    seen: Option<Arc<Seen>>,
}

/// The server has a key that is none of the configured ones.
#[derive(Debug)]
pub(in crate::http) struct OtherKey(KeyPin);

impl Verifier {
    pub(super) fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let judge = judge.map_err(|error| Error::Setup { why: error.to_string() })?;
        Ok(Self { judge, pins: settings.tls_server_keys.clone(), seen: settings.seen.clone() })
    }

    fn check_key(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let certificate = ParsedCertificate::try_from(certificate)?;
        let key = KeyPin::of(certificate.subject_public_key_info().as_ref());
        if self.pins.contains(&key) {
            return Ok(());
        }
        Err(CertificateError::Other(OtherError(Arc::new(OtherKey(key)))).into())
    }
}

impl OtherKey {
    /// Finds it in an error of the TLS library.
    pub(in crate::http) fn behind(error: &rustls::Error) -> Option<&Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
                other.downcast_ref()
            }
            _ => None,
        }
    }
}

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its key has the SHA-256 {}", self.0)
    }
}

impl std::error::Error for OtherKey {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(seen) = &self.seen {
            *seen.0.lock() = Some(end_entity.to_vec());
        }
        let verified = self.judge.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        self.check_key(end_entity)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
