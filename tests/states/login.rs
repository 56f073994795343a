//! C_Login and C_Logout (2.40 §5.6), and what they mean for objects and operations.

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    NO_HANDLE,
    Room::{Bytes, Null},
    Start::{Initialized, Public, User},
};
use super::{Row, row};

const PRIVATE: &[u8] = &CKO_PRIVATE_KEY.to_ne_bytes();

pub(super) const ROWS: &[Row] = &[
    row("2.40 §5.6", "C_Login", Public, |on| on.login_with_the_pin(), "CKR_OK"),
    row(
        "2.40 §5.6",
        "C_Login: a wrong PIN",
        Public,
        |on| on.login(CKU_USER, "0000"),
        "CKR_PIN_INCORRECT",
    ),
    row(
        "2.40 §5.6",
        "C_Login: an empty PIN",
        Public,
        |on| on.login(CKU_USER, ""),
        "CKR_PIN_INCORRECT",
    ),
    row(
        "2.40 §5.6",
        "C_Login: NULL",
        Public,
        |on| {
            on.note(call!(on, C_Login(on.session, CKU_USER, ptr::null_mut(), 0)));
        },
        "CKR_PIN_INCORRECT",
    ),
    row(
        "2.40 §5.6",
        "C_Login: a wrong PIN, then the right one",
        Public,
        |on| {
            on.login(CKU_USER, "0000");
            on.login_with_the_pin();
        },
        "CKR_PIN_INCORRECT; CKR_OK",
    ),
    row(
        "2.40 §5.6",
        "C_Login: twice",
        User,
        |on| on.login_with_the_pin(),
        "CKR_USER_ALREADY_LOGGED_IN",
    ),
    row(
        "2.40 §5.6",
        "C_Login: twice, with a wrong PIN",
        User,
        |on| on.login(CKU_USER, "0000"),
        "CKR_USER_ALREADY_LOGGED_IN",
    ),
    row(
        "2.40 §5.6",
        "C_Login: in another session of the token",
        User,
        |on| {
            on.session = on.open(CKF_SERIAL_SESSION);
            on.login_with_the_pin();
        },
        "CKR_USER_ALREADY_LOGGED_IN",
    ),
    row(
        "2.40 §5.6",
        "C_Login: in a read-only session",
        Initialized,
        |on| {
            on.session = on.open(CKF_SERIAL_SESSION);
            on.login_with_the_pin();
            on.session_info(on.session);
        },
        "CKR_OK; CKR_OK state 1 flags 4 this slot true",
    ),
    row(
        "2.40 §5.6",
        "C_Login: the security officer, with a wrong PIN",
        Public,
        |on| on.login(CKU_SO, "0000"),
        "CKR_USER_TYPE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_Login: the security officer while the user is there",
        User,
        |on| {
            on.login(CKU_SO, "0000");
        },
        "CKR_USER_TYPE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_Login: context specific, without an operation",
        User,
        |on| {
            on.login(CKU_CONTEXT_SPECIFIC, "0000");
        },
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.6",
        "C_Login: context specific, for a key that does not ask for it",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
            on.login(CKU_CONTEXT_SPECIFIC, "0000");
        },
        "CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.6",
        "C_Login: no such type of user",
        Public,
        |on| on.login(7, "0000"),
        "CKR_USER_TYPE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_Login: no such session",
        Initialized,
        |on| {
            on.note(call!(on, C_Login(NO_HANDLE, CKU_USER, b"1234".as_ptr().cast_mut(), 4)));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row("2.40 §5.6", "C_Logout", User, |on| on.note(call!(on, C_Logout(on.session))), "CKR_OK"),
    row(
        "2.40 §5.6",
        "C_Logout: nobody is logged in",
        Public,
        |on| on.note(call!(on, C_Logout(on.session))),
        "CKR_USER_NOT_LOGGED_IN",
    ),
    row(
        "2.40 §5.6",
        "C_Logout: twice",
        User,
        |on| {
            on.note(call!(on, C_Logout(on.session)));
            on.note(call!(on, C_Logout(on.session)));
        },
        "CKR_OK; CKR_USER_NOT_LOGGED_IN",
    ),
    row(
        "2.40 §5.6",
        "C_Logout: no such session",
        Initialized,
        |on| on.note(call!(on, C_Logout(NO_HANDLE))),
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "C_Logout: and C_Login again",
        User,
        |on| {
            on.note(call!(on, C_Logout(on.session)));
            on.login_with_the_pin();
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
        },
        "CKR_OK; CKR_OK; CKR_OK 1 private:demo/ec",
    ),
    row(
        "2.40 §4.4",
        "before C_Login: private keys",
        Public,
        |on| on.find(&[(CKA_CLASS, PRIVATE)]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §4.4",
        "before C_Login: public keys",
        Public,
        |on| {
            on.find(&[(CKA_CLASS, &CKO_PUBLIC_KEY.to_ne_bytes())]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.6",
        "after C_Logout: private keys",
        User,
        |on| {
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
            on.note(call!(on, C_Logout(on.session)));
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
        },
        "CKR_OK 1 private:demo/ec; CKR_OK; CKR_OK 0",
    ),
    row(
        "2.40 §5.6",
        "after C_Logout: the handle of a private key",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.note(call!(on, C_Logout(on.session)));
            on.values(key, &[(CKA_LABEL, Null)]);
        },
        "CKR_OK; CKR_OBJECT_HANDLE_INVALID len 0",
    ),
    row(
        "2.40 §5.6",
        "after C_Logout: C_SignInit with the handle of a private key",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.note(call!(on, C_Logout(on.session)));
            on.sign_init(CKM_ECDSA, key);
        },
        "CKR_OK; CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.6",
        "after C_Logout: C_Sign of an operation from before",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
            on.note(call!(on, C_Logout(on.session)));
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_OK; CKR_USER_NOT_LOGGED_IN",
    ),
    row(
        "2.40 §5.7",
        "a handle from one session in another",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.session = on.open(CKF_SERIAL_SESSION);
            on.values(key, &[(CKA_LABEL, Bytes(7))]);
        },
        "CKR_OK 64656d6f2f6563",
    ),
];
