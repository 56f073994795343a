//! What PKCS #11 says of sessions, operations and keys, as far as it decides which value a function has to return.

use cryptoki_sys::*;

#[derive(Clone, Copy, PartialEq)]
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

/// What a mechanism does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Does {
    /// Makes digests of so many bytes.
    Digest(usize),
    /// Signs with this key; `Message` hashes first.
    Sign(Key, Takes),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Takes {
    DigestInfo,
    AnyDigest,
    Message,
    /// PSS, whose parameter in these cases names SHA-256.
    Pss,
    PssMessage,
}

use Does::{Digest, Sign};
use Key::{Ec, Rsa};

pub(crate) const MECHANISMS: [(CK_MECHANISM_TYPE, Does); 10] = [
    (CKM_ECDSA, Sign(Ec, Takes::AnyDigest)),
    (CKM_ECDSA_SHA256, Sign(Ec, Takes::Message)),
    (CKM_ECDSA_SHA512, Sign(Ec, Takes::Message)),
    (CKM_RSA_PKCS, Sign(Rsa, Takes::DigestInfo)),
    (CKM_SHA256_RSA_PKCS, Sign(Rsa, Takes::Message)),
    (CKM_RSA_PKCS_PSS, Sign(Rsa, Takes::Pss)),
    (CKM_SHA256_RSA_PKCS_PSS, Sign(Rsa, Takes::PssMessage)),
    (CKM_SHA_1, Digest(20)),
    (CKM_SHA256, Digest(32)),
    (CKM_SHA512, Digest(64)),
];

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
}

/// What is under way in a session.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    None,
    Find,
    Digest { len: usize, in_parts: bool },
    Sign { key: Key, takes: Takes, in_parts: bool, credentials: Credentials },
    Verify { key: Key, takes: Takes, in_parts: bool },
}

/// Whose signatures they are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Credentials {
    Configured,
    OfPin,
}

pub(crate) struct Session {
    pub(crate) handle: CK_SESSION_HANDLE,
    pub(crate) read_write: bool,
    pub(crate) operation: Operation,
}

/// A handle that was found, of what, and whether it is one still.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    pub(crate) handle: CK_OBJECT_HANDLE,
    /// The key, and whether it is the private one; nothing for profiles.
    pub(crate) key: Option<(Key, bool)>,
    pub(crate) lives: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) initialized: bool,
    pub(crate) sessions: Vec<Session>,
    pub(crate) objects: Vec<Object>,
    pub(crate) login: Option<Credentials>,
}

impl Model {
    pub(crate) fn credentials(&self) -> Credentials {
        self.login.unwrap_or(Credentials::Configured)
    }

    /// The value for a session that is not there.
    pub(crate) fn no_session(&self) -> CK_RV {
        if self.initialized { CKR_SESSION_HANDLE_INVALID } else { CKR_CRYPTOKI_NOT_INITIALIZED }
    }

    /// What a PIN opened ends with its login.
    pub(crate) fn log_out(&mut self) {
        if self.login.take() == Some(Credentials::OfPin) {
            self.forget(|_| true);
        }
    }

    pub(crate) fn forget(&mut self, doomed: impl Fn(bool) -> bool) {
        for object in &mut self.objects {
            object.lives &= object.key.is_none_or(|(_, private)| !doomed(private));
        }
    }

    /// A handle that a search has given; one that has ended is given to nothing else.
    pub(crate) fn learn(&mut self, handle: CK_OBJECT_HANDLE, key: (Key, bool)) {
        let known = self.objects.iter().find(|object| object.handle == handle);
        assert!(known.is_none_or(|known| known.lives && known.key == Some(key)), "an old handle");
        if known.is_none() {
            self.objects.push(Object { handle, key: Some(key), lives: true });
        }
    }

    pub(crate) fn closed(&mut self) {
        if self.sessions.is_empty() {
            self.log_out();
        }
    }

    pub(crate) fn finalize(&mut self) {
        *self = Self { objects: std::mem::take(&mut self.objects), ..Self::default() };
        self.objects.iter_mut().for_each(|object| object.lives = false);
    }
}

/// The value of C_SignInit (`private`) or C_VerifyInit in a session without an operation.
pub(crate) fn begin(
    named: Named,
    object: Option<&Object>,
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
    let found = object.filter(|object| object.lives).and_then(|object| object.key);
    match found {
        None => Err(CKR_KEY_HANDLE_INVALID),
        Some((other, _)) if other != key => Err(CKR_KEY_TYPE_INCONSISTENT),
        Some((_, is_private)) if is_private != private => Err(CKR_KEY_FUNCTION_NOT_PERMITTED),
        Some(_) => Ok((key, takes)),
    }
}

/// The value for all of the data; CKR_OK: there is a hash to sign.
pub(crate) fn taken(takes: Takes, data: &[u8]) -> CK_RV {
    let is_info = |data: &[u8]| data.len() == 51 && data.starts_with(&SHA256_INFO);
    match takes {
        Takes::Message | Takes::PssMessage => CKR_OK,
        Takes::DigestInfo if data.len() + 11 > 256 => CKR_DATA_LEN_RANGE,
        Takes::DigestInfo if is_info(data) => CKR_OK,
        Takes::DigestInfo => CKR_DATA_INVALID,
        Takes::Pss if data.len() == 32 => CKR_OK,
        Takes::AnyDigest if (20..=64).contains(&data.len()) => CKR_OK,
        Takes::Pss | Takes::AnyDigest => CKR_DATA_LEN_RANGE,
    }
}

pub(crate) fn has_parts(takes: Takes) -> bool {
    matches!(takes, Takes::Message | Takes::PssMessage)
}
