//! For `fuzz/`: files with certificates.

use super::certificate::Certificate;
use super::chain;

/// Reads bytes as a certificate and as a PEM file. The way up to a root is never longer than what is known.
pub fn certificates(bytes: &[u8]) {
    let mut all = chain::read(bytes).unwrap_or_default();
    all.extend(Certificate::from_der(bytes));
    for certificate in &all {
        drop((certificate.identity(), certificate.allows_code_signing()));
        drop((certificate.subject(), certificate.issuer(), certificate.organization()));
        drop((certificate.common_name(), certificate.start(), certificate.end()));
        assert!(chain::above(certificate, &all).len() <= all.len());
    }
}
