//! Searches and attributes.

use std::ptr;

use cryptoki_sys::*;
use serde_json::json;

use crate::harness::{Module, alone};

const P256_OID: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const UNAVAILABLE: CK_ULONG = CK_ULONG::MAX;

#[test]
fn every_policy_has_its_keys_and_where_there_is_one_its_certificate() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let of = |class: CK_OBJECT_CLASS| {
            session.find(&[(CKA_CLASS, &class.to_ne_bytes())]).unwrap().len()
        };
        assert_eq!((of(CKO_PRIVATE_KEY), of(CKO_PUBLIC_KEY)), (6, 6));
        assert_eq!(of(CKO_CERTIFICATE), 5);
        assert_eq!(session.find(&[(CKA_ID, b"demo/ec")]).unwrap().len(), 3);
        assert_eq!(session.find(&[(CKA_ID, b"demo/nocert")]).unwrap().len(), 2);
        assert_eq!(session.find(&[(CKA_LABEL, b"demo/EC")]).unwrap().len(), 0);
    });
}

#[test]
fn a_search_that_can_match_nothing_asks_nobody() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        // NSS trust objects, secret keys, hardware features, session objects.
        for class in [0xce53_4353, 0xce53_4354, CKO_SECRET_KEY, CKO_HW_FEATURE] {
            assert_eq!(session.find(&[(CKA_CLASS, &class.to_ne_bytes())]), Ok(vec![]));
        }
        assert_eq!(session.find(&[(CKA_TOKEN, &[CK_FALSE])]), Ok(vec![]));
        assert!(sandbox.requests().is_empty());
        assert_eq!(session.find(&[(0x8000_1234, b"x")]), Ok(vec![]));
    });
}

#[test]
fn handles_are_the_same_in_every_session() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let first = module.session();
        let key = first.private_key("demo/ec");
        let second = module.session();
        first.close().unwrap();
        assert_eq!(second.private_key("demo/ec"), key);
        assert_eq!(second.attribute(key, CKA_LABEL).unwrap(), b"demo/ec");
    });
}

#[test]
fn keys_show_their_public_half_and_never_the_private_one() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        for class in [CKO_PRIVATE_KEY, CKO_PUBLIC_KEY] {
            let ec = session.object(class, "demo/ec");
            assert_eq!(session.attribute(ec, CKA_EC_PARAMS).unwrap(), P256_OID);
            let point = session.attribute(ec, CKA_EC_POINT).unwrap();
            assert_eq!((point.len(), &point[..3]), (67, &b"\x04\x41\x04"[..]));
            assert_eq!(session.attribute(ec, CKA_MODULUS), Err(CKR_ATTRIBUTE_TYPE_INVALID));
            let rsa = session.object(class, "demo/rsa");
            assert_eq!(session.attribute(rsa, CKA_MODULUS).unwrap().len(), 384);
            assert_eq!(session.attribute(rsa, CKA_PUBLIC_EXPONENT).unwrap(), b"\x01\x00\x01");
        }
        let rsa = session.private_key("demo/rsa");
        for secret in [CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_COEFFICIENT] {
            assert_eq!(session.attribute(rsa, secret), Err(CKR_ATTRIBUTE_SENSITIVE));
        }
        let ec = session.private_key("demo/ec");
        assert_eq!(session.attribute(ec, CKA_VALUE), Err(CKR_ATTRIBUTE_SENSITIVE));
        for (kind, value) in [(CKA_SIGN, 1), (CKA_SENSITIVE, 1), (CKA_EXTRACTABLE, 0)] {
            assert_eq!(session.attribute(ec, kind).unwrap(), [value]);
        }
        // Where the key came from is not known.
        for unknown in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE] {
            assert_eq!(session.attribute(ec, unknown), Err(CKR_ATTRIBUTE_TYPE_INVALID));
        }
    });
}

#[test]
fn one_call_answers_every_attribute_that_it_can() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/rsa");
        let mut label = [0; 3];
        let mut class = [0; 8];
        let empty = CK_ATTRIBUTE::default();
        let mut template = [
            CK_ATTRIBUTE { type_: 0x633, ..empty },
            CK_ATTRIBUTE { type_: CKA_PRIVATE_EXPONENT, ..empty },
            CK_ATTRIBUTE { type_: CKA_LABEL, pValue: label.as_mut_ptr().cast(), ulValueLen: 3 },
            CK_ATTRIBUTE { type_: CKA_MODULUS, ..empty },
            CK_ATTRIBUTE { type_: CKA_CLASS, pValue: class.as_mut_ptr().cast(), ulValueLen: 8 },
        ];
        let rv = call!(module, C_GetAttributeValue(session.handle, key, template.as_mut_ptr(), 5));
        assert!(
            [CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL]
                .contains(&rv)
        );
        let lengths: Vec<_> = template.iter().map(|attribute| attribute.ulValueLen).collect();
        assert_eq!(lengths, [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, 384, 8]);
        assert_eq!((label, class), ([0; 3], CKO_PRIVATE_KEY.to_ne_bytes()));
        let rv = call!(module, C_GetAttributeValue(session.handle, key, ptr::null_mut(), 1));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
        let rv = call!(module, C_GetAttributeValue(session.handle, 9999, template.as_mut_ptr(), 5));
        assert_eq!(rv, CKR_OBJECT_HANDLE_INVALID);
    });
}

#[test]
fn the_configured_project_and_policy_narrow_the_token_to_one_key() {
    alone(|process| {
        let sandbox = process.sandbox();
        let filter = json!({ "ProjectSlug": "demo", "SigningPolicySlug": "ec384" });
        process.configure_with(&sandbox, filter);
        let module = Module::started();
        let session = module.session();
        let private = CKO_PRIVATE_KEY.to_ne_bytes();
        assert_eq!(session.find(&[(CKA_CLASS, &private)]).unwrap().len(), 1);
        session.private_key("demo/ec384");
    });
}

#[test]
fn vendor_attributes_name_the_policy_at_signpath() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        let text = |number: CK_ULONG| {
            let value = session.attribute(key, CKA_VENDOR_DEFINED | 0x5350_0000 | number).unwrap();
            String::from_utf8(value).unwrap()
        };
        assert_eq!(text(1), sandbox.organization_id().to_string());
        assert_eq!((text(2).as_str(), text(3).as_str()), ("demo", "ec"));
        assert_eq!(text(4).len(), 36);
    });
}

#[test]
fn a_key_that_a_setting_hides_is_answered_with_that_setting() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "ProjectSlug": "dmeo" }));
        let module = Module::started();
        let private = CKO_PRIVATE_KEY.to_ne_bytes();
        let template = [(CKA_CLASS, &private[..]), (CKA_LABEL, b"demo/ec")];
        assert_eq!(module.session().find(&template), Ok(vec![]));
    })
    .stderr_lines(1)
    .stderr_says("ProjectSlug=dmeo");
}

#[test]
fn a_key_that_is_not_there_is_answered_with_those_that_are() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let private = CKO_PRIVATE_KEY.to_ne_bytes();
        let template = [(CKA_CLASS, &private[..]), (CKA_LABEL, b"demo/release")];
        assert_eq!(session.find(&template), Ok(vec![]));
    })
    .stderr_lines(1)
    .stderr_says("demo/release")
    .stderr_says("demo/ec384");
}
