//! Lists and infos of slots, tokens and mechanisms.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::buffer::{Output, ck};
use crate::caller::{Caller, call, expect};
use crate::model::{Model, SLOTS};
use crate::signed::{Does, LISTED_MECHANISMS, MECHANISMS};

impl Caller<'_> {
    pub(crate) fn slots(&mut self) {
        let expected =
            if self.model.initialized { Ok(()) } else { Err(CKR_CRYPTOKI_NOT_INITIALIZED) };
        let listed = self.list(SLOTS.len(), expected, |caller, list, count| {
            call!(caller, C_GetSlotList(CK_TRUE, list, count))
        });
        assert!(listed.is_empty() || listed == SLOTS);
    }

    pub(crate) fn mechanisms(&mut self) {
        let slot = self.slot();
        let expected = self.model.slot(slot).map(drop);
        let listed = self.list(LISTED_MECHANISMS, expected, |caller, list, count| {
            call!(caller, C_GetMechanismList(slot, list, count))
        });
        assert!(listed.is_empty() || MECHANISMS.iter().all(|(kind, _)| listed.contains(kind)));
    }

    /// A list of `needed` numbers, under the rule for lengths.
    fn list(
        &mut self,
        needed: usize,
        expected: Result<(), CK_RV>,
        call: impl Fn(&Self, *mut CK_ULONG, *mut CK_ULONG) -> CK_RV,
    ) -> Vec<CK_ULONG> {
        let word = size_of::<CK_ULONG>();
        let mut out = Output::around(needed * word, &mut self.script);
        // The functions count numbers.
        out.len /= ck(word);
        let room = out.len;
        let (list, count) = (out.buffer(), out.len());
        let expected = match expected {
            Err(rv) => rv,
            Ok(()) if count.is_null() => CKR_ARGUMENTS_BAD,
            Ok(()) if !list.is_null() && room < ck(needed) => CKR_BUFFER_TOO_SMALL,
            Ok(()) => CKR_OK,
        };
        let came = call(self, list.cast(), count);
        expect("C_GetSlotList or C_GetMechanismList", came, expected);
        out.len = out.len.saturating_mul(ck(word));
        let listed = out.checked(came, needed * word);
        let number = |bytes: &[u8]| bytes.try_into().map(CK_ULONG::from_ne_bytes);
        listed.chunks(word).map(|bytes| number(bytes).expect("a whole number")).collect()
    }

    pub(crate) fn infos(&mut self) {
        let slot = self.slot();
        let is_null = self.script.byte() % 8 == 7;
        let expected = self.model.slot(slot).err();
        let expected = expected.or(is_null.then_some(CKR_ARGUMENTS_BAD)).unwrap_or(CKR_OK);
        match self.script.byte() % 3 {
            0 => self.token_info(slot, is_null, expected),
            1 => {
                let mut info = CK_SLOT_INFO::default();
                let given = if is_null { null_mut() } else { &raw mut info };
                expect("C_GetSlotInfo", call!(self, C_GetSlotInfo(slot, given)), expected);
                assert_eq!(info.flags, if expected == CKR_OK { CKF_TOKEN_PRESENT } else { 0 });
            }
            _ => {
                let mut info = CK_INFO::default();
                let given = if is_null { null_mut() } else { &raw mut info };
                let expected = match (self.model.initialized, is_null) {
                    (false, _) => CKR_CRYPTOKI_NOT_INITIALIZED,
                    (_, true) => CKR_ARGUMENTS_BAD,
                    _ => CKR_OK,
                };
                expect("C_GetInfo", call!(self, C_GetInfo(given)), expected);
            }
        }
    }

    fn token_info(&mut self, slot: CK_SLOT_ID, is_null: bool, expected: CK_RV) {
        let mut info = CK_TOKEN_INFO::default();
        let given = if is_null { null_mut() } else { &raw mut info };
        expect("C_GetTokenInfo", call!(self, C_GetTokenInfo(slot, given)), expected);
        let Ok(place) = self.model.slot(slot) else { return };
        if expected != CKR_OK {
            return;
        }
        let said = |flag| info.flags & flag != 0;
        assert_eq!(said(CKF_LOGIN_REQUIRED), Model::requires_login(place));
        assert_eq!(said(CKF_USER_PIN_COUNT_LOW), self.model.tokens[place].pin_was_wrong);
        let sessions = self.model.sessions.iter().filter(|session| session.slot == place);
        assert_eq!(info.ulSessionCount, ck(sessions.clone().count()));
        assert_eq!(info.ulRwSessionCount, ck(sessions.filter(|one| one.read_write).count()));
    }

    pub(crate) fn mechanism_info(&mut self) {
        let slot = self.slot();
        let choice = usize::from(self.script.byte());
        let known = MECHANISMS.get(choice % (MECHANISMS.len() + 1));
        let kind = known.map_or(CKM_AES_CBC, |(kind, _)| *kind);
        let is_null = choice > 240;
        let mut info = CK_MECHANISM_INFO::default();
        let given = if is_null { null_mut() } else { &raw mut info };
        let expected = match self.model.slot(slot) {
            Err(rv) => rv,
            Ok(_) if known.is_none() => CKR_MECHANISM_INVALID,
            Ok(_) if is_null => CKR_ARGUMENTS_BAD,
            Ok(_) => CKR_OK,
        };
        let came = call!(self, C_GetMechanismInfo(slot, kind, given));
        expect("C_GetMechanismInfo", came, expected);
        if expected == CKR_OK {
            let signs = matches!(known, Some((_, Does::Sign(..))));
            assert_eq!(info.flags & (CKF_SIGN | CKF_VERIFY) != 0, signs);
            assert_eq!(info.flags & CKF_DIGEST == 0, signs);
        }
    }

    fn slot(&mut self) -> CK_SLOT_ID {
        self.script.choice(&[SLOTS[1], SLOTS[0], SLOTS[1], 0, SLOTS[0], CK_ULONG::MAX])
    }
}
