//! Whatever the service answers, it is read or refused.

use proptest::prelude::*;

use super::damage::damaged;
use super::*;
use crate::certificate::Certificate;
use crate::certificate::vectors::{INTERMEDIATE, LEAF, ROOT};
use crate::key::PublicKey;
use crate::key::vectors::{P256, P384, RSA_2048};
use crate::policy::Policy;

/// JSON in which the service's own names turn up.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "signingPolicies",
        "projectSlug",
        "signingPolicySlug",
        "rsaParameters",
        "modulus",
        "publicExponent",
        "publicKeyBytes",
        "certificateBytes",
        "certificateType",
        "x509CertificateChain",
        "keyType",
        "signature",
        "Signature",
        "hashSigningResult",
        "webLink",
        "errors",
        "title",
        "detail",
        "traceId",
        "status",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z0-9+/=]{0,40}".prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

/// The policies of a list that can be read, as far as it is one.
fn policies_in(body: &[u8]) -> Vec<Policy> {
    let entries = policies::decode(body).into_iter().flatten().flatten();
    entries.filter_map(|entry| Policy::from_entry(&entry, true).ok()).collect()
}

fn read_as_everything(body: &[u8]) {
    drop(sign::decode(body));
    for policy in policies_in(body) {
        let certificate = policy.certificate().map(Certificate::public_key);
        assert!(certificate.is_none_or(|key| key.as_ref() == Ok(policy.key())), "{policy:?}");
        assert!(policy.chain().len() <= 10);
        assert!(policy.chain().is_empty() || policy.certificate().is_some());
    }
    let text = crate::error::ServiceMessage::read(body, "secret").to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 8192);
    assert!(!text.contains("secret"), "{text}");
}

fn entries() -> Vec<Value> {
    let spki = from_base64(RSA_2048.spki).unwrap();
    let Ok(PublicKey::Rsa(key)) = PublicKey::from_spki_der(&spki) else { panic!("not an RSA key") };
    let rsa =
        json!({ "modulus": to_base64(key.modulus()), "publicExponent": to_base64(key.exponent()) });
    vec![
        json!({
            "signingPolicySlug": "rsa", "projectSlug": "demo", "keySizeInBits": 2048, "rsaParameters": rsa,
            "signingPolicyId": "4f1db5e5-1861-4ef2-ad43-05d4899e7b21", "keyType": "Rsa",
        }),
        json!({
            "signingPolicySlug": "ec", "projectSlug": "demo", "keyType": "Ecdsa", "publicKeyBytes": P384.spki,
        }),
        json!({
            "signingPolicySlug": "chain", "projectSlug": "demo", "certificateType": "X509",
            "certificateBytes": LEAF, "x509CertificateChain": [ROOT, { "certificateBytes": INTERMEDIATE }, LEAF],
        }),
        json!({
            "signingPolicySlug": "gpg", "projectSlug": "demo", "keyType": "Gpg", "certificateType": "Gpg",
            "rsaParameters": rsa, "publicKeyBytes": "mQENBGAAAAABCADAAAAA", "certificateBytes": "mQEN",
        }),
    ]
}

/// An answer of every kind.
fn answers() -> Vec<Value> {
    vec![
        json!({ "signingPolicies": entries() }),
        json!({
            "signingRequestId": "0b0c", "webLink": "https://sp.example/1", "hashSigningData": { "hash": HASH },
            "hashSigningResult": { "signature": "AQID" },
        }),
        json!({
            "SignatureAlgorithm": "RsaPkcs1", "Base64EncodedHash": HASH, "Signature": "AQID",
            "SigningRequestId": "0b0c", "WebLink": "https://sp.example/1",
        }),
        json!({
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1", "title": "One or more validation errors occurred.",
            "status": 400, "detail": "No.", "traceId": "00-ba52", "webLink": "https://sp.example/1",
            "errors": { "": ["The file has an invalid format."], "SigningPolicyId": ["It has an approval process."] },
        }),
    ]
}

#[test]
fn the_answers_that_are_damaged_below_are_valid() {
    let [list, newer, older, problem] =
        answers().try_into().map(|all: [Value; 4]| all.map(|answer| answer.to_string())).unwrap();
    assert_eq!(policies_in(list.as_bytes()).len(), entries().len());
    assert_eq!(policies_in(list.as_bytes())[2].chain().len(), 2);
    for answer in [newer, older] {
        assert_eq!(sign::decode(answer.as_bytes()).unwrap().signature, [1, 2, 3]);
    }
    assert!(crate::error::ServiceMessage::read(problem.as_bytes(), "").is_problem());
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&body);
    }

    #[test]
    fn no_json_makes_a_reader_panic(value in any_json()) {
        read_as_everything(value.to_string().as_bytes());
        let list = json!({ "signingPolicies": [value] });
        read_as_everything(list.to_string().as_bytes());
    }

    #[test]
    fn no_damage_of_an_answer_makes_a_reader_panic(body in damaged(answers())) {
        read_as_everything(body.as_bytes());
    }

    #[test]
    fn no_cut_of_an_answer_makes_a_reader_panic(body in damaged(answers()), length: prop::sample::Index) {
        let body = body.as_bytes();
        read_as_everything(&body[..length.index(body.len() + 1)]);
    }

    #[test]
    fn a_damaged_policy_does_not_hide_its_neighbours(entry in damaged(entries())) {
        prop_assume!(serde_json::from_str::<Value>(&entry).is_ok());
        let good = json!({ "projectSlug": "demo", "signingPolicySlug": "good", "publicKeyBytes": P256.spki });
        let list = format!(r#"{{"signingPolicies":[{good},{entry},{good}]}}"#);
        let names: Vec<_> = policies_in(list.as_bytes()).iter().map(Policy::name).collect();
        prop_assert!(names.len() >= 2);
        prop_assert_eq!((&*names[0], &*names[names.len() - 1]), ("demo/good", "demo/good"));
    }
}
