//! Certificates and a private key in PKCS #12 (RFC 7292), as far as present programs write it: DER, encrypted with PBES2,
//! which is also what PEM files have as `ENCRYPTED PRIVATE KEY`. The integrity of the file is not checked, as
//! it holds nothing that would be believed: certificates that do not fit the key are of no use.

use std::fmt;

use pkcs5::EncryptionScheme;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use x509_cert::der::{Decode, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::pbes2;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const ENCRYPTED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");

/// What a file holds, in its order.
#[derive(Default)]
pub(super) struct Pkcs12 {
    /// X.509, DER.
    pub(super) certificates: Vec<Vec<u8>>,
    /// PrivateKeyInfo (PKCS #8), DER.
    pub(super) key: Option<Zeroizing<Vec<u8>>>,
}

/// Why a file cannot be read; `Display` goes on with a sentence that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not PKCS #12, or broken.
    Damaged,
    /// It is encrypted otherwise than with PBES2.
    Encryption,
    /// The password does not fit.
    Password,
    /// There are several keys in it.
    Keys,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged => {
                "is damaged, or neither PEM nor PKCS #12 in DER; of PKCS #12 in BER, as NSS writes it, \
                 `openssl pkcs12 -in OLD.p12 -out NEW.pem` writes a file that can be read"
            }
            Self::Encryption => {
                "is encrypted otherwise than with PBKDF2 and AES-CBC; `openssl pkcs12 -legacy -in OLD.p12 -out NEW.pem`, or for a key \
                 `openssl pkcs8 -topk8 -in OLD.pem -out NEW.pem`, writes what can be read"
            }
            Self::Password => {
                "cannot be decrypted: TlsClientCertificatePassword is wrong, or missing, or the file is damaged"
            }
            Self::Keys => "holds several private keys",
        })
    }
}

impl From<x509_cert::der::Error> for Unreadable {
    fn from(_: x509_cert::der::Error) -> Self {
        Self::Damaged
    }
}

/// Reads a file.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn open(bytes: &[u8], password: &[u8]) -> Result<Pkcs12, Unreadable> {
    let mut found = Pkcs12::default();
    // PFX ::= SEQUENCE { version, authSafe ContentInfo, macData OPTIONAL }
    let pfx = elements(AnyRef::from_der(bytes)?)?;
    let [_, safe, ..] = pfx.as_slice() else { return Err(Unreadable::Damaged) };
    let (kind, content) = content_info(*safe)?;
    if kind != DATA {
        return Err(Unreadable::Damaged);
    }
    for safe in elements(AnyRef::from_der(octets(content)?)?)? {
        let (kind, content) = content_info(safe)?;
        match kind {
            DATA => found.add(octets(content)?, password)?,
            ENCRYPTED_DATA => found.add(&encrypted_data(content, password)?, password)?,
            // Encrypted for somebody's public key.
            _ => return Err(Unreadable::Encryption),
        }
    }
    Ok(found)
}

/// The PrivateKeyInfo in an EncryptedPrivateKeyInfo (RFC 5958, section 3).
///
/// # Errors
/// [`Unreadable`].
pub(super) fn decrypted_key(
    bytes: &[u8],
    password: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    match elements(AnyRef::from_der(bytes)?)?.as_slice() {
        [algorithm, encrypted] => decrypted(*algorithm, octets(*encrypted)?, password),
        _ => Err(Unreadable::Damaged),
    }
}

impl Pkcs12 {
    /// SafeContents ::= SEQUENCE OF SafeBag; SafeBag ::= SEQUENCE { bagId, bagValue `[0]` EXPLICIT, bagAttributes OPTIONAL }
    fn add(&mut self, contents: &[u8], password: &[u8]) -> Result<(), Unreadable> {
        for bag in elements(AnyRef::from_der(contents)?)? {
            let (kind, value) = content_info(bag)?;
            match kind {
                KEY_BAG => self.add_key(Zeroizing::new(encoded(value)?))?,
                ENCRYPTED_KEY_BAG => self.add_key(decrypted_key(&encoded(value)?, password)?)?,
                CERTIFICATE_BAG => self.certificates.extend(certificate(value)?),
                // Revocation lists, secrets and what else there may be.
                _ => {}
            }
        }
        Ok(())
    }

    fn add_key(&mut self, key: Zeroizing<Vec<u8>>) -> Result<(), Unreadable> {
        if self.key.replace(key).is_some() { Err(Unreadable::Keys) } else { Ok(()) }
    }
}

/// CertBag ::= SEQUENCE { certId, certValue `[0]` EXPLICIT OCTET STRING }; certificates that are not X.509 are passed over.
fn certificate(bag: AnyRef<'_>) -> Result<Option<Vec<u8>>, Unreadable> {
    let (kind, value) = content_info(bag)?;
    if kind != X509_CERTIFICATE {
        return Ok(None);
    }
    Ok(Some(octets(value)?.to_vec()))
}

/// EncryptedData ::= SEQUENCE { version, SEQUENCE { contentType, algorithm, `[0]` IMPLICIT OCTET STRING } }
fn encrypted_data(content: AnyRef<'_>, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let outer = elements(content)?;
    let [_, info, ..] = outer.as_slice() else { return Err(Unreadable::Damaged) };
    match elements(*info)?.as_slice() {
        [_, algorithm, encrypted, ..] if is_zero(*encrypted) => {
            decrypted(*algorithm, encrypted.value(), password)
        }
        _ => Err(Unreadable::Damaged),
    }
}

fn decrypted(
    algorithm: AnyRef<'_>,
    encrypted: &[u8],
    password: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let algorithm: AlgorithmIdentifierRef<'_> = algorithm.decode_as()?;
    let scheme = EncryptionScheme::try_from(algorithm).map_err(|_| Unreadable::Encryption)?;
    let plain = pbes2::decrypt(&scheme, password, encrypted)?;
    // One wrong password in 256 gives bytes with an end that could be right.
    let is_sequence = AnyRef::from_der(&plain).is_ok_and(|it| it.tag() == Tag::Sequence);
    if is_sequence { Ok(plain) } else { Err(Unreadable::Password) }
}

/// ContentInfo ::= SEQUENCE { contentType, content `[0]` EXPLICIT ANY }, and what begins like it.
fn content_info(of: AnyRef<'_>) -> Result<(ObjectIdentifier, AnyRef<'_>), Unreadable> {
    match elements(of)?.as_slice() {
        [kind, content, ..] if is_zero(*content) => {
            Ok((kind.decode_as()?, AnyRef::from_der(content.value())?))
        }
        _ => Err(Unreadable::Damaged),
    }
}

/// The elements of a SEQUENCE.
fn elements(of: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>, Unreadable> {
    if of.tag() != Tag::Sequence {
        return Err(Unreadable::Damaged);
    }
    let mut reader = SliceReader::new(of.value())?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader)?);
    }
    Ok(elements)
}

fn octets(of: AnyRef<'_>) -> Result<&[u8], Unreadable> {
    Ok(of.decode_as::<&OctetStringRef>()?.as_bytes())
}

/// Whether it has the context-specific tag 0.
fn is_zero(element: AnyRef<'_>) -> bool {
    matches!(element.tag(), Tag::ContextSpecific { number: TagNumber(0), .. })
}

fn encoded(element: AnyRef<'_>) -> Result<Vec<u8>, Unreadable> {
    Ok(x509_cert::der::Encode::to_der(&element)?)
}
