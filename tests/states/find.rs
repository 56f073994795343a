//! C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal (2.40 §5.7): how a search begins and ends.

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    NO_HANDLE,
    Room::Null,
    Start::{Initialized, User},
};
use super::{Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: twice",
        User,
        |on| {
            on.find_init(&[]);
            on.find_init(&[]);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: NULL for a template",
        User,
        |on| {
            on.note(call!(on, C_FindObjectsInit(on.session, ptr::null_mut(), 1)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: NULL for no template",
        User,
        |on| {
            on.note(call!(on, C_FindObjectsInit(on.session, ptr::null_mut(), 0)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: NULL for a value",
        User,
        |on| {
            let mut label =
                CK_ATTRIBUTE { type_: CKA_LABEL, pValue: ptr::null_mut(), ulValueLen: 0 };
            on.note(call!(on, C_FindObjectsInit(on.session, &raw mut label, 1)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_FindObjectsInit(NO_HANDLE, ptr::null_mut(), 0)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: again after C_FindObjectsFinal",
        User,
        |on| {
            on.find_init(&[]);
            on.find_final();
            on.find_init(&[]);
        },
        "CKR_OK; CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: without C_FindObjectsInit",
        User,
        |on| on.find_next(1),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: one at a time",
        User,
        |on| {
            on.find_init(&[(CKA_LABEL, b"demo/nocert")]);
            (0..4).for_each(|_| on.find_next(1));
        },
        "CKR_OK; CKR_OK 1; CKR_OK 1; CKR_OK 0; CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: more room than objects",
        User,
        |on| {
            on.find_init(&[(CKA_LABEL, b"demo/ec")]);
            on.find_next(20);
            on.find_next(20);
        },
        "CKR_OK; CKR_OK 3; CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: room for none",
        User,
        |on| {
            on.find_init(&[]);
            on.find_next(0);
        },
        "CKR_OK; CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: nothing found",
        User,
        |on| {
            on.find_init(&[(CKA_LABEL, b"demo/none")]);
            on.find_next(1);
            on.find_final();
        },
        "CKR_OK; CKR_OK 0; CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: NULL for the objects",
        User,
        |on| {
            let mut count = 0;
            on.find_init(&[]);
            on.note(call!(on, C_FindObjects(on.session, ptr::null_mut(), 1, &raw mut count)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: NULL for the count",
        User,
        |on| {
            let mut object = 0;
            on.find_init(&[]);
            on.note(call!(on, C_FindObjects(on.session, &raw mut object, 1, ptr::null_mut())));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: no such session",
        Initialized,
        |on| {
            let (mut object, mut count) = (0, 0);
            on.note(call!(on, C_FindObjects(NO_HANDLE, &raw mut object, 1, &raw mut count)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjects: attributes read in between",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            on.find_init(&[]);
            on.find_next(1);
            on.values(key, &[(CKA_LABEL, Null)]);
            on.find_next(1);
        },
        "CKR_OK; CKR_OK 1; CKR_OK len 8; CKR_OK 1",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsFinal: without C_FindObjectsInit",
        User,
        |on| on.find_final(),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsFinal: twice",
        User,
        |on| {
            on.find_init(&[]);
            on.find_final();
            on.find_final();
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsFinal: before the last object",
        User,
        |on| {
            on.find_init(&[]);
            on.find_next(1);
            on.find_final();
        },
        "CKR_OK; CKR_OK 1; CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsFinal: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_FindObjectsFinal(NO_HANDLE)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: in two sessions",
        User,
        |on| {
            on.find_init(&[]);
            on.session = on.open(CKF_SERIAL_SESSION);
            on.find_init(&[]);
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_FindObjectsInit: while a signature is under way",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
            on.find_init(&[]);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
];
