//! C_DigestInit and its kin.

use cryptoki_sys::*;

use crate::buffer::Output;
use crate::caller::{Caller, call, expect};
use crate::model::Operation;
use crate::signed::{Does, Hash, Parameter};

impl Caller<'_> {
    pub(crate) fn digest_init(&mut self) {
        let (handle, place) = self.session();
        let mut mechanism = self.mechanism();
        let named = mechanism.named;
        let begun = match self.refused(place, named.parameter, CKF_DIGEST) {
            Some(rv) => Err(rv),
            None if self.operation(place) != Operation::None => Err(CKR_OPERATION_ACTIVE),
            None => begin(named.does, named.parameter),
        };
        let came = call!(self, C_DigestInit(handle, mechanism.pointer()));
        expect("C_DigestInit", came, begun.err().unwrap_or(CKR_OK));
        if let Ok(hash) = begun {
            self.put_new(place, Operation::Digest { hash, in_parts: false });
        }
    }

    pub(crate) fn digest_update(&mut self) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let (expected, after) = match self.operation(place) {
            Operation::Digest { hash, .. } if data.readable().is_some() => {
                (CKR_OK, Operation::Digest { hash, in_parts: true })
            }
            Operation::Digest { .. } => (CKR_ARGUMENTS_BAD, Operation::None),
            other => (self.idle(place), other),
        };
        let came = call!(self, C_DigestUpdate(handle, data.pointer(), data.len));
        expect("C_DigestUpdate", came, expected);
        self.put(place, after);
        if expected == CKR_OK {
            self.add(place, &data);
        }
    }

    /// C_Digest, or C_DigestFinal.
    pub(crate) fn digest(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let current = self.operation(place);
        let hash = if let Operation::Digest { hash, .. } = current { hash } else { Hash::Sha256 };
        let mut out = Output::around(hash.len(), &mut self.script);
        let (expected, after) = match current {
            Operation::Digest { in_parts: true, .. } if whole => {
                (CKR_OPERATION_NOT_INITIALIZED, Operation::None)
            }
            Operation::Digest { .. } if whole && data.readable().is_none() => {
                (CKR_ARGUMENTS_BAD, Operation::None)
            }
            Operation::Digest { .. } => {
                let (rv, is_kept) = out.expected(hash.len());
                (rv, if is_kept { current } else { Operation::None })
            }
            other => (self.idle(place), other),
        };
        let came = if whole {
            call!(self, C_Digest(handle, data.pointer(), data.len, out.buffer(), out.len()))
        } else {
            call!(self, C_DigestFinal(handle, out.buffer(), out.len()))
        };
        expect("C_Digest or C_DigestFinal", came, expected);
        let made = out.checked(came, hash.len());
        let message = self.message(place, data.readable().filter(|_| whole));
        assert!(made.is_empty() || *made == hash.of(&message), "a digest of something else");
        self.put(place, after);
    }

    /// No key of the token has a value that could be digested.
    pub(crate) fn digest_key(&mut self) {
        let (handle, place) = self.session();
        let (key, object) = self.object();
        let (expected, after) = match self.operation(place) {
            Operation::Digest { .. } if self.there(place, object).is_some() => {
                (CKR_KEY_INDIGESTIBLE, Operation::None)
            }
            Operation::Digest { .. } => (CKR_KEY_HANDLE_INVALID, Operation::None),
            other => (self.idle(place), other),
        };
        expect("C_DigestKey", call!(self, C_DigestKey(handle, key)), expected);
        self.put(place, after);
    }
}

/// The value of C_DigestInit in a session without an operation.
fn begin(does: Option<Does>, parameter: Parameter) -> Result<Hash, CK_RV> {
    match does {
        Some(Does::Digest(hash)) if parameter == Parameter::None => Ok(hash),
        Some(Does::Digest(_)) => Err(CKR_MECHANISM_PARAM_INVALID),
        _ => Err(CKR_MECHANISM_INVALID),
    }
}
