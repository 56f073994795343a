//! Signatures verify, in both forms of the API, and everything about them is in the audit log.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey, pkcs8::DecodePublicKey};
use serde_json::json;
use sha2::{Digest, Sha256, Sha384, Sha512};
use signpath_sandbox::{AuditResult, KeyType, PolicyConfig, Route, Sandbox};

use crate::{
    fixture::{
        CAMEL, DIGEST, PASCAL, base64, builder, fast_request, from_base64, sandbox, sign_ec,
        sign_hash, signature_of,
    },
    http::Call,
};

const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";

fn rsa_public_key(sandbox: &Sandbox) -> RsaPublicKey {
    RsaPublicKey::from_public_key_pem(&sandbox.public_key_pem("demo/rsa").unwrap()).unwrap()
}

fn verifies_with_p256(sandbox: &Sandbox, digest: &[u8], signature: &[u8]) -> bool {
    let pem = sandbox.public_key_pem("demo/ec").unwrap();
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(signature).unwrap();
    key.verify_prehash(digest, &signature).is_ok()
}

#[test]
fn an_ec_signature_is_fixed_size_and_verifies() {
    let sandbox = sandbox();
    let signature = signature_of(&sign_ec(&sandbox));
    assert_eq!(signature.len(), 64);
    assert!(verifies_with_p256(&sandbox, &DIGEST, &signature));
    assert!(!verifies_with_p256(&sandbox, &[1; 32], &signature));
}

#[test]
fn every_curve_signs_every_digest_length_of_the_service() {
    let sandbox = sandbox();
    for (policy, length) in [("demo/ec", 64), ("demo/ec384", 96), ("demo/ec521", 132)] {
        for digest_length in [20, 32, 48, 64] {
            let data = json!({ "signatureAlgorithm": "Ecdsa" });
            let answer = sign_hash(&sandbox, policy, &vec![7; digest_length], data);
            assert_eq!(signature_of(&answer).len(), length, "{policy} {digest_length}");
        }
    }
}

#[test]
fn the_other_curves_verify_too() {
    let sandbox = sandbox();
    let data =
        json!({ "signatureAlgorithm": "Ecdsa", "ecdsaOptions": { "signatureFormat": "Ieee" } });
    let digest = Sha384::digest(b"x");
    let signature = signature_of(&sign_hash(&sandbox, "demo/ec384", &digest, data.clone()));
    let pem = sandbox.public_key_pem("demo/ec384").unwrap();
    let key = p384::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let signature = p384::ecdsa::Signature::from_slice(&signature).unwrap();
    key.verify_prehash(&digest, &signature).unwrap();

    let digest = Sha512::digest(b"x");
    let signature = signature_of(&sign_hash(&sandbox, "demo/ec521", &digest, data));
    let pem = sandbox.public_key_pem("demo/ec521").unwrap();
    let key = p521::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let signature = p521::ecdsa::Signature::from_slice(&signature).unwrap();
    key.verify_prehash(&digest, &signature).unwrap();
}

#[test]
fn an_ec_signature_in_asn1_is_der() {
    let sandbox = sandbox();
    let data =
        json!({ "signatureAlgorithm": "Ecdsa", "ecdsaOptions": { "signatureFormat": "Asn1" } });
    let signature = signature_of(&sign_hash(&sandbox, "demo/ec", &DIGEST, data));
    let der = p256::ecdsa::DerSignature::from_bytes(&signature).unwrap();
    let raw: p256::ecdsa::Signature = der.try_into().unwrap();
    assert!(verifies_with_p256(&sandbox, &DIGEST, &raw.to_bytes()));
}

