//! Slots, tokens and mechanisms (2.40 §5.5).

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    Caller, NO_HANDLE,
    Start::{Initialized, Public, User},
};
use super::{Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.5",
        "C_GetSlotList: how many",
        Initialized,
        |on| {
            let mut count = 99;
            let rv = call!(on, C_GetSlotList(CK_TRUE, ptr::null_mut(), &raw mut count));
            on.note_len(rv, count);
        },
        "CKR_OK 1",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotList: with or without a token",
        Initialized,
        |on| {
            let (mut with, mut without) = (0, 0);
            on.note(call!(on, C_GetSlotList(CK_TRUE, ptr::null_mut(), &raw mut with)));
            on.note(call!(on, C_GetSlotList(CK_FALSE, ptr::null_mut(), &raw mut without)));
            on.tell(&format!("as many: {}", with == without));
        },
        "CKR_OK; CKR_OK as many: true",
    ),
    row(
        "2.40 §5.2",
        "C_GetSlotList: no room",
        Initialized,
        |on| {
            let mut slots = [NO_HANDLE; 4];
            let mut count = 0;
            on.note(call!(on, C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)));
            on.tell(&format!("a length: {}, untouched: {}", count > 0, slots == [NO_HANDLE; 4]));
        },
        "CKR_BUFFER_TOO_SMALL a length: true, untouched: true",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotList: more room than slots",
        Initialized,
        |on| {
            let mut slots = [NO_HANDLE; 48];
            let mut count = 48;
            on.note(call!(on, C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)));
            let filled = slots.iter().filter(|slot| **slot != NO_HANDLE).count() as CK_ULONG;
            on.tell(&format!("all of them: {}", filled == count));
        },
        "CKR_OK all of them: true",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotList: NULL for the count",
        Initialized,
        |on| {
            on.note(call!(on, C_GetSlotList(CK_TRUE, ptr::null_mut(), ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotInfo",
        Initialized,
        |on| {
            let mut info = CK_SLOT_INFO::default();
            on.note(call!(on, C_GetSlotInfo(on.slot, &raw mut info)));
            on.tell(&format!("flags {}", info.flags));
        },
        "CKR_OK flags 1",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotInfo: no such slot",
        Initialized,
        |on| {
            on.note(call!(on, C_GetSlotInfo(NO_HANDLE, &mut CK_SLOT_INFO::default())));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.5",
        "C_GetSlotInfo: NULL",
        Initialized,
        |on| {
            on.note(call!(on, C_GetSlotInfo(on.slot, ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: the label",
        Initialized,
        |on| {
            let info = token_info(on);
            on.tell(&String::from_utf8_lossy(&info.label));
        },
        "CKR_OK SignPath                        ",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED",
        Initialized,
        |on| {
            token_flags(on, CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED);
        },
        "CKR_OK 0x408",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: CKF_LOGIN_REQUIRED",
        Initialized,
        |on| token_flags(on, CKF_LOGIN_REQUIRED),
        "CKR_OK 0x4",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: CKF_RNG",
        Initialized,
        |on| token_flags(on, CKF_RNG),
        "CKR_OK 0x1",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: CKF_WRITE_PROTECTED",
        Initialized,
        |on| {
            token_flags(on, CKF_WRITE_PROTECTED);
        },
        "CKR_OK 0x0",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: CKF_PROTECTED_AUTHENTICATION_PATH",
        Initialized,
        |on| {
            token_flags(on, CKF_PROTECTED_AUTHENTICATION_PATH);
        },
        "CKR_OK 0x0",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: the other flags",
        Initialized,
        |on| {
            let known = CKF_TOKEN_INITIALIZED
                | CKF_USER_PIN_INITIALIZED
                | CKF_LOGIN_REQUIRED
                | CKF_RNG
                | CKF_WRITE_PROTECTED
                | CKF_PROTECTED_AUTHENTICATION_PATH;
            token_flags(on, !known);
        },
        "CKR_OK 0x0",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: session limits",
        Initialized,
        |on| {
            let info = token_info(on);
            on.tell(&format!("{} {}", info.ulMaxSessionCount, info.ulMaxRwSessionCount));
        },
        "CKR_OK 0 0",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: session counts",
        Public,
        |on| {
            on.open(CKF_SERIAL_SESSION);
            let info = token_info(on);
            on.tell(&format!("{} {}", info.ulSessionCount, info.ulRwSessionCount));
        },
        "CKR_OK 2 1",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: PIN lengths",
        Initialized,
        |on| {
            let info = token_info(on);
            on.tell(&format!("{} {}", info.ulMinPinLen, info.ulMaxPinLen));
        },
        "CKR_OK 0 1024",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: memory",
        Initialized,
        |on| {
            let info = token_info(on);
            on.tell(&format!("{:x} {:x}", info.ulTotalPublicMemory, info.ulTotalPrivateMemory));
            on.tell(&format!("{:x} {:x}", info.ulFreePublicMemory, info.ulFreePrivateMemory));
        },
        "CKR_OK ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: the same after a login",
        User,
        |on| {
            token_flags(on, CKF_LOGIN_REQUIRED | CKF_WRITE_PROTECTED);
        },
        "CKR_OK 0x4",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: no such slot",
        Initialized,
        |on| {
            on.note(call!(on, C_GetTokenInfo(NO_HANDLE, &mut CK_TOKEN_INFO::default())));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.5",
        "C_GetTokenInfo: NULL",
        Initialized,
        |on| {
            on.note(call!(on, C_GetTokenInfo(on.slot, ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismList: how many",
        Initialized,
        |on| {
            let mut count = 0;
            let rv = call!(on, C_GetMechanismList(on.slot, ptr::null_mut(), &raw mut count));
            on.note_len(rv, count);
        },
        "CKR_OK 17",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismList: those that sign with these keys",
        Initialized,
        |on| {
            let mut list = [0; 200];
            let mut count = 200;
            on.note(call!(on, C_GetMechanismList(on.slot, list.as_mut_ptr(), &raw mut count)));
            for (name, kind) in SIGNING {
                let there = list[..count as usize].contains(kind);
                on.tell(&format!("{name}:{}", u8::from(there)));
            }
        },
        "CKR_OK RSA_PKCS:1 SHA256_RSA_PKCS:1 SHA384_RSA_PKCS:1 SHA512_RSA_PKCS:1 ECDSA:1",
    ),
    row(
        "2.40 §5.2",
        "C_GetMechanismList: no room",
        Initialized,
        |on| {
            let mut list = [NO_HANDLE; 2];
            let mut count = 1;
            on.note(call!(on, C_GetMechanismList(on.slot, list.as_mut_ptr(), &raw mut count)));
            on.tell(&format!("a length: {}, untouched: {}", count > 1, list[1] == NO_HANDLE));
        },
        "CKR_BUFFER_TOO_SMALL a length: true, untouched: true",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismList: NULL for the count",
        Initialized,
        |on| {
            on.note(call!(on, C_GetMechanismList(on.slot, ptr::null_mut(), ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismList: no such slot",
        Initialized,
        |on| {
            let mut count = 0;
            on.note(call!(on, C_GetMechanismList(NO_HANDLE, ptr::null_mut(), &raw mut count)));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: CKM_RSA_PKCS",
        Initialized,
        |on| mechanism(on, CKM_RSA_PKCS),
        "CKR_OK 2048 to 4096, 0x2801",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: CKM_SHA256_RSA_PKCS",
        Initialized,
        |on| {
            mechanism(on, CKM_SHA256_RSA_PKCS);
        },
        "CKR_OK 2048 to 4096, 0x2801",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: CKM_ECDSA",
        Initialized,
        |on| mechanism(on, CKM_ECDSA),
        "CKR_OK 256 to 521, 0x1902801",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: no such mechanism",
        Initialized,
        |on| {
            mechanism(on, CKM_VENDOR_DEFINED | 0x1234);
        },
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: NULL",
        Initialized,
        |on| {
            on.note(call!(on, C_GetMechanismInfo(on.slot, CKM_RSA_PKCS, ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.5",
        "C_GetMechanismInfo: no such slot",
        Initialized,
        |on| {
            let info = &mut CK_MECHANISM_INFO::default();
            on.note(call!(on, C_GetMechanismInfo(NO_HANDLE, CKM_RSA_PKCS, info)));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.5",
        "C_WaitForSlotEvent: without waiting",
        Initialized,
        |on| {
            let mut slot = 0;
            on.note(call!(on, C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, ptr::null_mut())));
        },
        "CKR_NO_EVENT",
    ),
];

/// The mechanisms that both modules could have for these keys.
const SIGNING: &[(&str, CK_MECHANISM_TYPE)] = &[
    ("RSA_PKCS", CKM_RSA_PKCS),
    ("SHA256_RSA_PKCS", CKM_SHA256_RSA_PKCS),
    ("SHA384_RSA_PKCS", CKM_SHA384_RSA_PKCS),
    ("SHA512_RSA_PKCS", CKM_SHA512_RSA_PKCS),
    ("ECDSA", CKM_ECDSA),
];

fn token_info(on: &mut Caller<'_>) -> CK_TOKEN_INFO {
    let mut info = CK_TOKEN_INFO::default();
    on.note(call!(on, C_GetTokenInfo(on.slot, &raw mut info)));
    info
}

fn token_flags(on: &mut Caller<'_>, of_these: CK_FLAGS) {
    let flags = token_info(on).flags & of_these;
    on.tell(&format!("{flags:#x}"));
}

fn mechanism(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let mut info = CK_MECHANISM_INFO::default();
    let rv = call!(on, C_GetMechanismInfo(on.slot, kind, &raw mut info));
    on.note(rv);
    if rv == CKR_OK {
        on.tell(&format!("{} to {}, {:#x}", info.ulMinKeySize, info.ulMaxKeySize, info.flags));
    }
}
