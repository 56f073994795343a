//! The operation of a session: what all its functions need.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::buffer::{Input, ck};
use crate::caller::{Caller, call, expect};
use crate::model::{Object, Operation};
use crate::signed::{MECHANISMS, Named, Parameter, SHA256_INFO};

/// The parameter of PSS with SHA-256 (2.40 §2.1.9).
const PSS: [CK_ULONG; 3] = [CKM_SHA256, CKG_MGF1_SHA256, 32];

/// A CK_MECHANISM, or none, and what it names.
pub(crate) struct Mechanism {
    value: CK_MECHANISM,
    pub(crate) named: Named,
}

impl Mechanism {
    pub(crate) fn pointer(&mut self) -> *mut CK_MECHANISM {
        if self.named.parameter == Parameter::NoMechanism {
            null_mut()
        } else {
            &raw mut self.value
        }
    }
}

impl Caller<'_> {
    pub(crate) fn operate(&mut self, function: u8) {
        match function {
            0 | 1 => self.digest_init(),
            2 => self.digest(true),
            3 => self.digest_update(),
            4 => self.digest(false),
            5 => self.digest_key(),
            6..=11 => self.sign_init(),
            12..=15 => self.sign(true),
            16 | 17 => self.sign_update(),
            18 | 19 => self.sign(false),
            20..=22 => self.verify_init(),
            23 | 24 => self.verify(true),
            25 => self.verify_update(),
            26 | 27 => self.verify(false),
            28..=30 => self.signature_init(),
            31 | 32 => self.signature(true),
            33 => self.signature_update(),
            34 => self.signature(false),
            35 | 36 => self.find_init(),
            _ => self.find(),
        }
    }

    pub(crate) fn mechanism(&mut self) -> Mechanism {
        let choice = usize::from(self.script.byte());
        let (kind, does) = match MECHANISMS.get(choice % (MECHANISMS.len() + 1)) {
            Some((kind, does)) => (*kind, Some(*does)),
            None => (CKM_AES_CBC, None),
        };
        let parameter = match choice {
            0..=10 => Parameter::Odd,
            11..=21 => Parameter::Unreadable,
            22..=32 => Parameter::NoMechanism,
            33..=120 => Parameter::None,
            _ => Parameter::Pss,
        };
        let (pointer, len) = match parameter {
            Parameter::None | Parameter::NoMechanism => (null_mut(), 0),
            Parameter::Pss => (PSS.as_ptr().cast_mut().cast(), ck(size_of_val(&PSS))),
            Parameter::Odd => (PSS.as_ptr().cast_mut().cast(), 7),
            Parameter::Unreadable => (null_mut(), 24),
        };
        let value = CK_MECHANISM { mechanism: kind, pParameter: pointer, ulParameterLen: len };
        Mechanism { value, named: Named { does, parameter } }
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
                let object = self.model.objects[known - 1 - choice % known.min(12)];
                (object.handle, Some(object))
            }
        }
    }

    /// The object, if it is one of the session's token still.
    pub(crate) fn there(&self, place: Option<usize>, object: Option<Object>) -> Option<Object> {
        let slot = self.model.sessions.get(place?)?.slot;
        object.filter(|object| object.lives && object.slot == slot)
    }

    pub(crate) fn data(&mut self) -> Input {
        let len = self.script.choice(&[0, 1, 19, 20, 32, 48, 64, 65, 128, 246, 51, 32, 51]);
        let fill = self.script.choice(&[0, 3, 5, 1, 4, 2]);
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

    /// The operation that begins has had no parts.
    pub(crate) fn put_new(&mut self, place: Option<usize>, operation: Operation) {
        self.put(place, operation);
        if let Some(place) = place {
            self.model.sessions[place].message.clear();
        }
    }

    /// All of the data: what comes now, or the parts so far.
    pub(crate) fn message(&self, place: Option<usize>, whole: Option<&[u8]>) -> Vec<u8> {
        let parts = || place.map_or(&[][..], |place| &self.model.sessions[place].message);
        whole.unwrap_or_else(parts).to_vec()
    }

    pub(crate) fn add(&mut self, place: Option<usize>, part: &Input) {
        if let (Some(place), Some(part)) = (place, part.readable()) {
            self.model.sessions[place].message.extend_from_slice(part);
        }
    }

    /// The value of C_SignInit and its kin before the mechanism's kind is looked at, where that decides; without a mechanism an
    /// operation of the same kind ends.
    pub(crate) fn refused(
        &mut self,
        place: Option<usize>,
        parameter: Parameter,
        kind: CK_FLAGS,
    ) -> Option<CK_RV> {
        let current = self.operation(place);
        match parameter {
            _ if place.is_none() => Some(self.model.no_session()),
            Parameter::NoMechanism if current.kind() == kind => {
                self.put(place, Operation::None);
                Some(CKR_OK)
            }
            Parameter::NoMechanism | Parameter::Unreadable => Some(CKR_ARGUMENTS_BAD),
            _ => None,
        }
    }

    /// C_SessionCancel.
    pub(crate) fn cancel(&mut self) {
        let (handle, place) = self.session();
        let kinds = self.script.choice(&[
            CKF_SIGN,
            CKF_VERIFY | CKF_DIGEST,
            CKF_FIND_OBJECTS,
            CK_ULONG::MAX,
            0,
            CKF_ENCRYPT,
        ]);
        let expected = if place.is_some() { CKR_OK } else { self.model.no_session() };
        expect("C_SessionCancel", call!(self, C_SessionCancel(handle, kinds)), expected);
        if self.operation(place).kind() & kinds != 0 {
            self.put(place, Operation::None);
        }
    }
}
