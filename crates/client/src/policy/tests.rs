use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::certificate::vectors::{self, INTERMEDIATE, LEAF, ROOT};
use crate::key::vectors::{P256, P384, RSA_2048, RSA_3072};
use crate::key::{Curve, HashAlgorithm, HashToSign, Scheme};
use crate::wire::{policies, sign};

mod gpg;

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn key(spki: &str) -> PublicKey {
    PublicKey::from_spki_der(&bytes(spki)).unwrap()
}

/// `rsaParameters` of a key.
fn numbers(spki: &str) -> Value {
    let PublicKey::Rsa(rsa) = key(spki) else { panic!("not an RSA key") };
    json!({
        "modulus": STANDARD.encode(rsa.modulus()),
        "publicExponent": STANDARD.encode(rsa.exponent()),
    })
}

fn point(spki: &str) -> String {
    let PublicKey::Ec(ec) = key(spki) else { panic!("not an EC key") };
    STANDARD.encode(ec.point())
}

/// A policy `demo/p` with these properties.
fn read(properties: Value) -> Result<Policy, LeftOut> {
    read_with(properties, false)
}

fn read_with(mut properties: Value, placeholders: bool) -> Result<Policy, LeftOut> {
    for (name, value) in [("projectSlug", "demo"), ("signingPolicySlug", "p")] {
        if properties.get(name).is_none() {
            properties[name] = value.into();
        }
    }
    let answer = json!({ "signingPolicies": [properties] }).to_string();
    let [entry] = policies::decode(answer.as_bytes()).unwrap().try_into().unwrap();
    Policy::from_entry(&entry.unwrap(), placeholders)
}

fn why(properties: Value) -> String {
    let left_out = read(properties).unwrap_err();
    assert_eq!(left_out.name, "demo/p");
    left_out.why
}

#[test]
fn an_rsa_key_is_read_from_its_numbers_alone() {
    let policy = read(json!({ "rsaParameters": numbers(RSA_3072.spki) })).unwrap();
    assert_eq!(policy.key(), &key(RSA_3072.spki));
    assert_eq!((policy.name().as_str(), policy.id()), ("demo/p", None));
    assert!(policy.certificate().is_none());
}

#[test]
fn an_ec_key_is_read_from_an_spki_or_a_bare_point() {
    for text in [P384.spki.to_owned(), point(P384.spki)] {
        let policy = read(json!({ "publicKeyBytes": text, "keyType": "Ecdsa" })).unwrap();
        let PublicKey::Ec(ec) = policy.key() else { panic!("not an EC key") };
        assert_eq!(ec.curve(), Curve::P384);
    }
}

#[test]
fn a_key_is_read_from_the_certificate_alone() {
    let policy = read(json!({ "certificateBytes": CERTIFICATE, "keyType": "Ec" })).unwrap();
    assert_eq!(policy.key(), &key(P256.spki));
    assert_eq!(policy.certificate().unwrap().der(), bytes(CERTIFICATE));
}

/// With the key of [`P256`].
const CERTIFICATE: &str = vectors::CERTIFICATE;

#[test]
fn the_chain_of_a_certificate_comes_with_it_and_never_without_it() {
    let leaf = json!({ "certificateBytes": LEAF, "x509CertificateChain": [ROOT, INTERMEDIATE] });
    let policy = read(leaf.clone()).unwrap();
    let chain: Vec<_> = policy.chain().iter().map(Certificate::der).collect();
    assert_eq!(chain, [bytes(INTERMEDIATE), bytes(ROOT)]);
    assert!(policy.chain().iter().all(Certificate::is_authority));
    assert!(!policy.certificate().unwrap().is_authority());

    let without = json!({ "publicKeyBytes": P256.spki, "x509CertificateChain": [ROOT] });
    assert!(read(without).unwrap().chain().is_empty());
}

#[test]
fn a_chain_of_a_wrong_shape_loses_neither_the_policy_nor_its_certificate() {
    for chain in [json!({ "a": 1 }), json!(5), json!("%"), json!([[]]), json!(null), json!([null])]
    {
        let entry = json!({ "certificateBytes": LEAF, "x509CertificateChain": chain });
        let policy = read(entry).unwrap();
        assert!(policy.certificate().is_some() && policy.chain().is_empty(), "{chain}");
    }
}

#[test]
fn statements_that_agree_are_taken_together() {
    let policy = read(json!({
        "certificateBytes": CERTIFICATE, "certificateType": "X509", "publicKeyBytes": point(P256.spki),
        "signingPolicyId": "4f1d", "keySizeInBits": 256, "somethingNew": {},
    }))
    .unwrap();
    assert!(policy.certificate().is_some());
    assert_eq!(policy.id(), Some("4f1d"));
}

#[test]
fn statements_that_contradict_each_other_leave_the_policy_out() {
    let cases = [
        (
            json!({ "rsaParameters": numbers(RSA_2048.spki), "publicKeyBytes": RSA_3072.spki }),
            "its rsaParameters and its publicKeyBytes are different keys",
        ),
        (
            json!({ "publicKeyBytes": P384.spki, "certificateBytes": CERTIFICATE }),
            "its publicKeyBytes and its certificate are different keys",
        ),
        (
            json!({ "rsaParameters": numbers(RSA_2048.spki), "certificateBytes": CERTIFICATE }),
            "its rsaParameters and its certificate are different keys",
        ),
    ];
    for (properties, expected) in cases {
        assert_eq!(why(properties), expected);
    }
}

