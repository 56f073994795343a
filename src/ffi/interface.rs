//! The interfaces of the module: a function list for each version of the standard.
//!
//! Exported are C_GetFunctionList, C_GetInterfaceList and C_GetInterface, and nothing else: a client that has two modules
//! loaded must not get the functions of one in the list of the other.

use std::{
    ffi::{CStr, c_void},
    ptr,
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

/// The interfaces of C_GetInterfaceList; the first is the default one (3.0 §5.4.6).
struct Interfaces([CK_INTERFACE; 3]);

// SAFETY: the pointers are to statics that nobody writes to.
unsafe impl Sync for Interfaces {}

const INTERFACE_NAME: &CStr = c"PKCS 11";

static INTERFACES: Interfaces = Interfaces([
    interface(ptr::from_ref(&LIST_3_2).cast()),
    interface(ptr::from_ref(&LIST_3_0).cast()),
    interface(ptr::from_ref(&LIST_2_40).cast()),
]);

const VERSIONS: [CK_VERSION; 3] = [VERSION_3_2, VERSION_3_0, VERSION_2_40];

const fn interface(list: *const c_void) -> CK_INTERFACE {
    CK_INTERFACE {
        pInterfaceName: INTERFACE_NAME.as_ptr().cast_mut().cast(),
        pFunctionList: list.cast_mut(),
        flags: 0,
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
        unsafe { output::Output::new(interfaces, count, "pulCount") }?.write(&INTERFACES.0)
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
        unsafe { output::value(interface, ptr::from_ref(found).cast_mut(), "ppInterface") }
    })
}

fn find_interface(
    name: Option<&CStr>,
    version: Option<&CK_VERSION>,
    flags: CK_FLAGS,
) -> Result<&'static CK_INTERFACE> {
    let wanted = |offered: &CK_VERSION| {
        version.is_none_or(|wanted| (wanted.major, wanted.minor) == (offered.major, offered.minor))
    };
    let mut offered = INTERFACES.0.iter().zip(&VERSIONS);
    offered
        .find(|(interface, version)| interface.flags & flags == flags && wanted(version))
        .filter(|_| name.is_none_or(|name| name == INTERFACE_NAME))
        .map(|(interface, _)| interface)
        .ok_or(Error::Arguments("pInterfaceName, pVersion or flags (no such interface)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_found_by_name_and_version_and_the_default_is_the_newest() {
        let found = |name, version| find_interface(name, version, 0);
        let list = |interface: Result<&CK_INTERFACE>| interface.unwrap().pFunctionList.cast_const();
        let newest = ptr::from_ref(&LIST_3_2).cast();
        assert_eq!(list(found(None, None)), newest);
        assert_eq!(list(found(Some(c"PKCS 11"), Some(&VERSION_3_2))), newest);
        let middle = list(found(Some(c"PKCS 11"), Some(&VERSION_3_0)));
        assert_eq!(middle, ptr::from_ref(&LIST_3_0).cast());
        let old = list(found(Some(c"PKCS 11"), Some(&VERSION_2_40)));
        assert_eq!(old, ptr::from_ref(&LIST_2_40).cast());
        assert!(found(Some(c"Vendor"), None).is_err());
        assert!(found(None, Some(&CK_VERSION { major: 9, minor: 0 })).is_err());
        assert!(find_interface(None, None, CKF_INTERFACE_FORK_SAFE).is_err());
    }
}
