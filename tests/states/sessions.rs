//! Sessions (2.40 §5.6).

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    Caller, NO_HANDLE,
    Start::{Initialized, Public, User},
};
use super::{Row, row};

const RW: CK_FLAGS = CKF_SERIAL_SESSION | CKF_RW_SESSION;

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.6",
        "C_OpenSession: read only",
        Initialized,
        |on| open(on, CKF_SERIAL_SESSION),
        "CKR_OK a handle: true",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: read/write",
        Initialized,
        |on| open(on, RW),
        "CKR_OK a handle: true",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: without CKF_SERIAL_SESSION",
        Initialized,
        |on| open(on, CKF_RW_SESSION),
        "CKR_SESSION_PARALLEL_NOT_SUPPORTED a handle: false",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: without flags",
        Initialized,
        |on| open(on, 0),
        "CKR_SESSION_PARALLEL_NOT_SUPPORTED a handle: false",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: no such slot",
        Initialized,
        |on| {
            let (slot, mut handle) = (NO_HANDLE, 0);
            on.note(call!(on, C_OpenSession(slot, RW, ptr::null_mut(), None, &raw mut handle)));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: NULL for the handle",
        Initialized,
        |on| {
            let (slot, none) = (on.slot, ptr::null_mut());
            on.note(call!(on, C_OpenSession(slot, RW, ptr::null_mut(), None, none)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: with a callback",
        Initialized,
        |on| {
            let (slot, mut handle) = (on.slot, 0);
            let callback = Some(notify as _);
            on.note(call!(on, C_OpenSession(slot, RW, ptr::null_mut(), callback, &raw mut handle)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: two handles are two",
        Public,
        |on| {
            let other = on.open(RW);
            on.note(CKR_OK);
            on.tell(&(other != on.session && other != 0).to_string());
        },
        "CKR_OK true",
    ),
    row(
        "2.40 §5.6",
        "C_OpenSession: a new one after a login is the user's",
        User,
        |on| {
            let read_only = on.open(CKF_SERIAL_SESSION);
            on.session_info(read_only);
        },
        "CKR_OK state 1 flags 4 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession",
        Public,
        |on| on.note(call!(on, C_CloseSession(on.session))),
        "CKR_OK",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: twice",
        Public,
        |on| {
            on.note(call!(on, C_CloseSession(on.session)));
            on.note(call!(on, C_CloseSession(on.session)));
        },
        "CKR_OK; CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_CloseSession(NO_HANDLE)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: handle 0",
        Initialized,
        |on| on.note(call!(on, C_CloseSession(0))),
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: with a search and a signature under way",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.find_init(&[]);
            on.sign_init(CKM_ECDSA, key);
            on.note(call!(on, C_CloseSession(on.session)));
        },
        "CKR_OK; CKR_OPERATION_ACTIVE; CKR_OK",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: the last one logs out",
        User,
        |on| {
            on.note(call!(on, C_CloseSession(on.session)));
            on.session = on.open(RW);
            on.session_info(on.session);
        },
        "CKR_OK; CKR_OK state 2 flags 6 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_CloseSession: while there is another, the user stays",
        User,
        |on| {
            let other = on.open(CKF_SERIAL_SESSION);
            on.note(call!(on, C_CloseSession(on.session)));
            on.session_info(other);
        },
        "CKR_OK; CKR_OK state 1 flags 4 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_CloseAllSessions",
        Public,
        |on| {
            on.open(RW);
            on.note(call!(on, C_CloseAllSessions(on.slot)));
            on.note(call!(on, C_CloseSession(on.session)));
        },
        "CKR_OK; CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_CloseAllSessions: without any",
        Initialized,
        |on| {
            on.note(call!(on, C_CloseAllSessions(on.slot)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.6",
        "C_CloseAllSessions: no such slot",
        Initialized,
        |on| {
            on.note(call!(on, C_CloseAllSessions(NO_HANDLE)));
        },
        "CKR_SLOT_ID_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_CloseAllSessions: logs out",
        User,
        |on| {
            on.note(call!(on, C_CloseAllSessions(on.slot)));
            on.session = on.open(RW);
            on.session_info(on.session);
        },
        "CKR_OK; CKR_OK state 2 flags 6 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: read/write",
        Public,
        |on| on.session_info(on.session),
        "CKR_OK state 2 flags 6 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: read only",
        Public,
        |on| {
            let read_only = on.open(CKF_SERIAL_SESSION);
            on.session_info(read_only);
        },
        "CKR_OK state 0 flags 4 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: read/write, logged in",
        User,
        |on| on.session_info(on.session),
        "CKR_OK state 3 flags 6 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: after C_Logout",
        User,
        |on| {
            on.note(call!(on, C_Logout(on.session)));
            on.session_info(on.session);
        },
        "CKR_OK; CKR_OK state 2 flags 6 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_GetSessionInfo(NO_HANDLE, &mut CK_SESSION_INFO::default())));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: NULL",
        Public,
        |on| {
            on.note(call!(on, C_GetSessionInfo(on.session, ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.6",
        "C_GetSessionInfo: a closed session",
        Public,
        |on| {
            on.note(call!(on, C_CloseSession(on.session)));
            on.note(call!(on, C_GetSessionInfo(on.session, &mut CK_SESSION_INFO::default())));
        },
        "CKR_OK; CKR_SESSION_HANDLE_INVALID",
    ),
];

unsafe extern "C" fn notify(
    _: CK_SESSION_HANDLE,
    _: CK_NOTIFICATION,
    _: *mut std::ffi::c_void,
) -> CK_RV {
    CKR_OK
}

fn open(on: &mut Caller<'_>, flags: CK_FLAGS) {
    let mut handle = 0;
    let rv = call!(on, C_OpenSession(on.slot, flags, ptr::null_mut(), None, &raw mut handle));
    on.note(rv);
    on.tell(&format!("a handle: {}", handle != 0));
}
