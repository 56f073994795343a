//! Verifying (2.40 §5.12): what it takes, and what ends it.

use std::ptr;

use cryptoki_sys::*;

use super::{
    Row,
    caller::{
        Caller, NO_HANDLE,
        Start::{Initialized, Public, User},
    },
    row,
};
use crate::signing::SHA256_INFO;

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.12",
        "C_Verify: without a login",
        Public,
        |on| on.verify(&[7; 32], &[1; 64]),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.verify(&[7; 32], &[1; 64]);
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a right RSA signature",
        User,
        |on| {
            right(on, CKM_RSA_PKCS, "demo/rsa", &digest_info());
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a right PSS signature",
        User,
        |on| {
            right(on, CKM_RSA_PKCS_PSS, "demo/rsa", &[7; 32]);
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a right RSA signature of a message",
        User,
        |on| {
            right(on, CKM_SHA384_RSA_PKCS, "demo/rsa", b"a message");
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a right PSS signature of a message",
        User,
        |on| {
            right(on, CKM_SHA256_RSA_PKCS_PSS, "demo/rsa", b"a message");
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: right EC signatures",
        User,
        |on| {
            for name in ["demo/ec", "demo/ec384", "demo/ec521"] {
                right(on, CKM_ECDSA, name, &[7; 32]);
            }
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_OK; CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a wrong RSA signature",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.verify(&digest_info(), &[1; 384]);
        },
        "CKR_OK; CKR_SIGNATURE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a wrong EC signature",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify(&[7; 32], &[1; 64]);
        },
        "CKR_OK; CKR_SIGNATURE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a short RSA signature",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.verify(&digest_info(), &[1; 383]);
        },
        "CKR_OK; CKR_SIGNATURE_LEN_RANGE",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: a long EC signature",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify(&[7; 32], &[1; 65]);
        },
        "CKR_OK; CKR_SIGNATURE_LEN_RANGE",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: no signature at all",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify(&[7; 32], &[]);
        },
        "CKR_OK; CKR_SIGNATURE_LEN_RANGE",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: NULL for the signature",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let data = [7; 32].as_mut_ptr();
            on.note(call!(on, C_Verify(on.session, data, 32, ptr::null_mut(), 64)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: NULL for the data",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let signature = [1; 64].as_mut_ptr();
            on.note(call!(on, C_Verify(on.session, ptr::null_mut(), 32, signature, 64)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: ends the operation, whatever it says",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify(&[7; 32], &[1; 64]);
            on.verify(&[7; 32], &[1; 64]);
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_SIGNATURE_INVALID; CKR_OPERATION_NOT_INITIALIZED; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyUpdate: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.verify_update(b"a");
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyUpdate: with a mechanism of one part",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify_update(&[7; 32]);
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OK",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyUpdate: NULL for the part",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.note(call!(on, C_VerifyUpdate(on.session, ptr::null_mut(), 9)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyFinal: with a mechanism of one part",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.verify_final(&[1; 64]);
        },
        "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyFinal: a wrong signature",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.verify_update(b"a ");
            on.verify_update(b"message");
            on.verify_final(&[1; 384]);
            on.verify_final(&[1; 384]);
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_SIGNATURE_INVALID; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyFinal: a short signature",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.verify_update(b"a message");
            on.verify_final(&[1; 10]);
        },
        "CKR_OK; CKR_OK; CKR_SIGNATURE_LEN_RANGE",
    ),
    row(
        "2.40 §5.12",
        "C_VerifyFinal: without parts",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.verify_final(&[1; 384]);
        },
        "CKR_OK; CKR_SIGNATURE_INVALID",
    ),
    row(
        "2.40 §5.12",
        "C_Verify: after C_VerifyUpdate",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.verify_update(b"a ");
            on.verify(b"message", &[1; 384]);
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
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

/// Signs, and verifies what came of it.
fn right(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE, name: &str, data: &[u8]) {
    let key = on.private_key(name);
    let signature = on.quietly().sign(kind, key, data).expect("a signature to verify");
    let key = on.public_key(name);
    on.verify_init(kind, key);
    on.verify(data, &signature);
}

fn digest_info() -> Vec<u8> {
    [SHA256_INFO, &[7; 32]].concat()
}
