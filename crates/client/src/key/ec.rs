//! Public keys on elliptic curves.

use std::borrow::Cow;
use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::pkcs8::EncodePublicKey;

use crate::key::{Curve, Unreadable};

/// An ECDSA public key.
#[derive(Clone)]
pub struct EcPublicKey {
    curve: Curve,
    point: Vec<u8>,
    spki: Vec<u8>,
    key: VerifyingKey,
}

#[derive(Clone)]
enum VerifyingKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl EcPublicKey {
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, Unreadable> {
        Self::read(curve, point)
            .ok_or_else(|| Unreadable(format!("its point is not on the curve {}", curve.name())))
    }

    /// Its curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The uncompressed point, 04‖x‖y (SEC 1 §2.3.3).
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        let digest = leftmost_bits(digest, self.curve);
        match &self.key {
            VerifyingKey::P256(key) => verifies::<p256::ecdsa::Signature>(key, &digest, signature),
            VerifyingKey::P384(key) => verifies::<p384::ecdsa::Signature>(key, &digest, signature),
            VerifyingKey::P521(key) => verifies::<p521::ecdsa::Signature>(key, &digest, signature),
        }
    }

    fn read(curve: Curve, point: &[u8]) -> Option<Self> {
        let (key, spki) = match curve {
            Curve::P256 => parsed(point, VerifyingKey::P256),
            Curve::P384 => parsed(point, VerifyingKey::P384),
            Curve::P521 => parsed(point, VerifyingKey::P521),
        }?;
        // RFC 5480 §2.2: the point is what an SPKI ends with; here it is always the uncompressed one.
        let point = spki.get(spki.len().checked_sub(1 + 2 * curve.field_len())?..)?.to_vec();
        Some(Self { curve, point, spki, key })
    }
}

/// A key of one of the curve crates, and its SPKI in DER.
fn parsed<K>(point: &[u8], wrap: fn(K) -> VerifyingKey) -> Option<(VerifyingKey, Vec<u8>)>
where
    K: for<'a> TryFrom<&'a [u8]> + EncodePublicKey,
{
    let key = K::try_from(point).ok()?;
    let spki = key.to_public_key_der().ok()?.into_vec();
    Some((wrap(key), spki))
}

fn verifies<S>(key: &impl PrehashVerifier<S>, digest: &[u8], signature: &[u8]) -> bool
where
    S: for<'a> TryFrom<&'a [u8]>,
{
    S::try_from(signature).is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}

impl PartialEq for EcPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.point == other.point
    }
}

impl Eq for EcPublicKey {}

impl fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcPublicKey({})", self.curve.name())
    }
}

/// FIPS 186-5 §6.4.2: the leftmost bits of the digest, as many as the order has. The curve crates keep the *rightmost*
/// bits of the bytes that they keep, which differs for P-521 and digests of 66 bytes and more.
fn leftmost_bits(digest: &[u8], curve: Curve) -> Cow<'_, [u8]> {
    let unused = 8 * curve.field_len() - curve.bits();
    match digest.get(..curve.field_len()) {
        None => Cow::Borrowed(digest),
        Some(head) if unused == 0 => Cow::Borrowed(head),
        Some(head) => Cow::Owned(shifted_right(head, unused)),
    }
}

/// The number one bit shorter, `bits` times; 1 to 7.
fn shifted_right(number: &[u8], bits: usize) -> Vec<u8> {
    let mut above = 0u8;
    let shift = |byte: &u8| {
        let shifted = (above << (8 - bits)) | (byte >> bits);
        above = *byte;
        shifted
    };
    number.iter().map(shift).collect()
}
