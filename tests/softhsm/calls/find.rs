//! Searches (2.40 §5.7).

use std::ptr;

use cryptoki_sys::*;

use super::{Row, row};
use crate::softhsm::caller::{
    Caller, NO_HANDLE,
    Room::Null,
    Start::{Initialized, User},
};

const PRIVATE: &[u8] = &CKO_PRIVATE_KEY.to_ne_bytes();
const PUBLIC: &[u8] = &CKO_PUBLIC_KEY.to_ne_bytes();
const CERTIFICATE: &[u8] = &CKO_CERTIFICATE.to_ne_bytes();
const TRUE: &[u8] = &[CK_TRUE];
const FALSE: &[u8] = &[CK_FALSE];
const P384_OID: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";

pub(super) const ROWS: &[Row] = &[
    row("search: everything", User, |on| on.find(&[])),
    row("search: private keys", User, |on| on.find(&[(CKA_CLASS, PRIVATE)])),
    row("search: public keys", User, |on| on.find(&[(CKA_CLASS, PUBLIC)])),
    row("search: certificates", User, |on| on.find(&[(CKA_CLASS, CERTIFICATE)])),
    row("search: a label", User, |on| on.find(&[(CKA_LABEL, b"demo/ec")])),
    row("search: an id", User, |on| on.find(&[(CKA_ID, b"demo/rsa")])),
    row("search: a label without a certificate", User, |on| {
        on.find(&[(CKA_LABEL, b"demo/nocert")]);
    }),
    row("search: a class and a label", User, |on| {
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/rsa")]);
    }),
    row("search: a class, a label and an id", User, |on| {
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_LABEL, b"demo/rsa"), (CKA_ID, b"demo/rsa")]);
    }),
    row("search: a label and the id of another", User, |on| {
        on.find(&[(CKA_LABEL, b"demo/rsa"), (CKA_ID, b"demo/ec")]);
    }),
    row("search: a label that nothing has", User, |on| on.find(&[(CKA_LABEL, b"demo/none")])),
    row("search: a label in other letters", User, |on| on.find(&[(CKA_LABEL, b"demo/EC")])),
    row("search: the beginning of a label", User, |on| on.find(&[(CKA_LABEL, b"demo/")])),
    row("search: an empty label", User, |on| on.find(&[(CKA_LABEL, b"")])),
    row("search: the same label twice", User, |on| {
        on.find(&[(CKA_LABEL, b"demo/nocert"), (CKA_LABEL, b"demo/nocert")]);
    }),
    row("search: two labels at once", User, |on| {
        on.find(&[(CKA_LABEL, b"demo/nocert"), (CKA_LABEL, b"demo/ec")]);
    }),
    row("search: RSA keys", User, |on| on.find(&[(CKA_KEY_TYPE, &CKK_RSA.to_ne_bytes())])),
    row("search: EC keys", User, |on| on.find(&[(CKA_KEY_TYPE, &CKK_EC.to_ne_bytes())])),
    row("search: secret keys", User, |on| {
        on.find(&[(CKA_CLASS, &CKO_SECRET_KEY.to_ne_bytes())]);
    }),
    row("search: a class of a vendor", User, |on| {
        on.find(&[(CKA_CLASS, &0xce53_4353_u64.to_ne_bytes())]);
    }),
    row("search: profiles", User, |on| on.find(&[(CKA_CLASS, &CKO_PROFILE.to_ne_bytes())])),
    row("search: an attribute of a vendor", User, |on| {
        on.find(&[(CKA_VENDOR_DEFINED | 0x1234, b"x")]);
    }),
    row("search: a class of one byte", User, |on| on.find(&[(CKA_CLASS, &PRIVATE[..1])])),
    row("search: token objects", User, |on| on.find(&[(CKA_TOKEN, TRUE)])),
    row("search: session objects", User, |on| on.find(&[(CKA_TOKEN, FALSE)])),
    row("search: private objects", User, |on| on.find(&[(CKA_PRIVATE, TRUE)])),
    row("search: private keys that sign", User, |on| {
        on.find(&[(CKA_CLASS, PRIVATE), (CKA_SIGN, TRUE)]);
    }),
    row("search: what does not sign", User, |on| on.find(&[(CKA_SIGN, FALSE)])),
    row("search: sensitive keys", User, |on| on.find(&[(CKA_SENSITIVE, TRUE)])),
    row("search: keys that can be extracted", User, |on| on.find(&[(CKA_EXTRACTABLE, TRUE)])),
    row("search: a curve", User, |on| on.find(&[(CKA_EC_PARAMS, P384_OID)])),
    row("search: a modulus", User, |on| {
        let key = on.public_key("demo/rsa");
        let modulus = on.quietly().attribute(key, CKA_MODULUS).expect("a modulus");
        on.find(&[(CKA_MODULUS, &modulus)]);
    }),
    row("search: a private exponent", User, |on| on.find(&[(CKA_PRIVATE_EXPONENT, &[1; 384])])),
    row("search: a whole certificate", User, |on| by_certificate(on, &[CKA_VALUE])),
    row("search: an issuer and a serial number", User, |on| {
        by_certificate(on, &[CKA_ISSUER, CKA_SERIAL_NUMBER]);
    }),
    row("C_FindObjectsInit: twice", User, |on| {
        on.find_init(&[]);
        on.find_init(&[]);
    }),
    row("C_FindObjectsInit: NULL for a template", User, |on| {
        on.note(call!(on, C_FindObjectsInit(on.session, ptr::null_mut(), 1)));
    }),
    row("C_FindObjectsInit: NULL for no template", User, |on| {
        on.note(call!(on, C_FindObjectsInit(on.session, ptr::null_mut(), 0)));
    }),
    row("C_FindObjectsInit: NULL for a value", User, |on| {
        let mut label = CK_ATTRIBUTE { type_: CKA_LABEL, pValue: ptr::null_mut(), ulValueLen: 0 };
        on.note(call!(on, C_FindObjectsInit(on.session, &raw mut label, 1)));
    }),
    row("C_FindObjectsInit: no such session", Initialized, |on| {
        on.note(call!(on, C_FindObjectsInit(NO_HANDLE, ptr::null_mut(), 0)));
    }),
    row("C_FindObjectsInit: again after C_FindObjectsFinal", User, |on| {
        on.find_init(&[]);
        on.find_final();
        on.find_init(&[]);
    }),
    row("C_FindObjects: without C_FindObjectsInit", User, |on| on.find_next(1)),
    row("C_FindObjects: one at a time", User, |on| {
        on.find_init(&[(CKA_LABEL, b"demo/nocert")]);
        (0..4).for_each(|_| on.find_next(1));
    }),
    row("C_FindObjects: more room than objects", User, |on| {
        on.find_init(&[(CKA_LABEL, b"demo/ec")]);
        on.find_next(20);
        on.find_next(20);
    }),
    row("C_FindObjects: room for none", User, |on| {
        on.find_init(&[]);
        on.find_next(0);
    }),
    row("C_FindObjects: nothing found", User, |on| {
        on.find_init(&[(CKA_LABEL, b"demo/none")]);
        on.find_next(1);
        on.find_final();
    }),
    row("C_FindObjects: NULL for the objects", User, |on| {
        let mut count = 0;
        on.find_init(&[]);
        on.note(call!(on, C_FindObjects(on.session, ptr::null_mut(), 1, &raw mut count)));
    }),
    row("C_FindObjects: NULL for the count", User, |on| {
        let mut object = 0;
        on.find_init(&[]);
        on.note(call!(on, C_FindObjects(on.session, &raw mut object, 1, ptr::null_mut())));
    }),
    row("C_FindObjects: no such session", Initialized, |on| {
        let (mut object, mut count) = (0, 0);
        on.note(call!(on, C_FindObjects(NO_HANDLE, &raw mut object, 1, &raw mut count)));
    }),
    row("C_FindObjects: attributes read in between", User, |on| {
        let key = on.private_key("demo/rsa");
        on.find_init(&[]);
        on.find_next(1);
        on.values(key, &[(CKA_LABEL, Null)]);
        on.find_next(1);
    }),
    row("C_FindObjectsFinal: without C_FindObjectsInit", User, |on| on.find_final()),
    row("C_FindObjectsFinal: twice", User, |on| {
        on.find_init(&[]);
        on.find_final();
        on.find_final();
    }),
    row("C_FindObjectsFinal: before the last object", User, |on| {
        on.find_init(&[]);
        on.find_next(1);
        on.find_final();
    }),
    row("C_FindObjectsFinal: no such session", Initialized, |on| {
        on.note(call!(on, C_FindObjectsFinal(NO_HANDLE)));
    }),
    row("C_FindObjectsInit: in two sessions", User, |on| {
        on.find_init(&[]);
        on.session = on.open(CKF_SERIAL_SESSION);
        on.find_init(&[]);
    }),
    row("C_FindObjectsInit: while a signature is under way", User, |on| {
        let key = on.private_key("demo/ec");
        on.sign_init(CKM_ECDSA, key);
        on.find_init(&[]);
    }),
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
