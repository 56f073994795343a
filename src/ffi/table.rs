//! Every C_ function once. A line makes the extern function and its place in the function lists; a line without a
//! handler is a function that this token cannot do and answers CKR_FUNCTION_NOT_SUPPORTED (2.40 §5.1.6: such a function
//! is a stub that says so). A function that is forgotten here does not compile. `unsafe` handlers take the caller's
//! pointers, `safe` ones only numbers.
//!
//! Exported are C_GetFunctionList, C_GetInterfaceList and C_GetInterface, and nothing else: a client that has two modules
//! loaded must not get the functions of one in the list of the other.

use std::{
    ffi::{CStr, c_void},
    ptr,
};

use cryptoki_sys::*;

use super::{boundary, general, object, output, random, session, sign, slot};
use crate::error::{Error, Result};

macro_rules! function {
    ($name:ident($($argument:ident: $type:ty),*) => unsafe $chapter:ident::$handler:ident) => {
        unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
            // SAFETY: the handler asks of its arguments what PKCS #11 asks of the caller of this function.
            boundary(stringify!($name), || unsafe { $chapter::$handler($($argument),*) })
        }
    };
    ($name:ident($($argument:ident: $type:ty),*) => safe $chapter:ident::$handler:ident) => {
        unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
            boundary(stringify!($name), || $chapter::$handler($($argument),*))
        }
    };
    ($name:ident($($type:ty),*)) => {
        unsafe extern "C" fn $name($(_: $type),*) -> CK_RV {
            boundary(stringify!($name), || Err(Error::FunctionNotSupported))
        }
    };
}

macro_rules! cryptoki {
    (
        since 2.40 { $(fn $name:ident($($arguments:tt)*) $(=> $safety:ident $chapter:ident::$handler:ident)?;)* }
        since 3.0 { $(fn $new_name:ident($($new_arguments:tt)*) $(=> $new_safety:ident $new_chapter:ident::$new_handler:ident)?;)* }
    ) => {
        $(function!($name($($arguments)*) $(=> $safety $chapter::$handler)?);)*
        $(function!($new_name($($new_arguments)*) $(=> $new_safety $new_chapter::$new_handler)?);)*

        static LIST_2_40: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: VERSION_2_40,
            C_GetFunctionList: Some(C_GetFunctionList),
            $($name: Some($name),)*
        };

        static LIST_3_0: CK_FUNCTION_LIST_3_0 = CK_FUNCTION_LIST_3_0 {
            version: VERSION_3_0,
            C_GetFunctionList: Some(C_GetFunctionList),
            C_GetInterfaceList: Some(C_GetInterfaceList),
            C_GetInterface: Some(C_GetInterface),
            $($name: Some($name),)*
            $($new_name: Some($new_name),)*
        };

        /// The functions of the table, and whether they do something.
        #[cfg(test)]
        const FUNCTIONS: &[(&str, bool)] = &[
            $((stringify!($name), !stringify!($($handler)?).is_empty()),)*
            $((stringify!($new_name), !stringify!($($new_handler)?).is_empty()),)*
        ];
    };
}

