//! For `fuzz/`: files with client certificates.

use std::path::Path;

use super::{identity, pkcs12};
use crate::secret::Token;

/// Reads bytes as PKCS #12, as an encrypted private key and as one in PEM.
pub(in crate::http) fn identities(bytes: &[u8]) {
    for password in [&b""[..], b"x"] {
        drop(pkcs12::open(bytes, password));
        drop(pkcs12::decrypted_key(bytes, password));
    }
    let password = Token::new("x".to_owned());
    drop(identity::key_in_pem("", Path::new(""), bytes, Some(&password)));
}