#[test]
fn rsa_signs_with_pkcs1_by_default_and_by_name_or_oid() {
    let sandbox = sandbox();
    let key = rsa_public_key(&sandbox);
    for (options, digest, scheme) in [
        (
            json!({ "hashAlgorithmName": "Sha256" }),
            Sha256::digest(b"x").to_vec(),
            Pkcs1v15Sign::new::<Sha256>(),
        ),
        (
            json!({ "hashAlgorithmOid": SHA256_OID }),
            Sha256::digest(b"x").to_vec(),
            Pkcs1v15Sign::new::<Sha256>(),
        ),
        (
            json!({ "hashAlgorithmName": "Sha384", "paddingMode": "Pkcs1" }),
            Sha384::digest(b"x").to_vec(),
            Pkcs1v15Sign::new::<Sha384>(),
        ),
        (
            json!({ "hashAlgorithmName": "Sha512" }),
            Sha512::digest(b"x").to_vec(),
            Pkcs1v15Sign::new::<Sha512>(),
        ),
        (
            json!({ "hashAlgorithmName": "Sha1" }),
            sha1::Sha1::digest(b"x").to_vec(),
            Pkcs1v15Sign::new::<sha1::Sha1>(),
        ),
    ] {
        let data = json!({ "signatureAlgorithm": "Rsa", "rsaOptions": options });
        let signature = signature_of(&sign_hash(&sandbox, "demo/rsa", &digest, data));
        key.verify(scheme, &digest, &signature)
            .unwrap_or_else(|error| panic!("{options}: {error}"));
    }
}

#[test]
fn the_salt_of_pss_is_as_long_as_the_digest() {
    let sandbox = sandbox();
    let options = json!({ "hashAlgorithmName": "Sha256", "paddingMode": "Pss" });
    let data = json!({ "signatureAlgorithm": "Rsa", "rsaOptions": options });
    let signature = signature_of(&sign_hash(&sandbox, "demo/rsa", &DIGEST, data));
    let key = rsa_public_key(&sandbox);
    key.verify(Pss::<Sha256>::new_with_salt(32), &DIGEST, &signature).unwrap();
    key.verify(Pss::<Sha256>::new_with_salt(20), &DIGEST, &signature).unwrap_err();
}

#[test]
fn the_multipart_form_works_on_both_routes_and_in_both_cases() {
    let sandbox = sandbox();
    let payload = json!({
        "SignatureAlgorithm": "RsaPkcs1",
        "RsaHashAlgorithm": SHA256_OID,
        "Base64EncodedHash": base64(&DIGEST),
        "Metadata": { "CreatingProcess": { "CommandLine": "cosign sign", "User": "me" } },
        "Unknown": 1,
    });
    for path in ["SigningRequests/SubmitWithArtifact", "SigningRequests"] {
        for names in [PASCAL, CAMEL] {
            let answer = fast_request(&sandbox, path, names, "demo/rsa", &payload).send();
            assert_eq!(answer.status, 200, "{}", answer.text());
            let signed = answer.json();
            for (name, value) in payload.as_object().unwrap() {
                assert_eq!(&signed[name], value);
            }
            let signature = from_base64(&signed["Signature"]);
            let scheme = Pkcs1v15Sign::new::<Sha256>();
            rsa_public_key(&sandbox).verify(scheme, &DIGEST, &signature).unwrap();
        }
    }
}

#[test]
fn the_multipart_form_knows_every_algorithm_of_its_time() {
    let sandbox = sandbox();
    for (policy, payload, length) in [
        ("demo/rsa", json!({ "SignatureAlgorithm": "RsaPss", "RsaHashAlgorithm": SHA256_OID }), 32),
        (
            "demo/rsa",
            json!({ "SignatureAlgorithm": "RsaPkcs1", "RsaHashAlgorithm": "1.2.840.113549.2.5" }),
            16,
        ),
        (
            "demo/rsa",
            json!({ "SignatureAlgorithm": "RsaPkcs1", "RsaHashAlgorithm": "1.3.14.3.2.26" }),
            20,
        ),
        ("demo/ec", json!({ "SignatureAlgorithm": "Ecdsa" }), 32),
        ("demo/ec", json!({ "SignatureAlgorithm": "Ecdsa", "EcdsaSignatureFormat": "Asn1" }), 48),
    ] {
        let mut payload = payload;
        payload["Base64EncodedHash"] = base64(&vec![3; length]).into();
        let call = fast_request(&sandbox, "SigningRequests", PASCAL, policy, &payload);
        let answer = call.send();
        assert_eq!(answer.status, 200, "{payload}: {}", answer.text());
        assert!(answer.json()["Signature"].is_string());
    }
}

