//! The mechanisms of the token, as a table: one row, one mechanism.

use cryptoki_sys::*;
use signpath_client::key::{HashAlgorithm, PublicKey};

use crate::error::{Error, Result};

mod pss;

/// The type of key that a mechanism works with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyType {
    Ec,
    Rsa,
}

/// A mechanism of the token.
#[derive(Debug)]
pub(crate) struct Mechanism {
    pub(crate) kind: CK_MECHANISM_TYPE,
    #[cfg(test)]
    name: &'static str,
    pub(crate) purpose: Purpose,
}

/// What a mechanism is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Digest(DigestAlgorithm),
    /// Signing at SignPath, and checking signatures here. With a hash the mechanism takes the message, in one part or many;
    /// without one the caller hashes, and there is one part only.
    Sign(Algorithm, Option<HashAlgorithm>),
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    Ecdsa,
    RsaPkcs1,
    RsaPss,
}

/// What C_Digest does with the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DigestAlgorithm {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// A mechanism as the caller names it, with its parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestedMechanism<'a> {
    pub(crate) kind: CK_MECHANISM_TYPE,
    pub(crate) parameter: &'a [u8],
}

/// A mechanism for signatures whose parameter has been checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SignatureMechanism {
    pub(crate) algorithm: Algorithm,
    pub(crate) input: Input,
}

/// What the caller hands in to be signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    /// A hash that the caller made, of any length that the algorithm takes. One part only.
    AnyDigest,
    /// A hash that the caller made with this algorithm. One part only.
    Digest(HashAlgorithm),
    /// A hash that the caller made, in a DigestInfo. One part only.
    DigestInfo,
    /// The message itself, in one part or many; it is hashed here.
    Message(HashAlgorithm),
}

use Algorithm::{Ecdsa, RsaPkcs1, RsaPss};
use HashAlgorithm::{Sha256, Sha384, Sha512};

macro_rules! row {
    ($kind:ident, $purpose:expr) => {
        Mechanism {
            kind: $kind,
            #[cfg(test)]
            name: stringify!($kind),
            purpose: $purpose,
        }
    };
}

/// The mechanism list, in the order in which C_GetMechanismList gives it. Some clients take the first that fits: the plain
/// ones stand first (pkcs11-tool signs with the first that has CKF_SIGN and CKF_HW), and SHA-256 is the first digest.
pub(crate) const MECHANISMS: &[Mechanism] = &[
    row!(CKM_RSA_PKCS, Purpose::Sign(RsaPkcs1, None)),
    row!(CKM_ECDSA, Purpose::Sign(Ecdsa, None)),
    row!(CKM_SHA256_RSA_PKCS, Purpose::Sign(RsaPkcs1, Some(Sha256))),
    row!(CKM_SHA384_RSA_PKCS, Purpose::Sign(RsaPkcs1, Some(Sha384))),
    row!(CKM_SHA512_RSA_PKCS, Purpose::Sign(RsaPkcs1, Some(Sha512))),
    row!(CKM_ECDSA_SHA256, Purpose::Sign(Ecdsa, Some(Sha256))),
    row!(CKM_ECDSA_SHA384, Purpose::Sign(Ecdsa, Some(Sha384))),
    row!(CKM_ECDSA_SHA512, Purpose::Sign(Ecdsa, Some(Sha512))),
    row!(CKM_RSA_PKCS_PSS, Purpose::Sign(RsaPss, None)),
    row!(CKM_SHA256_RSA_PKCS_PSS, Purpose::Sign(RsaPss, Some(Sha256))),
    row!(CKM_SHA384_RSA_PKCS_PSS, Purpose::Sign(RsaPss, Some(Sha384))),
    row!(CKM_SHA512_RSA_PKCS_PSS, Purpose::Sign(RsaPss, Some(Sha512))),
    row!(CKM_SHA256, Purpose::Digest(DigestAlgorithm::Sha256)),
    row!(CKM_SHA384, Purpose::Digest(DigestAlgorithm::Sha384)),
    row!(CKM_SHA512, Purpose::Digest(DigestAlgorithm::Sha512)),
    row!(CKM_SHA224, Purpose::Digest(DigestAlgorithm::Sha224)),
    row!(CKM_SHA_1, Purpose::Digest(DigestAlgorithm::Sha1)),
];

impl Mechanism {
    pub(crate) fn find(kind: CK_MECHANISM_TYPE) -> Result<&'static Self> {
        MECHANISMS.iter().find(|row| row.kind == kind).ok_or(Error::MechanismInvalid)
    }

    /// The type of key that it works with, if it works with one.
    pub(crate) fn key_type(&self) -> Option<KeyType> {
        match self.purpose {
            Purpose::Digest(_) => None,
            Purpose::Sign(algorithm, _) => Some(algorithm.key_type()),
        }
    }

    /// Sizes in bits and what the mechanism is for. CKF_HW: the signature is not made in this process, and
    /// pkcs11-tool chooses its default mechanism by it; digests are made here.
    pub(crate) fn info(&self) -> CK_MECHANISM_INFO {
        let (key_type, own) = match self.purpose {
            Purpose::Digest(_) => {
                return CK_MECHANISM_INFO { ulMinKeySize: 0, ulMaxKeySize: 0, flags: CKF_DIGEST };
            }
            Purpose::Sign(Ecdsa, _) => {
                (KeyType::Ec, CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
            }
            Purpose::Sign(RsaPkcs1 | RsaPss, _) => (KeyType::Rsa, 0),
        };
        let (min, max) = key_type.bits();
        let flags = CKF_HW | CKF_SIGN | CKF_VERIFY | own;
        CK_MECHANISM_INFO { ulMinKeySize: min, ulMaxKeySize: max, flags }
    }
}

