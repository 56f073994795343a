//! TLS to registries, and what its failures say of who is there.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;

/// Roots of the system, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
pub(super) fn configuration(is_needed: bool) -> Result<ClientConfig, Error> {
    let setup = |why: String| Error::failed("TLS cannot be set up").because(why);
    let mut roots = RootCertStore::empty();
    if is_needed {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(setup("this system has no root certificates".to_owned())
                .hint("install its package ca-certificates, or name a PEM file in SSL_CERT_FILE"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut configuration = builder
        .map_err(|error| setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

/// Repeating does not make a certificate trusted, nor a server speak TLS.
pub(super) fn is_trust(error: &reqwest::Error) -> bool {
    format!("{error:?}").contains("InvalidCertificate") || is_no_tls(error)
}

/// Whether what came in answer to a greeting is no TLS at all. A connection that ends, or a silence, says nothing of that.
pub(super) fn is_no_tls(error: &reqwest::Error) -> bool {
    format!("{error:?}").contains("InvalidContentType")
}