#[test]
fn a_signhash_answer_has_the_documented_properties() {
    let sandbox = sandbox();
    let answer = sign_ec(&sandbox);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    let answer = answer.json();
    let id = answer["signingRequestId"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert!(answer["webLink"].as_str().unwrap().ends_with(id));
    assert_eq!(answer["hashSigningData"], json!({ "hash": base64(&DIGEST) }));
    assert_eq!(answer.as_object().unwrap().len(), 4);
}

#[test]
fn unknown_properties_are_ignored() {
    let sandbox = sandbox();
    let data = json!({ "signatureAlgorithm": "Ecdsa", "mldsaOptions": {}, "future": [1] });
    signature_of(&sign_hash(&sandbox, "demo/ec", &DIGEST, data));
}

#[test]
fn the_audit_log_says_who_signed_what_and_what_came_of_it() {
    let sandbox = sandbox();
    let metadata = json!({ "sourceProcess": { "commandLine": "cosign sign" } });
    let data = json!({ "signatureAlgorithm": "Ecdsa", "metadata": metadata });
    let answer = sign_hash(&sandbox, "demo/ec", &DIGEST, data.clone()).json();
    sign_hash(&sandbox, "demo/none", &DIGEST, data);
    Call::new(&sandbox, "POST", "SigningRequests/SignHash")
        .header("Authorization", "Bearer x")
        .send();
    Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies?projectSlug=x").send();

    let audit = sandbox.audit();
    assert_eq!(audit.len(), 3, "{audit:?}");
    let signed = &audit[0];
    assert_eq!((signed.user.as_str(), signed.route), ("submitter", Route::SignHash));
    assert_eq!(signed.policy.as_deref(), Some("demo/ec"));
    assert_eq!(signed.algorithm.as_deref(), Some("Ecdsa Ieee"));
    assert!(signed.digest.as_ref().unwrap().starts_with("e3b0c442"));
    assert_eq!(signed.metadata, Some(metadata));
    let signing_request_id = answer["signingRequestId"].as_str().unwrap().to_owned();
    assert_eq!(signed.result, AuditResult::Signed { signing_request_id });
    assert_eq!(signed.time.len(), "2026-01-01T00:00:00.000Z".len());

    let reason = "There is no signing policy with slug 'none' in the project with slug 'demo'.";
    assert_eq!(audit[1].result, AuditResult::Refused { status: 400, reason: reason.to_owned() });
    assert_eq!(audit[2].user, "unknown");
    assert!(matches!(audit[2].result, AuditResult::Refused { status: 401, .. }));
}

#[test]
fn a_rotated_key_signs_from_then_on() {
    let sandbox = sandbox();
    let before = sandbox.public_key_pem("demo/ec").unwrap();
    sandbox.rotate_key("demo/ec").unwrap();
    assert_ne!(sandbox.public_key_pem("demo/ec").unwrap(), before);
    let signature = signature_of(&sign_ec(&sandbox));
    assert!(verifies_with_p256(&sandbox, &DIGEST, &signature));
}

#[test]
fn sandboxes_with_cached_keys_have_the_same_ones_and_others_do_not() {
    let key = |sandbox: Sandbox| sandbox.private_key_pem("demo/ec").unwrap();
    assert_eq!(key(sandbox()), key(sandbox()));
    assert_ne!(key(sandbox()), key(Sandbox::start().unwrap()));
}

#[test]
fn every_kind_of_key_can_be_had() {
    let kinds = [("p/a", KeyType::Rsa2048, 256), ("p/b", KeyType::Rsa4096, 512)];
    let policies = kinds.map(|(name, kind, _)| PolicyConfig::new(name, kind));
    let sandbox = builder().policies(policies).start().unwrap();
    for (name, _, length) in kinds {
        let options = json!({ "hashAlgorithmName": "Sha256" });
        let data = json!({ "signatureAlgorithm": "Rsa", "rsaOptions": options });
        assert_eq!(signature_of(&sign_hash(&sandbox, name, &DIGEST, data)).len(), length);
    }
}
