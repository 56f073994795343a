//! Private keys: made, kept as PKCS #8 PEM, and used on digests. Nothing here knows the service's JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use p256::ecdsa::signature::{SignatureEncoding, hazmat::PrehashSigner};
use p256::ecdsa::{DerSignature as Der256, Signature as Fixed256};
use p256::elliptic_curve::Generate;
use p384::ecdsa::{DerSignature as Der384, Signature as Fixed384};
use p521::ecdsa::{DerSignature as Der521, Signature as Fixed521};
use rsa::{
    Pkcs1v15Sign, Pss, RsaPrivateKey,
    pkcs1::EncodeRsaPublicKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::UnwrapErr,
    traits::PublicKeyParts,
};

use crate::{
    algorithm::{EcdsaFormat, HashAlgorithm, Padding},
    config::KeyType,
};

/// A signing policy's private key.
pub(crate) enum KeyPair {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

/// The operating system's random numbers, in the form the key generators take.
pub(crate) fn random() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

impl KeyPair {
    pub(crate) fn generate(kind: KeyType) -> Result<Self, String> {
        let mut random = random();
        Ok(match kind {
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
                let key = RsaPrivateKey::new(&mut random, kind.bits());
                Self::Rsa(Box::new(key.map_err(|error| error.to_string())?))
            }
            KeyType::P256 => Self::P256(p256::ecdsa::SigningKey::generate_from_rng(&mut random)),
            KeyType::P384 => Self::P384(p384::ecdsa::SigningKey::generate_from_rng(&mut random)),
            KeyType::P521 => Self::P521(p521::ecdsa::SigningKey::generate_from_rng(&mut random)),
        })
    }

