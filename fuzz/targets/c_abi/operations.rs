//! Functions that begin, use and end the operation of a session.

use std::ptr;

use cryptoki_sys::*;

use crate::buffer::{Input, Output, ck};
use crate::caller::{Caller, call, expect};
use crate::model::{
    Does, MECHANISMS, Named, Object, Operation, Parameter, SHA256_INFO, begin, has_parts, taken,
};

/// The parameter of PSS with SHA-256 (2.40 §2.1.9).
const PSS: [CK_ULONG; 3] = [CKM_SHA256, CKG_MGF1_SHA256, 32];

impl Caller<'_> {
    pub(crate) fn operate(&mut self, function: u8) {
        match function {
            0 => self.digest_init(),
            1 => self.digest(true),
            2 => self.digest_update(),
            3 => self.digest(false),
            4..=6 => self.key_init(true),
            7 | 8 => self.sign(true),
            9 => self.update(true),
            10 => self.sign(false),
            11 => self.key_init(false),
            12 => self.verify(true),
            13 => self.update(false),
            14 => self.verify(false),
            15 => self.find_init(),
            _ => self.find(),
        }
    }

    fn mechanism(&mut self) -> (CK_MECHANISM, Named) {
        let choice = usize::from(self.script.byte());
        let (kind, does) = match MECHANISMS.get(choice % (MECHANISMS.len() + 1)) {
            Some((kind, does)) => (*kind, Some(*does)),
            None => (CKM_AES_CBC, None),
        };
        let parameter = match choice {
            0..=10 => Parameter::Odd,
            11..=21 => Parameter::Unreadable,
            22..=120 => Parameter::None,
            _ => Parameter::Pss,
        };
        let (pointer, len) = match parameter {
            Parameter::None => (ptr::null_mut(), 0),
            Parameter::Pss => (PSS.as_ptr().cast_mut().cast(), ck(size_of_val(&PSS))),
            Parameter::Odd => (PSS.as_ptr().cast_mut().cast(), 7),
            Parameter::Unreadable => (ptr::null_mut(), 24),
        };
        let mechanism = CK_MECHANISM { mechanism: kind, pParameter: pointer, ulParameterLen: len };
        (mechanism, Named { does, parameter })
    }

    /// A handle that was found, or one that never was.
    pub(crate) fn object(&mut self) -> (CK_OBJECT_HANDLE, Option<Object>) {
        let choice = usize::from(self.script.byte());
        let known = self.model.objects.len();
        match choice {
            240.. => ([0, CK_ULONG::MAX][choice % 2], None),
            _ if known == 0 => (0, None),
            // The latest are those that live.
            _ => {
                let object = self.model.objects[known - 1 - choice % known.min(8)];
                (object.handle, Some(object))
            }
        }
    }

    fn data(&mut self) -> Input {
        let len = self.script.choice(&[0, 1, 19, 20, 32, 48, 64, 65, 128, 246, 51]);
        let fill = self.script.byte() % 3;
        let bytes =
            if len == 51 { [&SHA256_INFO[..], &[fill; 32]].concat() } else { vec![fill; len] };
        Input::of(bytes, &mut self.script)
    }

    /// The value of a call that needs what is not there.
    pub(crate) fn idle(&self, place: Option<usize>) -> CK_RV {
        if place.is_some() { CKR_OPERATION_NOT_INITIALIZED } else { self.model.no_session() }
    }

    pub(crate) fn operation(&self, place: Option<usize>) -> Operation {
        place.map_or(Operation::None, |place| self.model.sessions[place].operation)
    }

    pub(crate) fn put(&mut self, place: Option<usize>, operation: Operation) {
        if let Some(place) = place {
            self.model.sessions[place].operation = operation;
        }
    }

    fn digest_init(&mut self) {
        let (handle, place) = self.session();
        let (mut mechanism, named) = self.mechanism();
        let current = self.operation(place);
        let begun = match (place, named.does) {
            (None, _) => Err(self.model.no_session()),
            _ if named.parameter == Parameter::Unreadable => Err(CKR_ARGUMENTS_BAD),
            _ if current != Operation::None => Err(CKR_OPERATION_ACTIVE),
            (_, Some(Does::Digest(len))) if named.parameter == Parameter::None => Ok(len),
            (_, Some(Does::Digest(_))) => Err(CKR_MECHANISM_PARAM_INVALID),
            _ => Err(CKR_MECHANISM_INVALID),
        };
        let came = call!(self, C_DigestInit(handle, &raw mut mechanism));
        expect("C_DigestInit", came, begun.err().unwrap_or(CKR_OK));
        if let Ok(len) = begun {
            self.put(place, Operation::Digest { len, in_parts: false });
        }
    }

    fn digest_update(&mut self) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let (expected, after) = match self.operation(place) {
            Operation::Digest { len, .. } if data.readable().is_some() => {
                (CKR_OK, Operation::Digest { len, in_parts: true })
            }
            Operation::Digest { .. } => (CKR_ARGUMENTS_BAD, Operation::None),
            other => (self.idle(place), other),
        };
        let came = call!(self, C_DigestUpdate(handle, data.pointer(), data.len));
        expect("C_DigestUpdate", came, expected);
        self.put(place, after);
    }

    /// C_Digest, or C_DigestFinal.
    fn digest(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let current = self.operation(place);
        let needed = if let Operation::Digest { len, .. } = current { len } else { 32 };
        let mut out = Output::around(needed, &mut self.script);
        let (expected, after) = match current {
            Operation::Digest { in_parts: true, .. } if whole => {
                (CKR_OPERATION_NOT_INITIALIZED, Operation::None)
            }
            Operation::Digest { .. } if whole && data.readable().is_none() => {
                (CKR_ARGUMENTS_BAD, Operation::None)
            }
            Operation::Digest { .. } => {
                let (rv, is_kept) = out.expected(needed);
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
        out.checked(came, needed);
        self.put(place, after);
    }

    /// C_SignInit, or C_VerifyInit.
    fn key_init(&mut self, signs: bool) {
        let (handle, place) = self.session();
        let (mut mechanism, named) = self.mechanism();
        let (key, object) = self.object();
        let begun = match self.operation(place) {
            _ if place.is_none() => Err(self.model.no_session()),
            _ if named.parameter == Parameter::Unreadable => Err(CKR_ARGUMENTS_BAD),
            Operation::None => begin(named, object.as_ref(), signs),
            _ => Err(CKR_OPERATION_ACTIVE),
        };
        let came = if signs {
            call!(self, C_SignInit(handle, &raw mut mechanism, key))
        } else {
            call!(self, C_VerifyInit(handle, &raw mut mechanism, key))
        };
        expect("C_SignInit or C_VerifyInit", came, begun.err().unwrap_or(CKR_OK));
        if let Ok((key, takes)) = begun {
            let credentials = self.model.credentials();
            let begun = if signs {
                Operation::Sign { key, takes, in_parts: false, credentials }
            } else {
                Operation::Verify { key, takes, in_parts: false }
            };
            self.put(place, begun);
        }
    }

    /// C_SignUpdate, or C_VerifyUpdate.
    fn update(&mut self, signs: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let (takes, after) = match self.operation(place) {
            Operation::Sign { key, takes, credentials, .. } if signs => {
                (Some(takes), Operation::Sign { key, takes, in_parts: true, credentials })
            }
            Operation::Verify { key, takes, .. } if !signs => {
                (Some(takes), Operation::Verify { key, takes, in_parts: true })
            }
            other => (None, other),
        };
        let (expected, after) = match takes {
            None => (self.idle(place), after),
            Some(takes) if !has_parts(takes) => (CKR_FUNCTION_NOT_SUPPORTED, Operation::None),
            Some(_) if data.readable().is_none() => (CKR_ARGUMENTS_BAD, Operation::None),
            Some(_) => (CKR_OK, after),
        };
        let came = if signs {
            call!(self, C_SignUpdate(handle, data.pointer(), data.len))
        } else {
            call!(self, C_VerifyUpdate(handle, data.pointer(), data.len))
        };
        expect("C_SignUpdate or C_VerifyUpdate", came, expected);
        self.put(place, after);
    }

    /// C_Sign, or C_SignFinal.
    fn sign(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let current = self.operation(place);
        let needed =
            if let Operation::Sign { key, .. } = current { key.signature_len() } else { 64 };
        let mut out = Output::around(needed, &mut self.script);
        let (expected, after) = self.signed(place, whole, &data, &out);
        let came = if whole {
            call!(self, C_Sign(handle, data.pointer(), data.len, out.buffer(), out.len()))
        } else {
            call!(self, C_SignFinal(handle, out.buffer(), out.len()))
        };
        expect("C_Sign or C_SignFinal", came, expected);
        out.checked(came, needed);
        self.put(place, after);
    }

    fn signed(
        &self,
        place: Option<usize>,
        whole: bool,
        data: &Input,
        out: &Output,
    ) -> (CK_RV, Operation) {
        let current = self.operation(place);
        let Operation::Sign { key, takes, in_parts, credentials } = current else {
            return (self.idle(place), current);
        };
        let ends = |rv| (rv, Operation::None);
        if whole && in_parts {
            return ends(CKR_OPERATION_NOT_INITIALIZED);
        }
        if !whole && !has_parts(takes) {
            return ends(CKR_FUNCTION_NOT_SUPPORTED);
        }
        if whole && data.readable().is_none() {
            return ends(CKR_ARGUMENTS_BAD);
        }
        match out.expected(key.signature_len()) {
            (rv, true) => return (rv, current),
            (CKR_OK, false) => {}
            (rv, false) => return ends(rv),
        }
        let made = if whole { taken(takes, data.readable().unwrap_or_default()) } else { CKR_OK };
        ends(match made {
            CKR_OK if credentials != self.model.credentials() => CKR_USER_NOT_LOGGED_IN,
            // The service refuses the RSA key, which is CKR_ARGUMENTS_BAD (error.rs).
            CKR_OK if key == crate::model::Key::Rsa => CKR_ARGUMENTS_BAD,
            made => made,
        })
    }

    /// C_Verify, or C_VerifyFinal, of a signature that is none.
    fn verify(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let current = self.operation(place);
        let len =
            if let Operation::Verify { key, .. } = current { key.signature_len() } else { 64 };
        let bytes =
            vec![self.script.byte(); len - usize::from(self.script.byte().is_multiple_of(4))];
        let mut signature = Input::of(bytes, &mut self.script);
        let expected = match current {
            Operation::Verify { in_parts: true, .. } if whole => CKR_OPERATION_NOT_INITIALIZED,
            Operation::Verify { takes, .. } if !whole && !has_parts(takes) => {
                CKR_FUNCTION_NOT_SUPPORTED
            }
            Operation::Verify { takes, .. } => match (data.readable(), signature.readable()) {
                (None, _) if whole => CKR_ARGUMENTS_BAD,
                (_, None) => CKR_ARGUMENTS_BAD,
                (Some(data), _) if whole && taken(takes, data) != CKR_OK => taken(takes, data),
                (_, Some(bytes)) if bytes.len() != len => CKR_SIGNATURE_LEN_RANGE,
                _ => CKR_SIGNATURE_INVALID,
            },
            _ => self.idle(place),
        };
        let came = if whole {
            call!(
                self,
                C_Verify(handle, data.pointer(), data.len, signature.pointer(), signature.len)
            )
        } else {
            call!(self, C_VerifyFinal(handle, signature.pointer(), signature.len))
        };
        expect("C_Verify or C_VerifyFinal", came, expected);
        let is_verify = matches!(current, Operation::Verify { .. });
        self.put(place, if is_verify { Operation::None } else { current });
    }
}
