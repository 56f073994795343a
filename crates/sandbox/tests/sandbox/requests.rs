//! File-based signing: zip in, zip out.

use std::time::Duration;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey, pkcs8::DecodePublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use signpath_sandbox::{
    ArtifactConfiguration, ArtifactHash, AuditResult, Fault, Generation, KeyType, PolicyConfig,
    Route, RsaPadding, Sandbox, SignatureForm, SigningRequestStatus,
};

use crate::{
    fixture::{builder, from_base64, sandbox},
    http::Call,
    submission::{
        REPOSITORY, failure, get, signed_files, simple_signing, statement, status, submission,
        submit, unzip, zip,
    },
};

fn payload() -> String {
    simple_signing(REPOSITORY)
}

fn payload_zip() -> Vec<u8> {
    zip(&[("payload.json", &payload())])
}

fn rsa_key(sandbox: &Sandbox, policy: &str) -> RsaPublicKey {
    RsaPublicKey::from_public_key_pem(&sandbox.public_key_pem(policy).unwrap()).unwrap()
}

/// Whether a DER signature over a message with SHA-256 is one of a P-256 policy.
fn is_ec_signature(sandbox: &Sandbox, policy: &str, message: &[u8], signature: &[u8]) -> bool {
    let pem = sandbox.public_key_pem(policy).unwrap();
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let signature = p256::ecdsa::Signature::from_der(signature).unwrap();
    key.verify_prehash(&Sha256::digest(message), &signature).is_ok()
}

#[test]
fn a_zip_comes_back_with_the_raw_signature_of_its_payload() {
    let sandbox = sandbox();
    let id = submit(&sandbox, "demo/ec", None, &payload_zip());
    let files = signed_files(&sandbox, &id);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["payload.json", "payload.json.sig"]);
    assert_eq!(files["payload.json"], payload().as_bytes());
    assert!(is_ec_signature(&sandbox, "demo/ec", payload().as_bytes(), &files["payload.json.sig"]));

    let id = submit(&sandbox, "demo/rsa", None, &payload_zip());
    let signature = &signed_files(&sandbox, &id)["payload.json.sig"];
    let digest = Sha256::digest(payload());
    let scheme = Pkcs1v15Sign::new::<Sha256>();
    rsa_key(&sandbox, "demo/rsa").verify(scheme, &digest, signature).unwrap();
}

#[test]
fn every_policy_of_the_demo_project_signs_files() {
    let sandbox = sandbox();
    for policy in ["ec", "ec384", "ec521", "nocert", "rsa"] {
        for configuration in ["initial", "dsse", "several"] {
            let policy = format!("demo/{policy}");
            let id = submit(&sandbox, &policy, Some(configuration), &payload_zip());
            assert_eq!(status(&sandbox, &id)["status"], "Completed", "{policy} {configuration}");
        }
    }
}

#[test]
fn a_dsse_envelope_is_around_the_file_and_signs_its_encoding() {
    let sandbox = sandbox();
    let statement = statement(None);
    let artifact = zip(&[("payload.json", &statement)]);
    let id = submit(&sandbox, "demo/ec", Some("dsse"), &artifact);
    let files = signed_files(&sandbox, &id);
    let envelope: Value = serde_json::from_slice(&files["payload.json.dsse"]).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    assert_eq!(from_base64(&envelope["payload"]), statement.as_bytes());
    let encoded = format!("DSSEv1 28 application/vnd.in-toto+json {} {statement}", statement.len());
    let signature = from_base64(&envelope["signatures"][0]["sig"]);
    assert!(is_ec_signature(&sandbox, "demo/ec", encoded.as_bytes(), &signature));
}

