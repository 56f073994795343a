//! Signing functions (2.40 §5.11). Any outcome but a length query, a short buffer and a successful C_SignUpdate ends
//! the operation.

use cryptoki_sys::*;

use super::{input, output::Output};
use crate::{error::Result, module};

/// # Safety
/// `mechanism` is NULL or a CK_MECHANISM whose parameter is readable for its length.
pub(super) unsafe fn init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> Result<()> {
    let session = module::session(session)?;
    if input::ends_operation(mechanism, &session, CKF_SIGN)? {
        return Ok(());
    }
    // SAFETY: the caller's promise is the same.
    let mechanism = unsafe { input::mechanism(mechanism) }?;
    session.begin_sign(mechanism, key)
}

/// # Safety
/// `data` is readable for `data_len` bytes; `signature_len` is NULL or writable; `signature` is NULL or writable for
/// `*signature_len` bytes.
pub(super) unsafe fn sign(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_len: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_len: *mut CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_whole_sign()?;
    // SAFETY: the caller's promise is the same.
    let data = unsafe { input::bytes(data, data_len, "pData") }?;
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(signature, signature_len, "pulSignatureLen") }?;
    let len = taken.signature_len();
    output.answer(len, taken, |taken| taken.sign(data))
}

/// # Safety
/// `part` is readable for `part_len` bytes.
pub(super) unsafe fn update(
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let mut taken = session.take_sign_in_parts()?;
    // SAFETY: the caller's promise is the same.
    let part = unsafe { input::bytes(part, part_len, "pPart") }?;
    taken.update(part)?;
    taken.keep();
    Ok(())
}

/// # Safety
/// `signature_len` is NULL or writable; `signature` is NULL or writable for `*signature_len` bytes.
pub(super) unsafe fn finish(
    session: CK_SESSION_HANDLE,
    signature: *mut CK_BYTE,
    signature_len: *mut CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_sign_in_parts()?;
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(signature, signature_len, "pulSignatureLen") }?;
    let len = taken.signature_len();
    output.answer(len, taken, |taken| taken.finish())
}
