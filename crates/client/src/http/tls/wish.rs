//! Notes whether a server asks for a client certificate. In TLS 1.3 it refuses a client that has none only after the handshake
//! has ended for the client (RFC 8446 §4.4.2.4), and what the HTTP stack then tells is a connection that was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

/// Whether the server of some handshake has asked.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Wish(Arc<AtomicBool>);

impl Wish {
    /// Listens to the handshakes under this configuration.
    pub(in crate::http) fn noticed_under(configuration: &mut ClientConfig) -> Self {
        let wish = Self::default();
        let certificates = Arc::clone(&configuration.client_auth_cert_resolver);
        configuration.client_auth_cert_resolver =
            Arc::new(Noticing { certificates, wish: wish.clone() });
        wish
    }

    /// Whether there was such a handshake.
    pub(in crate::http) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Answers with the certificates that there are.
#[derive(Debug)]
struct Noticing {
    certificates: Arc<dyn ResolvesClientCert>,
    wish: Wish,
}

impl ResolvesClientCert for Noticing {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.wish.0.store(true, Ordering::Relaxed);
        self.certificates.resolve(root_hint_subjects, sigschemes)
    }

    fn has_certs(&self) -> bool {
        self.certificates.has_certs()
    }
}
