//! C_VerifyInit (2.40 §5.12): how the check of a signature begins.

use std::ptr;

use cryptoki_sys::*;

use super::{
    Row,
    caller::{
        Caller, NO_HANDLE,
        Start::{Initialized, User},
    },
    row,
};

const UNKNOWN: CK_MECHANISM_TYPE = CKM_VENDOR_DEFINED | 0x1234;

pub(super) const ROWS: &[Row] = &[
    row("2.40 §5.12", "C_VerifyInit: CKM_RSA_PKCS", User, |on| rsa(on, CKM_RSA_PKCS), "CKR_OK"),
    row(
        "2.40 §5.12",
        "C_VerifyInit: CKM_SHA256_RSA_PKCS",
        User,
        |on| rsa(on, CKM_SHA256_RSA_PKCS),
        "CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: CKM_RSA_PKCS_PSS",
        User,
        |on| rsa(on, CKM_RSA_PKCS_PSS),
        "CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: CKM_SHA512_RSA_PKCS_PSS",
        User,
        |on| rsa(on, CKM_SHA512_RSA_PKCS_PSS),
        "CKR_OK",
    ),
    row("2.40 §5.12", "C_VerifyInit: CKM_ECDSA", User, |on| ec(on, CKM_ECDSA), "CKR_OK"),
    row(
        "2.40 §5.12",
        "C_VerifyInit: CKM_ECDSA_SHA256",
        User,
        |on| ec(on, CKM_ECDSA_SHA256),
        "CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: a mechanism that does not verify",
        User,
        |on| rsa(on, CKM_SHA256),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: no such mechanism",
        User,
        |on| rsa(on, UNKNOWN),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: no such key",
        User,
        |on| on.verify_init(CKM_RSA_PKCS, NO_HANDLE),
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: key 0",
        User,
        |on| on.verify_init(CKM_RSA_PKCS, 0),
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: a private key",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            on.verify_init(CKM_RSA_PKCS, key);
        },
        "CKR_KEY_FUNCTION_NOT_PERMITTED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: a certificate",
        User,
        |on| {
            let certificate = on.certificate("demo/rsa");
            on.verify_init(CKM_RSA_PKCS, certificate);
        },
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: an EC key for an RSA mechanism",
        User,
        |on| ec(on, CKM_RSA_PKCS),
        "CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: an RSA key for an EC mechanism",
        User,
        |on| rsa(on, CKM_ECDSA),
        "CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.1.6",
        "C_VerifyInit: a key of another type for another use",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.verify_init(CKM_RSA_PKCS, key);
            let key = on.private_key("demo/rsa");
            on.verify_init(CKM_ECDSA, key);
        },
        "CKR_KEY_TYPE_INCONSISTENT; CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: NULL for the mechanism",
        User,
        |on| {
            let key = on.public_key("demo/ec");
            on.note(call!(on, C_VerifyInit(on.session, ptr::null_mut(), key)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "3.0 §5.15.1",
        "C_VerifyInit: NULL for the mechanism, with an operation under way",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let key = on.public_key("demo/ec");
            on.note(call!(on, C_VerifyInit(on.session, ptr::null_mut(), key)));
            on.verify(&[7; 32], &[1; 64]);
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: twice",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: while a signature is under way",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: while a signature is being verified",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.verify_init(CKM_ECDSA, 1);
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyInit: again after an error",
        User,
        |on| {
            ec(on, UNKNOWN);
            ec(on, CKM_ECDSA);
        },
        "CKR_MECHANISM_INVALID; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: without C_VerifyInit",
        User,
        |on| on.verify(&[7; 32], &[1; 64]),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyUpdate: without C_VerifyInit",
        User,
        |on| on.verify_update(b"a"),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyFinal: without C_VerifyInit",
        User,
        |on| on.verify_final(&[1; 64]),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyRecoverInit: NULL for the mechanism",
        User,
        |on| {
            let key = on.public_key("demo/rsa");
            on.note(call!(on, C_VerifyRecoverInit(on.session, ptr::null_mut(), key)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
];

fn rsa(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.public_key("demo/rsa");
    on.verify_init(kind, key);
}

fn ec(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.public_key("demo/ec");
    on.verify_init(kind, key);
}
