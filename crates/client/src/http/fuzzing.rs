//! For `fuzz/`: what arrives beside the body of an answer, and files with client certificates.

use std::time::SystemTime;

use super::retry_after;

/// Reads bytes as PKCS #12, as a private key that is encrypted, and as the value of `Retry-After`.
pub fn identities(bytes: &[u8]) {
    super::tls::fuzzing::identities(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        retry_after::parse(text, SystemTime::UNIX_EPOCH);
    }
}
