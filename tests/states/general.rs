//! C_Initialize, C_Finalize, and every function before and after them (2.40 §5.4, §5.15, §5.16).

use std::{ffi::c_void, ptr};

use cryptoki_sys::*;

use super::caller::{
    Caller, NO_HANDLE,
    Room::Bytes,
    Start::{Initialized, Loaded, Public},
};
use super::{Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.4",
        "C_Initialize: NULL",
        Loaded,
        |on| on.note(call!(on, C_Initialize(ptr::null_mut()))),
        "CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: twice",
        Initialized,
        |on| {
            on.note(call!(on, C_Initialize(ptr::null_mut())));
        },
        "CKR_CRYPTOKI_ALREADY_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: no flags and no callbacks",
        Loaded,
        |on| initialize(on, arguments(0, 0)),
        "CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: CKF_OS_LOCKING_OK",
        Loaded,
        |on| {
            initialize(on, arguments(CKF_OS_LOCKING_OK, 0));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: a library that must not make threads",
        Loaded,
        |on| {
            initialize(on, arguments(CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS, 0));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: callbacks, or the system's locks",
        Loaded,
        |on| {
            initialize(on, arguments(CKF_OS_LOCKING_OK, 4));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: callbacks and nothing else",
        Loaded,
        |on| initialize(on, arguments(0, 4)),
        "CKR_CANT_LOCK",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: some of the callbacks",
        Loaded,
        |on| {
            initialize(on, arguments(CKF_OS_LOCKING_OK, 3));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: pReserved is not NULL",
        Loaded,
        |on| {
            let reserved = ptr::dangling_mut();
            let arguments = arguments(CKF_OS_LOCKING_OK, 0);
            initialize(on, CK_C_INITIALIZE_ARGS { pReserved: reserved, ..arguments });
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.4",
        "C_Initialize: again after C_Finalize",
        Initialized,
        |on| {
            on.note(call!(on, C_Finalize(ptr::null_mut())));
            on.note(call!(on, C_Initialize(ptr::null_mut())));
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.4",
        "C_Finalize: before C_Initialize",
        Loaded,
        |on| {
            on.note(call!(on, C_Finalize(ptr::null_mut())));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "C_Finalize: pReserved is not NULL",
        Initialized,
        |on| {
            on.note(call!(on, C_Finalize(ptr::dangling_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.4",
        "C_Finalize: twice",
        Initialized,
        |on| {
            on.note(call!(on, C_Finalize(ptr::null_mut())));
            on.note(call!(on, C_Finalize(ptr::null_mut())));
        },
        "CKR_OK; CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "C_Finalize: ends the sessions",
        Public,
        |on| {
            on.note(call!(on, C_Finalize(ptr::null_mut())));
            on.prepare_slot();
            on.note(call!(on, C_CloseSession(on.session)));
        },
        "CKR_OK; CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.4",
        "C_GetInfo",
        Initialized,
        |on| {
            let mut info = CK_INFO::default();
            on.note(call!(on, C_GetInfo(&raw mut info)));
            on.tell(&format!("flags {}", info.flags));
        },
        "CKR_OK flags 0",
    ),
    row(
        "2.40 §5.4",
        "C_GetInfo: the version of the standard",
        Initialized,
        |on| {
            let mut info = CK_INFO::default();
            on.note(call!(on, C_GetInfo(&raw mut info)));
            on.tell(&format!("{}.{}", info.cryptokiVersion.major, info.cryptokiVersion.minor));
        },
        "CKR_OK 3.2",
    ),
    row(
        "2.40 §5.4",
        "C_GetInfo: NULL",
        Initialized,
        |on| on.note(call!(on, C_GetInfo(ptr::null_mut()))),
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.4",
        "C_GetFunctionList: the version of the list",
        Loaded,
        |on| {
            let version = on.functions().version;
            let mut list = ptr::null_mut();
            on.note(call!(on, C_GetFunctionList(&raw mut list)));
            on.tell(&format!("{}.{}", version.major, version.minor));
        },
        "CKR_OK 2.40",
    ),
    row(
        "2.40 §5.4",
        "C_GetFunctionList: NULL",
        Loaded,
        |on| {
            on.note(call!(on, C_GetFunctionList(ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.16",
        "C_GetFunctionStatus",
        Public,
        |on| on.note(call!(on, C_GetFunctionStatus(on.session))),
        "CKR_FUNCTION_NOT_PARALLEL",
    ),
    row(
        "2.40 §5.16",
        "C_CancelFunction",
        Public,
        |on| on.note(call!(on, C_CancelFunction(on.session))),
        "CKR_FUNCTION_NOT_PARALLEL",
    ),
    row(
        "2.40 §5.16",
        "C_GetFunctionStatus: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_GetFunctionStatus(NO_HANDLE)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: C_GetInfo",
        Loaded,
        |on| {
            on.note(call!(on, C_GetInfo(&mut CK_INFO::default())));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: C_GetInfo with NULL",
        Loaded,
        |on| {
            on.note(call!(on, C_GetInfo(ptr::null_mut())));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: slots and tokens",
        Loaded,
        |on| {
            let mut count = 0;
            let none = ptr::null_mut;
            on.note(call!(on, C_GetSlotList(CK_TRUE, none(), &raw mut count)));
            on.note(call!(on, C_GetSlotInfo(1, &mut CK_SLOT_INFO::default())));
            on.note(call!(on, C_GetTokenInfo(1, &mut CK_TOKEN_INFO::default())));
            on.note(call!(on, C_GetMechanismList(1, none(), &raw mut count)));
            let info = &mut CK_MECHANISM_INFO::default();
            on.note(call!(on, C_GetMechanismInfo(1, CKM_RSA_PKCS, info)));
            on.note(call!(on, C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut count, ptr::null_mut())));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: sessions",
        Loaded,
        |on| {
            let (flags, mut handle) = (CKF_SERIAL_SESSION, 0);
            on.note(call!(on, C_OpenSession(1, flags, ptr::null_mut(), None, &raw mut handle)));
            on.note(call!(on, C_CloseSession(1)));
            on.note(call!(on, C_CloseAllSessions(1)));
            on.note(call!(on, C_GetSessionInfo(1, &mut CK_SESSION_INFO::default())));
            on.note(call!(on, C_Login(1, CKU_USER, ptr::null_mut(), 0)));
            on.note(call!(on, C_Logout(1)));
            on.note(call!(on, C_GetFunctionStatus(1)));
            on.note(call!(on, C_CancelFunction(1)));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: objects",
        Loaded,
        |on| {
            let mut count = 0;
            let attribute = &mut CK_ATTRIBUTE::default();
            on.note(call!(on, C_FindObjectsInit(1, ptr::null_mut(), 0)));
            on.note(call!(on, C_FindObjects(1, &raw mut count, 1, &raw mut count)));
            on.note(call!(on, C_FindObjectsFinal(1)));
            on.note(call!(on, C_GetAttributeValue(1, 1, attribute, 1)));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: signing",
        Loaded,
        |on| {
            let mut byte = [0];
            let mut len = 1;
            let mechanism = &mut CK_MECHANISM::default();
            on.note(call!(on, C_SignInit(1, mechanism, 1)));
            on.sign(&[0], Bytes(1));
            on.sign_update(&[0]);
            on.note(call!(on, C_SignFinal(1, byte.as_mut_ptr(), &raw mut len)));
            on.note(call!(on, C_GenerateRandom(1, byte.as_mut_ptr(), 1)));
            on.note(call!(on, C_SeedRandom(1, byte.as_mut_ptr(), 1)));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.4",
        "before C_Initialize: what the token does not have",
        Loaded,
        |on| {
            on.note(call!(on, C_DigestInit(1, &mut CK_MECHANISM::default())));
            on.note(call!(on, C_DestroyObject(1, 1)));
        },
        "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.15",
        "C_GenerateRandom",
        Public,
        |on| {
            let mut bytes = [0; 32];
            on.note(call!(on, C_GenerateRandom(on.session, bytes.as_mut_ptr(), 32)));
            on.tell(&format!("the buffer is as it was: {}", bytes == [0; 32]));
        },
        "CKR_OK the buffer is as it was: false",
    ),
    row(
        "2.40 §5.15",
        "C_GenerateRandom: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_GenerateRandom(NO_HANDLE, [0; 4].as_mut_ptr(), 4)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.15",
        "C_GenerateRandom: NULL",
        Public,
        |on| {
            on.note(call!(on, C_GenerateRandom(on.session, ptr::null_mut(), 4)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.15",
        "C_SeedRandom",
        Public,
        |on| {
            on.note(call!(on, C_SeedRandom(on.session, [7; 4].as_mut_ptr(), 4)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.15",
        "C_SeedRandom: NULL",
        Public,
        |on| {
            on.note(call!(on, C_SeedRandom(on.session, ptr::null_mut(), 4)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.15",
        "C_SeedRandom: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_SeedRandom(NO_HANDLE, [7; 4].as_mut_ptr(), 4)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
];

unsafe extern "C" fn create_mutex(_: *mut *mut c_void) -> CK_RV {
    CKR_OK
}

unsafe extern "C" fn use_mutex(_: *mut c_void) -> CK_RV {
    CKR_OK
}

/// The arguments of C_Initialize with the first so many of the four callbacks.
fn arguments(flags: CK_FLAGS, callbacks: usize) -> CK_C_INITIALIZE_ARGS {
    CK_C_INITIALIZE_ARGS {
        CreateMutex: (callbacks > 0).then_some(create_mutex),
        DestroyMutex: (callbacks > 1).then_some(use_mutex),
        LockMutex: (callbacks > 2).then_some(use_mutex),
        UnlockMutex: (callbacks > 3).then_some(use_mutex),
        flags,
        pReserved: ptr::null_mut(),
    }
}

fn initialize(on: &mut Caller<'_>, mut arguments: CK_C_INITIALIZE_ARGS) {
    on.note(call!(on, C_Initialize((&raw mut arguments).cast())));
}
