//! What a search finds (2.40 §5.7).

use cryptoki_sys::*;

use super::caller::{Caller, Start::User};
use super::{Row, row};

const PRIVATE: &[u8] = &CKO_PRIVATE_KEY.to_ne_bytes();
const PUBLIC: &[u8] = &CKO_PUBLIC_KEY.to_ne_bytes();
const CERTIFICATE: &[u8] = &CKO_CERTIFICATE.to_ne_bytes();
const TRUE: &[u8] = &[CK_TRUE];
const FALSE: &[u8] = &[CK_FALSE];
const P384_OID: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";

pub(super) const ROWS: &[Row] = &[
    row("2.40 §5.7", "search: everything", User, |on| on.find(&[]), "CKR_OK 19"),
    row(
        "2.40 §5.7",
        "search: private keys",
        User,
        |on| on.find(&[(CKA_CLASS, PRIVATE)]),
        "CKR_OK 6",
    ),
    row("2.40 §5.7", "search: public keys", User, |on| on.find(&[(CKA_CLASS, PUBLIC)]), "CKR_OK 6"),
    row(
        "2.40 §5.7",
        "search: certificates",
        User,
        |on| on.find(&[(CKA_CLASS, CERTIFICATE)]),
        "CKR_OK 5",
    ),
    row(
        "2.40 §5.7",
        "search: a label",
        User,
        |on| on.find(&[(CKA_LABEL, b"demo/ec")]),
        "CKR_OK 3 certificate:demo/ec private:demo/ec public:demo/ec",
    ),
    row(
        "2.40 §5.7",
        "search: an id",
        User,
        |on| on.find(&[(CKA_ID, b"demo/rsa")]),
        "CKR_OK 3 certificate:demo/rsa private:demo/rsa public:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: a label without a certificate",
        User,
        |on| {
            on.find(&[(CKA_LABEL, b"demo/nocert")]);
        },
        "CKR_OK 2 private:demo/nocert public:demo/nocert",
    ),
    row(
        "2.40 §5.7",
        "search: a class and a label",
        User,
        |on| {
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/rsa")]);
        },
        "CKR_OK 1 private:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: a class, a label and an id",
        User,
        |on| {
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/rsa"), (CKA_ID, b"demo/rsa")]);
        },
        "CKR_OK 1 private:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: a label and the id of another",
        User,
        |on| {
            on.find(&[(CKA_LABEL, b"demo/rsa"), (CKA_ID, b"demo/ec")]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a label that nothing has",
        User,
        |on| on.find(&[(CKA_LABEL, b"demo/none")]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a label in other letters",
        User,
        |on| on.find(&[(CKA_LABEL, b"demo/EC")]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: the beginning of a label",
        User,
        |on| on.find(&[(CKA_LABEL, b"demo/")]),
        "CKR_OK 0",
    ),
    row("2.40 §5.7", "search: an empty label", User, |on| on.find(&[(CKA_LABEL, b"")]), "CKR_OK 0"),
    row(
        "2.40 §5.7",
        "search: the same label twice",
        User,
        |on| {
            on.find(&[(CKA_LABEL, b"demo/nocert"), (CKA_LABEL, b"demo/nocert")]);
        },
        "CKR_OK 2 private:demo/nocert public:demo/nocert",
    ),
    row(
        "2.40 §5.7",
        "search: two labels at once",
        User,
        |on| {
            on.find(&[(CKA_LABEL, b"demo/nocert"), (CKA_LABEL, b"demo/ec")]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: RSA keys",
        User,
        |on| on.find(&[(CKA_KEY_TYPE, &CKK_RSA.to_ne_bytes())]),
        "CKR_OK 2 private:demo/rsa public:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: EC keys",
        User,
        |on| on.find(&[(CKA_KEY_TYPE, &CKK_EC.to_ne_bytes())]),
        "CKR_OK 10",
    ),
    row(
        "2.40 §5.7",
        "search: secret keys",
        User,
        |on| {
            on.find(&[(CKA_CLASS, &CKO_SECRET_KEY.to_ne_bytes())]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a class of a vendor",
        User,
        |on| {
            on.find(&[(CKA_CLASS, &0xce53_4353_u64.to_ne_bytes())]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: profiles",
        User,
        |on| on.find(&[(CKA_CLASS, &CKO_PROFILE.to_ne_bytes())]),
        "CKR_OK 2 profile: profile:",
    ),
    row(
        "2.40 §5.7",
        "search: an attribute of a vendor",
        User,
        |on| {
            on.find(&[(CKA_VENDOR_DEFINED | 0x1234, b"x")]);
        },
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a class of one byte",
        User,
        |on| on.find(&[(CKA_CLASS, &PRIVATE[..1])]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: token objects",
        User,
        |on| on.find(&[(CKA_TOKEN, TRUE)]),
        "CKR_OK 19",
    ),
    row(
        "2.40 §5.7",
        "search: session objects",
        User,
        |on| on.find(&[(CKA_TOKEN, FALSE)]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: private objects",
        User,
        |on| on.find(&[(CKA_PRIVATE, TRUE)]),
        "CKR_OK 6",
    ),
    row(
        "2.40 §5.7",
        "search: private keys that sign",
        User,
        |on| {
            on.find(&[(CKA_CLASS, PRIVATE), (CKA_SIGN, TRUE)]);
        },
        "CKR_OK 6",
    ),
    row(
        "2.40 §5.7",
        "search: what does not sign",
        User,
        |on| on.find(&[(CKA_SIGN, FALSE)]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: sensitive keys",
        User,
        |on| on.find(&[(CKA_SENSITIVE, TRUE)]),
        "CKR_OK 6",
    ),
    row(
        "2.40 §5.7",
        "search: keys that can be extracted",
        User,
        |on| on.find(&[(CKA_EXTRACTABLE, TRUE)]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a curve",
        User,
        |on| on.find(&[(CKA_EC_PARAMS, P384_OID)]),
        "CKR_OK 2 private:demo/ec384 public:demo/ec384",
    ),
    row(
        "2.40 §5.7",
        "search: a modulus",
        User,
        |on| {
            let key = on.public_key("demo/rsa");
            let modulus = on.quietly().attribute(key, CKA_MODULUS).expect("a modulus");
            on.find(&[(CKA_MODULUS, &modulus)]);
        },
        "CKR_OK 2 private:demo/rsa public:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: a private exponent",
        User,
        |on| on.find(&[(CKA_PRIVATE_EXPONENT, &[1; 384])]),
        "CKR_OK 0",
    ),
    row(
        "2.40 §5.7",
        "search: a whole certificate",
        User,
        |on| by_certificate(on, &[CKA_VALUE]),
        "CKR_OK 1 certificate:demo/rsa",
    ),
    row(
        "2.40 §5.7",
        "search: an issuer and a serial number",
        User,
        |on| {
            by_certificate(on, &[CKA_ISSUER, CKA_SERIAL_NUMBER]);
        },
        "CKR_OK 1 certificate:demo/rsa",
    ),
];

/// Searches with attributes of a certificate.
fn by_certificate(on: &mut Caller<'_>, kinds: &[CK_ATTRIBUTE_TYPE]) {
    let certificate = on.certificate("demo/rsa");
    let value = |kind: &CK_ATTRIBUTE_TYPE| {
        (*kind, on.quietly().attribute(certificate, *kind).expect("the attribute"))
    };
    let values: Vec<_> = kinds.iter().map(value).collect();
    let template: Vec<_> = values.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
    on.find(&template);
}
