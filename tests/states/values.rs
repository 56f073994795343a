//! C_GetAttributeValue (2.40 §5.7): lengths, short buffers, what is unknown and what is not shown.

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    Caller, NO_HANDLE,
    Room::{self, Bytes, Null},
    Start::{Initialized, User},
};
use super::{Row, row};

const UNKNOWN: CK_ATTRIBUTE_TYPE = CKA_VENDOR_DEFINED | 0x1234;

pub(super) const ROWS: &[Row] = &[
    row("2.40 §5.7", "value: a length", User, |on| rsa(on, &[(CKA_LABEL, Null)]), "CKR_OK len 8"),
    row(
        "2.40 §5.7",
        "value: a buffer of the right length",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(8))]),
        "CKR_OK 64656d6f2f727361",
    ),
    row(
        "2.40 §5.7",
        "value: a long buffer",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(100))]),
        "CKR_OK 64656d6f2f727361",
    ),
    row(
        "2.40 §5.2",
        "value: a short buffer",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(7))]),
        "CKR_BUFFER_TOO_SMALL -1",
    ),
    row(
        "2.40 §5.7",
        "value: a buffer of no bytes",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(0))]),
        "CKR_BUFFER_TOO_SMALL -1",
    ),
    row(
        "2.40 §5.7",
        "value: a number",
        User,
        |on| rsa(on, &[(CKA_KEY_TYPE, Bytes(8))]),
        "CKR_OK 0000000000000000",
    ),
    row(
        "2.40 §5.2",
        "value: a number in a short buffer",
        User,
        |on| rsa(on, &[(CKA_KEY_TYPE, Bytes(4))]),
        "CKR_BUFFER_TOO_SMALL -1",
    ),
    row(
        "2.40 §5.7",
        "value: a truth value",
        User,
        |on| rsa(on, &[(CKA_SIGN, Bytes(1))]),
        "CKR_OK 01",
    ),
    row(
        "2.40 §5.7",
        "value: the length of a modulus",
        User,
        |on| rsa(on, &[(CKA_MODULUS, Null)]),
        "CKR_OK len 384",
    ),
    row(
        "2.40 §5.7",
        "value: an empty one",
        User,
        |on| rsa(on, &[(CKA_START_DATE, Bytes(8))]),
        "CKR_OK ",
    ),
    row(
        "2.40 §5.7",
        "value: the length of an empty one",
        User,
        |on| rsa(on, &[(CKA_START_DATE, Null)]),
        "CKR_OK len 0",
    ),
    row(
        "2.40 §5.7",
        "value: an unknown attribute",
        User,
        |on| rsa(on, &[(UNKNOWN, Bytes(8))]),
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
    row(
        "2.40 §5.7",
        "value: the length of an unknown attribute",
        User,
        |on| rsa(on, &[(UNKNOWN, Null)]),
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
    row(
        "2.40 §5.7",
        "value: an attribute of another type of key",
        User,
        |on| rsa(on, &[(CKA_EC_POINT, Null)]),
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
    row(
        "2.40 §5.7",
        "value: an attribute of another class",
        User,
        |on| rsa(on, &[(CKA_ISSUER, Null)]),
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
    row(
        "2.40 §5.7",
        "value: a private exponent",
        User,
        |on| rsa(on, &[(CKA_PRIVATE_EXPONENT, Bytes(500))]),
        "CKR_ATTRIBUTE_SENSITIVE -1",
    ),
    row(
        "2.40 §5.7",
        "value: the length of a private exponent",
        User,
        |on| {
            rsa(on, &[(CKA_PRIVATE_EXPONENT, Null)]);
        },
        "CKR_ATTRIBUTE_SENSITIVE -1",
    ),
    row(
        "2.40 §5.7",
        "value: a prime",
        User,
        |on| rsa(on, &[(CKA_PRIME_1, Bytes(500))]),
        "CKR_ATTRIBUTE_SENSITIVE -1",
    ),
    row(
        "2.40 §5.7",
        "value: the scalar of an EC key",
        User,
        |on| {
            let key = on.private_key("demo/ec");
            on.values(key, &[(CKA_VALUE, Bytes(100))]);
        },
        "CKR_ATTRIBUTE_SENSITIVE -1",
    ),
    row(
        "2.40 §5.7",
        "value: two at once",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(8)), (CKA_ID, Bytes(8))]),
        "CKR_OK 64656d6f2f727361 64656d6f2f727361",
    ),
    row(
        "2.40 §5.7",
        "value: the same twice",
        User,
        |on| rsa(on, &[(CKA_LABEL, Bytes(8)), (CKA_LABEL, Null)]),
        "CKR_OK 64656d6f2f727361 len 8",
    ),
    row("2.40 §5.7", "value: none at all", User, |on| rsa(on, &[]), "CKR_OK"),
    row(
        "2.40 §5.7",
        "value: an unknown one among known ones",
        User,
        |on| {
            rsa(on, &[(CKA_LABEL, Bytes(8)), (UNKNOWN, Null), (CKA_SIGN, Bytes(1))]);
        },
        "CKR_ATTRIBUTE_TYPE_INVALID 64656d6f2f727361 -1 01",
    ),
    row(
        "2.40 §5.7",
        "value: a sensitive one among others",
        User,
        |on| {
            rsa(on, &[(CKA_LABEL, Bytes(8)), (CKA_PRIME_2, Bytes(8)), (CKA_SIGN, Bytes(1))]);
        },
        "CKR_ATTRIBUTE_SENSITIVE 64656d6f2f727361 -1 01",
    ),
    row(
        "2.40 §5.2",
        "value: a short buffer among others",
        User,
        |on| {
            rsa(on, &[(CKA_LABEL, Bytes(2)), (CKA_ID, Bytes(8)), (CKA_SIGN, Bytes(1))]);
        },
        "CKR_BUFFER_TOO_SMALL -1 64656d6f2f727361 01",
    ),
    row(
        "2.40 §5.7",
        "value: an unknown one, then a sensitive one",
        User,
        |on| {
            rsa(on, &[(UNKNOWN, Null), (CKA_PRIME_2, Null)]);
        },
        "CKR_ATTRIBUTE_TYPE_INVALID -1 -1",
    ),
    row(
        "2.40 §5.7",
        "value: a sensitive one, then an unknown one",
        User,
        |on| {
            rsa(on, &[(CKA_PRIME_2, Null), (UNKNOWN, Null)]);
        },
        "CKR_ATTRIBUTE_SENSITIVE -1 -1",
    ),
    row(
        "2.40 §5.2",
        "value: a short buffer, then an unknown one",
        User,
        |on| {
            rsa(on, &[(CKA_LABEL, Bytes(2)), (UNKNOWN, Null), (CKA_SIGN, Bytes(1))]);
        },
        "CKR_BUFFER_TOO_SMALL -1 -1 01",
    ),
    row(
        "2.40 §5.7",
        "value: NULL for the template",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            on.note(call!(on, C_GetAttributeValue(on.session, key, ptr::null_mut(), 1)));
        },
        "CKR_ARGUMENTS_BAD",
    ),
    row(
        "2.40 §5.7",
        "value: NULL for an empty template",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            on.note(call!(on, C_GetAttributeValue(on.session, key, ptr::null_mut(), 0)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "value: no such object",
        User,
        |on| on.values(NO_HANDLE, &[(CKA_LABEL, Null)]),
        "CKR_OBJECT_HANDLE_INVALID len 0",
    ),
    row(
        "2.40 §5.7",
        "value: object 0",
        User,
        |on| on.values(0, &[(CKA_LABEL, Null)]),
        "CKR_OBJECT_HANDLE_INVALID len 0",
    ),
    row(
        "2.40 §5.7",
        "value: no such session",
        Initialized,
        |on| {
            on.session = NO_HANDLE;
            on.values(1, &[(CKA_LABEL, Null)]);
        },
        "CKR_SESSION_HANDLE_INVALID len 0",
    ),
    row(
        "2.40 §5.7",
        "value: a public key",
        User,
        |on| {
            let key = on.public_key("demo/ec");
            on.values(key, &[(CKA_CLASS, Bytes(8)), (CKA_EC_PARAMS, Bytes(20))]);
        },
        "CKR_OK 0200000000000000 06082a8648ce3d030107",
    ),
    row(
        "2.40 §5.7",
        "value: a public key is not sensitive",
        User,
        |on| {
            let key = on.public_key("demo/rsa");
            on.values(key, &[(CKA_PRIVATE_EXPONENT, Null)]);
        },
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
    row(
        "2.40 §5.7",
        "value: a certificate",
        User,
        |on| {
            let certificate = on.certificate("demo/ec");
            on.values(certificate, &[(CKA_CERTIFICATE_TYPE, Bytes(8)), (CKA_SUBJECT, Null)]);
        },
        "CKR_OK 0000000000000000 len 20",
    ),
    row(
        "2.40 §5.2",
        "value: a certificate in a short buffer",
        User,
        |on| {
            let certificate = on.certificate("demo/ec");
            on.values(certificate, &[(CKA_VALUE, Bytes(10))]);
        },
        "CKR_BUFFER_TOO_SMALL -1",
    ),
    row(
        "2.40 §5.7",
        "value: a certificate has no modulus",
        User,
        |on| {
            let certificate = on.certificate("demo/rsa");
            on.values(certificate, &[(CKA_MODULUS, Null)]);
        },
        "CKR_ATTRIBUTE_TYPE_INVALID -1",
    ),
];

/// Attributes of the RSA private key.
fn rsa(on: &mut Caller<'_>, asked: &[(CK_ATTRIBUTE_TYPE, Room)]) {
    let key = on.private_key("demo/rsa");
    on.values(key, asked);
}
