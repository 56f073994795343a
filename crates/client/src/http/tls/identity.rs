//! Our certificate with its chain and its private key, from the files that the settings name.

use std::ops::Range;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use tracing::warn;
use zeroize::Zeroizing;

use super::pkcs12::{self, Pkcs12};
use super::{certificates, read};
use crate::config::ClientIdentity;
use crate::error::{Error, unusable_file};
use crate::process::is_readable_by_all;
use crate::secret::Token;

pub(super) const CERTIFICATE: &str = "TlsClientCertificate";
const KEY: &str = "TlsClientKey";

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Every label of a private key ends with this.
const KEY_LABEL: &[u8] = b"PRIVATE KEY";
/// RFC 1421, section 4.6.1.1: how OpenSSL has encrypted keys before PKCS #8.
const OLD_ENCRYPTION: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// A chain, our own certificate first, and the private key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads the files.
///
/// # Errors
/// A file that cannot be used, by the name of its setting.
pub(super) fn of(client: &ClientIdentity) -> Result<Identity, Error> {
    let path = &client.certificate;
    let bytes = read(CERTIFICATE, path)?;
    let password = client.password.as_ref();
    let (chain, key) = if position(&bytes, BEGIN).is_some() || bytes.is_empty() {
        let key = client.key.is_none().then(|| key_in_pem(CERTIFICATE, path, &bytes, password));
        (certificates(CERTIFICATE, path, &bytes)?, key.transpose()?)
    } else {
        in_pkcs12(path, &bytes, password)?
    };
    let key = match &client.key {
        Some(path) => Some(key_in_pem(KEY, path, &read(KEY, path)?, password)?),
        None => key,
    };
    let missing = || unusable_file(CERTIFICATE, path, "holds no private key");
    let key = key.ok_or_else(missing)?;
    let holder = client.key.as_ref().unwrap_or(path);
    if is_readable_by_all(holder) {
        let shown = holder.display();
        warn!(
            "every user of this machine can read the private key in {shown}; chmod 600 makes it private"
        );
    }
    Ok((chain, key))
}

fn in_pkcs12(
    path: &Path,
    bytes: &[u8],
    password: Option<&Token>,
) -> Result<(Vec<CertificateDer<'static>>, Option<PrivateKeyDer<'static>>), Error> {
    let fault = |why: &dyn std::fmt::Display| unusable_file(CERTIFICATE, path, why);
    let Pkcs12 { certificates, key } =
        pkcs12::open(bytes, secret(password)).map_err(|why| fault(&why))?;
    let mut chain: Vec<_> = certificates.into_iter().map(CertificateDer::from).collect();
    if chain.is_empty() {
        return Err(fault(&"holds no certificate"));
    }
    let key = key.map(|key| PrivateKeyDer::try_from(key.to_vec())).transpose();
    let key = key.map_err(|_| fault(&"holds a private key of an unknown kind"))?;
    if let Some(key) = &key {
        own_first(&mut chain, key);
    }
    Ok((chain, key))
}

/// Programs write the certificates in any order.
pub(super) fn own_first(chain: &mut [CertificateDer<'static>], key: &PrivateKeyDer<'static>) {
    let Ok(signer) = any_supported_type(key) else { return };
    let Some(own) = signer.public_key() else { return };
    let is_own = |certificate: &CertificateDer<'_>| {
        ParsedCertificate::try_from(certificate)
            .is_ok_and(|parsed| parsed.subject_public_key_info() == own)
    };
    if let Some(chain) = chain.iter().position(is_own).and_then(|at| chain.get_mut(..=at)) {
        chain.rotate_right(1);
    }
}

/// The first private key in PEM.
///
/// # Errors
/// As [`of`].
pub(super) fn key_in_pem(
    setting: &str,
    path: &Path,
    bytes: &[u8],
    password: Option<&Token>,
) -> Result<PrivateKeyDer<'static>, Error> {
    if position(bytes, OLD_ENCRYPTION).is_some() {
        let why = "holds a private key in OpenSSL's old encryption; `openssl pkcs8 -topk8 -in OLD -out NEW` writes one \
                   that can be read";
        return Err(unusable_file(setting, path, why));
    }
    let no_key = || unusable_file(setting, path, "holds no private key in PEM");
    let (label, body) = key_section(bytes).ok_or_else(no_key)?;
    let der = decoded(body);
    let key = match label {
        b"ENCRYPTED " => {
            let der = der.ok_or(pkcs12::Unreadable::Damaged);
            let key = der.and_then(|der| pkcs12::decrypted_key(&der, secret(password)));
            let key = key.map_err(|why| unusable_file(setting, path, why))?;
            return PrivateKeyDer::try_from(key.to_vec())
                .map_err(|_| unusable_file(setting, path, pkcs12::Unreadable::Damaged));
        }
        b"" => der.map(|der| PrivateKeyDer::Pkcs8(der.to_vec().into())),
        b"EC " => der.map(|der| PrivateKeyDer::Sec1(der.to_vec().into())),
        b"RSA " => der.map(|der| PrivateKeyDer::Pkcs1(der.to_vec().into())),
        _ => None,
    };
    key.ok_or_else(no_key)
}

/// What stands before `PRIVATE KEY` in the label of the first key (RFC 7468 and its forerunners), and its lines; `None` also for
/// a key without an end. Not by the reader of rustls, which leaves both the lines and the key in memory.
fn key_section(pem: &[u8]) -> Option<(&[u8], &[u8])> {
    let label = first_key_label(pem)?;
    let kind = pem.get(label.clone())?.strip_suffix(KEY_LABEL)?;
    let body = pem.get(label.end + DASHES.len()..)?;
    Some((kind, body.get(..position(body, END)?)?))
}

/// Where the first key stands, its marks included; one without an end goes on to the end.
pub(super) fn key_range(pem: &[u8]) -> Option<Range<usize>> {
    let label = first_key_label(pem)?;
    let closed = || {
        let body = label.end + DASHES.len();
        let ends = body + position(pem.get(body..)?, END)? + END.len();
        Some(ends + position(pem.get(ends..)?, DASHES)? + DASHES.len())
    };
    Some(label.start - BEGIN.len()..closed().unwrap_or(pem.len()))
}

/// Where the label of the first key stands, between its marks.
fn first_key_label(pem: &[u8]) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let label = from + position(pem.get(from..)?, BEGIN)? + BEGIN.len();
        let end = label + position(pem.get(label..)?, DASHES)?;
        if pem.get(label..end)?.ends_with(KEY_LABEL) {
            return Some(label..end);
        }
        from = label;
    }
}

/// The bytes of lines of Base64.
fn decoded(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // All of the room at once: what grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    text.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; text.len()]);
    let length = STANDARD.decode_slice(&*text, &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

/// A file that is encrypted without a password has the empty one.
fn secret(password: Option<&Token>) -> &[u8] {
    password.map_or(&[], |password| password.expose().as_bytes())
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
