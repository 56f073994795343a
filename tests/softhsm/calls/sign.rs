//! Signing (2.40 §5.2, §5.11): how an operation begins, what it takes, what keeps it and what ends it.

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::{
    signing::SHA256_INFO,
    softhsm::caller::{
        Caller, NO_HANDLE,
        Room::{Bytes, Null},
        Start::{Initialized, Public, User},
    },
};

const UNKNOWN: CK_MECHANISM_TYPE = CKM_VENDOR_DEFINED | 0x1234;

pub(super) const ROWS: &[Row] = &[
    row("C_SignInit: CKM_RSA_PKCS", User, |on| rsa(on, CKM_RSA_PKCS)),
    row("C_SignInit: CKM_SHA256_RSA_PKCS", User, |on| rsa(on, CKM_SHA256_RSA_PKCS)),
    row("C_SignInit: CKM_ECDSA", User, |on| ec(on, CKM_ECDSA)),
    row("C_SignInit: CKM_ECDSA_SHA256", User, |on| ec(on, CKM_ECDSA_SHA256)),
    row("C_SignInit: CKM_RSA_X_509", User, |on| rsa(on, CKM_RSA_X_509)),
    row("C_SignInit: CKM_SHA1_RSA_PKCS", User, |on| rsa(on, CKM_SHA1_RSA_PKCS)),
    row("C_SignInit: a mechanism that does not sign", User, |on| rsa(on, CKM_SHA256)),
    row("C_SignInit: no such mechanism", User, |on| rsa(on, UNKNOWN)),
    row("C_SignInit: no such mechanism and no such key", User, |on| {
        on.sign_init(UNKNOWN, NO_HANDLE);
    }),
    row("C_SignInit: no such key", User, |on| on.sign_init(CKM_RSA_PKCS, NO_HANDLE)),
    row("C_SignInit: key 0", User, |on| on.sign_init(CKM_RSA_PKCS, 0)),
    row("C_SignInit: a public key", User, |on| {
        let key = on.public_key("demo/rsa");
        on.sign_init(CKM_RSA_PKCS, key);
    }),
    row("C_SignInit: a certificate", User, |on| {
        let certificate = on.certificate("demo/rsa");
        on.sign_init(CKM_RSA_PKCS, certificate);
    }),
    row("C_SignInit: an EC key for an RSA mechanism", User, |on| ec(on, CKM_RSA_PKCS)),
    row("C_SignInit: an RSA key for an EC mechanism", User, |on| rsa(on, CKM_ECDSA)),
    row("C_SignInit: a parameter that the mechanism does not have", User, |on| {
        let key = on.private_key("demo/ec");
        let mut mechanism = CK_MECHANISM {
            mechanism: CKM_ECDSA,
            pParameter: [7_u8; 4].as_mut_ptr().cast(),
            ulParameterLen: 4,
        };
        on.note(call!(on, C_SignInit(on.session, &raw mut mechanism, key)));
    }),
    row("C_SignInit: NULL for the mechanism", User, |on| {
        let key = on.private_key("demo/ec");
        on.note(call!(on, C_SignInit(on.session, ptr::null_mut(), key)));
    }),
    row("C_SignInit: NULL for the mechanism, with an operation under way", User, |on| {
        ec(on, CKM_ECDSA);
        let key = on.private_key("demo/ec");
        on.note(call!(on, C_SignInit(on.session, ptr::null_mut(), key)));
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_SignInit: twice", User, |on| {
        ec(on, CKM_ECDSA);
        ec(on, CKM_ECDSA);
    }),
    row("C_SignInit: while a search is under way", User, |on| {
        let key = on.private_key("demo/ec");
        on.find_init(&[]);
        on.sign_init(CKM_ECDSA, key);
    }),
    row("C_SignInit: in two sessions", User, |on| {
        let key = on.private_key("demo/ec");
        on.sign_init(CKM_ECDSA, key);
        on.session = on.open(CKF_SERIAL_SESSION);
        on.sign_init(CKM_ECDSA, key);
    }),
    row("C_SignInit: no such session", Initialized, |on| {
        on.session = NO_HANDLE;
        on.sign_init(CKM_ECDSA, 1);
    }),
    row("C_SignInit: again after an error", User, |on| {
        ec(on, UNKNOWN);
        ec(on, CKM_ECDSA);
    }),
    row("C_Sign: without C_SignInit", User, |on| on.sign(&[7; 32], Bytes(64))),
    row("C_Sign: without a login", Public, |on| on.sign(&[7; 32], Bytes(64))),
    row("C_Sign: no such session", Initialized, |on| {
        on.session = NO_HANDLE;
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_Sign: RSA", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&digest_info(), Bytes(384));
    }),
    row("C_Sign: EC", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_Sign: the length of an RSA signature", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&digest_info(), Null);
    }),
    row("C_Sign: the lengths of EC signatures", User, |on| {
        for label in ["demo/ec", "demo/ec384", "demo/ec521"] {
            on.session = on.open(CKF_SERIAL_SESSION);
            let key = on.private_key(label);
            on.sign_init(CKM_ECDSA, key);
            on.sign(&[7; 32], Null);
        }
    }),
    row("C_Sign: a length query keeps the operation", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Null);
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_Sign: a short buffer keeps the operation", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Bytes(63));
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_Sign: a short buffer for an RSA signature", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&digest_info(), Bytes(1));
        on.sign(&digest_info(), Bytes(384));
    }),
    row("C_Sign: a long buffer", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Bytes(1000));
    }),
    row("C_Sign: ends the operation", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Bytes(64));
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_Sign: and C_SignInit again", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign(&[7; 32], Bytes(64));
        ec(on, CKM_ECDSA);
    }),
    row("C_Sign: NULL for the length", User, |on| {
        ec(on, CKM_ECDSA);
        let (mut data, mut signature) = ([7; 32], [0; 64]);
        let (data, buffer) = (data.as_mut_ptr(), signature.as_mut_ptr());
        on.note(call!(on, C_Sign(on.session, data, 32, buffer, ptr::null_mut())));
    }),
    row("C_Sign: NULL for the data", User, |on| {
        ec(on, CKM_ECDSA);
        let (mut signature, mut len) = ([0; 64], 64);
        let (none, buffer) = (ptr::null_mut(), signature.as_mut_ptr());
        on.note(call!(on, C_Sign(on.session, none, 32, buffer, &raw mut len)));
    }),
    row("C_Sign: CKM_RSA_PKCS of nothing", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&[], Bytes(384));
    }),
    row("C_Sign: CKM_RSA_PKCS of a bare hash", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&[7; 32], Bytes(384));
    }),
    row("C_Sign: CKM_RSA_PKCS of too much for the key", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&[7; 384 - 10], Bytes(384));
    }),
    row("C_Sign: an error ends the operation", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign(&[7; 384 - 10], Bytes(384));
        on.sign(&digest_info(), Bytes(384));
    }),
    row("C_Sign: CKM_ECDSA of nothing", User, |on| ecdsa(on, 0)),
    row("C_Sign: CKM_ECDSA of 19 bytes", User, |on| ecdsa(on, 19)),
    row("C_Sign: CKM_ECDSA of 20 bytes", User, |on| ecdsa(on, 20)),
    row("C_Sign: CKM_ECDSA of 48 bytes", User, |on| ecdsa(on, 48)),
    row("C_Sign: CKM_ECDSA of 64 bytes", User, |on| ecdsa(on, 64)),
    row("C_Sign: CKM_ECDSA of 65 bytes", User, |on| ecdsa(on, 65)),
    row("C_Sign: a message that is hashed", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign(b"a message", Bytes(384));
    }),
    row("C_Sign: an empty message that is hashed", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign(b"", Bytes(384));
    }),
    row("C_Sign: a length query for a message that is hashed", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign(b"a message", Null);
        on.sign(b"a message", Bytes(384));
    }),
    row("C_Sign: after C_SignUpdate", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign_update(b"a ");
        on.sign(b"message", Bytes(384));
    }),
    row("C_SignUpdate: without C_SignInit", User, |on| on.sign_update(b"a message")),
    row("C_SignUpdate: a mechanism of one part", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign_update(&digest_info());
    }),
    row("C_SignUpdate: a mechanism of one part ends the operation", User, |on| {
        ec(on, CKM_ECDSA);
        on.sign_update(&[7; 32]);
        on.sign(&[7; 32], Bytes(64));
    }),
    row("C_SignUpdate: NULL for the part", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.note(call!(on, C_SignUpdate(on.session, ptr::null_mut(), 4)));
    }),
    row("C_SignUpdate: NULL for an empty part", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.note(call!(on, C_SignUpdate(on.session, ptr::null_mut(), 0)));
    }),
    row("C_SignUpdate: no such session", Initialized, |on| {
        on.session = NO_HANDLE;
        on.sign_update(b"a message");
    }),
    row("C_SignFinal: without C_SignInit", User, |on| on.sign_final(Bytes(384))),
    row("C_SignFinal: a message in parts", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign_update(b"a ");
        on.sign_update(b"");
        on.sign_update(b"message");
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: a message without parts", User, |on| {
        rsa(on, CKM_SHA256_RSA_PKCS);
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: a mechanism of one part", User, |on| {
        rsa(on, CKM_RSA_PKCS);
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: a length query keeps the operation", User, |on| {
        parts(on);
        on.sign_final(Null);
        on.sign_update(b"!");
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: a short buffer keeps the operation", User, |on| {
        parts(on);
        on.sign_final(Bytes(383));
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: ends the operation", User, |on| {
        parts(on);
        on.sign_final(Bytes(384));
        on.sign_final(Bytes(384));
    }),
    row("C_SignFinal: NULL for the length", User, |on| {
        parts(on);
        let mut buffer = [0; 384];
        let buffer = buffer.as_mut_ptr();
        on.note(call!(on, C_SignFinal(on.session, buffer, ptr::null_mut())));
    }),
    row("C_SignFinal: no such session", Initialized, |on| {
        on.session = NO_HANDLE;
        on.sign_final(Bytes(384));
    }),
];

/// C_SignInit with the RSA key.
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

/// A message in parts, but for its end.
fn parts(on: &mut Caller<'_>) {
    rsa(on, CKM_SHA256_RSA_PKCS);
    on.sign_update(b"a message");
}

/// A DigestInfo with the SHA-256 hash of something.
fn digest_info() -> Vec<u8> {
    [SHA256_INFO, &[7; 32]].concat()
}
