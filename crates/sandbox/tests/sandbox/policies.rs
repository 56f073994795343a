//! `MySigningPolicies` and the certificates behind it.

use serde_json::{Value, json};
use x509_cert::{
    Certificate,
    der::{Decode, DecodePem, Encode},
    ext::pkix::{ExtendedKeyUsage, SubjectAltName, name::GeneralName},
};

use crate::{
    fixture::{from_base64, sandbox},
    http::Call,
};

fn listed(query: &str) -> Vec<Value> {
    let sandbox = sandbox();
    let answer = Call::new(&sandbox, "GET", &format!("Cryptoki/MySigningPolicies{query}")).send();
    assert_eq!(answer.status, 200);
    answer.json()["signingPolicies"].as_array().unwrap().clone()
}

fn slugs(policies: &[Value]) -> Vec<&str> {
    policies.iter().map(|policy| policy["signingPolicySlug"].as_str().unwrap()).collect()
}

#[test]
fn the_demo_project_has_its_six_policies() {
    let policies = listed("");
    assert_eq!(slugs(&policies), ["approval", "ec", "ec384", "ec521", "nocert", "rsa"]);
    let sizes: Vec<_> = policies.iter().map(|policy| policy["keySizeInBits"].clone()).collect();
    assert_eq!(sizes, [256, 256, 384, 521, 256, 3072]);
}

#[test]
fn both_filters_narrow_the_list() {
    assert_eq!(slugs(&listed("?projectSlug=demo&signingPolicySlug=ec")), ["ec"]);
    assert_eq!(slugs(&listed("?signingPolicySlug=ec384&future=1")), ["ec384"]);
    assert_eq!(listed("?projectSlug=demo").len(), 6);
    assert!(listed("?projectSlug=other").is_empty());
    assert!(listed("?projectSlug=other&signingPolicySlug=ec").is_empty());
}

#[test]
fn a_policy_without_a_certificate_says_nothing_of_one() {
    let policies = listed("?signingPolicySlug=nocert");
    let names: Vec<&String> = policies[0].as_object().unwrap().keys().collect();
    let expected = [
        "keySizeInBits",
        "keyType",
        "projectSlug",
        "publicKeyBytes",
        "signingPolicyId",
        "signingPolicySlug",
    ];
    assert_eq!(names, expected);
    assert_eq!(policies[0]["keyType"], "Ecdsa");
}

#[test]
fn the_certificate_has_the_listed_key_and_comes_from_the_root() {
    let sandbox = sandbox();
    let answer = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies").send().json();
    let root = Certificate::from_pem(sandbox.code_signing_root_pem().unwrap()).unwrap();
    let mut seen = 0;
    for policy in answer["signingPolicies"].as_array().unwrap() {
        if policy["certificateBytes"].is_null() {
            continue;
        }
        seen += 1;
        let certificate = Certificate::from_der(&from_base64(&policy["certificateBytes"])).unwrap();
        let tbs = certificate.tbs_certificate();
        assert_eq!(tbs.issuer(), root.tbs_certificate().subject());
        let spki = tbs.subject_public_key_info();
        let listed = from_base64(&policy["publicKeyBytes"]);
        if policy["keyType"] == "Rsa" {
            assert_eq!(spki.subject_public_key.raw_bytes(), listed, "RSAPublicKey, PKCS #1");
        } else {
            assert_eq!(spki.to_der().unwrap(), listed, "SubjectPublicKeyInfo");
        }
        let (_, usage) = tbs.get_extension::<ExtendedKeyUsage>().unwrap().unwrap();
        assert_eq!(usage.0[0].to_string(), "1.3.6.1.5.5.7.3.3");
    }
    assert_eq!(seen, 5);
}

#[test]
fn the_ec_policy_s_certificate_names_an_e_mail_address() {
    let pem = sandbox().certificate_pem("demo/ec").unwrap().unwrap();
    let certificate = Certificate::from_pem(pem).unwrap();
    let tbs = certificate.tbs_certificate();
    let (_, names) = tbs.get_extension::<SubjectAltName>().unwrap().unwrap();
    let [GeneralName::Rfc822Name(name)] = names.0.as_slice() else { panic!("{names:?}") };
    assert_eq!(name.as_str(), "release@example.com");
    let validity = tbs.validity();
    let now = std::time::SystemTime::now();
    let an_hour_ago = now - std::time::Duration::from_secs(59 * 60);
    assert!(validity.not_before.to_system_time() < an_hour_ago);
    assert!(validity.not_after.to_system_time() > now);
}

#[test]
fn a_certificate_can_be_fetched_by_itself() {
    let sandbox = sandbox();
    let fetch = |policy: &str| {
        let path = format!("Projects/demo/SigningPolicies/{policy}/Certificate");
        Call::new(&sandbox, "GET", &path).send()
    };
    let policy = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies?signingPolicySlug=ec");
    let listed = policy.send().json()["signingPolicies"][0]["certificateBytes"].clone();
    assert_eq!(fetch("ec").body, from_base64(&listed));
    assert_eq!(fetch("nocert").status, 404);
    assert_eq!(fetch("none").status, 404);
}

#[test]
fn rsa_parameters_are_the_modulus_and_the_exponent() {
    let policies = listed("?signingPolicySlug=rsa");
    let parameters = &policies[0]["rsaParameters"];
    assert_eq!(parameters["publicExponent"], json!("AQAB"));
    let modulus = from_base64(&parameters["modulus"]);
    assert_eq!(modulus.len(), 384);
    assert!(modulus[0] >= 0x80, "no leading zero");
}
