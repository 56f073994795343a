//! RSA public keys.

use std::fmt;

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::key::{HashAlgorithm, Unreadable};

/// Modulus lengths in bits that SignPath's keys have.
const BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Longest encoding that is looked at, in bytes; a key of 4096 bits needs less.
const ENCODED_MAX: usize = 8192;

/// An RSA public key of 2048 to 4096 bits.
#[derive(Clone)]
pub struct RsaPublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    spki: Vec<u8>,
    key: rsa::RsaPublicKey,
}

impl RsaPublicKey {
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, Unreadable> {
        let modulus = without_leading_zeros(modulus);
        let exponent = without_leading_zeros(exponent);
        check_size(modulus)?;
        if exponent.len() > modulus.len() {
            return Err(not_a_key());
        }
        let key = rsa::RsaPublicKey::new(
            BoxedUint::from_be_slice_vartime(modulus),
            BoxedUint::from_be_slice_vartime(exponent),
        )
        .map_err(|_| not_a_key())?;
        Self::from_key(key)
    }

    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self, Unreadable> {
        let not_der = || Unreadable::because("it is not an RSAPublicKey in DER");
        if der.len() > ENCODED_MAX {
            return Err(not_der());
        }
        let key = rsa::RsaPublicKey::from_pkcs1_der(der).map_err(|_| not_der())?;
        check_size(without_leading_zeros(&key.n().to_be_bytes()))?;
        Self::from_key(key)
    }

    /// Big-endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// Big-endian, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> usize {
        bits(&self.modulus)
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn verify_pkcs1(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        let scheme =
            Pkcs1v15Sign { hash_len: Some(hash.len()), prefix: hash.digest_info_prefix().into() };
        self.key.verify(scheme, digest, signature).is_ok()
    }

    pub(super) fn verify_pss(&self, hash: HashAlgorithm, digest: &[u8], signature: &[u8]) -> bool {
        match hash {
            HashAlgorithm::Sha1 => self.key.verify(Pss::<Sha1>::new(), digest, signature),
            HashAlgorithm::Sha256 => self.key.verify(Pss::<Sha256>::new(), digest, signature),
            HashAlgorithm::Sha384 => self.key.verify(Pss::<Sha384>::new(), digest, signature),
            HashAlgorithm::Sha512 => self.key.verify(Pss::<Sha512>::new(), digest, signature),
        }
        .is_ok()
    }

    fn from_key(key: rsa::RsaPublicKey) -> Result<Self, Unreadable> {
        Ok(Self {
            modulus: without_leading_zeros(&key.n().to_be_bytes()).to_vec(),
            exponent: without_leading_zeros(&key.e().to_be_bytes()).to_vec(),
            spki: key.to_public_key_der().map_err(|_| not_a_key())?.into_vec(),
            key,
        })
    }
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for RsaPublicKey {}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits)", self.bits())
    }
}

fn check_size(modulus: &[u8]) -> Result<(), Unreadable> {
    let bits = bits(modulus);
    if BITS.contains(&bits) {
        return Ok(());
    }
    let (least, most) = (BITS.start(), BITS.end());
    Err(Unreadable(format!("its RSA key has {bits} bits, and {least} to {most} are supported")))
}

fn bits(modulus: &[u8]) -> usize {
    let Some(first) = modulus.first() else { return 0 };
    let unused: usize = first.leading_zeros().try_into().unwrap_or(0);
    8 * modulus.len() - unused
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn not_a_key() -> Unreadable {
    Unreadable::because("its modulus and exponent are no RSA key")
}
