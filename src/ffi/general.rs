//! General purpose and legacy parallel functions (2.40 §5.4, §5.16).

use std::ffi::c_void;

use cryptoki_sys::*;

use super::{input, interface, output};
use crate::{
    error::{Error, Result},
    module,
};

/// Who made the module; it is an independent project, and not SignPath's.
pub(super) const MANUFACTURER: &str = "signpath-pkcs11 project";

/// # Safety
/// `arguments` is NULL or a CK_C_INITIALIZE_ARGS.
pub(super) unsafe fn initialize(arguments: *mut c_void) -> Result<()> {
    if !arguments.is_null() {
        // SAFETY: not NULL, and the caller vouches for its type.
        let arguments: &CK_C_INITIALIZE_ARGS =
            unsafe { input::required(arguments.cast_const().cast(), "pInitArgs") }?;
        check(arguments)?;
    }
    module::initialize()
}

/// 2.40 §5.4, the four cases of C_Initialize: mutex callbacks come all or not at all, and a caller that wants its own
/// used and the operating system's not cannot be served.
fn check(arguments: &CK_C_INITIALIZE_ARGS) -> Result<()> {
    if !arguments.pReserved.is_null() {
        return Err(Error::Arguments("pReserved (has to be NULL)"));
    }
    // Taken out by value: on Windows the structures of the standard are packed, and a field has no reference.
    let callbacks = [
        { arguments.CreateMutex }.is_some(),
        { arguments.DestroyMutex }.is_some(),
        { arguments.LockMutex }.is_some(),
        { arguments.UnlockMutex }.is_some(),
    ];
    let any = callbacks.contains(&true);
    if any && callbacks.contains(&false) {
        return Err(Error::Arguments("CreateMutex … UnlockMutex (all of them, or none)"));
    }
    if any && arguments.flags & CKF_OS_LOCKING_OK == 0 {
        return Err(Error::CannotLock);
    }
    Ok(())
}

/// # Safety
/// None beyond the standard's: the pointer is only compared with NULL.
pub(super) unsafe fn finalize(reserved: *mut c_void) -> Result<()> {
    if !reserved.is_null() {
        return Err(Error::Arguments("pReserved (has to be NULL)"));
    }
    module::finalize()
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn info(info: *mut CK_INFO) -> Result<()> {
    module::current()?;
    let answer = CK_INFO {
        cryptokiVersion: interface::VERSION_3_2,
        manufacturerID: output::padded(MANUFACTURER),
        flags: 0,
        libraryDescription: output::padded("PKCS #11 for SignPath"),
        libraryVersion: library_version(),
    };
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(info, answer, "pInfo") }
}

/// 2.40 §5.16: a leftover of functions in parallel.
pub(super) fn function_status(session: CK_SESSION_HANDLE) -> Result<()> {
    module::session(session)?;
    Err(Error::FunctionNotParallel)
}

/// 2.40 §5.16, as above.
pub(super) fn cancel_function(session: CK_SESSION_HANDLE) -> Result<()> {
    function_status(session)
}

/// The crate's version, as far as two bytes hold it.
pub(super) fn library_version() -> CK_VERSION {
    let part = |text: &str| text.parse().unwrap_or(0);
    CK_VERSION {
        major: part(env!("CARGO_PKG_VERSION_MAJOR")),
        minor: part(env!("CARGO_PKG_VERSION_MINOR")),
    }
}
