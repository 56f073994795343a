//! C_SignInit and its kin.

use cryptoki_sys::*;

use crate::buffer::{Input, Output};
use crate::caller::{Caller, call, expect};
use crate::model::Operation;
use crate::signed::{Made, What, begin, taken};

impl Caller<'_> {
    pub(crate) fn sign_init(&mut self) {
        let (handle, place) = self.session();
        let mut mechanism = self.mechanism();
        let (key, object) = self.object();
        let begun = match self.refused(place, mechanism.named.parameter, CKF_SIGN) {
            Some(rv) => Err(rv),
            None if self.operation(place) != Operation::None => Err(CKR_OPERATION_ACTIVE),
            None => begin(mechanism.named, self.there(place, object), true),
        };
        let came = call!(self, C_SignInit(handle, mechanism.pointer(), key));
        expect("C_SignInit", came, begun.err().unwrap_or(CKR_OK));
        if let Ok((key, takes)) = begun {
            let credentials =
                place.and_then(|place| self.model.credentials(self.model.sessions[place].slot));
            self.put_new(place, Operation::Sign { key, takes, in_parts: false, credentials });
        }
    }

    pub(crate) fn sign_update(&mut self) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let (expected, after) = match self.operation(place) {
            Operation::Sign { takes, .. } if !takes.has_parts() => {
                (CKR_FUNCTION_NOT_SUPPORTED, Operation::None)
            }
            Operation::Sign { .. } if data.readable().is_none() => {
                (CKR_ARGUMENTS_BAD, Operation::None)
            }
            Operation::Sign { key, takes, credentials, .. } => {
                (CKR_OK, Operation::Sign { key, takes, in_parts: true, credentials })
            }
            other => (self.idle(place), other),
        };
        let came = call!(self, C_SignUpdate(handle, data.pointer(), data.len));
        expect("C_SignUpdate", came, expected);
        self.put(place, after);
        if expected == CKR_OK {
            self.add(place, &data);
        }
    }

    /// C_Sign, or C_SignFinal.
    pub(crate) fn sign(&mut self, whole: bool) {
        let (handle, place) = self.session();
        let mut data = self.data();
        let current = self.operation(place);
        let needed =
            if let Operation::Sign { key, .. } = current { key.signature_len() } else { 64 };
        let mut out = Output::around(needed, &mut self.script);
        let (answer, after) = self.signed(place, whole, &data, &out);
        let came = if whole {
            call!(self, C_Sign(handle, data.pointer(), data.len, out.buffer(), out.len()))
        } else {
            call!(self, C_SignFinal(handle, out.buffer(), out.len()))
        };
        let expected = match &answer {
            Ok(what) => what.as_ref().map_or(CKR_OK, |what| what.answer().rv()),
            Err(rv) => *rv,
        };
        expect("C_Sign or C_SignFinal", came, expected);
        let signature = out.checked(came, needed).to_vec();
        if let Ok(Some(what)) = answer
            && expected == CKR_OK
        {
            self.model.keep(Made { what, signature });
        }
        self.put(place, after);
    }

    /// What is signed, unless only a length was asked for, or the value; and the operation afterwards.
    fn signed(
        &self,
        place: Option<usize>,
        whole: bool,
        data: &Input,
        out: &Output,
    ) -> (Result<Option<What>, CK_RV>, Operation) {
        let current = self.operation(place);
        let Operation::Sign { key, takes, in_parts, credentials } = current else {
            return (Err(self.idle(place)), current);
        };
        let ends = |rv| (Err(rv), Operation::None);
        if whole && in_parts {
            return ends(CKR_OPERATION_NOT_INITIALIZED);
        }
        if !whole && !takes.has_parts() {
            return ends(CKR_FUNCTION_NOT_SUPPORTED);
        }
        if whole && data.readable().is_none() {
            return ends(CKR_ARGUMENTS_BAD);
        }
        match out.expected(key.signature_len()) {
            (CKR_OK, true) => return (Ok(None), current),
            (rv, true) => return (Err(rv), current),
            (CKR_OK, false) => {}
            (rv, false) => return ends(rv),
        }
        let slot = place.map_or(0, |place| self.model.sessions[place].slot);
        let message = self.message(place, data.readable().filter(|_| whole));
        match taken(key, takes, &message) {
            Ok(_) if credentials != self.model.credentials(slot) => ends(CKR_USER_NOT_LOGGED_IN),
            answer => (answer.map(Some), Operation::None),
        }
    }
}
