//! C_Sign (2.40 §5.2, §5.11): what it takes, what keeps the operation and what ends it.

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::{
    signing::SHA256_INFO,
    states::caller::{
        Caller, NO_HANDLE,
        Room::{Bytes, Null},
        Start::{Initialized, Public, User},
    },
};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.11",
        "C_Sign: PSS of a digest",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS_PSS);
            on.sign(&[7; 32], Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: PSS of a digest of another length",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS_PSS);
            on.sign(&[7; 20], Bytes(384));
            on.sign(&[7; 32], Bytes(384));
        },
        "CKR_OK; CKR_DATA_LEN_RANGE; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: PSS of a message",
        User,
        |on| {
            rsa(on, CKM_SHA512_RSA_PKCS_PSS);
            on.sign(b"a message", Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: without C_SignInit",
        User,
        |on| on.sign(&[7; 32], Bytes(64)),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: without a login",
        Public,
        |on| on.sign(&[7; 32], Bytes(64)),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: RSA",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&digest_info(), Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: EC",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_OK 64",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: the length of an RSA signature",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&digest_info(), Null);
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: the lengths of EC signatures",
        User,
        |on| {
            for label in ["demo/ec", "demo/ec384", "demo/ec521"] {
                on.session = on.open(CKF_SERIAL_SESSION);
                let key = on.private_key(label);
                on.sign_init(CKM_ECDSA, key);
                on.sign(&[7; 32], Null);
            }
        },
        "CKR_OK; CKR_OK 64; CKR_OK; CKR_OK 96; CKR_OK; CKR_OK 132",
    ),
    row(
        "2.40 §5.2",
        "C_Sign: a length query keeps the operation",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Null);
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_OK 64; CKR_OK 64",
    ),
    row(
        "2.40 §5.2",
        "C_Sign: a short buffer keeps the operation",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Bytes(63));
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_BUFFER_TOO_SMALL 64; CKR_OK 64",
    ),
    row(
        "2.40 §5.2",
        "C_Sign: a short buffer for an RSA signature",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&digest_info(), Bytes(1));
            on.sign(&digest_info(), Bytes(384));
        },
        "CKR_OK; CKR_BUFFER_TOO_SMALL 384; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: a long buffer",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Bytes(1000));
        },
        "CKR_OK; CKR_OK 64",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: ends the operation",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Bytes(64));
            on.sign(&[7; 32], Bytes(64));
        },
        "CKR_OK; CKR_OK 64; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: and C_SignInit again",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            on.sign(&[7; 32], Bytes(64));
            ec(on, CKM_ECDSA);
        },
        "CKR_OK; CKR_OK 64; CKR_OK",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: NULL for the length",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let (mut data, mut signature) = ([7; 32], [0; 64]);
            let (data, buffer) = (data.as_mut_ptr(), signature.as_mut_ptr());
            on.note(call!(on, C_Sign(on.session, data, 32, buffer, ptr::null_mut())));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: NULL for the data",
        User,
        |on| {
            ec(on, CKM_ECDSA);
            let (mut signature, mut len) = ([0; 64], 64);
            let (none, buffer) = (ptr::null_mut(), signature.as_mut_ptr());
            on.note(call!(on, C_Sign(on.session, none, 32, buffer, &raw mut len)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_RSA_PKCS of nothing",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&[], Bytes(384));
        },
        "CKR_OK; CKR_DATA_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_RSA_PKCS of a bare hash",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&[7; 32], Bytes(384));
        },
        "CKR_OK; CKR_DATA_INVALID",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_RSA_PKCS of too much for the key",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&[7; 384 - 10], Bytes(384));
        },
        "CKR_OK; CKR_DATA_LEN_RANGE",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: an error ends the operation",
        User,
        |on| {
            rsa(on, CKM_RSA_PKCS);
            on.sign(&[7; 384 - 10], Bytes(384));
            on.sign(&digest_info(), Bytes(384));
        },
        "CKR_OK; CKR_DATA_LEN_RANGE; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of nothing",
        User,
        |on| ecdsa(on, 0),
        "CKR_OK; CKR_DATA_LEN_RANGE",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of 19 bytes",
        User,
        |on| ecdsa(on, 19),
        "CKR_OK; CKR_DATA_LEN_RANGE",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of 20 bytes",
        User,
        |on| ecdsa(on, 20),
        "CKR_OK; CKR_OK 64",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of 48 bytes",
        User,
        |on| ecdsa(on, 48),
        "CKR_OK; CKR_OK 64",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of 64 bytes",
        User,
        |on| ecdsa(on, 64),
        "CKR_OK; CKR_OK 64",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: CKM_ECDSA of 65 bytes",
        User,
        |on| ecdsa(on, 65),
        "CKR_OK; CKR_DATA_LEN_RANGE",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: a message that is hashed",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign(b"a message", Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: an empty message that is hashed",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign(b"", Bytes(384));
        },
        "CKR_OK; CKR_OK 384",
    ),
    row(
        "2.40 §5.2",
        "C_Sign: a length query for a message that is hashed",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign(b"a message", Null);
            on.sign(b"a message", Bytes(384));
        },
        "CKR_OK; CKR_OK 384; CKR_OK 384",
    ),
    row(
        "2.40 §5.11",
        "C_Sign: after C_SignUpdate",
        User,
        |on| {
            rsa(on, CKM_SHA256_RSA_PKCS);
            on.sign_update(b"a ");
            on.sign(b"message", Bytes(384));
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
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

/// The P-256 key over so many bytes.
fn ecdsa(on: &mut Caller<'_>, len: usize) {
    ec(on, CKM_ECDSA);
    on.sign(&vec![7; len], Bytes(64));
}

/// A DigestInfo with the SHA-256 hash of something.
fn digest_info() -> Vec<u8> {
    [SHA256_INFO, &[7; 32]].concat()
}
