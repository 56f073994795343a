//! The mechanisms of the token, as a table: one row, one mechanism.

use cryptoki_sys::*;
use signpath_client::key::{HashAlgorithm, PublicKey};

use crate::error::{Error, Result};

/// The type of key that a mechanism works with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyType {
    Ec,
    Rsa,
}

/// What the caller hands in to be signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    /// A hash that the caller made: a DigestInfo for RSA, the bare hash for EC. One part only.
    Hash,
    /// The message itself, in one part or many; it is hashed here.
    Message(HashAlgorithm),
}

/// A mechanism of the token.
#[derive(Debug)]
pub(crate) struct Mechanism {
    pub(crate) kind: CK_MECHANISM_TYPE,
    pub(crate) key_type: KeyType,
    pub(crate) input: Input,
}

/// A mechanism as the caller names it, with its parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestedMechanism<'a> {
    pub(crate) kind: CK_MECHANISM_TYPE,
    pub(crate) parameter: &'a [u8],
}

/// The mechanism list, in the order in which C_GetMechanismList gives it: some clients take the first that fits, so the
/// plain ones stand first.
pub(crate) const MECHANISMS: &[Mechanism] = &[
    row(CKM_RSA_PKCS, KeyType::Rsa, Input::Hash),
    row(CKM_ECDSA, KeyType::Ec, Input::Hash),
    row(CKM_SHA256_RSA_PKCS, KeyType::Rsa, Input::Message(HashAlgorithm::Sha256)),
    row(CKM_SHA384_RSA_PKCS, KeyType::Rsa, Input::Message(HashAlgorithm::Sha384)),
    row(CKM_SHA512_RSA_PKCS, KeyType::Rsa, Input::Message(HashAlgorithm::Sha512)),
    row(CKM_ECDSA_SHA256, KeyType::Ec, Input::Message(HashAlgorithm::Sha256)),
    row(CKM_ECDSA_SHA384, KeyType::Ec, Input::Message(HashAlgorithm::Sha384)),
    row(CKM_ECDSA_SHA512, KeyType::Ec, Input::Message(HashAlgorithm::Sha512)),
];

const fn row(kind: CK_MECHANISM_TYPE, key_type: KeyType, input: Input) -> Mechanism {
    Mechanism { kind, key_type, input }
}

impl Mechanism {
    pub(crate) fn find(kind: CK_MECHANISM_TYPE) -> Result<&'static Self> {
        MECHANISMS.iter().find(|row| row.kind == kind).ok_or(Error::MechanismInvalid)
    }

    /// The mechanism that the caller names. None of the table takes a parameter.
    pub(crate) fn requested(requested: RequestedMechanism<'_>) -> Result<&'static Self> {
        let mechanism = Self::find(requested.kind)?;
        if requested.parameter.is_empty() {
            Ok(mechanism)
        } else {
            Err(Error::MechanismParameterInvalid)
        }
    }

    /// Sizes in bits and what the mechanism is for. CKF_HW: the signature is not made in this process, and
    /// pkcs11-tool chooses its default mechanism by it.
    pub(crate) fn info(&self) -> CK_MECHANISM_INFO {
        let (min, max) = self.key_type.bits();
        let flags = match self.key_type {
            KeyType::Ec => CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS,
            KeyType::Rsa => 0,
        };
        CK_MECHANISM_INFO { ulMinKeySize: min, ulMaxKeySize: max, flags: CKF_HW | CKF_SIGN | flags }
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
    fn an_unknown_mechanism_and_an_unexpected_parameter_are_told_apart() {
        let unknown = RequestedMechanism { kind: CKM_RSA_X_509, parameter: &[] };
        assert!(matches!(Mechanism::requested(unknown), Err(Error::MechanismInvalid)));
        let odd = RequestedMechanism { kind: CKM_ECDSA, parameter: &[1] };
        assert!(matches!(Mechanism::requested(odd), Err(Error::MechanismParameterInvalid)));
    }
}
