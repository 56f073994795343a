//! Notes the certificate that a server shows, trusted or not. The judgement is the ordinary one.

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::Error;

/// The certificate in DER that the server of the last handshake showed.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<Vec<u8>>>);

impl Seen {
    /// `None` if there was no handshake that came so far.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        self.0.lock().clone()
    }
}

/// The verifier that `with_root_certificates` makes, and somewhere to note what it is shown.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    seen: Arc<Seen>,
}

impl Witness {
    pub(super) fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        seen: Arc<Seen>,
    ) -> Result<Self, Error> {
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let judge = judge.map_err(|error| Error::Setup { why: error.to_string() })?;
        Ok(Self { judge, seen })
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.0.lock() = Some(end_entity.to_vec());
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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