#[test]
fn an_artifact_configuration_chooses_digest_padding_and_files() {
    let raw = || ArtifactConfiguration::new(SignatureForm::Raw).paths(["out/*.json", "extra.txt"]);
    let policy = PolicyConfig::new("p/rsa", KeyType::Rsa2048)
        .artifact_configuration("initial", raw().hash_algorithm(ArtifactHash::Sha384))
        .artifact_configuration(
            "pss",
            raw().hash_algorithm(ArtifactHash::Sha512).rsa_padding(RsaPadding::Pss),
        );
    let sandbox = builder().policies([policy]).start().unwrap();
    let files = [("out/a.json", "a"), ("out/b.json", "b"), ("extra.txt", "c"), ("left.txt", "d")];
    let key = rsa_key(&sandbox, "p/rsa");

    let id = submit(&sandbox, "p/rsa", None, &zip(&files));
    let signed = signed_files(&sandbox, &id);
    assert_eq!(signed.len(), 7);
    assert_eq!(signed["left.txt"], b"d");
    let scheme = Pkcs1v15Sign::new::<Sha384>();
    key.verify(scheme, &Sha384::digest(b"b"), &signed["out/b.json.sig"]).unwrap();

    let id = submit(&sandbox, "p/rsa", Some("pss"), &zip(&files));
    let signature = &signed_files(&sandbox, &id)["extra.txt.sig"];
    key.verify(Pss::<Sha512>::new_with_salt(64), &Sha512::digest(b"c"), signature).unwrap();
}

#[test]
fn a_zip_that_does_not_fit_fails_and_says_which_file_was_expected() {
    let sandbox = sandbox();
    for (artifact, configuration, text) in [
        (
            zip(&[("image.json", "{}")]),
            None,
            "expects a file payload.json in the zip, which has image.json.",
        ),
        (zip(&[]), None, "expects a file payload.json in the zip, which has no file."),
        (zip(&[("a/b.json", "{}")]), Some("several"), "expects a file *.json"),
        (
            zip(&[("payload.json", "{}"), ("payload.json.sig", "x")]),
            None,
            "payload.json.sig already",
        ),
        (b"no zip".to_vec(), None, "it is no readable zip"),
    ] {
        let id = submit(&sandbox, "demo/ec", configuration, &artifact);
        let reason = failure(&sandbox, &id);
        assert!(reason.contains(text), "{reason}");
        let refused = get(&sandbox, &id, "/SignedArtifact");
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("Failed"), "{}", refused.text());
    }
}

#[test]
fn a_submission_is_answered_with_its_location_and_page() {
    let sandbox = sandbox();
    let fields = [
        ("ProjectSlug", "demo"),
        ("SigningPolicySlug", "ec"),
        ("ArtifactConfigurationSlug", "initial"),
        ("Description", "a release"),
        ("Parameters.Version", "1.2"),
        ("parameters.empty", ""),
    ];
    let answer = submission(&sandbox, &fields, &payload_zip()).send();
    let id = answer.json()["signingRequestId"].as_str().unwrap().to_owned();
    let link =
        format!("{}/v1/{}/SigningRequests/{id}", sandbox.api_url(), sandbox.organization_id());
    assert_eq!(answer.header("location"), Some(link.as_str()));
    let web_link = answer.json()["webLink"].as_str().unwrap().to_owned();
    assert!(web_link.contains(&format!("/SigningRequests/Details/{id}?secret=")), "{web_link}");

    let request = get(&sandbox, &id, "").json();
    assert_eq!(request["description"], "a release");
    assert_eq!(request["parameters"], json!({ "Version": "1.2", "empty": "" }));
    assert_eq!(request["signedArtifactLink"], format!("{link}/SignedArtifact"));
    assert_eq!(request["webLink"], web_link);
    assert_eq!(get(&sandbox, &id, "/UnsignedArtifact").body, payload_zip());
    assert_eq!(
        status(&sandbox, &id),
        json!({ "signingRequestId": id, "status": "Completed", "workflowStatus": "Completed", "isFinalStatus": true })
    );
}

#[test]
fn what_is_missing_or_unknown_is_refused_by_field() {
    let sandbox = sandbox();
    let demo = ("projectSlug", "demo");
    for (fields, field) in [
        (vec![demo], "SigningPolicySlug"),
        (vec![demo, ("signingPolicySlug", "x")], "SigningPolicySlug"),
        (
            vec![demo, ("signingPolicySlug", "ec"), ("artifactConfigurationSlug", "x")],
            "ArtifactConfigurationSlug",
        ),
    ] {
        let answer = submission(&sandbox, &fields, &payload_zip()).send();
        assert_eq!(answer.status, 400);
        assert!(answer.json()["errors"][field].is_array(), "{}", answer.text());
    }
    let without = [("ProjectSlug", None, "demo"), ("SigningPolicySlug", None, "ec")];
    let call = Call::new(&sandbox, "POST", "SigningRequests/SubmitWithArtifact").form(&without);
    assert!(call.send().json()["errors"]["Artifact"].is_array());
    assert!(sandbox.signing_requests().is_empty());
}

