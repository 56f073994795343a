//! For `fuzz/`: files with client certificates.

use super::pkcs12;

/// Reads bytes as PKCS #12 and as an encrypted private key.
pub(in crate::http) fn identities(bytes: &[u8]) {
    for password in [&b""[..], b"x"] {
        drop(pkcs12::open(bytes, password));
        drop(pkcs12::decrypted_key(bytes, password));
    }
}
