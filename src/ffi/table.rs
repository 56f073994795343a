//! Every C_ function once. A line makes the extern function and its place in the function lists; a line without a
//! handler is a function that this token cannot do and answers CKR_FUNCTION_NOT_SUPPORTED (2.40 §5.1.6: such a function
//! is a stub that says so). A function that is forgotten here does not compile. `unsafe` handlers take the caller's
//! pointers, `safe` ones only numbers.

use std::ffi::c_void;

use cryptoki_sys::*;

use super::{
    boundary, digest, general,
    interface::{
        C_GetFunctionList, C_GetInterface, C_GetInterfaceList, VERSION_2_40, VERSION_3_0,
        VERSION_3_2,
    },
    object, random, session, sign, slot, verify,
};
use crate::error::Error;

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
        since 3.0 { $(fn $name_3_0:ident($($arguments_3_0:tt)*) $(=> $safety_3_0:ident $chapter_3_0:ident::$handler_3_0:ident)?;)* }
        since 3.2 { $(fn $name_3_2:ident($($arguments_3_2:tt)*) $(=> $safety_3_2:ident $chapter_3_2:ident::$handler_3_2:ident)?;)* }
    ) => {
        $(function!($name($($arguments)*) $(=> $safety $chapter::$handler)?);)*
        $(function!($name_3_0($($arguments_3_0)*) $(=> $safety_3_0 $chapter_3_0::$handler_3_0)?);)*
        $(function!($name_3_2($($arguments_3_2)*) $(=> $safety_3_2 $chapter_3_2::$handler_3_2)?);)*

        pub(super) static LIST_2_40: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: VERSION_2_40,
            C_GetFunctionList: Some(C_GetFunctionList),
            $($name: Some($name),)*
        };

        pub(super) static LIST_3_0: CK_FUNCTION_LIST_3_0 = CK_FUNCTION_LIST_3_0 {
            version: VERSION_3_0,
            C_GetFunctionList: Some(C_GetFunctionList),
            C_GetInterfaceList: Some(C_GetInterfaceList),
            C_GetInterface: Some(C_GetInterface),
            $($name: Some($name),)*
            $($name_3_0: Some($name_3_0),)*
        };

        pub(super) static LIST_3_2: CK_FUNCTION_LIST_3_2 = CK_FUNCTION_LIST_3_2 {
            version: VERSION_3_2,
            C_GetFunctionList: Some(C_GetFunctionList),
            C_GetInterfaceList: Some(C_GetInterfaceList),
            C_GetInterface: Some(C_GetInterface),
            $($name: Some($name),)*
            $($name_3_0: Some($name_3_0),)*
            $($name_3_2: Some($name_3_2),)*
        };

        /// The functions of the table, and whether they do something.
        #[cfg(test)]
        const FUNCTIONS: &[(&str, bool)] = &[
            $((stringify!($name), !stringify!($($handler)?).is_empty()),)*
            $((stringify!($name_3_0), !stringify!($($handler_3_0)?).is_empty()),)*
            $((stringify!($name_3_2), !stringify!($($handler_3_2)?).is_empty()),)*
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
        fn C_GetObjectSize(
            session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, size: *mut CK_ULONG
        ) => unsafe object::size;
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
        fn C_DigestInit(
            session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM
        ) => unsafe digest::init;
        fn C_Digest(
            session: CK_SESSION_HANDLE, data: *mut CK_BYTE, data_len: CK_ULONG, digest: *mut
            CK_BYTE, digest_len: *mut CK_ULONG
        ) => unsafe digest::digest;
        fn C_DigestUpdate(
            session: CK_SESSION_HANDLE, part: *mut CK_BYTE, part_len: CK_ULONG
        ) => unsafe digest::update;
        fn C_DigestKey(session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) => safe digest::key;
        fn C_DigestFinal(
            session: CK_SESSION_HANDLE, digest: *mut CK_BYTE, digest_len: *mut CK_ULONG
        ) => unsafe digest::finish;
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
        fn C_VerifyInit(
            session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE
        ) => unsafe verify::init;
        fn C_Verify(
            session: CK_SESSION_HANDLE, data: *mut CK_BYTE, data_len: CK_ULONG, signature: *mut
            CK_BYTE, signature_len: CK_ULONG
        ) => unsafe verify::verify;
        fn C_VerifyUpdate(
            session: CK_SESSION_HANDLE, part: *mut CK_BYTE, part_len: CK_ULONG
        ) => unsafe verify::update;
        fn C_VerifyFinal(
            session: CK_SESSION_HANDLE, signature: *mut CK_BYTE, signature_len: CK_ULONG
        ) => unsafe verify::finish;
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
            session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: *mut CK_UTF8CHAR, pin_len:
            CK_ULONG, user_name: *mut CK_UTF8CHAR, user_name_len: CK_ULONG
        ) => unsafe session::login_user;
        fn C_SessionCancel(
            session: CK_SESSION_HANDLE, kinds: CK_FLAGS
        ) => safe session::cancel;
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
    since 3.2 {
        fn C_EncapsulateKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG,
            *mut CK_BYTE, *mut CK_ULONG, *mut CK_OBJECT_HANDLE
        );
        fn C_DecapsulateKey(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG,
            *mut CK_BYTE, CK_ULONG, *mut CK_OBJECT_HANDLE
        );
        fn C_VerifySignatureInit(
            session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE,
            signature: *mut CK_BYTE, signature_len: CK_ULONG
        ) => unsafe verify::signature_init;
        fn C_VerifySignature(
            session: CK_SESSION_HANDLE, data: *mut CK_BYTE, data_len: CK_ULONG
        ) => unsafe verify::signature;
        fn C_VerifySignatureUpdate(
            session: CK_SESSION_HANDLE, part: *mut CK_BYTE, part_len: CK_ULONG
        ) => unsafe verify::signature_update;
        fn C_VerifySignatureFinal(
            session: CK_SESSION_HANDLE
        ) => safe verify::signature_finish;
        fn C_GetSessionValidationFlags(
            session: CK_SESSION_HANDLE, kind: CK_SESSION_VALIDATION_FLAGS_TYPE, flags: *mut
            CK_FLAGS
        ) => unsafe session::validation_flags;
        fn C_AsyncComplete(CK_SESSION_HANDLE, *mut CK_UTF8CHAR, *mut CK_ASYNC_DATA);
        fn C_AsyncGetID(CK_SESSION_HANDLE, *mut CK_UTF8CHAR, *mut CK_ULONG);
        fn C_AsyncJoin(
            CK_SESSION_HANDLE, *mut CK_UTF8CHAR, CK_ULONG, *mut CK_BYTE, CK_ULONG
        );
        fn C_WrapKeyAuthenticated(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE, *mut
            CK_BYTE, CK_ULONG, *mut CK_BYTE, *mut CK_ULONG
        );
        fn C_UnwrapKeyAuthenticated(
            CK_SESSION_HANDLE, *mut CK_MECHANISM, CK_OBJECT_HANDLE, *mut CK_BYTE, CK_ULONG, *mut
            CK_ATTRIBUTE, CK_ULONG, *mut CK_BYTE, CK_ULONG, *mut CK_OBJECT_HANDLE
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../docs/module.md");
    const EXPORTED: [&str; 3] = ["C_GetFunctionList", "C_GetInterfaceList", "C_GetInterface"];

    /// The functions of the page's rows with this answer.
    fn documented(works: bool) -> BTreeSet<&'static str> {
        let table = PAGE.split("<!-- functions -->").nth(1).unwrap();
        let table = table.split("<!-- /functions -->").next().unwrap();
        let rows = table.lines().map(|line| line.split('|').collect::<Vec<_>>());
        rows.filter(|row| row.len() > 3 && (row[2].trim() == "works") == works)
            .flat_map(|row| row[1].split('`'))
            .filter(|name| name.starts_with("C_"))
            .collect()
    }

    #[test]
    fn the_page_says_of_every_function_what_it_does() {
        for works in [true, false] {
            let table = FUNCTIONS.iter().filter(|(_, done)| *done == works).map(|(name, _)| *name);
            let exported = EXPORTED.into_iter().filter(|_| works);
            assert_eq!(documented(works), table.chain(exported).collect::<BTreeSet<_>>());
        }
    }
}