    /// Reads a PKCS #8 PEM that has to hold a key of this kind.
    pub(crate) fn from_pem(kind: KeyType, pem: &str) -> Result<Self, String> {
        let key = match kind {
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
                RsaPrivateKey::from_pkcs8_pem(pem).map(|key| Self::Rsa(Box::new(key)))
            }
            KeyType::P256 => p256::ecdsa::SigningKey::from_pkcs8_pem(pem).map(Self::P256),
            KeyType::P384 => p384::ecdsa::SigningKey::from_pkcs8_pem(pem).map(Self::P384),
            KeyType::P521 => p521::ecdsa::SigningKey::from_pkcs8_pem(pem).map(Self::P521),
        }
        .map_err(|_| format!("it holds no PKCS #8 key of the kind {kind:?} in PEM"))?;
        if let Self::Rsa(rsa) = &key
            && usize::try_from(rsa.n().bits_vartime()) != Ok(kind.bits())
        {
            return Err(format!("it holds an RSA key of another size than {}", kind.bits()));
        }
        Ok(key)
    }

    pub(crate) fn to_pem(&self) -> Result<String, String> {
        match self {
            Self::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::P384(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::P521(key) => key.to_pkcs8_pem(LineEnding::LF),
        }
        .map(|pem| pem.to_string())
        .map_err(|error| error.to_string())
    }

    /// The public key as a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), DER.
    pub(crate) fn spki_der(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => key.as_public_key().to_public_key_der(),
            Self::P256(key) => key.verifying_key().to_public_key_der(),
            Self::P384(key) => key.verifying_key().to_public_key_der(),
            Self::P521(key) => key.verifying_key().to_public_key_der(),
        }
        .map(|der| der.as_bytes().to_vec())
        .map_err(|error| error.to_string())
    }

    /// `publicKeyBytes` of the service: RSAPublicKey (PKCS #1) for RSA, SubjectPublicKeyInfo for EC.
    pub(crate) fn public_key_bytes(&self) -> Result<Vec<u8>, String> {
        let Self::Rsa(key) = self else { return self.spki_der() };
        let der = key.as_public_key().to_pkcs1_der().map_err(|error| error.to_string())?;
        Ok(der.as_bytes().to_vec())
    }

    /// The public key as GnuPG keeps it, a version 4 public-key packet (RFC 4880, 5.5.2), made at the epoch; `None` unless
    /// it is RSA.
    pub(crate) fn open_pgp_packet(&self) -> Option<Vec<u8>> {
        const VERSION_4: u8 = 4;
        const MADE: [u8; 4] = [0; 4];
        const RSA: u8 = 1;
        /// Old format, public key, a length of two bytes.
        const PUBLIC_KEY: u8 = 0x99;
        let (modulus, exponent) = self.rsa_parameters()?;
        let head = [&[VERSION_4], MADE.as_slice(), &[RSA]].concat();
        let body = [head, multiprecision(&modulus)?, multiprecision(&exponent)?].concat();
        let length = u16::try_from(body.len()).ok()?.to_be_bytes();
        Some([&[PUBLIC_KEY], length.as_slice(), &body].concat())
    }

    /// Modulus and public exponent of an RSA key, big-endian without leading zeros.
    pub(crate) fn rsa_parameters(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let Self::Rsa(key) = self else { return None };
        Some((
            key.n().to_be_bytes_trimmed_vartime().to_vec(),
            key.e().to_be_bytes_trimmed_vartime().to_vec(),
        ))
    }

    /// Signs a digest with an RSA key. The caller has compared the digest's length with the algorithm.
    pub(crate) fn sign_rsa(
        &self,
        hash: HashAlgorithm,
        padding: Padding,
        digest: &[u8],
    ) -> Option<Vec<u8>> {
        let Self::Rsa(key) = self else { return None };
        let mut random = random();
        let salt = hash.length();
        let signed = match (padding, hash) {
            (Padding::Pkcs1, _) => key.sign(
                Pkcs1v15Sign {
                    hash_len: Some(hash.length()),
                    prefix: hash.digest_info_prefix().into(),
                },
                digest,
            ),
            (Padding::Pss, HashAlgorithm::Md5) => return None,
            (Padding::Pss, HashAlgorithm::Sha1) => {
                key.sign_with_rng(&mut random, Pss::<sha1::Sha1>::new_with_salt(salt), digest)
            }
            (Padding::Pss, HashAlgorithm::Sha256) => {
                key.sign_with_rng(&mut random, Pss::<sha2::Sha256>::new_with_salt(salt), digest)
            }
            (Padding::Pss, HashAlgorithm::Sha384) => {
                key.sign_with_rng(&mut random, Pss::<sha2::Sha384>::new_with_salt(salt), digest)
            }
            (Padding::Pss, HashAlgorithm::Sha512) => {
                key.sign_with_rng(&mut random, Pss::<sha2::Sha512>::new_with_salt(salt), digest)
            }
        };
        signed.ok()
    }

    /// Signs a digest with an EC key; longer digests are cut to the curve's order (FIPS 186-5, 6.4.1).
    pub(crate) fn sign_ecdsa(&self, format: EcdsaFormat, digest: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => None,
            Self::P256(key) => ecdsa::<Fixed256, Der256>(key, format, digest),
            Self::P384(key) => ecdsa::<Fixed384, Der384>(key, format, digest),
            Self::P521(key) => ecdsa::<Fixed521, Der521>(key, format, digest),
        }
    }
}

/// A number of OpenPGP (RFC 4880, 3.2): the count of its bits before its bytes, which begin with no zero.
fn multiprecision(number: &[u8]) -> Option<Vec<u8>> {
    let unused = number.first()?.leading_zeros();
    let bits = u32::try_from(8 * number.len()).ok()?.checked_sub(unused)?;
    let count = u16::try_from(bits).ok()?.to_be_bytes();
    Some([count.as_slice(), number].concat())
}

/// Signs a digest in one of the two forms that a curve's signatures have.
fn ecdsa<Fixed: SignatureEncoding, Der: SignatureEncoding>(
    key: &(impl PrehashSigner<Fixed> + PrehashSigner<Der>),
    format: EcdsaFormat,
    digest: &[u8],
) -> Option<Vec<u8>> {
    match format {
        EcdsaFormat::Ieee => {
            key.sign_prehash(digest).ok().map(|signature: Fixed| signature.to_vec())
        }
        EcdsaFormat::Asn1 => key.sign_prehash(digest).ok().map(|signature: Der| signature.to_vec()),
    }
}

/// DER in PEM armour (RFC 7468), lines of 64 characters.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for (index, character) in STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}
