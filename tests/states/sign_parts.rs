//! C_SignUpdate and C_SignFinal (2.40 §5.2, §5.11): a message in parts.

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::{
    signing::SHA256_INFO,
    states::caller::{
        Caller, NO_HANDLE,
        Room::{Bytes, Null},
        Start::{Initialized, User},
    },
};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.11",
        "C_SignUpdate: PSS of a digest",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS_PSS);
            on.sign_update(&[7; 32]);
            rsa(on, CKM_RSA_PKCS_PSS);
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: PSS of a message in parts",
        User,
        |on| {
            rsa(on, CKM_SHA384_RSA_PKCS_PSS);
            on.sign_update(b"a ");
            on.sign_update(b"message");
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: without C_SignInit",
        User,
        |on| on.sign_update(b"a message"),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: a mechanism of one part",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign_update(&digest_info());
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: a mechanism of one part ends the operation",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign_update(&[7; 32]);
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: NULL for the part",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.note(call!(on, C_SignUpdate(on.session, ptr::null_mut(), 4)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: NULL for an empty part",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.note(call!(on, C_SignUpdate(on.session, ptr::null_mut(), 0)));
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignUpdate: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.sign_update(b"a message");
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: without C_SignInit",
        User,
        |on| on.sign_final(Bytes(384)),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: a message in parts",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign_update(b"a ");
            on.sign_update(b"");
            on.sign_update(b"message");
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: a message without parts",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: a mechanism of one part",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.2",
        "C_SignFinal: a length query keeps the operation",
        User,
        |on| {
            parts(on);
            on.sign_final(Null);
            on.sign_update(b"!");
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_OK 384; CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.2",
        "C_SignFinal: a short buffer keeps the operation",
        User,
        |on| {
            parts(on);
            on.sign_final(Bytes(383));
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_BUFFER_TOO_SMALL 384; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: ends the operation",
        User,
        |on| {
            parts(on);
            on.sign_final(Bytes(384));
            on.sign_final(Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_OK 384; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: NULL for the length",
        User,
        |on| {
            parts(on);
            let mut buffer = [0; 384];
            let buffer = buffer.as_mut_ptr();
            on.note(call!(on, C_SignFinal(on.session, buffer, ptr::null_mut())));
        },
        "CKR_OK; CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.11",
        "C_SignFinal: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.sign_final(Bytes(384));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
];

fn rsa(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.private_key("demo/rsa");
    on.sign_init(kind, key);
}

/// C_SignInit with the P-256 key.
fn ec(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.private_key("demo/ec");
    on.sign_init(kind, key);
}

/// A message in parts, but for its end.
fn parts(on: &mut Caller<'_>) {
    rsa(on, CKM_SHA256_RSA_PKCS);
    on.sign_update(b"a message");
}

/// A DigestInfo with the SHA-256 hash of something.
fn digest_info() -> Vec<u8> {
    [SHA256_INFO, &[7; 32]].concat()
}
