//! Windows, untried: no signals come of writes, and the module pins itself.

use std::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

/// A write that fails fails, and that is all: there is nothing to keep from the host.
pub(crate) struct WriteSignalsBlocked;

impl WriteSignalsBlocked {
    /// As on other systems, where the mask may not be changeable.
    pub(crate) fn new() -> Option<Self> {
        Some(Self)
    }
}

/// No file gives a program more rights than whoever starts it has. One that was elevated has the environment of the user who
/// allowed it, and Microsoft calls that no border of security.
pub(crate) fn is_privileged() -> bool {
    false
}

/// GET_MODULE_HANDLE_EX_FLAG_PIN: until the process ends, however often it is let go of.
const PIN: u32 = 0x1;

/// GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS: the module that this address is in.
const FROM_ADDRESS: u32 = 0x4;

#[link(name = "kernel32")]
unsafe extern "system" {
    /// libloaderapi.h
    fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
}

/// What `-z nodelete` is elsewhere: connections and the log outlive C_Finalize, and the code they need has to outlive FreeLibrary.
pub(super) fn stay_loaded() {
    static IS_PINNED: AtomicBool = AtomicBool::new(false);
    if IS_PINNED.load(Ordering::Acquire) {
        return;
    }
    let inside: *const c_void = (&raw const IS_PINNED).cast();
    let mut module = ptr::null_mut();
    // SAFETY: the address is one of this module, and there is room for the handle, which needs no release as it is pinned.
    let done = unsafe { GetModuleHandleExW(PIN | FROM_ADDRESS, inside, &raw mut module) };
    IS_PINNED.store(done != 0, Ordering::Release);
}
