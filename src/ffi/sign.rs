//! Signing functions (2.40 §5.11). Any outcome but a length query, a short buffer and a successful C_SignUpdate ends
//! the operation.

use cryptoki_sys::*;

use super::{
    input,
    output::{Output, Room},
};
use crate::{
    error::{Error, Result},
    module,
};

/// # Safety
/// `mechanism` is NULL or a CK_MECHANISM whose parameter is readable for its length.
pub(super) unsafe fn init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> Result<()> {
    let session = module::current()?.session(session)?;
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
    let session = module::current()?.session(session)?;
    let operation = session.take_sign()?;
    if !operation.is_single_part() {
        return Err(Error::OperationNotInitialized);
    }
    // SAFETY: the caller's promise is the same.
    let data = unsafe { input::bytes(data, data_len, "pData") }?;
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(signature, signature_len) }?;
    match output.measure(operation.signature_len()) {
        Room::Enough(room) => room.write(&operation.sign(data)?),
        Room::LengthOnly(answer) => {
            session.restore_sign(operation);
            answer
        }
    }
}

/// # Safety
/// `part` is readable for `part_len` bytes.
pub(super) unsafe fn update(
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    let session = module::current()?.session(session)?;
    let operation = session.take_sign()?;
    // SAFETY: the caller's promise is the same.
    let part = unsafe { input::bytes(part, part_len, "pPart") }?;
    session.restore_sign(operation.update(part)?);
    Ok(())
}

/// # Safety
/// `signature_len` is NULL or writable; `signature` is NULL or writable for `*signature_len` bytes.
pub(super) unsafe fn finish(
    session: CK_SESSION_HANDLE,
    signature: *mut CK_BYTE,
    signature_len: *mut CK_ULONG,
) -> Result<()> {
    let session = module::current()?.session(session)?;
    let operation = session.take_sign()?;
    if !operation.is_multi_part() {
        return Err(Error::FunctionNotSupported);
    }
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(signature, signature_len) }?;
    match output.measure(operation.signature_len()) {
        Room::Enough(room) => room.write(&operation.finish()?),
        Room::LengthOnly(answer) => {
            session.restore_sign(operation);
            answer
        }
    }
}
