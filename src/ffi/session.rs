//! Session management functions (2.40 §5.6).

use std::{ffi::c_void, ptr};

use cryptoki_sys::*;

use super::{input, output};
use crate::{
    error::{Error, Result},
    module,
};

/// The notification callback is for surrendering and removal, which do not happen here.
///
/// # Safety
/// `handle` is NULL or writable.
pub(super) unsafe fn open(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    _application: *mut c_void,
    _notify: CK_NOTIFY,
    handle: *mut CK_SESSION_HANDLE,
) -> Result<()> {
    let module = module::current()?;
    if handle.is_null() {
        return Err(Error::Arguments("phSession"));
    }
    let opened = module.open_session(slot, flags)?;
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(handle, opened, "phSession") }
}

pub(super) fn close(session: CK_SESSION_HANDLE) -> Result<()> {
    module::current()?.close_session(session)
}

pub(super) fn close_all(slot: CK_SLOT_ID) -> Result<()> {
    module::current()?.close_all_sessions(slot)
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn info(session: CK_SESSION_HANDLE, info: *mut CK_SESSION_INFO) -> Result<()> {
    let session = module::session(session)?;
    let read_write = if session.is_read_write() { CKF_RW_SESSION } else { 0 };
    let answer = CK_SESSION_INFO {
        slotID: session.token().slot(),
        state: session.state(),
        flags: CKF_SERIAL_SESSION | read_write,
        ulDeviceError: 0,
    };
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(info, answer, "pInfo") }
}

/// # Safety
/// `pin` is NULL or readable for `pin_len` bytes.
pub(super) unsafe fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    pin_len: CK_ULONG,
) -> Result<()> {
    // SAFETY: the caller's promise is the same, and no user name is there to be read.
    unsafe { login_user(session, user, pin, pin_len, ptr::null_mut(), 0) }
}

/// 3.0 §5.6.9: a login with a user name, which is the organization's id here; the PIN is the token alone then. Without one
/// it is C_Login.
///
/// # Safety
/// `pin` is NULL or readable for `pin_len` bytes, and `user_name` for `user_name_len`.
pub(super) unsafe fn login_user(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    pin_len: CK_ULONG,
    user_name: *mut CK_UTF8CHAR,
    user_name_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    match user {
        CKU_USER => {}
        // 2.40 §5.6: only between C_SignInit and C_Sign of a key with CKA_ALWAYS_AUTHENTICATE, which none has.
        CKU_CONTEXT_SPECIFIC => return Err(Error::OperationNotInitialized),
        _ => return Err(Error::UserTypeInvalid),
    }
    // NULL asks for a protected path (2.40 §5.6), which is the configuration here, whatever length comes with it.
    let pin_len = if pin.is_null() { 0 } else { pin_len };
    // SAFETY: the caller's promise is the same.
    let pin = unsafe { input::bytes(pin, pin_len, "pPin") }?;
    // SAFETY: the caller's promise is the same.
    let user_name = unsafe { input::bytes(user_name, user_name_len, "pUsername") }?;
    session.token().login(pin, user_name)
}

pub(super) fn logout(session: CK_SESSION_HANDLE) -> Result<()> {
    module::session(session)?.token().logout()
}

pub(super) fn cancel(session: CK_SESSION_HANDLE, kinds: CK_FLAGS) -> Result<()> {
    module::session(session)?.cancel(kinds).map(drop)
}

/// 3.2, C_GetSessionValidationFlags: no validation (FIPS 140 and its like) is claimed, so no operation was done under one.
///
/// # Safety
/// `flags` is NULL or writable.
pub(super) unsafe fn validation_flags(
    session: CK_SESSION_HANDLE,
    kind: CK_SESSION_VALIDATION_FLAGS_TYPE,
    flags: *mut CK_FLAGS,
) -> Result<()> {
    module::session(session)?;
    if kind != CKS_LAST_VALIDATION_OK {
        return Err(Error::Arguments("type (CKS_LAST_VALIDATION_OK)"));
    }
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(flags, 0, "pFlags") }
}