impl SignatureMechanism {
    /// The mechanism for signatures that the caller names, with its parameter.
    pub(crate) fn requested(requested: RequestedMechanism<'_>) -> Result<Self> {
        let Purpose::Sign(algorithm, hash) = Mechanism::find(requested.kind)?.purpose else {
            return Err(Error::MechanismInvalid);
        };
        let input = match (algorithm, hash) {
            (RsaPss, hash) => {
                let named = pss::hash(requested.parameter)?;
                if hash.is_some_and(|hash| hash != named) {
                    return Err(Error::MechanismParameterInvalid);
                }
                hash.map_or(Input::Digest(named), Input::Message)
            }
            _ if !requested.parameter.is_empty() => return Err(Error::MechanismParameterInvalid),
            (_, Some(hash)) => Input::Message(hash),
            (RsaPkcs1, None) => Input::DigestInfo,
            (Ecdsa, None) => Input::AnyDigest,
        };
        Ok(Self { algorithm, input })
    }

    pub(crate) fn key_type(&self) -> KeyType {
        self.algorithm.key_type()
    }
}

impl DigestAlgorithm {
    /// The digest that the caller names. None of them takes a parameter.
    pub(crate) fn requested(requested: RequestedMechanism<'_>) -> Result<Self> {
        let Purpose::Digest(algorithm) = Mechanism::find(requested.kind)?.purpose else {
            return Err(Error::MechanismInvalid);
        };
        if requested.parameter.is_empty() {
            Ok(algorithm)
        } else {
            Err(Error::MechanismParameterInvalid)
        }
    }
}

impl Algorithm {
    fn key_type(self) -> KeyType {
        match self {
            Self::Ecdsa => KeyType::Ec,
            Self::RsaPkcs1 | Self::RsaPss => KeyType::Rsa,
        }
    }
}

impl KeyType {
    pub(crate) fn of(key: &PublicKey) -> Self {
        match key {
            PublicKey::Ec(_) => Self::Ec,
            PublicKey::Rsa(_) => Self::Rsa,
        }
    }

    pub(crate) const fn ck(self) -> CK_KEY_TYPE {
        match self {
            Self::Ec => CKK_EC,
            Self::Rsa => CKK_RSA,
        }
    }

    /// The smallest and the largest key that SignPath has of this type.
    const fn bits(self) -> (CK_ULONG, CK_ULONG) {
        match self {
            Self::Ec => (256, 521),
            Self::Rsa => (2048, 4096),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_stands_in_the_table_once() {
        for (index, mechanism) in MECHANISMS.iter().enumerate() {
            let first = MECHANISMS.iter().position(|other| other.kind == mechanism.kind);
            assert_eq!(first, Some(index), "{:#x}", mechanism.kind);
        }
    }

    #[test]
    fn the_page_lists_the_mechanisms_in_their_order_and_with_their_parts() {
        let page = include_str!("../docs/module.md");
        let table = page.split("<!-- mechanisms -->").nth(1).unwrap();
        let table = table.split("<!-- /mechanisms -->").next().unwrap();
        let rows = table.lines().map(|line| line.split('|').collect::<Vec<_>>());
        let documented = rows.filter(|row| row.len() > 4).flat_map(|row| {
            let names = row[1].split('`').skip(1).step_by(2);
            names.map(|name| (name, row[3].contains("many"))).collect::<Vec<_>>()
        });
        let documented: Vec<_> = documented.collect();
        let in_parts = |mechanism: &Mechanism| match mechanism.purpose {
            Purpose::Digest(_) => true,
            Purpose::Sign(_, hash) => hash.is_some(),
        };
        let table = MECHANISMS.iter().map(|row| (row.name, in_parts(row)));
        assert_eq!(documented, table.collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_mechanism_and_an_unexpected_parameter_are_told_apart() {
        let unknown = RequestedMechanism { kind: CKM_RSA_X_509, parameter: &[] };
        assert!(matches!(SignatureMechanism::requested(unknown), Err(Error::MechanismInvalid)));
        let odd = |kind| RequestedMechanism { kind, parameter: &[1] };
        let refused = SignatureMechanism::requested(odd(CKM_ECDSA));
        assert!(matches!(refused, Err(Error::MechanismParameterInvalid)));
        let refused = DigestAlgorithm::requested(odd(CKM_SHA256));
        assert!(matches!(refused, Err(Error::MechanismParameterInvalid)));
    }

    #[test]
    fn a_digest_does_not_sign_and_a_signature_is_no_digest() {
        let plain = |kind| RequestedMechanism { kind, parameter: &[] };
        let refused = SignatureMechanism::requested(plain(CKM_SHA256));
        assert!(matches!(refused, Err(Error::MechanismInvalid)));
        let refused = DigestAlgorithm::requested(plain(CKM_ECDSA_SHA256));
        assert!(matches!(refused, Err(Error::MechanismInvalid)));
    }
}
