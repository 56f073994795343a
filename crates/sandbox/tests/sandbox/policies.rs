//! `MySigningPolicies` and the certificates behind it.

use p256::ecdsa::{DerSignature, VerifyingKey, signature::Verifier};
use serde_json::{Value, json};
use signpath_sandbox::{KeyType, PolicyConfig};
use x509_cert::{
    Certificate,
    der::{Decode, DecodePem, Encode},
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, SubjectAltName,
        SubjectKeyIdentifier, name::GeneralName,
    },
};

use crate::{
    fixture::{builder, from_base64, sandbox},
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
fn a_gpg_policy_says_so_and_gives_its_key_as_gnupg_does() {
    let policies = [PolicyConfig::new("p/gpg", KeyType::Rsa2048).gpg()];
    let sandbox = builder().policies(policies).start().unwrap();
    let answer = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies").send().json();
    let policy = &answer["signingPolicies"][0];
    assert_eq!((&policy["keyType"], &policy["certificateType"]), (&json!("Gpg"), &json!("Gpg")));
    assert!(policy.get("certificateBytes").is_none());
    let packet = from_base64(&policy["publicKeyBytes"]);
    let modulus = from_base64(&policy["rsaParameters"]["modulus"]);
    let head = [0x99, 0x01, 0x0d, 4, 0, 0, 0, 0, 1, 0x08, 0x00];
    assert_eq!(packet, [&head, modulus.as_slice(), &[0, 17, 1, 0, 1]].concat());
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

fn certificate(pem: impl AsRef<[u8]>) -> Certificate {
    Certificate::from_pem(pem).unwrap()
}

/// Whether one was issued by the other: by name, by key identifier and by signature.
fn is_issued(below: &Certificate, above: &Certificate) -> bool {
    let (tbs, issuer) = (below.tbs_certificate(), above.tbs_certificate());
    let (_, wanted) = tbs.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap();
    let (_, found) = issuer.get_extension::<SubjectKeyIdentifier>().unwrap().unwrap();
    let key = VerifyingKey::from_sec1_bytes(
        issuer.subject_public_key_info().subject_public_key.raw_bytes(),
    );
    let signature = DerSignature::from_bytes(below.signature().raw_bytes()).unwrap();
    tbs.issuer() == issuer.subject()
        && wanted.key_identifier == Some(found.0)
        && key.unwrap().verify(&tbs.to_der().unwrap(), &signature).is_ok()
}

#[test]
fn a_policy_with_a_chain_gives_the_authorities_above_its_certificate() {
    let policies = [
        PolicyConfig::new("p/chain", KeyType::P384).chain(),
        PolicyConfig::new("p/none", KeyType::P256).certificate(),
    ];
    let sandbox = builder().policies(policies).start().unwrap();
    let answer = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies").send().json();
    let [with, without] = answer["signingPolicies"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    assert!(without.get("x509CertificateChain").is_none());
    let listed: Vec<_> = with["x509CertificateChain"].as_array().unwrap().iter().collect();
    let [intermediate, root] =
        [0, 1].map(|place: usize| Certificate::from_der(&from_base64(listed[place])).unwrap());
    assert_eq!(listed.len(), 2);
    assert_eq!(root, certificate(sandbox.code_signing_root_pem().unwrap()));
    let pem = sandbox.certificate_chain_pem("p/chain").unwrap();
    assert_eq!(
        pem.iter().map(certificate).collect::<Vec<_>>(),
        [intermediate.clone(), root.clone()]
    );

    let leaf = certificate(sandbox.certificate_pem("p/chain").unwrap().unwrap());
    assert!(is_issued(&leaf, &intermediate) && is_issued(&intermediate, &root));
    let (critical, constraints) =
        intermediate.tbs_certificate().get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(critical && constraints.ca && constraints.path_len_constraint == Some(0));
    let other = certificate(sandbox.certificate_pem("p/none").unwrap().unwrap());
    assert!(is_issued(&other, &root));
}

#[test]
fn a_certificate_that_is_self_signed_is_issued_by_its_own_key() {
    let policies = [
        PolicyConfig::new("p/ec", KeyType::P256)
            .self_signed()
            .subject_alternative_name("a@b.example"),
        PolicyConfig::new("p/ec521", KeyType::P521).self_signed(),
        PolicyConfig::new("p/rsa", KeyType::Rsa2048).self_signed(),
    ];
    let sandbox = builder().policies(policies).start().unwrap();
    let [ec, ec521, rsa] = ["p/ec", "p/ec521", "p/rsa"]
        .map(|policy| certificate(sandbox.certificate_pem(policy).unwrap().unwrap()));
    for own in [&ec, &ec521, &rsa] {
        let tbs = own.tbs_certificate();
        assert_eq!(tbs.issuer(), tbs.subject());
        let (_, constraints) = tbs.get_extension::<BasicConstraints>().unwrap().unwrap();
        assert!(!constraints.ca);
    }
    assert!(is_issued(&ec, &ec));
    // sha256WithRSAEncryption
    assert_eq!(rsa.signature_algorithm().oid.to_string(), "1.2.840.113549.1.1.11");
    let call = Call::new(&sandbox, "GET", "Certificates/p-ec").send().json();
    assert_eq!(call["x509CertificateChain"], json!([]));
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