#[test]
fn a_generation_offers_its_own_routes_for_requests() {
    for (generation, status_route, cancel) in
        [(Generation::Old, 404, 404), (Generation::New, 200, 400), (Generation::Both, 200, 400)]
    {
        let sandbox = builder().generation(generation).start().unwrap();
        let fields = [("projectSlug", "demo"), ("signingPolicySlug", "ec")];
        let answer = submission(&sandbox, &fields, &payload_zip()).send();
        assert_eq!(answer.status, 201);
        assert_eq!(answer.body.is_empty(), generation == Generation::Old);
        let id = answer.header("location").unwrap().rsplit_once('/').unwrap().1.to_owned();
        assert_eq!(get(&sandbox, &id, "/Status").status, status_route, "{generation}");
        assert_eq!(get(&sandbox, &id, "").json()["isFinalStatus"], true);
        let call = Call::new(&sandbox, "POST", &format!("SigningRequests/{id}/Cancel"));
        assert_eq!(call.send().status, cancel, "{generation}");
    }
}

#[test]
fn an_unknown_request_is_not_found() {
    let sandbox = sandbox();
    for id in ["0f3a5c1e-7d2b-4c68-9e10-2b7f6d1c4a55", "x"] {
        for below in ["", "/Status", "/SignedArtifact", "/UnsignedArtifact"] {
            assert_eq!(get(&sandbox, id, below).status, 404, "{id}{below}");
        }
    }
    let id = submit(&sandbox, "demo/ec", None, &payload_zip());
    let call = Call::new(&sandbox, "GET", &format!("SigningRequests/{id}"));
    assert_eq!(call.header("Authorization", "Bearer x").send().status, 401);
}

#[test]
fn a_foreign_image_is_refused_with_the_reason() {
    let policy =
        PolicyConfig::new("p/a", KeyType::P256).allowed_repositories(["registry.example/team/*"]);
    let sandbox = builder().policies([policy]).start().unwrap();
    for (content, configuration, refused) in [
        (simple_signing(REPOSITORY), None, None),
        (statement(Some(REPOSITORY)), Some("dsse"), None),
        (simple_signing("registry.example/other/app"), None, Some("'registry.example/other/app'")),
        (
            statement(Some("x.example/a")),
            Some("dsse"),
            Some("the signing policy allows registry.example/team/*"),
        ),
        (statement(None), Some("dsse"), Some("let its subject[0].name be the repository")),
        ("{}".to_owned(), None, Some("names no repository")),
    ] {
        let id = submit(&sandbox, "p/a", configuration, &zip(&[("payload.json", &content)]));
        match refused {
            None => assert_eq!(status(&sandbox, &id)["status"], "Completed"),
            Some(text) => {
                let reason = failure(&sandbox, &id);
                assert!(reason.contains(text), "{reason}");
            }
        }
    }
}

#[test]
fn what_comes_back_is_what_was_signed_with_what_the_policy_puts_in() {
    let policy = PolicyConfig::new("p/a", KeyType::P256).inject("run", 42).inject("team", "red");
    let sandbox = builder().policies([policy]).start().unwrap();
    let id = submit(&sandbox, "p/a", None, &payload_zip());
    let files = signed_files(&sandbox, &id);
    let changed: Value = serde_json::from_slice(&files["payload.json"]).unwrap();
    assert_eq!(changed["optional"], json!({ "run": 42, "team": "red" }));
    assert_eq!(changed["critical"]["identity"]["docker-reference"], REPOSITORY);
    assert!(is_ec_signature(&sandbox, "p/a", &files["payload.json"], &files["payload.json.sig"]));
}

#[test]
fn a_request_is_in_progress_for_as_long_as_it_is_told() {
    let sandbox = builder().processing_time(Duration::from_secs(3600)).start().unwrap();
    let id = submit(&sandbox, "demo/ec", None, &payload_zip());
    let state = status(&sandbox, &id);
    assert_eq!(state["status"], "InProgress");
    assert_eq!(state["workflowStatus"], "Processing");
    assert_eq!(state["isFinalStatus"], false);
    assert_eq!(get(&sandbox, &id, "/SignedArtifact").status, 400);
    assert!(get(&sandbox, &id, "").json()["signedArtifactLink"].is_null());
}