cryptoki! {
    since 2.40 {
        fn C_Initialize(arguments: *mut c_void) => unsafe general::initialize;
        fn C_Finalize(reserved: *mut c_void) => unsafe general::finalize;
        fn C_GetInfo(info: *mut CK_INFO) => unsafe general::info;
        fn C_GetSlotList(
            token_present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: *mut CK_ULONG
        ) => unsafe slot::list;
        fn C_GetSlotInfo(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) => unsafe slot::slot_info;
        fn C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) => unsafe slot::token_info;
        fn C_GetMechanismList(
            slot: CK_SLOT_ID, mechanisms: *mut CK_MECHANISM_TYPE, count: *mut CK_ULONG
        ) => unsafe slot::mechanisms;
        fn C_GetMechanismInfo(
            slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO
        ) => unsafe slot::mechanism_info;
        fn C_InitToken(CK_SLOT_ID, *mut CK_UTF8CHAR, CK_ULONG, *mut CK_UTF8CHAR);
        fn C_InitPIN(CK_SESSION_HANDLE, *mut CK_UTF8CHAR, CK_ULONG);
        fn C_SetPIN(CK_SESSION_HANDLE, *mut CK_UTF8CHAR, CK_ULONG, *mut CK_UTF8CHAR, CK_ULONG);
        fn C_OpenSession(
            slot: CK_SLOT_ID, flags: CK_FLAGS, application: *mut c_void, notify: CK_NOTIFY,
            session: *mut CK_SESSION_HANDLE
        ) => unsafe session::open;
        fn C_CloseSession(session: CK_SESSION_HANDLE) => safe session::close;
        fn C_CloseAllSessions(slot: CK_SLOT_ID) => safe session::close_all;
        fn C_GetSessionInfo(
            session: CK_SESSION_HANDLE, info: *mut CK_SESSION_INFO
        ) => unsafe session::info;
        fn C_GetOperationState(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG);
        fn C_SetOperationState(
            CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE
        );
        fn C_Login(
            session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: *mut CK_UTF8CHAR, pin_len:
            CK_ULONG
        ) => unsafe session::login;
        fn C_Logout(session: CK_SESSION_HANDLE) => safe session::logout;
        fn C_CreateObject(CK_SESSION_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG, *mut CK_OBJECT_HANDLE);
        fn C_CopyObject(
            CK_SESSION_HANDLE, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG, *mut
            CK_OBJECT_HANDLE
        );
        fn C_DestroyObject(CK_SESSION_HANDLE, CK_OBJECT_HANDLE);
        fn C_GetObjectSize(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, *mut CK_ULONG);
        fn C_GetAttributeValue(
            session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, template: *mut CK_ATTRIBUTE,
            count: CK_ULONG
        ) => unsafe object::attribute_values;
        fn C_SetAttributeValue(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG);
        fn C_FindObjectsInit(
            session: CK_SESSION_HANDLE, template: *mut CK_ATTRIBUTE, count: CK_ULONG
        ) => unsafe object::find_init;
        fn C_FindObjects(
            session: CK_SESSION_HANDLE, objects: *mut CK_OBJECT_HANDLE, max: CK_ULONG, found:
            *mut CK_ULONG
        ) => unsafe object::find;
        fn C_FindObjectsFinal(session: CK_SESSION_HANDLE) => safe object::find_final;
        fn C_EncryptInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_Encrypt(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_EncryptUpdate(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_EncryptFinal(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DecryptInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_Decrypt(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DecryptUpdate(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DecryptFinal(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DigestInit(CK_SESSION_HANDLE, *mut CK_MECHANISM);
        fn C_Digest(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DigestUpdate(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG);
        fn C_DigestKey(CK_SESSION_HANDLE, CK_OBJECT_HANDLE);
        fn C_DigestFinal(CK_SESSION_HANDLE, *mut CK_BYTE, *mut CK_ULONG);
        fn C_SignInit(
            session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE
        ) => unsafe sign::init;
        fn C_Sign(
            session: CK_SESSION_HANDLE, data: *mut CK_BYTE, data_len: CK_ULONG, signature: *mut
            CK_BYTE, signature_len: *mut CK_ULONG
        ) => unsafe sign::sign;
        fn C_SignUpdate(
            session: CK_SESSION_HANDLE, part: *mut CK_BYTE, part_len: CK_ULONG
        ) => unsafe sign::update;
        fn C_SignFinal(
            session: CK_SESSION_HANDLE, signature: *mut CK_BYTE, signature_len: *mut CK_ULONG
        ) => unsafe sign::finish;
        fn C_SignRecoverInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_SignRecover(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_VerifyInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_Verify(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, CK_ULONG);
        fn C_VerifyUpdate(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG);
        fn C_VerifyFinal(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG);
        fn C_VerifyRecoverInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_VerifyRecover(CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG);
        fn C_DigestEncryptUpdate(
            CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_DecryptDigestUpdate(
            CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_SignEncryptUpdate(
            CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_DecryptVerifyUpdate(
            CK_SESSION_HANDLE, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_GenerateKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, *mut CK_ATTRIBUTE, CK_ULONG, *mut
            CK_OBJECT_HANDLE
        );
        fn C_GenerateKeyPair(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, *mut CK_ATTRIBUTE, CK_ULONG, *mut
            CK_ATTRIBUTE, CK_ULONG, *mut CK_OBJECT_HANDLE, *mut CK_OBJECT_HANDLE
        );
        fn C_WrapKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE, *mut
            CK_BYTE, *mut CK_ULONG
        );
        fn C_UnwrapKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, *mut CK_BYTE, CK_ULONG, *mut
            CK_ATTRIBUTE, CK_ULONG, *mut CK_OBJECT_HANDLE
        );
        fn C_DeriveKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG,
            *mut CK_OBJECT_HANDLE
        );
        fn C_SeedRandom(
            session: CK_SESSION_HANDLE, seed: *mut CK_BYTE, seed_len: CK_ULONG
        ) => unsafe random::seed;
        fn C_GenerateRandom(
            session: CK_SESSION_HANDLE, bytes: *mut CK_BYTE, len: CK_ULONG
        ) => unsafe random::generate;
        fn C_GetFunctionStatus(session: CK_SESSION_HANDLE) => safe general::function_status;
        fn C_CancelFunction(session: CK_SESSION_HANDLE) => safe general::cancel_function;
        fn C_WaitForSlotEvent(
            flags: CK_FLAGS, slot: *mut CK_SLOT_ID, reserved: *mut c_void
        ) => unsafe slot::wait_for_event;
    }
    since 3.0 {
        fn C_LoginUser(
            CK_SESSION_HANDLE, CK_USER_TYPE, *mut CK_UTF8CHAR, CK_ULONG, *mut CK_UTF8CHAR,
            CK_ULONG
        );
        fn C_SessionCancel(CK_SESSION_HANDLE, CK_FLAGS);
        fn C_MessageEncryptInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_EncryptMessage(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE,
            CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_EncryptMessageBegin(CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG);
        fn C_EncryptMessageNext(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut
            CK_ULONG, CK_FLAGS
        );
        fn C_MessageEncryptFinal(CK_SESSION_HANDLE);
        fn C_MessageDecryptInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_DecryptMessage(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE,
            CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_DecryptMessageBegin(CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG);
        fn C_DecryptMessageNext(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut
            CK_ULONG, CK_FLAGS
        );
        fn C_MessageDecryptFinal(CK_SESSION_HANDLE);
        fn C_MessageSignInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_SignMessage(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut
            CK_ULONG
        );
        fn C_SignMessageBegin(CK_SESSION_HANDLE, *mut c_void, CK_ULONG);
        fn C_SignMessageNext(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut
            CK_ULONG
        );
        fn C_MessageSignFinal(CK_SESSION_HANDLE);
        fn C_MessageVerifyInit(CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE);
        fn C_VerifyMessage(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE,
            CK_ULONG
        );
        fn C_VerifyMessageBegin(CK_SESSION_HANDLE, *mut c_void, CK_ULONG);
        fn C_VerifyMessageNext(
            CK_SESSION_HANDLE, *mut c_void, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_BYTE,
            CK_ULONG
        );
        fn C_MessageVerifyFinal(CK_SESSION_HANDLE);
    }
}

const VERSION_2_40: CK_VERSION = CK_VERSION { major: 2, minor: 40 };
/// The newest version that the module has, which C_GetInfo names too.
pub(super) const VERSION_3_0: CK_VERSION = CK_VERSION { major: 3, minor: 0 };

/// The interfaces of C_GetInterfaceList; the first is the default one (3.0 §5.4.6).
struct Interfaces([CK_INTERFACE; 2]);

// SAFETY: the pointers are to statics that nobody writes to.
unsafe impl Sync for Interfaces {}

const INTERFACE_NAME: &CStr = c"PKCS 11";

static INTERFACES: Interfaces = Interfaces([
    CK_INTERFACE {
        pInterfaceName: INTERFACE_NAME.as_ptr().cast_mut().cast(),
        pFunctionList: ptr::from_ref(&LIST_3_0).cast_mut().cast(),
        flags: 0,
    },
    CK_INTERFACE {
        pInterfaceName: INTERFACE_NAME.as_ptr().cast_mut().cast(),
        pFunctionList: ptr::from_ref(&LIST_2_40).cast_mut().cast(),
        flags: 0,
    },
]);

/// 2.40 §5.4: the function list of version 2.40.
#[unsafe(no_mangle)]
unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    boundary("C_GetFunctionList", || {
        // SAFETY: the caller's pointer is NULL or writable.
        unsafe { output::value(list, ptr::from_ref(&LIST_2_40).cast_mut(), "ppFunctionList") }
    })
}

/// 3.0 §5.4.5: every interface of the module.
#[unsafe(no_mangle)]
unsafe extern "C" fn C_GetInterfaceList(
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
unsafe extern "C" fn C_GetInterface(
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
    let versions = [&VERSION_3_0, &VERSION_2_40];
    let mut offered = INTERFACES.0.iter().zip(versions);
    offered
        .find(|(interface, version)| interface.flags & flags == flags && wanted(version))
        .filter(|_| name.is_none_or(|name| name == INTERFACE_NAME))
        .map(|(interface, _)| interface)
        .ok_or(Error::Arguments("pInterfaceName, pVersion or flags (no such interface)"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const README: &str = include_str!("../../README.md");
    const EXPORTED: [&str; 3] = ["C_GetFunctionList", "C_GetInterfaceList", "C_GetInterface"];

    /// The functions of the README's rows with this answer.
    fn documented(works: bool) -> BTreeSet<&'static str> {
        let table = README.split("<!-- functions -->").nth(1).unwrap();
        let table = table.split("<!-- /functions -->").next().unwrap();
        let rows = table.lines().map(|line| line.split('|').collect::<Vec<_>>());
        rows.filter(|row| row.len() > 3 && (row[2].trim() == "works") == works)
            .flat_map(|row| row[1].split('`'))
            .filter(|name| name.starts_with("C_"))
            .collect()
    }

    #[test]
    fn the_readme_says_of_every_function_what_it_does() {
        for works in [true, false] {
            let table = FUNCTIONS.iter().filter(|(_, done)| *done == works).map(|(name, _)| *name);
            let exported = EXPORTED.into_iter().filter(|_| works);
            assert_eq!(documented(works), table.chain(exported).collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn an_interface_is_found_by_name_and_version_and_the_default_is_the_newest() {
        let found = |name, version| find_interface(name, version, 0);
        let list = |interface: Result<&CK_INTERFACE>| interface.unwrap().pFunctionList.cast_const();
        let newest = ptr::from_ref(&LIST_3_0).cast();
        assert_eq!(list(found(None, None)), newest);
        assert_eq!(list(found(Some(c"PKCS 11"), Some(&VERSION_3_0))), newest);
        let old = list(found(Some(c"PKCS 11"), Some(&VERSION_2_40)));
        assert_eq!(old, ptr::from_ref(&LIST_2_40).cast());
        assert!(found(Some(c"Vendor"), None).is_err());
        assert!(found(None, Some(&CK_VERSION { major: 9, minor: 0 })).is_err());
        assert!(find_interface(None, None, CKF_INTERFACE_FORK_SAFE).is_err());
    }
}
