//! Searches, and what objects are asked.

use std::ptr;

use cryptoki_sys::*;

use crate::buffer::{Input, Output, ck};
use crate::caller::{Caller, call, expect};
use crate::model::{Operation, Session};
use crate::signed::Key;

const ATTRIBUTES: [CK_ATTRIBUTE_TYPE; 12] = [
    CKA_CLASS,
    CKA_LABEL,
    CKA_ID,
    CKA_KEY_TYPE,
    CKA_SIGN,
    CKA_EC_POINT,
    CKA_MODULUS,
    CKA_VALUE,
    CKA_PRIVATE_EXPONENT,
    CKA_TOKEN,
    0x7fff,
    CK_ULONG::MAX,
];

impl Caller<'_> {
    pub(crate) fn find_init(&mut self) {
        let (handle, place) = self.session();
        let kind = self.script.choice(&ATTRIBUTES);
        let len = usize::from(self.script.byte() % 12);
        let bytes = vec![self.script.byte(); len];
        let mut value = Input::of(bytes, &mut self.script);
        let mut entry =
            CK_ATTRIBUTE { type_: kind, pValue: value.pointer().cast(), ulValueLen: value.len };
        let (count, is_null) = self.script.choice(&[
            (0, false),
            (1, false),
            (0, true),
            (1, true),
            (CK_ULONG::MAX, false),
        ]);
        let template = if is_null { ptr::null_mut() } else { &raw mut entry };
        let current = self.operation(place);
        let expected = match (place, count) {
            (None, _) => self.model.no_session(),
            (_, 1) if is_null || value.readable().is_none() => CKR_ARGUMENTS_BAD,
            (_, CK_ULONG::MAX) => CKR_ARGUMENTS_BAD,
            _ if current != Operation::None => CKR_OPERATION_ACTIVE,
            _ => CKR_OK,
        };
        expect(
            "C_FindObjectsInit",
            call!(self, C_FindObjectsInit(handle, template, count)),
            expected,
        );
        if expected == CKR_OK {
            self.put(place, Operation::Find);
        }
    }

    /// C_FindObjects, or C_FindObjectsFinal.
    pub(crate) fn find(&mut self) {
        let (handle, place) = self.session();
        let (current, idle) = (self.operation(place), self.idle(place));
        let expected = if current == Operation::Find { CKR_OK } else { idle };
        if self.script.byte().is_multiple_of(2) {
            expect("C_FindObjectsFinal", call!(self, C_FindObjectsFinal(handle)), expected);
            self.put(place, if current == Operation::Find { Operation::None } else { current });
            return;
        }
        let max = usize::from(self.script.byte() % 40);
        let (mut handles, mut count) = (vec![CK_ULONG::MAX; max + 2], 0);
        let came =
            call!(self, C_FindObjects(handle, handles[1..].as_mut_ptr(), ck(max), &raw mut count));
        expect("C_FindObjects", came, expected);
        let count = usize::try_from(count).expect("a count");
        assert!(count <= max && handles[0] == CK_ULONG::MAX);
        assert!(handles[count + 1..].iter().all(|handle| *handle == CK_ULONG::MAX));
    }

    /// C_GetAttributeValue and C_GetObjectSize.
    pub(crate) fn attributes(&mut self) {
        let (handle, place) = self.session();
        let (key, object) = self.object();
        let mut out = Output::around(self.script.choice(&[1, 8, 8, 256]), &mut self.script);
        let room = out.len;
        let kind = self.script.choice(&ATTRIBUTES);
        let mut entry = CK_ATTRIBUTE { type_: kind, pValue: out.buffer().cast(), ulValueLen: room };
        let came = call!(self, C_GetAttributeValue(handle, key, &raw mut entry, 1));
        let is_there = self.there(place, object).is_some();
        match place {
            None => expect("C_GetAttributeValue", came, self.model.no_session()),
            Some(_) if !is_there => expect("C_GetAttributeValue", came, CKR_OBJECT_HANDLE_INVALID),
            Some(_) => {
                let failed =
                    [CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL];
                assert!(came == CKR_OK || failed.contains(&came), "C_GetAttributeValue: {came:#x}");
                assert_eq!(came != CKR_OK, entry.ulValueLen == CK_ULONG::MAX);
                assert!(came != CKR_OK || entry.pValue.is_null() || entry.ulValueLen <= room);
            }
        }
        out.len = entry.ulValueLen;
        out.unchanged_beyond(if came == CKR_OK { entry.ulValueLen } else { 0 });
    }

    /// A whole search for the keys of the token, after which the model knows them.
    pub(crate) fn look(&mut self) {
        let choice = usize::from(self.script.byte());
        let idle = |session: &&Session| session.operation == Operation::None;
        let sessions: Vec<_> = self.model.sessions.iter().filter(idle).collect();
        if sessions.is_empty() {
            return;
        }
        let Session { handle, slot, .. } = *sessions[choice % sessions.len()];
        let is_shown = self.model.credentials(slot).is_some();
        for (class, private) in [(CKO_PRIVATE_KEY, true), (CKO_PUBLIC_KEY, false)] {
            for (kind, key) in [(CKK_EC, Key::Ec), (CKK_RSA, Key::Rsa)] {
                let found = self.found(handle, class, kind);
                assert_eq!(found.is_some(), is_shown);
                found.into_iter().for_each(|one| self.model.learn(one, slot, (key, private)));
            }
        }
    }

    fn found(
        &mut self,
        session: CK_SESSION_HANDLE,
        mut class: CK_ULONG,
        mut kind: CK_ULONG,
    ) -> Option<CK_OBJECT_HANDLE> {
        let entry = |type_, value: &mut CK_ULONG| CK_ATTRIBUTE {
            type_,
            pValue: ptr::from_mut(value).cast(),
            ulValueLen: ck(size_of::<CK_ULONG>()),
        };
        let mut template = [entry(CKA_CLASS, &mut class), entry(CKA_KEY_TYPE, &mut kind)];
        let came = call!(self, C_FindObjectsInit(session, template.as_mut_ptr(), 2));
        expect("C_FindObjectsInit", came, CKR_OK);
        let (mut handles, mut count) = ([0; 3], 0);
        let came = call!(self, C_FindObjects(session, handles.as_mut_ptr(), 3, &raw mut count));
        expect("C_FindObjects", came, CKR_OK);
        assert!(count <= 1);
        expect("C_FindObjectsFinal", call!(self, C_FindObjectsFinal(session)), CKR_OK);
        (count == 1).then_some(handles[0])
    }
}
