//! Slot and token management functions (2.40 §5.5). None of them touches the network.

use std::ffi::c_void;

use cryptoki_sys::*;

use super::{
    general::{MANUFACTURER, library_version},
    output::{self, Output, UNAVAILABLE, ck_len, padded},
};
use crate::{
    error::{Error, Result},
    mechanism::{MECHANISMS, Mechanism},
    module,
};

/// `organization:token` with a long token has room; some bridges pass on less (docs/module.md, "The URI").
const MAX_PIN_LEN: CK_ULONG = 1024;

/// # Safety
/// `count` is NULL or writable, `slots` is NULL or has room for `*count` ids.
pub(super) unsafe fn list(
    _token_present: CK_BBOOL,
    slots: *mut CK_SLOT_ID,
    count: *mut CK_ULONG,
) -> Result<()> {
    let module = module::current()?;
    let ids: Vec<_> = module.tokens().iter().map(|token| token.slot()).collect();
    // SAFETY: the caller's promise is the same.
    unsafe { Output::new(slots, count, "pulCount") }?.write(&ids)
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn slot_info(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) -> Result<()> {
    let module = module::current()?;
    let token = module.token(slot)?;
    let answer = CK_SLOT_INFO {
        slotDescription: padded(&format!("SignPath: {}", token.label())),
        manufacturerID: padded(MANUFACTURER),
        flags: CKF_TOKEN_PRESENT,
        hardwareVersion: CK_VERSION::default(),
        firmwareVersion: library_version(),
    };
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(info, answer, "pInfo") }
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn token_info(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> Result<()> {
    let module = module::current()?;
    let token = module.token(slot)?;
    // CKF_WRITE_PROTECTED is clear because read/write sessions are accepted.
    let mut flags = CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
    if token.requires_login() {
        flags |= CKF_LOGIN_REQUIRED;
    }
    if token.pin_was_wrong() {
        flags |= CKF_USER_PIN_COUNT_LOW;
    }
    let sessions = token.sessions();
    let answer = CK_TOKEN_INFO {
        label: padded(token.label()),
        manufacturerID: padded(MANUFACTURER),
        model: padded("SignPath"),
        serialNumber: padded(&token.serial_number()),
        flags,
        ulMaxSessionCount: CK_EFFECTIVELY_INFINITE,
        ulSessionCount: ck_len(sessions.all),
        ulMaxRwSessionCount: CK_EFFECTIVELY_INFINITE,
        ulRwSessionCount: ck_len(sessions.read_write),
        ulMaxPinLen: MAX_PIN_LEN,
        ulMinPinLen: 0,
        ulTotalPublicMemory: UNAVAILABLE,
        ulFreePublicMemory: UNAVAILABLE,
        ulTotalPrivateMemory: UNAVAILABLE,
        ulFreePrivateMemory: UNAVAILABLE,
        hardwareVersion: CK_VERSION::default(),
        firmwareVersion: library_version(),
        utcTime: padded(""),
    };
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(info, answer, "pInfo") }
}

/// Slots do not come and go, so there is no event to report, and waiting for one would never end.
///
/// # Safety
/// None beyond the standard's: the pointers are not used.
pub(super) unsafe fn wait_for_event(
    flags: CK_FLAGS,
    _slot: *mut CK_SLOT_ID,
    _reserved: *mut c_void,
) -> Result<()> {
    module::current()?;
    if flags & CKF_DONT_BLOCK == 0 {
        return Err(Error::FunctionNotSupported);
    }
    Err(Error::NoEvent)
}

/// # Safety
/// `count` is NULL or writable, `mechanisms` is NULL or has room for `*count` types.
pub(super) unsafe fn mechanisms(
    slot: CK_SLOT_ID,
    mechanisms: *mut CK_MECHANISM_TYPE,
    count: *mut CK_ULONG,
) -> Result<()> {
    module::current()?.token(slot)?;
    let kinds: Vec<_> = MECHANISMS.iter().map(|mechanism| mechanism.kind).collect();
    // SAFETY: the caller's promise is the same.
    unsafe { Output::new(mechanisms, count, "pulCount") }?.write(&kinds)
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn mechanism_info(
    slot: CK_SLOT_ID,
    kind: CK_MECHANISM_TYPE,
    info: *mut CK_MECHANISM_INFO,
) -> Result<()> {
    module::current()?.token(slot)?;
    let answer = Mechanism::find(kind)?.info();
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(info, answer, "pInfo") }
}
