//! Public keys of signing policies, and the check of a signature over a bare digest. Not for private keys, and not for
//! deciding which mechanism a key may be used with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoRef;

pub use curve::Curve;
pub use ec::EcPublicKey;
pub use hash::HashAlgorithm;
pub use rsa_key::RsaPublicKey;

mod curve;
mod ec;
mod hash;
mod rsa_key;

/// RFC 8017 appendix C: rsaEncryption.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// RFC 5480 §2.1.1: id-ecPublicKey.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The public key of a signing policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, 2048 to 4096 bits.
    Rsa(RsaPublicKey),
    /// ECDSA on one of the curves of [`Curve`].
    Ec(EcPublicKey),
}

/// How a digest becomes a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS (RFC 8017 §8.1) with MGF1 of the same hash and a salt of the digest's length.
    RsaPss(HashAlgorithm),
    /// ECDSA (FIPS 186-5 §6) over a digest of any length.
    Ecdsa,
}

/// A digest, and how to sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashToSign {
    /// How to sign.
    pub scheme: Scheme,
    /// The digest itself, without a DigestInfo.
    pub hash: Vec<u8>,
}

/// Why a key or a signature cannot be read, as the end of a sentence ("… it is not DER").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub(crate) String);

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// Not DER, another algorithm, another curve, or an RSA key outside of 2048 to 4096 bits.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Unreadable> {
        let info = SubjectPublicKeyInfoRef::from_der(der)
            .map_err(|_| Unreadable::because("it is not a SubjectPublicKeyInfo"))?;
        let bytes = info
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| Unreadable::because("its key is not a whole number of bytes"))?;
        match info.algorithm.oid {
            RSA_ENCRYPTION => RsaPublicKey::from_pkcs1_der(bytes).map(Self::Rsa),
            EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid().map_err(|_| {
                    Unreadable::because("its elliptic curve is not given by a name")
                })?;
                Curve::from_oid(&curve)
                    .ok_or_else(|| {
                        Unreadable(format!("its curve {curve} is not P-256, P-384 or P-521"))
                    })
                    .and_then(|curve| EcPublicKey::from_point(curve, bytes))
                    .map(Self::Ec)
            }
            other => Err(Unreadable(format!("its algorithm {other} is neither RSA nor ECDSA"))),
        }
    }

    /// Reads an RSAPublicKey (RFC 8017 appendix A.1.1).
    ///
    /// # Errors
    /// Not DER, or a key outside of 2048 to 4096 bits.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, Unreadable> {
        RsaPublicKey::from_pkcs1_der(der).map(Self::Rsa)
    }

    /// Takes an RSA key's numbers, big-endian; leading zeros do not matter.
    ///
    /// # Errors
    /// A key outside of 2048 to 4096 bits, or numbers that are no RSA key.
    pub fn from_rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, Unreadable> {
        RsaPublicKey::new(modulus, exponent).map(Self::Rsa)
    }

    /// Reads an uncompressed point (SEC 1 §2.3.3); its length tells the curve.
    ///
    /// # Errors
    /// A length that belongs to no curve, or a point that is not on it.
    pub fn from_point(point: &[u8]) -> Result<Self, Unreadable> {
        let curve = Curve::from_point_len(point.len())
            .filter(|_| point.first() == Some(&0x04))
            .ok_or_else(|| {
                Unreadable::because("it is not an uncompressed point of a known curve")
            })?;
        EcPublicKey::from_point(curve, point).map(Self::Ec)
    }

    /// Reads what `publicKeyBytes` of a policy may hold: PKCS #1, a SubjectPublicKeyInfo, or a bare point.
    ///
    /// # Errors
    /// None of the three.
    pub fn from_any(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.first() == Some(&0x04) {
            return Self::from_point(bytes);
        }
        let spki = match Self::from_spki_der(bytes) {
            Ok(key) => return Ok(key),
            Err(reason) => reason,
        };
        match SubjectPublicKeyInfoRef::from_der(bytes) {
            Ok(_) => Err(spki),
            Err(_) => Self::from_pkcs1_der(bytes),
        }
    }

    /// The key as a SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.spki().to_vec(),
            Self::Ec(key) => key.spki().to_vec(),
        }
    }

    /// The key as a SubjectPublicKeyInfo in PEM (RFC 7468 §13), as cosign reads it.
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode(self.spki_der());
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        // The alphabet is ASCII, so every chunk of bytes is text.
        for line in base64.as_bytes().chunks(64) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem + "-----END PUBLIC KEY-----\n"
    }

    /// RSA: bits of the modulus. EC: bits of the field.
    pub fn bits(&self) -> usize {
        match self {
            Self::Rsa(key) => key.bits(),
            Self::Ec(key) => key.curve().bits(),
        }
    }

    /// Bytes of a signature. RSA: of the modulus. EC: twice the field (r‖s).
    pub fn signature_len(&self) -> usize {
        match self {
            Self::Rsa(key) => key.modulus().len(),
            Self::Ec(key) => 2 * key.curve().field_len(),
        }
    }

    /// Whether `signature` (EC: r‖s) over this digest was made with the private half of this key. Everything that does
    /// not fit, such as a scheme of another kind of key, is `false`.
    pub fn verify(&self, what: &HashToSign, signature: &[u8]) -> bool {
        match (self, what.scheme) {
            (Self::Rsa(key), Scheme::RsaPkcs1(hash)) => {
                key.verify_pkcs1(hash, &what.hash, signature)
            }
            (Self::Rsa(key), Scheme::RsaPss(hash)) => key.verify_pss(hash, &what.hash, signature),
            (Self::Ec(key), Scheme::Ecdsa) => key.verify(&what.hash, signature),
            _ => false,
        }
    }

    /// Why this key cannot sign this digest, if it cannot.
    pub fn objection(&self, what: &HashToSign) -> Option<String> {
        match (self, what.scheme) {
            (Self::Rsa(_), Scheme::RsaPkcs1(hash) | Scheme::RsaPss(hash)) => {
                (what.hash.len() != hash.len()).then(|| {
                    let (name, length) = (hash.name(), what.hash.len());
                    format!("{name} digests have {} bytes, and this one has {length}", hash.len())
                })
            }
            (Self::Ec(_), Scheme::Ecdsa) => {
                what.hash.is_empty().then(|| "the digest is empty".to_owned())
            }
            (Self::Rsa(_), Scheme::Ecdsa) => {
                Some("its key is RSA, and ECDSA was asked for".to_owned())
            }
            (Self::Ec(_), _) => Some("its key is ECDSA, and RSA was asked for".to_owned()),
        }
    }

    /// A signature of [`Self::signature_len`] bytes as X.509, DSSE and cosign have it: RSA as it is, ECDSA in DER
    /// (RFC 3279 §2.2.3). `None` if it is none.
    pub fn encoded_signature(&self, fixed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => (fixed.len() == self.signature_len()).then(|| fixed.to_vec()),
            Self::Ec(key) => key.curve().signature_to_der(fixed),
        }
    }

    /// Brings a signature of the service into the form of PKCS #11: RSA has exactly the modulus's length, EC is r‖s.
    /// ECDSA signatures in DER (RFC 3279 §2.2.3) are converted.
    ///
    /// # Errors
    /// Another length, or DER that cannot be read.
    pub fn fixed_signature(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
        let wanted = self.signature_len();
        if bytes.len() == wanted {
            return Ok(bytes);
        }
        let converted = match self {
            Self::Rsa(_) => None,
            Self::Ec(key) => key.curve().signature_from_der(&bytes),
        };
        converted.ok_or_else(|| {
            let length = bytes.len();
            Unreadable(format!("the signature has {length} bytes instead of {wanted}"))
        })
    }
}

impl Unreadable {
    pub(crate) fn because(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod vectors;
