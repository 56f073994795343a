//! The interfaces of the module: a function list for each version of the standard.
//!
//! Exported are C_GetFunctionList, C_GetInterfaceList and C_GetInterface, and nothing else: a client that has two modules
//! loaded must not get the functions of one in the list of the other.

use std::{
    ffi::{CStr, c_void},
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

use cryptoki_sys::*;

use super::{
    boundary, output,
    table::{LIST_2_40, LIST_3_0, LIST_3_2},
};
use crate::error::{Error, Result};

pub(super) const VERSION_2_40: CK_VERSION = CK_VERSION { major: 2, minor: 40 };
pub(super) const VERSION_3_0: CK_VERSION = CK_VERSION { major: 3, minor: 0 };
/// The newest version that the module has, which C_GetInfo names too.
pub(super) const VERSION_3_2: CK_VERSION = CK_VERSION { major: 3, minor: 2 };

const INTERFACE_NAME: &CStr = c"PKCS 11";

/// A CK_INTERFACE in memory that can be written to: OpenSC's pkcs11-spy puts its own list into the one that it gets. All
/// callers share it, as the standard has it; whoever asks next gets our list again.
#[repr(C)]
struct Interface {
    name: AtomicPtr<CK_CHAR>,
    list: AtomicPtr<c_void>,
    flags: AtomicFlags,
}

/// A CK_FLAGS: an `unsigned long`.
#[cfg(windows)]
type AtomicFlags = std::sync::atomic::AtomicU32;
#[cfg(not(windows))]
type AtomicFlags = std::sync::atomic::AtomicUsize;

/// No interface is fork safe in the sense of the standard (3.0 §3.6): a child has to call C_Initialize.
const FLAGS: CK_FLAGS = 0;

/// An interface, its version and its list.
struct Row {
    offered: Interface,
    version: CK_VERSION,
    list: *const c_void,
}

// SAFETY: the list is a static that nobody writes to.
unsafe impl Sync for Row {}

/// The interfaces of C_GetInterfaceList; the first is the default one (3.0 §5.4.6). That is 3.0, as programs that stand between
/// a client and the module (pkcs11-spy, p11-kit) know it and not 3.2; who wants 3.2 asks for it.
static INTERFACES: [Row; 3] = [
    row(VERSION_3_0, ptr::from_ref(&LIST_3_0).cast()),
    row(VERSION_3_2, ptr::from_ref(&LIST_3_2).cast()),
    row(VERSION_2_40, ptr::from_ref(&LIST_2_40).cast()),
];

const fn row(version: CK_VERSION, list: *const c_void) -> Row {
    let offered = Interface {
        name: AtomicPtr::new(INTERFACE_NAME.as_ptr().cast_mut().cast()),
        list: AtomicPtr::new(list.cast_mut()),
        flags: AtomicFlags::new(0),
    };
    Row { offered, version, list }
}

impl Row {
    fn interface(&self) -> CK_INTERFACE {
        CK_INTERFACE {
            pInterfaceName: INTERFACE_NAME.as_ptr().cast_mut().cast(),
            pFunctionList: self.list.cast_mut(),
            flags: FLAGS,
        }
    }

    /// The interface for the caller to keep. It has the layout of a CK_INTERFACE (3.0 §3.6).
    fn offer(&self) -> *mut CK_INTERFACE {
        self.offered.name.store(INTERFACE_NAME.as_ptr().cast_mut().cast(), Ordering::Relaxed);
        self.offered.list.store(self.list.cast_mut(), Ordering::Relaxed);
        self.offered.flags.store(0, Ordering::Relaxed);
        ptr::from_ref(&self.offered).cast_mut().cast()
    }
}

/// 2.40 §5.4: the function list of version 2.40.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    boundary("C_GetFunctionList", || {
        // SAFETY: the caller's pointer is NULL or writable.
        unsafe { output::value(list, ptr::from_ref(&LIST_2_40).cast_mut(), "ppFunctionList") }
    })
}

/// 3.0 §5.4.5: every interface of the module.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn C_GetInterfaceList(
    interfaces: *mut CK_INTERFACE,
    count: *mut CK_ULONG,
) -> CK_RV {
    boundary("C_GetInterfaceList", || {
        // SAFETY: the caller vouches for the count and for as much room as it says.
        unsafe { output::Output::new(interfaces, count, "pulCount") }?
            .write(&INTERFACES.each_ref().map(Row::interface))
    })
}

/// 3.0 §5.4.6: the interface of this name, version and these flags; NULL and 0 stand for any.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn C_GetInterface(
    name: *mut CK_UTF8CHAR,
    version: *mut CK_VERSION,
    interface: *mut *mut CK_INTERFACE,
    flags: CK_FLAGS,
) -> CK_RV {
    boundary("C_GetInterface", || {
        // SAFETY: the caller's name is NULL or ends with a NUL byte.
        let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name.cast()) });
        // SAFETY: the caller's version is NULL or readable.
        let version = unsafe { version.as_ref() };
        let found = find_interface(name, version, flags)?;
        // SAFETY: the caller's pointer is NULL or writable.
        unsafe { output::value(interface, found.offer(), "ppInterface") }
    })
}

fn find_interface(
    name: Option<&CStr>,
    version: Option<&CK_VERSION>,
    flags: CK_FLAGS,
) -> Result<&'static Row> {
    let wanted = |offered: &CK_VERSION| {
        version.is_none_or(|wanted| (wanted.major, wanted.minor) == (offered.major, offered.minor))
    };
    INTERFACES
        .iter()
        .find(|row| FLAGS & flags == flags && wanted(&row.version))
        .filter(|_| name.is_none_or(|name| name == INTERFACE_NAME))
        .ok_or(Error::Arguments("pInterfaceName, pVersion or flags (no such interface)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_found_by_name_and_version_and_the_default_is_3_0() {
        let list = |name, version| find_interface(name, version, 0).map(|row| row.list);
        let middle: *const c_void = ptr::from_ref(&LIST_3_0).cast();
        assert_eq!(list(None, None).unwrap(), middle);
        assert_eq!(list(Some(c"PKCS 11"), Some(&VERSION_3_0)).unwrap(), middle);
        let newest = list(Some(c"PKCS 11"), Some(&VERSION_3_2)).unwrap();
        assert_eq!(newest, ptr::from_ref(&LIST_3_2).cast());
        let old = list(Some(c"PKCS 11"), Some(&VERSION_2_40)).unwrap();
        assert_eq!(old, ptr::from_ref(&LIST_2_40).cast());
        assert!(list(Some(c"Vendor"), None).is_err());
        assert!(list(None, Some(&CK_VERSION { major: 9, minor: 0 })).is_err());
        assert!(find_interface(None, None, CKF_INTERFACE_FORK_SAFE).is_err());
    }

    #[test]
    fn what_a_spy_puts_into_the_interface_is_not_handed_to_the_next() {
        let row = find_interface(None, None, 0).unwrap();
        // SAFETY: the interface lies in memory that can be written to, and this test alone writes to it.
        unsafe { (*row.offer()).pFunctionList = ptr::null_mut() };
        // SAFETY: as above.
        unsafe { (*row.offer()).flags = CKF_INTERFACE_FORK_SAFE };
        // SAFETY: as above.
        assert_eq!(unsafe { (*row.offer()).pFunctionList }.cast_const(), row.list);
        // SAFETY: as above.
        assert_eq!(unsafe { (*row.offer()).flags }, FLAGS);
        assert!(find_interface(None, None, CKF_INTERFACE_FORK_SAFE).is_err());
        assert_eq!(size_of::<Interface>(), size_of::<CK_INTERFACE>());
    }
}
