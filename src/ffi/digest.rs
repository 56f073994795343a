//! Message digesting functions (2.40 §5.10). Any outcome but a length query, a short buffer and a successful
//! C_DigestUpdate ends the operation.

use cryptoki_sys::*;

use super::{input, output::Output};
use crate::{error::Result, module};

/// # Safety
/// `mechanism` is NULL or a CK_MECHANISM whose parameter is readable for its length.
pub(super) unsafe fn init(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM) -> Result<()> {
    let session = module::session(session)?;
    if input::ends_operation(mechanism, &session, CKF_DIGEST)? {
        return Ok(());
    }
    // SAFETY: the caller's promise is the same.
    let mechanism = unsafe { input::mechanism(mechanism) }?;
    session.begin_digest(mechanism)
}

/// # Safety
/// `data` is readable for `data_len` bytes; `digest_len` is NULL or writable; `digest` is NULL or writable for
/// `*digest_len` bytes.
pub(super) unsafe fn digest(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_len: CK_ULONG,
    digest: *mut CK_BYTE,
    digest_len: *mut CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_whole_digest()?;
    // SAFETY: the caller's promise is the same.
    let data = unsafe { input::bytes(data, data_len, "pData") }?;
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(digest, digest_len, "pulDigestLen") }?;
    let len = taken.digest_len();
    output.answer(len, taken, |taken| Ok(taken.digest(data)))
}

/// # Safety
/// `part` is readable for `part_len` bytes.
pub(super) unsafe fn update(
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    part_len: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let mut taken = session.take_digest()?;
    // SAFETY: the caller's promise is the same.
    let part = unsafe { input::bytes(part, part_len, "pPart") }?;
    taken.update(part);
    taken.keep();
    Ok(())
}

pub(super) fn key(session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) -> Result<()> {
    module::session(session)?.digest_key(key)
}

/// # Safety
/// `digest_len` is NULL or writable; `digest` is NULL or writable for `*digest_len` bytes.
pub(super) unsafe fn finish(
    session: CK_SESSION_HANDLE,
    digest: *mut CK_BYTE,
    digest_len: *mut CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    let taken = session.take_digest()?;
    // SAFETY: the caller's promise is the same.
    let output = unsafe { Output::new(digest, digest_len, "pulDigestLen") }?;
    let len = taken.digest_len();
    output.answer(len, taken, |taken| Ok(taken.finish()))
}
