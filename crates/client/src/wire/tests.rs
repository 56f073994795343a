use serde_json::{Value, json};

use super::sign::SignRequest;
use super::*;
use crate::key::{HashAlgorithm, HashToSign, Scheme};
use crate::metadata::{OperatingSystem, SourceProcess};

mod damage;
mod readers;

fn metadata() -> Metadata {
    let operating_system = OperatingSystem {
        kind: "Linux".to_owned(),
        version: Some("Debian GNU/Linux 12".to_owned()),
        architecture: "x86_64".to_owned(),
    };
    Metadata {
        process: Some(SourceProcess {
            command_line: Some("cosign sign".to_owned()),
            user: Some("release".to_owned()),
            operating_system,
        }),
        told: crate::metadata::Told::default(),
        correlation_id: "9d0e2a1c-0000-4000-8000-000000000001".to_owned(),
    }
}

fn encoded(scheme: Scheme, metadata: &Metadata, form: Form) -> Request {
    let what = HashToSign { scheme, hash: vec![0xfb; 32] };
    SignRequest {
        project: "demo",
        policy: "rsa",
        what: &what,
        metadata,
        artifact_configuration: None,
        description: None,
    }
    .encode(form)
}

fn json_body(request: &Request) -> Value {
    match &request.body {
        Body::Json(json) => serde_json::from_slice(json).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn form_body(request: Request) -> (Vec<(Cow<'static, str>, String)>, Value) {
    match request.body {
        Body::Form { fields, file } => {
            assert_eq!((file.field, file.name), ("Artifact", "payload.json"));
            assert_eq!(file.media_type, "application/json");
            (fields, serde_json::from_slice(&file.content).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

const HASH: &str = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";

#[test]
fn sign_hash_of_an_rsa_key_is_the_documented_request() {
    for (scheme, padding) in [
        (Scheme::RsaPkcs1(HashAlgorithm::Sha256), "Pkcs1"),
        (Scheme::RsaPss(HashAlgorithm::Sha256), "Pss"),
    ] {
        let request = encoded(scheme, &metadata(), Form::SignHash);
        assert_eq!((request.method(), &*request.route), ("POST", "/SigningRequests/SignHash"));
        let expected = json!({
            "projectSlug": "demo",
            "signingPolicySlug": "rsa",
            "hashSigningData": {
                "hash": HASH,
                "signatureAlgorithm": "Rsa",
                "rsaOptions": { "hashAlgorithmName": "Sha256", "paddingMode": padding },
                "metadata": {
                    "sourceProcess": {
                        "commandLine": "cosign sign",
                        "user": "release",
                        "operatingSystem": {
                            "type": "Linux",
                            "version": "Debian GNU/Linux 12",
                            "architecture": "x86_64",
                        },
                    },
                    "correlationId": "9d0e2a1c-0000-4000-8000-000000000001",
                },
            },
        });
        assert_eq!(json_body(&request), expected);
    }
}

#[test]
fn sign_hash_of_an_ec_key_has_no_rsa_options() {
    let metadata = Metadata { process: None, ..metadata() };
    let request = encoded(Scheme::Ecdsa, &metadata, Form::SignHash);
    let expected = json!({
        "projectSlug": "demo",
        "signingPolicySlug": "rsa",
        "hashSigningData": {
            "hash": HASH,
            "signatureAlgorithm": "Ecdsa",
            "ecdsaOptions": { "signatureFormat": "Ieee" },
            "metadata": { "correlationId": "9d0e2a1c-0000-4000-8000-000000000001" },
        },
    });
    assert_eq!(json_body(&request), expected);
}

#[test]
fn the_older_form_is_the_documented_request_on_both_routes() {
    for (form, route) in [
        (Form::SubmitWithArtifact, "/SigningRequests/SubmitWithArtifact"),
        (Form::SigningRequests, "/SigningRequests"),
    ] {
        let request = encoded(Scheme::RsaPss(HashAlgorithm::Sha384), &metadata(), form);
        assert_eq!((request.method(), &*request.route), ("POST", route));
        let (fields, payload) = form_body(request);
        let expected = [
            ("ProjectSlug", "demo"),
            ("SigningPolicySlug", "rsa"),
            ("IsFastSigningRequest", "true"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.into(), value.to_owned())));
        let expected = json!({
            "SignatureAlgorithm": "RsaPss",
            "RsaHashAlgorithm": "2.16.840.1.101.3.4.2.2",
            "Base64EncodedHash": HASH,
            "Metadata": {
                "CreatingProcess": { "CommandLine": "cosign sign", "User": "release" },
                "CorrelationId": "9d0e2a1c-0000-4000-8000-000000000001",
            },
        });
        assert_eq!(payload, expected);
    }
}

#[test]
fn the_older_form_of_an_ec_key_names_the_format_and_no_hash() {
    let metadata = Metadata { process: None, ..metadata() };
    let (_, payload) = form_body(encoded(Scheme::Ecdsa, &metadata, Form::SubmitWithArtifact));
    let expected = json!({
        "SignatureAlgorithm": "Ecdsa",
        "EcdsaSignatureFormat": "Ieee",
        "Base64EncodedHash": HASH,
        "Metadata": { "CorrelationId": "9d0e2a1c-0000-4000-8000-000000000001" },
    });
    assert_eq!(payload, expected);
}

#[test]
fn every_hash_has_the_services_name_and_identifier() {
    let documented = [
        (HashAlgorithm::Sha1, "Sha1", "1.3.14.3.2.26"),
        (HashAlgorithm::Sha256, "Sha256", "2.16.840.1.101.3.4.2.1"),
        (HashAlgorithm::Sha384, "Sha384", "2.16.840.1.101.3.4.2.2"),
        (HashAlgorithm::Sha512, "Sha512", "2.16.840.1.101.3.4.2.3"),
    ];
    for (hash, name, oid) in documented {
        let scheme = Scheme::RsaPkcs1(hash);
        let newer = json_body(&encoded(scheme, &metadata(), Form::SignHash));
        assert_eq!(newer["hashSigningData"]["rsaOptions"]["hashAlgorithmName"], name);
        let (_, older) = form_body(encoded(scheme, &metadata(), Form::SubmitWithArtifact));
        assert_eq!(older["RsaHashAlgorithm"], oid);
        assert_eq!(older["SignatureAlgorithm"], "RsaPkcs1");
    }
}

#[test]
fn the_answer_of_sign_hash_is_read() {
    let answer = json!({
        "signingRequestId": "0b0c", "webLink": "https://sp.example/1", "somethingNew": {},
        "hashSigningData": { "hash": HASH },
        "hashSigningResult": { "signature": "AQID", "somethingNew": 1 },
    });
    let signed = sign::decode(answer.to_string().as_bytes()).unwrap();
    assert_eq!(signed.signature, [1, 2, 3]);
    assert_eq!(signed.link.as_deref(), Some("https://sp.example/1"));
    assert_eq!(signed.id.as_deref(), Some("0b0c"));
}

#[test]
fn the_answer_of_the_older_form_is_read_in_both_spellings() {
    for answer in [
        json!({ "Signature": "AQID", "SigningRequestId": "0b0c", "WebLink": "l", "Base64EncodedHash": "" }),
        json!({ "signature": "AQID", "signingRequestId": "0b0c", "webLink": "l" }),
    ] {
        let signed = sign::decode(answer.to_string().as_bytes()).unwrap();
        assert_eq!(signed.signature, [1, 2, 3]);
        assert_eq!((signed.link.as_deref(), signed.id.as_deref()), (Some("l"), Some("0b0c")));
    }
}

#[test]
fn a_signature_is_not_lost_for_what_nothing_depends_on() {
    for odd in [json!(null), json!(7), json!({}), json!(["l"])] {
        let answer = json!({ "signature": "AQID", "signingRequestId": odd, "webLink": odd });
        let signed = sign::decode(answer.to_string().as_bytes()).unwrap();
        assert_eq!((&*signed.signature, signed.link, signed.id), (&[1, 2, 3][..], None, None));
    }
}

#[test]
fn answers_without_a_signature_are_refused_with_the_reason() {
    for (answer, expected) in [
        ("<html>", "not the expected JSON"),
        ("[]", "not the expected JSON"),
        ("{}", "no signature"),
        (r#"{"hashSigningResult":{}}"#, "no signature"),
        (r#"{"hashSigningResult":null,"signature":null}"#, "no signature"),
        (r#"{"hashSigningResult":{"signature":5}}"#, "not the expected JSON"),
        (r#"{"hashSigningResult":{"signature":"%"}}"#, "not Base64"),
    ] {
        let why = sign::decode(answer.as_bytes()).unwrap_err();
        assert!(why.contains(expected), "{answer}: {why}");
    }
}

#[test]
fn the_request_for_policies_has_the_filters_that_are_set() {
    let all = policies::request(None, None);
    assert_eq!((all.method(), &*all.route), ("GET", "/Cryptoki/MySigningPolicies"));
    assert!(all.query.is_empty());
    let one = policies::request(Some("demo"), Some("ec"));
    let expected = [("projectSlug", "demo"), ("signingPolicySlug", "ec")];
    assert_eq!(one.query, expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(one.answer_max, 64 * 1024 * 1024);
}

#[test]
fn a_policy_of_a_wrong_shape_does_not_hide_the_others() {
    let answer = json!({ "signingPolicies": [
        { "projectSlug": "demo", "signingPolicySlug": "a", "publicKeyBytes": 7 },
        "nonsense",
        { "projectSlug": "demo", "signingPolicySlug": "b", "keyType": 7, "new": [] },
    ]});
    let entries = policies::decode(answer.to_string().as_bytes()).unwrap();
    let [wrong, nonsense, good] = entries.try_into().unwrap();
    let wrong = wrong.unwrap_err();
    assert_eq!(wrong.name, "demo/a");
    assert!(wrong.why.contains("cannot be read"));
    assert_eq!(nonsense.unwrap_err().name, "?/?");
    assert_eq!(good.unwrap().signing_policy_slug.as_deref(), Some("b"));
}

#[test]
fn a_name_that_is_twice_in_a_policy_loses_that_policy_alone() {
    let twice = r#"{"signingPolicies":[
        {"projectSlug":"demo","signingPolicySlug":"a","publicKeyBytes":"AA==","publicKeyBytes":"AQ=="},
        {"projectSlug":"demo","signingPolicySlug":"b","signingPolicySlug":"c"},
        {"projectSlug":"demo","signingPolicySlug":"d"}]}"#;
    let entries = policies::decode(twice.as_bytes()).unwrap();
    let [key, slug, good] = entries.try_into().unwrap();
    let key = key.unwrap_err();
    assert_eq!(key.name, "demo/a");
    assert!(key.why.contains("duplicate field"), "{}", key.why);
    assert_eq!(slug.unwrap_err().name, "?/?");
    assert_eq!(good.unwrap().signing_policy_slug.as_deref(), Some("d"));
}

#[test]
fn a_list_of_policies_has_an_end() {
    let of = |count: usize| format!(r#"{{"signingPolicies":[{}0]}}"#, "0,".repeat(count - 1));
    assert_eq!(policies::decode(of(100_000).as_bytes()).unwrap().len(), 100_000);
    let why = policies::decode(of(100_001).as_bytes()).unwrap_err();
    assert!(why.contains("more than 100000 entries"), "{why}");
}

#[test]
fn a_list_of_policies_that_is_none_is_refused() {
    for answer in ["", "[]", "{}", r#"{"signingPolicies":{}}"#, "null", "<html>"] {
        assert!(policies::decode(answer.as_bytes()).is_err(), "{answer}");
    }
    assert!(policies::decode(br#"{"signingPolicies":[]}"#).unwrap().is_empty());
}
