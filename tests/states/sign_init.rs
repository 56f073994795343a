//! C_SignInit (2.40 §5.11): how a signature begins.

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::{
    harness::Pss,
    states::caller::{
        Caller, NO_HANDLE,
        Room::Bytes,
        Start::{Initialized, User},
    },
};

const UNKNOWN: CK_MECHANISM_TYPE = CKM_VENDOR_DEFINED | 0x1234;

pub(super) const ROWS: &[Row] = &[
    row("2.40 §5.11", "C_SignInit: CKM_RSA_PKCS", User, |on| rsa(on, CKM_RSA_PKCS), "CKR_OK"),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_SHA256_RSA_PKCS",
        User,
        |on| rsa(on, CKM_SHA256_RSA_PKCS),
        "CKR_OK",
    ),
    row("2.40 §5.11", "C_SignInit: CKM_ECDSA", User, |on| ec(on, CKM_ECDSA), "CKR_OK"),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_ECDSA_SHA256",
        User,
        |on| ec(on, CKM_ECDSA_SHA256),
        "CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_RSA_PKCS_PSS",
        User,
        |on| rsa(on, CKM_RSA_PKCS_PSS),
        "CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_SHA256_RSA_PKCS_PSS",
        User,
        |on| rsa(on, CKM_SHA256_RSA_PKCS_PSS),
        "CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: PSS without its parameter",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            let mut mechanism =
                CK_MECHANISM { mechanism: CKM_RSA_PKCS_PSS, ..CK_MECHANISM::default() };
            on.note(call!(on, C_SignInit(on.session, &raw mut mechanism, key)));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: PSS with another MGF",
        User,
        |on| {
            pss(on, CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA1, 32));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: PSS with a salt of another length",
        User,
        |on| {
            pss(on, CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 20));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: PSS with the longest salt",
        User,
        |on| {
            pss(on, CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 350));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: PSS with a hash that is none",
        User,
        |on| {
            pss(on, CKM_RSA_PKCS_PSS, (CKM_RSA_PKCS, CKG_MGF1_SHA256, 32));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: hashing PSS with the parameter of another hash",
        User,
        |on| {
            pss(on, CKM_SHA256_RSA_PKCS_PSS, (CKM_SHA512, CKG_MGF1_SHA512, 64));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_RSA_X_509",
        User,
        |on| rsa(on, CKM_RSA_X_509),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: CKM_SHA1_RSA_PKCS",
        User,
        |on| rsa(on, CKM_SHA1_RSA_PKCS),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: a mechanism that does not sign",
        User,
        |on| rsa(on, CKM_SHA256),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: no such mechanism",
        User,
        |on| rsa(on, UNKNOWN),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: no such mechanism and no such key",
        User,
        |on| {
            on.sign_init(UNKNOWN, NO_HANDLE);
        },
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: no such key",
        User,
        |on| on.sign_init(CKM_RSA_PKCS, NO_HANDLE),
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: key 0",
        User,
        |on| on.sign_init(CKM_RSA_PKCS, 0),
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: a public key",
        User,
        |on| {
            let key = on.public_key("demo/rsa");
            on.sign_init(CKM_RSA_PKCS, key);
        },
        "CKR_KEY_FUNCTION_NOT_PERMITTED",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: a certificate",
        User,
        |on| {
            let certificate = on.certificate("demo/rsa");
            on.sign_init(CKM_RSA_PKCS, certificate);
        },
        "CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: an EC key for an RSA mechanism",
        User,
        |on| ec(on, CKM_RSA_PKCS),
        "CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: an RSA key for an EC mechanism",
        User,
        |on| rsa(on, CKM_ECDSA),
        "CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.1.6",
        "C_SignInit: a key of another type for another use",
        User,
        |on| {
            let key = on.public_key("demo/ec");
            on.sign_init(CKM_RSA_PKCS, key);
            let key = on.public_key("demo/rsa");
            on.sign_init(CKM_ECDSA, key);
        },
        "CKR_KEY_TYPE_INCONSISTENT; CKR_KEY_TYPE_INCONSISTENT",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: a parameter that the mechanism does not have",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            let mut mechanism = CK_MECHANISM {
                mechanism: CKM_ECDSA,
                pParameter: [7_u8; 4].as_mut_ptr().cast(),
                ulParameterLen: 4,
            };
            on.note(call!(on, C_SignInit(on.session, &raw mut mechanism, key)));
        },
        "CKR_MECHANISM_PARAM_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: NULL for the mechanism",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.note(call!(on, C_SignInit(on.session, ptr::null_mut(), key)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "3.0 §5.13.1",
        "C_SignInit: NULL for the mechanism, with an operation under way",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let key = on.private_key("demo/ec");
            on.note(call!(on, C_SignInit(on.session, ptr::null_mut(), key)));
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: twice",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: while a search is under way",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.find_init(&[]);
            on.sign_init(CKM_ECDSA, key);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: in two sessions",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.sign_init(CKM_ECDSA, key);
            on.session = on.open(CKF_SERIAL_SESSION);
            on.sign_init(CKM_ECDSA, key);
        },
        "CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.sign_init(CKM_ECDSA, 1);
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_SignInit: again after an error",
        User,
        |on| {
            ec(on, UNKNOWN);
            ec(on, CKM_ECDSA);
        },
        "CKR_MECHANISM_INVALID; CKR_OK",
    ),
];

/// C_SignInit with the RSA key.
fn pss(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE, parameter: Pss) {
    let key = on.private_key("demo/rsa");
    let rv = on.quietly().sign_init_pss(kind, key, parameter).err().unwrap_or(CKR_OK);
    on.note(rv);
}

fn rsa(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.private_key("demo/rsa");
    on.sign_init(kind, key);
}

/// C_SignInit with the P-256 key.
fn ec(on: &mut Caller<'_>, kind: CK_MECHANISM_TYPE) {
    let key = on.private_key("demo/ec");
    on.sign_init(kind, key);
}
