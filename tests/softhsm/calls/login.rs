//! C_Login and C_Logout (2.40 §5.6), and what they mean for objects and operations.

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::softhsm::caller::{
    NO_HANDLE,
    Room::{Bytes, Null},
    Start::{Initialized, Public, User},
};

const PRIVATE: &[u8] = &CKO_PRIVATE_KEY.to_ne_bytes();

pub(super) const ROWS: &[Row] = &[
    row("C_Login", Public, |on| on.login_with_the_pin()),
    row("C_Login: a wrong PIN", Public, |on| on.login(CKU_USER, "0000")),
    row("C_Login: an empty PIN", Public, |on| on.login(CKU_USER, "")),
    row("C_Login: NULL", Public, |on| {
        on.note(call!(on, C_Login(on.session, CKU_USER, ptr::null_mut(), 0)));
    }),
    row("C_Login: a wrong PIN, then the right one", Public, |on| {
        on.login(CKU_USER, "0000");
        on.login_with_the_pin();
    }),
    row("C_Login: twice", User, |on| on.login_with_the_pin()),
    row("C_Login: twice, with a wrong PIN", User, |on| on.login(CKU_USER, "0000")),
    row("C_Login: in another session of the token", User, |on| {
        on.session = on.open(CKF_SERIAL_SESSION);
        on.login_with_the_pin();
    }),
    row("C_Login: in a read-only session", Initialized, |on| {
        on.session = on.open(CKF_SERIAL_SESSION);
        on.login_with_the_pin();
        on.session_info(on.session);
    }),
    row("C_Login: the security officer, with a wrong PIN", Public, |on| on.login(CKU_SO, "0000")),
    row("C_Login: the security officer while the user is there", User, |on| {
        on.login(CKU_SO, "0000");
    }),
    row("C_Login: context specific, without an operation", User, |on| {
        on.login(CKU_CONTEXT_SPECIFIC, "0000");
    }),
    row("C_Login: context specific, for a key that does not ask for it", User, |on| {
        let key = on.private_key("demo/ec");
        on.sign_init(CKM_ECDSA, key);
        on.login(CKU_CONTEXT_SPECIFIC, "0000");
    }),
    row("C_Login: no such type of user", Public, |on| on.login(7, "0000")),
    row("C_Login: no such session", Initialized, |on| {
        on.note(call!(on, C_Login(NO_HANDLE, CKU_USER, b"1234".as_ptr().cast_mut(), 4)));
    }),
    row("C_Logout", User, |on| on.note(call!(on, C_Logout(on.session)))),
    row("C_Logout: nobody is logged in", Public, |on| on.note(call!(on, C_Logout(on.session)))),
    row("C_Logout: twice", User, |on| {
        on.note(call!(on, C_Logout(on.session)));
        on.note(call!(on, C_Logout(on.session)));
    }),
    row("C_Logout: no such session", Initialized, |on| on.note(call!(on, C_Logout(NO_HANDLE)))),
    row("C_Logout: and C_Login again", User, |on| {
        on.note(call!(on, C_Logout(on.session)));
        on.login_with_the_pin();
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
    }),
    row("before C_Login: private keys", Public, |on| on.find(&[(CKA_CLASS, PRIVATE)])),
    row("before C_Login: public keys", Public, |on| {
        on.find(&[(CKA_CLASS, &CKO_PUBLIC_KEY.to_ne_bytes())]);
    }),
    row("after C_Logout: private keys", User, |on| {
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
        on.note(call!(on, C_Logout(on.session)));
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/ec")]);
    }),
    row("after C_Logout: the handle of a private key", User, |on| {
        let key = on.private_key("demo/ec");
        on.note(call!(on, C_Logout(on.session)));
        on.values(key, &[(CKA_LABEL, Null)]);
    }),
    row("after C_Logout: C_SignInit with the handle of a private key", User, |on| {
        let key = on.private_key("demo/ec");
        on.note(call!(on, C_Logout(on.session)));
        on.sign_init(CKM_ECDSA, key);
    }),
    row("after C_Logout: C_Sign of an operation from before", User, |on| {
        let key = on.private_key("demo/ec");
        on.sign_init(CKM_ECDSA, key);
        on.note(call!(on, C_Logout(on.session)));
        on.sign(&[7; 32], Bytes(64));
    }),
    row("a handle from one session in another", User, |on| {
        let key = on.private_key("demo/ec");
        on.session = on.open(CKF_SERIAL_SESSION);
        on.values(key, &[(CKA_LABEL, Bytes(7))]);
    }),
];
