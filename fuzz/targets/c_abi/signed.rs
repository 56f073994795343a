//! What is signed with which mechanism, and what the service answers to it.

use cryptoki_sys::*;
use sha2::Digest as _;

use crate::model::Object;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Ec,
    Rsa,
}

impl Key {
    pub(crate) fn signature_len(self) -> usize {
        match self {
            Self::Ec => 64,
            Self::Rsa => 256,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    pub(crate) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1::Sha1::digest(data).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(data).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(data).to_vec(),
        }
    }
}

/// What a mechanism does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Does {
    Digest(Hash),
    /// Signs with this key.
    Sign(Key, Takes),
}

/// What a mechanism signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Takes {
    DigestInfo,
    AnyDigest,
    /// Hashed first.
    Message(Hash),
    /// PSS, whose parameter in these cases names SHA-256.
    Pss,
    PssMessage,
}

impl Takes {
    pub(crate) fn has_parts(self) -> bool {
        matches!(self, Self::Message(_) | Self::PssMessage)
    }
}

use Does::{Digest, Sign};
use Key::{Ec, Rsa};

pub(crate) const MECHANISMS: [(CK_MECHANISM_TYPE, Does); 10] = [
    (CKM_ECDSA, Sign(Ec, Takes::AnyDigest)),
    (CKM_ECDSA_SHA256, Sign(Ec, Takes::Message(Hash::Sha256))),
    (CKM_ECDSA_SHA512, Sign(Ec, Takes::Message(Hash::Sha512))),
    (CKM_RSA_PKCS, Sign(Rsa, Takes::DigestInfo)),
    (CKM_SHA256_RSA_PKCS, Sign(Rsa, Takes::Message(Hash::Sha256))),
    (CKM_RSA_PKCS_PSS, Sign(Rsa, Takes::Pss)),
    (CKM_SHA256_RSA_PKCS_PSS, Sign(Rsa, Takes::PssMessage)),
    (CKM_SHA_1, Digest(Hash::Sha1)),
    (CKM_SHA256, Digest(Hash::Sha256)),
    (CKM_SHA512, Digest(Hash::Sha512)),
];

/// How many mechanisms the module lists.
pub(crate) const LISTED_MECHANISMS: usize = 17;

/// The DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2).
pub(crate) const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// A mechanism as it is named in a call.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) does: Option<Does>,
    pub(crate) parameter: Parameter,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Parameter {
    None,
    Pss,
    Odd,
    /// NULL with a length.
    Unreadable,
    /// The mechanism is NULL, which ends an operation (3.0 §5.12.1, §5.13.1, §5.15.1).
    NoMechanism,
}

/// A hash, and in what form it is signed.
#[derive(Clone, Debug)]
pub(crate) struct What {
    scheme: Scheme,
    hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scheme {
    Ecdsa,
    Pkcs1,
    Pss,
}

impl PartialEq for What {
    /// ECDSA signs a number of as many bits as the curve's order has (FIPS 186-5, section 6.4.1).
    fn eq(&self, other: &Self) -> bool {
        let number = |what: &Self| match what.scheme {
            Scheme::Ecdsa => {
                let hash = &what.hash[..what.hash.len().min(32)];
                [&vec![0; 32 - hash.len()], hash].concat()
            }
            Scheme::Pkcs1 | Scheme::Pss => what.hash.clone(),
        };
        self.scheme == other.scheme && number(self) == number(other)
    }
}

/// A signature that the module has handed out.
pub(crate) struct Made {
    pub(crate) what: What,
    pub(crate) signature: Vec<u8>,
}

/// What the service does with a hash.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    Signature,
    OfSomethingElse,
    Refusal,
}

impl Answer {
    pub(crate) fn to(hash: &[u8]) -> Self {
        match hash.first() {
            Some(1) => Self::OfSomethingElse,
            Some(2) => Self::Refusal,
            _ => Self::Signature,
        }
    }

    /// What C_Sign returns then.
    pub(crate) fn rv(self) -> CK_RV {
        match self {
            Self::Signature => CKR_OK,
            // error.rs: a signature that does not verify, and a service that refuses
            Self::OfSomethingElse => CKR_GENERAL_ERROR,
            Self::Refusal => CKR_ARGUMENTS_BAD,
        }
    }
}

impl What {
    pub(crate) fn answer(&self) -> Answer {
        Answer::to(&self.hash)
    }
}

/// The value of C_SignInit (`private`) or C_VerifyInit with an object that lives, in a session without an operation.
pub(crate) fn begin(
    named: Named,
    object: Option<Object>,
    private: bool,
) -> Result<(Key, Takes), CK_RV> {
    let Some(Sign(key, takes)) = named.does else { return Err(CKR_MECHANISM_INVALID) };
    let wanted = if matches!(takes, Takes::Pss | Takes::PssMessage) {
        Parameter::Pss
    } else {
        Parameter::None
    };
    if named.parameter != wanted {
        return Err(CKR_MECHANISM_PARAM_INVALID);
    }
    match object.map(|object| object.key) {
        None => Err(CKR_KEY_HANDLE_INVALID),
        Some((other, _)) if other != key => Err(CKR_KEY_TYPE_INCONSISTENT),
        Some((_, is_private)) if is_private != private => Err(CKR_KEY_FUNCTION_NOT_PERMITTED),
        Some(_) => Ok((key, takes)),
    }
}

/// What is signed of all of the data, or the value for it.
pub(crate) fn taken(key: Key, takes: Takes, data: &[u8]) -> Result<What, CK_RV> {
    let what = |scheme, hash| Ok(What { scheme, hash });
    match takes {
        Takes::Message(hash) if key == Ec => what(Scheme::Ecdsa, hash.of(data)),
        Takes::Message(hash) => what(Scheme::Pkcs1, hash.of(data)),
        Takes::PssMessage => what(Scheme::Pss, Hash::Sha256.of(data)),
        Takes::DigestInfo if data.len() + 11 > 256 => Err(CKR_DATA_LEN_RANGE),
        Takes::DigestInfo => match data.strip_prefix(&SHA256_INFO) {
            Some(hash) if hash.len() == 32 => what(Scheme::Pkcs1, hash.to_vec()),
            _ => Err(CKR_DATA_INVALID),
        },
        Takes::Pss if data.len() == 32 => what(Scheme::Pss, data.to_vec()),
        Takes::AnyDigest if (20..=64).contains(&data.len()) => what(Scheme::Ecdsa, data.to_vec()),
        Takes::Pss | Takes::AnyDigest => Err(CKR_DATA_LEN_RANGE),
    }
}
