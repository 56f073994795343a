//! The assumptions: routes, shapes, statuses, and the texts that are told apart.

use std::{
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use signpath_client::{
    HashToSign, PublicKey, RequestState,
    error::Class,
    key::{HashAlgorithm, Scheme},
};
use uuid::Uuid;

use super::service::{APPROVAL, Answer, EC, FILES, RSA, Service, answer, holds};

/// SHA-256 of nothing.
const DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// How long a request is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// A zip that has `payload.json`, a payload of simple signing.
const ZIP: &[u8] = include_bytes!("payload.zip");

fn digest() -> Vec<u8> {
    STANDARD.decode(DIGEST).unwrap()
}

/// The signature of an answer to `SignHash`.
#[track_caller]
fn signature(answer: &Answer) -> Vec<u8> {
    let json = answer.json();
    assert_eq!(answer.status, 200, "{json}");
    is_id(&json["signingRequestId"]);
    STANDARD.decode(json["hashSigningResult"]["signature"].as_str().unwrap()).unwrap()
}

#[track_caller]
fn is_id(value: &Value) {
    assert!(value.as_str().is_some_and(|id| Uuid::try_parse(id).is_ok()), "{value}");
}

#[test]
fn policies_are_listed_with_their_slugs_and_keys() {
    holds("policies are listed with their slugs and keys", RSA, |service| {
        let list = service.get("Cryptoki/MySigningPolicies");
        assert_eq!((list.status, &*list.kind), (200, "application/json"));
        let list = list.json();
        let policies = list["signingPolicies"].as_array().unwrap();
        let ours = |policy: &&Value| {
            policy["projectSlug"] == service.project
                && policy["signingPolicySlug"] == service.policy
        };
        let policy = policies.iter().find(ours).unwrap();
        is_id(&policy["signingPolicyId"]);
        assert_eq!(policy["keyType"], "Rsa");
        for number in ["modulus", "publicExponent"] {
            let text = policy["rsaParameters"][number].as_str().unwrap();
            assert!(!STANDARD.decode(text).unwrap().is_empty());
        }
    });
}

#[test]
fn the_list_is_narrowed_by_project_and_policy() {
    holds("the list is narrowed by project and policy", EC, |service| {
        let policy = service.client().policy(&service.project, &service.policy).unwrap().unwrap();
        assert_eq!(policy.name(), format!("{}/{}", service.project, service.policy));
        let (project, slug) = (&service.project, &service.policy);
        let query = format!("projectSlug={project}&signingPolicySlug={slug}");
        let list = service.get(&format!("Cryptoki/MySigningPolicies?{query}")).json();
        assert_eq!(list["signingPolicies"].as_array().unwrap().len(), 1);
        let none = service.client().policy(project, "there-is-no-such-policy").unwrap();
        assert_eq!(none, None);
    });
}

#[test]
fn every_listed_key_can_be_read() {
    holds("every listed key can be read", RSA, |service| {
        let list = service.get("Cryptoki/MySigningPolicies").json();
        let policies = service.client().policies().unwrap();
        assert_eq!(policies.len(), list["signingPolicies"].as_array().unwrap().len());
    });
}

#[test]
fn a_wrong_token_is_a_401() {
    holds("a wrong token is a 401", RSA, |service| {
        let call = service.call(Method::GET, "Cryptoki/MySigningPolicies");
        let (client, request) = call.build_split();
        let mut request = request.unwrap();
        request.headers_mut().insert("authorization", "Bearer wrong".parse().unwrap());
        let call = reqwest::RequestBuilder::from_parts(client, request);
        assert_eq!(answer(call).status, 401);
    });
}

#[test]
fn health_needs_no_token() {
    holds("health needs no token", RSA, |service| {
        assert_eq!(answer(service.bare(Method::GET, "healthz")).status, 200);
    });
}

#[test]
fn a_route_that_is_not_there_is_a_404_or_405_without_a_problem() {
    holds("a route that is not there is a 404 or 405 without a problem", RSA, |service| {
        let missing = service.post_json("SigningRequests/ThereIsNoSuchRoute", &json!({}));
        assert!(matches!(missing.status, 404 | 405), "{}", missing.status);
        assert_ne!(missing.kind, "application/problem+json");
    });
}

#[test]
fn rsa_signs_in_both_paddings_as_the_local_check_expects() {
    holds("RSA signs in both paddings as the local check expects", RSA, |service| {
        let client = service.client();
        let policy = client.policy(&service.project, &service.policy).unwrap().unwrap();
        for scheme in [Scheme::RsaPkcs1, Scheme::RsaPss] {
            // The client hands out nothing that does not verify, the salt's length included.
            let what = HashToSign { scheme: scheme(HashAlgorithm::Sha256), hash: digest() };
            let signature = client.sign_hash(&policy, &what).unwrap();
            assert_eq!(signature.len(), policy.key().signature_len());
        }
    });
}

#[test]
fn the_key_of_an_ec_policy_is_in_the_list() {
    holds("the key of an EC policy is in the list", EC, |service| {
        let list = service.get("Cryptoki/MySigningPolicies").json();
        let ours = |policy: &&Value| {
            policy["projectSlug"] == service.project
                && policy["signingPolicySlug"] == service.policy
        };
        let policy = list["signingPolicies"].as_array().unwrap().iter().find(ours).unwrap();
        let bytes = STANDARD.decode(policy["publicKeyBytes"].as_str().unwrap()).unwrap();
        let stated = PublicKey::from_spki_der(&bytes);
        let stated = stated.or_else(|_| PublicKey::from_point(&bytes)).unwrap();
        let read = service.client().policy(&service.project, &service.policy).unwrap().unwrap();
        assert_eq!(read.key(), &stated);
    });
}

#[test]
fn ecdsa_signs_a_digest_as_the_local_check_expects() {
    holds("ECDSA signs a digest as the local check expects", EC, |service| {
        let client = service.client();
        let policy = client.policy(&service.project, &service.policy).unwrap().unwrap();
        let sign = |length: u8| {
            let what = HashToSign { scheme: Scheme::Ecdsa, hash: (1..=length).collect() };
            // The client hands out nothing that does not verify.
            client.sign_hash(&policy, &what)
        };
        assert_eq!(sign(32).unwrap().len(), policy.key().signature_len());
        for length in [20, 48, 64] {
            match sign(length) {
                Ok(signature) => assert_eq!(signature.len(), policy.key().signature_len()),
                // Which lengths the service takes for a curve is not known.
                Err(error) => assert_eq!(error.class(), Class::Refused, "{length}: {error}"),
            }
        }
    });
}

#[test]
fn ecdsa_comes_in_fixed_size_unless_der_is_asked_for() {
    holds("ECDSA comes in fixed size unless DER is asked for", EC, |service| {
        let data = |options: Value| json!({ "hash": DIGEST, "signatureAlgorithm": "Ecdsa", "ecdsaOptions": options });
        assert_eq!(signature(&service.sign_hash(&data(json!({})))).len(), 64);
        let fixed = data(json!({ "signatureFormat": "Ieee" }));
        assert_eq!(signature(&service.sign_hash(&fixed)).len(), 64);
        let der = signature(&service.sign_hash(&data(json!({ "signatureFormat": "Asn1" }))));
        assert_eq!((der[0], usize::from(der[1])), (0x30, der.len() - 2));
    });
}

#[test]
fn metadata_may_be_any_json() {
    holds("metadata may be any JSON", EC, |service| {
        let data = json!({
            "hash": DIGEST,
            "signatureAlgorithm": "Ecdsa",
            "metadata": { "contract": [1, null, { "test": "ü" }] },
        });
        signature(&service.sign_hash(&data));
    });
}

#[test]
fn a_digest_of_another_hash_is_refused_as_a_problem() {
    holds("a digest of another hash is refused as a problem", RSA, |service| {
        let data = json!({
            "hash": DIGEST,
            "signatureAlgorithm": "Rsa",
            "rsaOptions": { "hashAlgorithmName": "Sha512", "paddingMode": "Pkcs1" },
        });
        let texts = service.sign_hash(&data).problem("");
        assert!(texts.contains("hash algorithm does not match"), "{texts}");
    });
}

#[test]
fn an_unknown_policy_is_refused_by_the_name_of_its_field() {
    holds("an unknown policy is refused by the name of its field", EC, |service| {
        let body = json!({
            "projectSlug": service.project,
            "signingPolicySlug": "there-is-no-such-policy",
            "hashSigningData": { "hash": DIGEST, "signatureAlgorithm": "Ecdsa" },
        });
        let texts =
            service.post_json("SigningRequests/SignHash", &body).problem("SigningPolicySlug");
        assert!(texts.contains("there-is-no-such-policy"), "{texts}");
    });
}

#[test]
fn a_policy_with_approvals_refuses_hashes() {
    holds("a policy with approvals refuses hashes", APPROVAL, |service| {
        let data = json!({ "hash": DIGEST, "signatureAlgorithm": "Ecdsa" });
        let texts = service.sign_hash(&data).problem("SigningPolicyId");
        assert!(texts.contains("does not support approvals"), "{texts}");
        let client = service.client();
        let policy = client.policy(&service.project, &service.policy).unwrap().unwrap();
        let what = HashToSign { scheme: Scheme::Ecdsa, hash: digest() };
        assert_eq!(client.sign_hash(&policy, &what).unwrap_err().class(), Class::Refused);
    });
}

#[test]
fn a_policy_s_certificate_has_a_route_of_its_own() {
    holds("a policy's certificate has a route of its own", RSA, |service| {
        let client = service.client();
        let policy = client.policy(&service.project, &service.policy).unwrap().unwrap();
        let certificate = client.policy_certificate(&service.project, &service.policy).unwrap();
        assert_eq!(Some(&certificate), policy.certificate());
    });
}

fn submitted(service: &Service) -> Uuid {
    let artifact = Part::bytes(ZIP).file_name("artifact.zip");
    let form = Form::new()
        .text("projectSlug", service.project.clone())
        .text("signingPolicySlug", service.policy.clone())
        .part("artifact", artifact);
    let call = service.call(Method::POST, "SigningRequests/SubmitWithArtifact").multipart(form);
    let made = answer(call);
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let id = made.location.rsplit('/').next().unwrap_or_default();
    id.parse().unwrap_or_else(|error| panic!("{error}: {}", made.location))
}

#[test]
fn a_file_that_is_handed_in_has_its_request_s_id_at_the_end_of_location() {
    holds(
        "a file that is handed in has its request's id at the end of Location",
        FILES,
        |service| {
            let id = submitted(service);
            let status = service.get(&format!("SigningRequests/{id}/Status"));
            // Before 1.200.2 there is the whole request alone.
            let whole = || service.get(&format!("SigningRequests/{id}"));
            let status = if status.status == 404 { whole() } else { status }.json();
            assert!(
                status["status"].is_string() && status["isFinalStatus"].is_boolean(),
                "{status}"
            );
        },
    );
}

#[test]
fn what_a_completed_request_has_signed_is_a_zip() {
    holds("what a completed request has signed is a zip", FILES, |service| {
        let (id, client) = (submitted(service), service.client());
        let end = Instant::now() + PATIENCE;
        loop {
            let status = client.request_status(&id, None).unwrap();
            if status.state != RequestState::Open {
                assert_eq!(status.state, RequestState::Completed, "{}", status.words);
                break;
            }
            assert!(Instant::now() < end, "{} after {PATIENCE:?}", status.words);
            thread::sleep(Duration::from_secs(1));
        }
        // PKWARE's APPNOTE, 4.3.7: the first local file header.
        let zip = client.signed_artifact(&id).unwrap();
        assert!(zip.starts_with(b"PK\x03\x04") && zip != ZIP, "{} bytes", zip.len());
    });
}

#[test]
fn what_is_not_signed_yet_is_a_400() {
    holds("what is not signed yet is a 400", APPROVAL, |service| {
        let id = submitted(service);
        assert_eq!(service.get(&format!("SigningRequests/{id}/SignedArtifact")).status, 400);
    });
}

#[test]
fn a_request_that_there_is_not_is_a_404_with_a_problem() {
    holds("a request that there is not is a 404 with a problem", RSA, |service| {
        let client = service.client();
        let error = client.request_status(&Uuid::new_v4(), None).unwrap_err();
        assert!(error.is_not_found(), "{error}");
    });
}
