//! C_VerifyInit and its kin, and C_VerifySignatureInit with its own: signatures that the module handed out, and others.

use cryptoki_sys::*;

use crate::buffer::Input;
use crate::caller::{Caller, call, expect};
use crate::model::Operation;
use crate::signed::{Key, Takes, What, begin, taken};

/// A signature as it is handed in: its length, and of what it is one.
type Seal = (usize, Option<What>);

impl Caller<'_> {
    pub(crate) fn verify_init(&mut self) {
        let (handle, place) = self.session();
        let mut mechanism = self.mechanism();
        let (key, object) = self.object();
        let begun = match self.refused(place, mechanism.named.parameter, CKF_VERIFY) {
            Some(rv) => Err(rv),
            None if self.operation(place) != Operation::None => Err(CKR_OPERATION_ACTIVE),
            None => begin(mechanism.named, self.there(place, object), false),
        };
        let came = call!(self, C_VerifyInit(handle, mechanism.pointer(), key));
        expect("C_VerifyInit", came, begun.err().unwrap_or(CKR_OK));
        if let Ok((key, takes)) = begun {
            self.put_new(place, Operation::Verify { key, takes, in_parts: false, first: false });
        }
    }

    pub(crate) fn signature_init(&mut self) {
        let (handle, place) = self.session();
        let mut mechanism = self.mechanism();
        let (key, object) = self.object();
        let (mut signature, of) = self.some_signature();
        let begun = match self.refused(place, mechanism.named.parameter, CKF_VERIFY) {
            Some(rv) => Err(rv),
            None if signature.readable().is_none() => Err(CKR_ARGUMENTS_BAD),
            None if self.operation(place) != Operation::None => Err(CKR_OPERATION_ACTIVE),
            None => begin(mechanism.named, self.there(place, object), false),
        };
        let (bytes, len) = (signature.pointer(), signature.len);
        let came = call!(self, C_VerifySignatureInit(handle, mechanism.pointer(), key, bytes, len));
        expect("C_VerifySignatureInit", came, begun.err().unwrap_or(CKR_OK));
        if let (Ok((key, takes)), Some(place)) = (begun, place) {
            let operation = Operation::Verify { key, takes, in_parts: false, first: true };
            self.put_new(Some(place), operation);
            self.model.sessions[place].signature = seal(&signature, of);
        }
    }

    pub(crate) fn verify_update(&mut self) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let expected = self.part(place, &data, false);
        let came = call!(self, C_VerifyUpdate(handle, data.pointer(), data.len));
        expect("C_VerifyUpdate", came, expected);
    }

    pub(crate) fn signature_update(&mut self) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let expected = self.part(place, &data, true);
        let came = call!(self, C_VerifySignatureUpdate(handle, data.pointer(), data.len));
        expect("C_VerifySignatureUpdate", came, expected);
    }

    /// The value of a call with a part, which is kept.
    fn part(&mut self, place: Option<usize>, data: &Input, at_first: bool) -> CK_RV {
        let (expected, after) = match self.operation(place) {
            Operation::Verify { key, takes, first, .. } if first == at_first => {
                if !takes.has_parts() {
                    (CKR_FUNCTION_NOT_SUPPORTED, Operation::None)
                } else if data.readable().is_none() {
                    (CKR_ARGUMENTS_BAD, Operation::None)
                } else {
                    (CKR_OK, Operation::Verify { key, takes, in_parts: true, first })
                }
            }
            other => (self.idle(place), other),
        };
        self.put(place, after);
        if expected == CKR_OK {
            self.add(place, data);
        }
        expected
    }

    /// C_Verify, or C_VerifyFinal.
    pub(crate) fn verify(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let (mut signature, of) = self.some_signature();
        let readable = signature.readable().is_some();
        let expected = self.end(place, false, (whole, &data), readable, seal(&signature, of));
        let (bytes, len) = (signature.pointer(), signature.len);
        let came = if whole {
            call!(self, C_Verify(handle, data.pointer(), data.len, bytes, len))
        } else {
            call!(self, C_VerifyFinal(handle, bytes, len))
        };
        expect("C_Verify or C_VerifyFinal", came, expected);
    }

    /// C_VerifySignature, or C_VerifySignatureFinal.
    pub(crate) fn signature(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let seal = place.map_or((0, None), |place| self.model.sessions[place].signature.clone());
        let expected = self.end(place, true, (whole, &data), true, seal);
        let came = if whole {
            call!(self, C_VerifySignature(handle, data.pointer(), data.len))
        } else {
            call!(self, C_VerifySignatureFinal(handle))
        };
        expect("C_VerifySignature or C_VerifySignatureFinal", came, expected);
    }

    /// The value of a call that ends the check of a signature which came at first or comes now.
    fn end(
        &mut self,
        place: Option<usize>,
        at_first: bool,
        (whole, data): (bool, &Input),
        readable: bool,
        seal: Seal,
    ) -> CK_RV {
        match self.operation(place) {
            Operation::Verify { key, takes, in_parts, first } if first == at_first => {
                self.put(place, Operation::None);
                if whole && in_parts {
                    CKR_OPERATION_NOT_INITIALIZED
                } else if !whole && !takes.has_parts() {
                    CKR_FUNCTION_NOT_SUPPORTED
                } else if !readable || whole && data.readable().is_none() {
                    CKR_ARGUMENTS_BAD
                } else {
                    let message = self.message(place, data.readable().filter(|_| whole));
                    checked(key, takes, &message, &seal)
                }
            }
            _ => self.idle(place),
        }
    }

    /// A signature that was handed out, with or without a bit that is another, or one that is none.
    fn some_signature(&mut self) -> (Input, Option<What>) {
        let kind = self.script.byte();
        let made = &self.model.made;
        let (bytes, of) = match kind % 8 {
            0 => (vec![kind; 64], None),
            1 => (vec![kind; 255], None),
            2 => (vec![kind; 256], None),
            _ if made.is_empty() => (Vec::new(), None),
            other => {
                let made = &made[usize::from(kind / 8) % made.len()];
                let mut bytes = made.signature.clone();
                let changed = usize::from(kind) % bytes.len();
                bytes[changed] ^= u8::from(other == 3);
                (bytes, Some(made.what.clone()).filter(|_| other != 3))
            }
        };
        (Input::of(bytes, &mut self.script), of)
    }
}

/// What was handed in, which may be less than there is.
fn seal(signature: &Input, of: Option<What>) -> Seal {
    let len = signature.readable().map_or(0, <[u8]>::len);
    (len, of.filter(|_| len != 0))
}

/// The value for all of the data and a signature.
fn checked(key: Key, takes: Takes, message: &[u8], (len, of): &Seal) -> CK_RV {
    match taken(key, takes, message) {
        Err(rv) => rv,
        Ok(_) if *len != key.signature_len() => CKR_SIGNATURE_LEN_RANGE,
        Ok(what) if of.as_ref() == Some(&what) => CKR_OK,
        Ok(_) => CKR_SIGNATURE_INVALID,
    }
}
