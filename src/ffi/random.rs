//! Random numbers (2.40 §5.15), from the operating system.

use std::mem::MaybeUninit;

use cryptoki_sys::*;

use super::input;
use crate::{
    error::{Error, Result},
    module,
};

/// The operating system's generator needs no seed and is given none. 2.40 §5.15 has CKR_RANDOM_SEED_NOT_SUPPORTED for that;
/// the call succeeds all the same, as SoftHSM's does, since hosts seed a token with CKF_RNG at their start (NSS, pkcs11-provider).
///
/// # Safety
/// `seed` is readable for `seed_len` bytes.
pub(super) unsafe fn seed(
    session: CK_SESSION_HANDLE,
    seed: *mut CK_BYTE,
    seed_len: CK_ULONG,
) -> Result<()> {
    module::session(session)?;
    // SAFETY: the caller's promise is the same.
    unsafe { input::bytes(seed, seed_len, "pSeed") }.map(drop)
}

/// # Safety
/// `bytes` is writable for `len` bytes.
pub(super) unsafe fn generate(
    session: CK_SESSION_HANDLE,
    bytes: *mut CK_BYTE,
    len: CK_ULONG,
) -> Result<()> {
    module::session(session)?;
    // SAFETY: the caller's promise is the same; that the bytes were written before is not part of it.
    let bytes = unsafe { input::array_mut::<MaybeUninit<u8>>(bytes.cast(), len, "RandomData") }?;
    getrandom::fill_uninit(bytes).map(drop).map_err(Error::Random)
}