#[test]
fn a_test_can_have_other_content_or_a_wrong_signature_come_back() {
    let sandbox = sandbox();
    let other = simple_signing("evil.example/app");
    sandbox.inject(Fault::on(Route::SubmitWithArtifact).other_content(other.as_str()));
    sandbox.inject(Fault::on(Route::SubmitWithArtifact).wrong_signature());
    let signed = |id: &str| signed_files(&sandbox, id);
    let files = signed(&submit(&sandbox, "demo/ec", None, &payload_zip()));
    assert_eq!(files["payload.json"], other.as_bytes());
    assert!(is_ec_signature(&sandbox, "demo/ec", other.as_bytes(), &files["payload.json.sig"]));
    let files = signed(&submit(&sandbox, "demo/ec", None, &payload_zip()));
    let signature = &files["payload.json.sig"];
    assert!(!is_ec_signature(&sandbox, "demo/ec", payload().as_bytes(), signature));
}

#[test]
fn an_artifact_may_be_larger_than_a_hash_but_not_boundless() {
    let sandbox = sandbox();
    let large = "x".repeat(2 * 1024 * 1024);
    let mut zip = zip(&[("payload.json", "{}")]);
    let call = |artifact: &[u8]| {
        let fields = [("projectSlug", "demo"), ("signingPolicySlug", "ec")];
        submission(&sandbox, &fields, artifact).try_send()
    };
    // A comment in front of a zip belongs to nothing.
    zip.splice(0..0, large.bytes());
    assert_eq!(call(&zip).unwrap().status, 201);
    if let Ok(answer) = call(&vec![0; 17 * 1024 * 1024]) {
        assert_eq!(answer.status, 413);
    }
    assert_eq!(sandbox.signing_requests().len(), 1);
}

#[test]
fn a_test_reads_back_requests_and_the_audit_log_has_them() {
    let sandbox = sandbox();
    let id = submit(&sandbox, "demo/ec", None, &payload_zip());
    let failed = submit(&sandbox, "demo/ec", None, b"x");
    let requests = sandbox.signing_requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].id.to_string(), id);
    assert_eq!(requests[0].status, SigningRequestStatus::Completed);
    assert_eq!(requests[0].policy, "demo/ec");
    assert_eq!(unzip(&requests[0].artifact)["payload.json"], payload().as_bytes());
    assert!(requests[1].reason.is_some());

    let audit = sandbox.audit();
    let digest: String =
        Sha256::digest(payload_zip()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(audit[0].artifact.as_ref(), Some(&digest));
    assert_eq!(audit[0].route, Route::SubmitWithArtifact);
    assert_eq!(audit[0].policy.as_deref(), Some("demo/ec"));
    assert_eq!(audit[0].algorithm.as_deref(), Some("Raw Sha256"));
    assert_eq!(audit[0].result, AuditResult::Signed { signing_request_id: id.clone() });
    assert!(audit[0].to_text().contains(&format!("{digest}  signed {id}")));
    assert!(
        matches!(&audit[1].result, AuditResult::Failed { signing_request_id, .. } if *signing_request_id == failed)
    );
}

#[test]
fn a_certificate_has_a_slug_and_the_authorities_above_it() {
    let sandbox = sandbox();
    let answer = Call::new(&sandbox, "GET", "Certificates/demo-ec").send();
    let certificate = answer.json();
    let root = sandbox.code_signing_root_pem().unwrap();
    let pem = |der: &Value| der.as_str().unwrap().replace('\n', "");
    let flat = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    assert_eq!(pem(&certificate["x509CertificateChain"][0]), flat(&root));
    let own = sandbox.certificate_pem("demo/ec").unwrap().unwrap();
    assert_eq!(pem(&certificate["certificateBytes"]), flat(&own));
    for slug in ["demo-nocert", "demo-x"] {
        let answer = Call::new(&sandbox, "GET", &format!("Certificates/{slug}")).send();
        assert_eq!(answer.status, 404, "{slug}");
    }
}