#[test]
fn what_cannot_be_read_is_passed_over_if_the_key_is_known_otherwise() {
    for properties in [
        json!({ "publicKeyBytes": P256.spki, "certificateBytes": "invalid" }),
        json!({ "publicKeyBytes": P256.spki, "certificateBytes": "AAAA" }),
        json!({ "publicKeyBytes": P256.spki, "certificateBytes": "AAAA", "certificateType": "Gpg" }),
        json!({ "publicKeyBytes": P256.spki, "certificateBytes": "" }),
    ] {
        let policy = read(properties.clone()).unwrap();
        assert!(policy.certificate().is_none(), "{properties}");
    }
    let policy =
        read(json!({ "publicKeyBytes": "AAAA", "certificateBytes": CERTIFICATE })).unwrap();
    assert_eq!(policy.key(), &key(P256.spki));
}

#[test]
fn the_key_itself_decides_and_not_the_word_for_its_type() {
    for word in ["NistP256", "EllipticCurve", "Gpg", "\u{202e}"] {
        let policy = read(json!({ "publicKeyBytes": P256.spki, "keyType": word })).unwrap();
        assert_eq!(policy.key(), &key(P256.spki), "{word}");
        assert!(read(json!({ "certificateBytes": CERTIFICATE, "keyType": word })).is_ok());
    }
}

#[test]
fn rsa_parameters_without_numbers_state_nothing() {
    for parameters in [
        json!({}),
        json!({ "modulus": null, "publicExponent": null }),
        json!({ "modulus": "", "publicExponent": "AQAB" }),
        json!({ "publicExponent": "AQAB" }),
    ] {
        let entry = json!({ "rsaParameters": parameters, "publicKeyBytes": P256.spki });
        assert_eq!(read(entry).unwrap().key(), &key(P256.spki), "{parameters}");
        let nothing = "the service tells no RSA or EC public key for it";
        assert_eq!(why(json!({ "rsaParameters": parameters })), nothing);
    }
}

#[test]
fn a_policy_without_a_usable_key_is_left_out_with_the_reason() {
    let small = json!({ "modulus": STANDARD.encode([0xff; 128]), "publicExponent": "AQAB" });
    for (properties, expected) in [
        (json!({}), "the service tells no RSA or EC public key for it"),
        (
            json!({ "certificateBytes": "x", "certificateType": "Gpg" }),
            "the service tells no RSA or EC public key for it",
        ),
        (
            json!({ "keyType": "Mldsa" }),
            "the service tells no RSA or EC public key for it (its key type is Mldsa)",
        ),
        (
            json!({ "keyType": "Mldsa", "publicKeyBytes": "?" }),
            "its publicKeyBytes cannot be used: it is not Base64 (its key type is Mldsa)",
        ),
        (
            json!({ "rsaParameters": small }),
            "its rsaParameters cannot be used: its RSA key has 1024 bits, and 2048 to 4096 are supported",
        ),
        (json!({ "publicKeyBytes": "?" }), "its publicKeyBytes cannot be used: it is not Base64"),
        (
            json!({ "rsaParameters": { "modulus": "?", "publicExponent": "AQAB" } }),
            "its rsaParameters cannot be used: it is not Base64",
        ),
    ] {
        assert_eq!(why(properties), expected);
    }
}

#[test]
fn slugs_that_cannot_stand_in_a_name_leave_the_policy_out() {
    for slug in ["", "a/b", "a b", "a\nb", "a%b", "a?b"] {
        let left_out =
            read(json!({ "signingPolicySlug": slug, "publicKeyBytes": P256.spki })).unwrap_err();
        assert!(left_out.why.contains("signingPolicySlug"), "{left_out:?}");
        assert!(!left_out.name.contains('\n'));
    }
    assert!(read(json!({ "projectSlug": null, "publicKeyBytes": P256.spki })).is_err());
    assert!(read(json!({ "projectSlug": "A_b-9.ü", "publicKeyBytes": P256.spki })).is_ok());
}

/// The folder with the real service's answers, beside the workspace; not everybody has it.
fn recorded(test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("not run: {test} (there is no folder with recorded answers)");
    None
}

#[test]
fn recorded_policies_are_read_and_the_recorded_signature_verifies() {
    let Some(folder) = recorded("recorded_policies_are_read_and_the_recorded_signature_verifies")
    else {
        return;
    };
    let list = std::fs::read(folder.join("signing-policies.json")).unwrap();
    let entries = policies::decode(&list).unwrap();
    let policies: Vec<Policy> = entries
        .into_iter()
        .map(|entry| Policy::from_entry(&entry.unwrap(), false).unwrap())
        .collect();
    let names: Vec<String> = policies.iter().map(Policy::name).collect();
    assert_eq!(names, ["jsign2/rsa-2048", "jsign/rsa-2048", "jsign/rsa-2048-2022"]);
    let answer = std::fs::read(folder.join("signing-request.json")).unwrap();
    let signature = sign::decode(&answer).unwrap().signature;
    let hash = serde_json::from_slice::<Value>(&answer).unwrap()["Base64EncodedHash"].clone();
    let what = HashToSign {
        scheme: Scheme::RsaPkcs1(HashAlgorithm::Sha256),
        hash: bytes(hash.as_str().unwrap()),
    };
    for policy in &policies {
        assert!(policy.key().verify(&what, &signature));
        assert_eq!(policy.certificate().unwrap().public_key().as_ref(), Ok(policy.key()));
    }
}

#[test]
fn the_recorded_bad_policy_is_left_out_with_the_reason() {
    let Some(folder) = recorded("the_recorded_bad_policy_is_left_out_with_the_reason") else {
        return;
    };
    let list = std::fs::read(folder.join("signing-policies-invalid.json")).unwrap();
    let [entry] = policies::decode(&list).unwrap().try_into().unwrap();
    let left_out = Policy::from_entry(&entry.unwrap(), false).unwrap_err();
    assert_eq!(left_out.name, "jsign/rsa-2048");
    assert!(left_out.why.contains("certificate"), "{left_out:?}");
}
