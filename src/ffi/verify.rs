//! Functions for verifying signatures (2.40 §5.12; 3.2, C_VerifySignatureInit and its kin). Any outcome but a successful
//! update ends the operation; to the functions of the other kind an operation is none.

use cryptoki_sys::*;

use super::input;
use crate::{error::Result, module, session::Signature};

/// # Safety
/// `mechanism` is NULL or a CK_MECHANISM whose parameter is readable for its length.
pub(super) unsafe fn init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> Result<()> {
    let session = module::session(session)?;
    if input::ends_operation(mechanism, &session, CKF_VERIFY)? {
        return Ok(());
    }
    // SAFETY: the caller's promise is the same.
    let mechanism = unsafe { input::mechanism(mechanism) }?;
    session.begin_verify(mechanism, key, None)
}

/// # Safety
/// `data` is readable for `data_len` bytes, `signature` for `signature_len`.
pub(super) unsafe fn verify(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_len: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_whole_verify(Signature::Last)?;
    // SAFETY: the caller's promise is the same.
    let data = unsafe { input::bytes(data, data_len, "pData") }?;
    // SAFETY: the caller's promise is the same.
    let signature = unsafe { input::bytes(signature, signature_len, "pSignature") }?;
    taken.verify(data, signature)
}

/// # Safety
/// `part` is readable for `part_len` bytes.
pub(super) unsafe fn update(
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    // SAFETY: the caller's promise is the same.
    unsafe { part_of(Signature::Last, session, part, part_len) }
}

/// # Safety
/// `signature` is readable for `signature_len` bytes.
pub(super) unsafe fn finish(
    session: CK_SESSION_HANDLE,
    signature: *mut CK_BYTE,
    signature_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_verify_in_parts(Signature::Last)?;
    // SAFETY: the caller's promise is the same.
    let signature = unsafe { input::bytes(signature, signature_len, "pSignature") }?;
    taken.finish(signature)
}

/// # Safety
/// `mechanism` is NULL or a CK_MECHANISM whose parameter is readable for its length; `signature` is readable for
/// `signature_len` bytes.
pub(super) unsafe fn signature_init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
    signature: *mut CK_BYTE,
    signature_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    if input::ends_operation(mechanism, &session, CKF_VERIFY)? {
        return Ok(());
    }
    // SAFETY: the caller's promise is the same.
    let mechanism = unsafe { input::mechanism(mechanism) }?;
    // SAFETY: the caller's promise is the same.
    let signature = unsafe { input::bytes(signature, signature_len, "pSignature") }?;
    session.begin_verify(mechanism, key, Some(signature))
}

/// # Safety
/// `data` is readable for `data_len` bytes.
pub(super) unsafe fn signature(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let mut taken = session.take_whole_verify(Signature::First)?;
    // SAFETY: the caller's promise is the same.
    let data = unsafe { input::bytes(data, data_len, "pData") }?;
    let signature = taken.signature();
    taken.verify(data, &signature)
}

/// # Safety
/// `part` is readable for `part_len` bytes.
pub(super) unsafe fn signature_update(
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    // SAFETY: the caller's promise is the same.
    unsafe { part_of(Signature::First, session, part, part_len) }
}

pub(super) fn signature_finish(session: CK_SESSION_HANDLE) -> Result<()> {
    let session = module::session(session)?;
    let mut taken = session.take_verify_in_parts(Signature::First)?;
    let signature = taken.signature();
    taken.finish(&signature)
}

/// # Safety
/// `part` is readable for `part_len` bytes.
unsafe fn part_of(
    signature: Signature,
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let mut taken = session.take_verify_in_parts(signature)?;
    // SAFETY: the caller's promise is the same.
    let part = unsafe { input::bytes(part, part_len, "pPart") }?;
    taken.update(part)?;
    taken.keep();
    Ok(())
}
