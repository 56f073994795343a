//! The certificate of a key that has none, for programs that know keys by their certificates. gnupg-pkcs11-scd is one: it
//! reads nothing but the public key out of it.
//!
//! The name says what it is, and the signature is zeros: nobody vouches for anything with it. A policy and its key have
//! the same certificate every time, because such programs remember a key by it.

use sha2::{Digest, Sha256};
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, BitString, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::{Encode, Result, Tag, TagNumber};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Validity;

use super::{COMMON_NAME, Certificate};
use crate::key::{Curve, PublicKey};

/// The organization in its names.
const ORGANIZATION: &str = "Placeholder for a key without a certificate";

/// RFC 5280 §4.1.2.5: the end of what does not end.
const FROM: &str = "2000-01-01T00:00:00Z";
const UNTIL: &str = "9999-12-31T23:59:59Z";

/// RFC 5280 §4.1.2.2: 20 bytes at most.
const SERIAL_NUMBER_LEN: usize = 20;

/// X.520 §6.4.1: organizationName; RFC 5280 §4.2.1.3: keyUsage.
const ORGANIZATION_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// RFC 4055 §5: sha256WithRSAEncryption.
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// RFC 5758 §3.2: ecdsa-with-SHA256, -SHA384 and -SHA512.
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

impl Certificate {
    /// The placeholder for the key of the policy with this name, `None` if it has no form in DER.
    pub(crate) fn placeholder(name: &str, key: &PublicKey) -> Option<Self> {
        Self::from_der(&certificate(name, key).ok()?).ok()
    }
}

/// RFC 5280 §4.1.
fn certificate(name: &str, key: &PublicKey) -> Result<Vec<u8>> {
    let algorithm = algorithm(key).to_der()?;
    let signature = BitString::from_bytes(&vec![0; key.signature_len()])?.to_der()?;
    sequence([content(name, key, &algorithm)?, algorithm, signature])
}

/// RFC 5280 §4.1.2.
fn content(name: &str, key: &PublicKey, algorithm: &[u8]) -> Result<Vec<u8>> {
    let name = distinguished_name(name)?.to_der()?;
    let validity: Validity = Validity::new(FROM.parse()?, UNTIL.parse()?);
    let spki = key.spki_der();
    sequence([
        explicit(0, Version::V3.to_der()?)?,
        serial_number(&spki)?.to_der()?,
        algorithm.to_vec(),
        name.clone(),
        validity.to_der()?,
        name,
        spki,
        explicit(3, vec![key_usage()?].to_der()?)?,
    ])
}

fn algorithm(key: &PublicKey) -> AlgorithmIdentifierOwned {
    let (oid, parameters) = match key {
        PublicKey::Rsa(_) => (RSA_SHA256, Some(Any::null())),
        PublicKey::Ec(key) => match key.curve() {
            Curve::P256 => (ECDSA_SHA256, None),
            Curve::P384 => (ECDSA_SHA384, None),
            Curve::P521 => (ECDSA_SHA512, None),
        },
    };
    AlgorithmIdentifierOwned { oid, parameters }
}

/// The beginning of the key's hash, as a positive number of full length.
fn serial_number(spki: &[u8]) -> Result<SerialNumber> {
    let mut bytes = Sha256::digest(spki).to_vec();
    bytes.truncate(SERIAL_NUMBER_LEN);
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::new(&bytes)
}

/// Built from its parts: in a text, a slug could bring parts of its own.
fn distinguished_name(name: &str) -> Result<RdnSequence> {
    let mut parts = RdnSequence::default();
    for (oid, text) in [(ORGANIZATION_NAME, ORGANIZATION), (COMMON_NAME, name)] {
        let value = Any::from(Utf8StringRef::new(text)?);
        parts
            .push(RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid, value }])?);
    }
    Ok(parts)
}

fn key_usage() -> Result<Extension> {
    let value = KeyUsage(KeyUsages::DigitalSignature.into()).to_der()?;
    Ok(Extension { extn_id: KEY_USAGE, critical: true, extn_value: OctetString::new(value)? })
}

fn explicit(number: u32, content: Vec<u8>) -> Result<Vec<u8>> {
    let tag = Tag::ContextSpecific { constructed: true, number: TagNumber(number) };
    Any::new(tag, content)?.to_der()
}

fn sequence(parts: impl IntoIterator<Item = Vec<u8>>) -> Result<Vec<u8>> {
    let parts: Vec<_> = parts.into_iter().collect();
    Any::new(Tag::Sequence, parts.concat())?.to_der()
}

#[cfg(test)]
mod tests;
