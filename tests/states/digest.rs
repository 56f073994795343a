//! Digests (2.40 §5.10): how an operation begins, what it takes, what keeps it and what ends it.

use std::ptr;

use cryptoki_sys::*;

use super::{
    Row,
    caller::{
        NO_HANDLE,
        Room::{Bytes, Null},
        Start::{Initialized, Public, User},
    },
    row,
};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.10",
        "C_DigestInit: every digest",
        Public,
        |on| {
            for kind in [CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512] {
                on.session = on.open(CKF_SERIAL_SESSION);
                on.digest_init(kind);
            }
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_OK; CKR_OK",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: MD5",
        Public,
        |on| on.digest_init(CKM_MD5),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: a mechanism that signs",
        Public,
        |on| on.digest_init(CKM_ECDSA),
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: no such mechanism",
        Public,
        |on| {
            on.digest_init(CKM_VENDOR_DEFINED | 0x1234);
        },
        "CKR_MECHANISM_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: NULL for the mechanism",
        Public,
        |on| {
            on.note(call!(on, C_DigestInit(on.session, ptr::null_mut())));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "3.0 §5.12.1",
        "C_DigestInit: NULL for the mechanism, with an operation under way",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.note(call!(on, C_DigestInit(on.session, ptr::null_mut())));
            on.digest(b"abc", Bytes(32));
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: twice",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest_init(CKM_SHA256);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: while a search is under way",
        User,
        |on| {
            on.find_init(&[]);
            on.digest_init(CKM_SHA256);
        },
        "CKR_OK; CKR_OPERATION_ACTIVE",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.digest_init(CKM_SHA256);
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: without C_DigestInit",
        Public,
        |on| on.digest(b"abc", Bytes(32)),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.digest(b"abc", Bytes(32));
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: the digests of a message",
        Public,
        |on| {
            for kind in [CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512] {
                on.digest_init(kind);
                on.digest(b"abc", Bytes(64));
            }
        },
        "CKR_OK; CKR_OK 20 a9993e36; CKR_OK; CKR_OK 28 23097d22; CKR_OK; CKR_OK 32 ba7816bf; CKR_OK; CKR_OK 48 cb00753f; CKR_OK; CKR_OK 64 ddaf35a1",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: of nothing",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest(b"", Bytes(32));
        },
        "CKR_OK; CKR_OK 32 e3b0c442",
    ),
    row(
        "2.40 §5.2",
        "C_Digest: a length query keeps the operation",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest(b"abc", Null);
            on.digest(b"abc", Bytes(32));
        },
        "CKR_OK; CKR_OK 32; CKR_OK 32 ba7816bf",
    ),
    row(
        "2.40 §5.2",
        "C_Digest: a short buffer keeps the operation",
        Public,
        |on| {
            on.digest_init(CKM_SHA512);
            on.digest(b"abc", Bytes(63));
            on.digest(b"abc", Bytes(64));
        },
        "CKR_OK; CKR_BUFFER_TOO_SMALL 64; CKR_OK 64 ddaf35a1",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: ends the operation",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest(b"abc", Bytes(32));
            on.digest(b"abc", Bytes(32));
        },
        "CKR_OK; CKR_OK 32 ba7816bf; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: NULL for the length",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            let (data, buffer) = (b"abc".as_ptr().cast_mut(), [0; 32].as_mut_ptr());
            on.note(call!(on, C_Digest(on.session, data, 3, buffer, ptr::null_mut())));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: NULL for the data",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            let (mut len, buffer) = (32, [0; 32].as_mut_ptr());
            on.note(call!(on, C_Digest(on.session, ptr::null_mut(), 3, buffer, &raw mut len)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.10",
        "C_Digest: after C_DigestUpdate",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest_update(b"ab");
            on.digest(b"c", Bytes(32));
        },
        "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestUpdate: without C_DigestInit",
        Public,
        |on| on.digest_update(b"abc"),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestUpdate: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.digest_update(b"abc");
        },
        "CKR_SESSION_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_DigestUpdate: NULL for the part",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.note(call!(on, C_DigestUpdate(on.session, ptr::null_mut(), 3)));
        },
        "CKR_OK; CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.10",
        "C_DigestKey: without C_DigestInit",
        User,
        |on| {
            on.note(call!(on, C_DigestKey(on.session, NO_HANDLE)));
        },
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestKey: a private key",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            on.digest_init(CKM_SHA256);
            on.note(call!(on, C_DigestKey(on.session, key)));
        },
        "CKR_OK; CKR_KEY_INDIGESTIBLE",
    ),
    row(
        "2.40 §5.10",
        "C_DigestKey: no such key",
        User,
        |on| {
            on.digest_init(CKM_SHA256);
            on.note(call!(on, C_DigestKey(on.session, NO_HANDLE)));
        },
        "CKR_OK; CKR_KEY_HANDLE_INVALID",
    ),
    row(
        "2.40 §5.10",
        "C_DigestFinal: without C_DigestInit",
        Public,
        |on| on.digest_final(Bytes(32)),
        "CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestFinal: after parts",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest_update(b"ab");
            on.digest_update(b"c");
            on.digest_final(Bytes(32));
            on.digest_final(Bytes(32));
        },
        "CKR_OK; CKR_OK; CKR_OK; CKR_OK 32 ba7816bf; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.2",
        "C_DigestFinal: a length query and a short buffer keep the operation",
        Public,
        |on| {
            on.digest_init(CKM_SHA384);
            on.digest_update(b"abc");
            on.digest_final(Null);
            on.digest_final(Bytes(47));
            on.digest_final(Bytes(48));
        },
        "CKR_OK; CKR_OK; CKR_OK 48; CKR_BUFFER_TOO_SMALL 48; CKR_OK 48 cb00753f",
    ),
    row(
        "2.40 §5.10",
        "C_DigestFinal: without parts",
        Public,
        |on| {
            on.digest_init(CKM_SHA256);
            on.digest_final(Bytes(32));
        },
        "CKR_OK; CKR_OK 32 e3b0c442",
    ),
];
