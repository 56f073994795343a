//! What the service sees of a cosign: the routes of its generation, and who signed what.

use serde_json::Value;
use sha2::{Digest, Sha256};
use signpath_sandbox::{AuditEntry, AuditResult, Fault, Generation, Route};

use super::bench::{Bench, Cosign, KEYS, VERSIONS, key_of, text};
use crate::harness::requested;

/// Signs an image with each key and verifies it.
fn signs_with_every_key(bench: &Bench) {
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        for policy in KEYS {
            let image = bench.image();
            cosign.sign(&key_of(policy), &image).succeeds();
            cosign.verify(&bench.public_key_of(policy), &image).succeeds();
        }
    }
}

/// How many of the entries were signed by this route.
fn signed_by(bench: &Bench, route: Route) -> usize {
    let is_signed = |entry: &AuditEntry| matches!(entry.result, AuditResult::Signed { .. });
    bench.sandbox.audit().iter().filter(|entry| entry.route == route && is_signed(entry)).count()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_older_service_signs_by_the_multipart_form() {
    let bench = Bench::with(|builder| builder.generation(Generation::Old));
    signs_with_every_key(&bench);
    assert_eq!(signed_by(&bench, Route::SubmitWithArtifact), VERSIONS.len() * KEYS.len());
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_still_older_service_signs_by_the_multipart_form_on_its_own_route() {
    let bench = Bench::with(|builder| builder.generation(Generation::Old));
    bench.sandbox.inject(Fault::on(Route::SubmitWithArtifact).status(404).always());
    signs_with_every_key(&bench);
    assert_eq!(signed_by(&bench, Route::SigningRequests), VERSIONS.len() * KEYS.len());
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_service_with_sign_hash_alone_signs() {
    let bench = Bench::with(|builder| builder.generation(Generation::New));
    signs_with_every_key(&bench);
    assert_eq!(signed_by(&bench, Route::SignHash), VERSIONS.len() * KEYS.len());
    assert_eq!(bench.sandbox.audit().len(), VERSIONS.len() * KEYS.len());
}

/// Signs a blob with `demo/rsa` and gives what the service wrote down.
fn audited(bench: &Bench, cosign: &Cosign<'_>, key: &str) -> AuditEntry {
    let blob = text(&bench.place.write("blob", BLOB));
    let out = text(&bench.place.path("blob.signature"));
    let flag = if cosign.version.makes_bundles() { "--bundle" } else { "--output-signature" };
    cosign.signing("sign-blob", key, &[flag, &out, &blob]).succeeds();
    bench.sandbox.audit().pop().expect("the service wrote it down")
}

const BLOB: &[u8] = b"what is signed";

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_service_writes_down_who_signed_what() {
    let bench = Bench::new();
    let digest: String = Sha256::digest(BLOB).iter().map(|byte| format!("{byte:02x}")).collect();
    for version in VERSIONS {
        let entry = audited(&bench, &bench.cosign(version), &key_of("demo/rsa"));
        assert_eq!(entry.user, "submitter");
        assert_eq!(entry.policy.as_deref(), Some("demo/rsa"));
        assert_eq!(entry.algorithm.as_deref(), Some("Rsa Pkcs1 Sha256"));
        assert_eq!(entry.digest.as_deref(), Some(&*digest));
        assert!(matches!(entry.result, AuditResult::Signed { .. }));
        let metadata = entry.metadata.expect("the module says who it works for");
        let process = &metadata["sourceProcess"];
        let line = process["commandLine"].as_str().unwrap();
        assert!(line.contains("cosign sign-blob --yes --key pkcs11:"), "{line}");
        assert!(line.contains("object=demo/rsa"), "{line}");
        assert!(!process["user"].as_str().unwrap().is_empty());
        assert_eq!(process["operatingSystem"]["type"], "Linux");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_older_service_is_told_in_its_own_words() {
    let bench = Bench::with(|builder| builder.generation(Generation::Old));
    for version in VERSIONS {
        let entry = audited(&bench, &bench.cosign(version), &key_of("demo/rsa"));
        let metadata = entry.metadata.expect("the module says who it works for");
        let process = &metadata["CreatingProcess"];
        assert!(process["CommandLine"].as_str().unwrap().contains("cosign sign-blob"));
        assert!(!process["User"].as_str().unwrap().is_empty());
    }
}

/// The token stands in the command line three times over: in the URI's PIN, in an option of cosign's, in an annotation.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn no_token_and_no_pin_reaches_the_audit_log() {
    for generation in [Generation::New, Generation::Old] {
        let bench = Bench::with(|builder| builder.generation(generation));
        let (token, pin) = (bench.sandbox.token(), bench.pin());
        for version in VERSIONS {
            let cosign = bench.cosign(version).without_credentials();
            let key = format!("{}&pin-value={}", key_of("demo/ec"), pin.replace('+', "%2B"));
            let annotations = ["-a", &format!("by={pin}"), "--registry-password", &token];
            let image = bench.image();
            let words = [&annotations[..], &[&image]].concat();
            cosign.signing("sign", &key, &words).succeeds();
        }
        assert_eq!(bench.sandbox.audit().len(), VERSIONS.len());
        for entry in bench.sandbox.audit() {
            has_no_secret(&entry.metadata.expect("a command line"), &token);
        }
        for request in bench.sandbox.requests() {
            let body = String::from_utf8_lossy(&request.body);
            assert!(!has_secret(&body, &token), "{body}");
        }
    }
}

#[track_caller]
fn has_no_secret(metadata: &Value, token: &str) {
    let line = metadata.to_string();
    assert!(line.contains("cosign sign"), "{line}");
    assert!(line.contains("pin-value=***"), "{line}");
    assert!(!has_secret(&line, token), "{line}");
}

/// Whether the token, or a part of it between characters that are written in several ways, is in the text.
fn has_secret(text: &str, token: &str) -> bool {
    let parts = token.split(['+', '/']).filter(|part| part.len() >= 5);
    parts.into_iter().any(|part| text.contains(part))
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn verifying_and_reading_the_public_key_ask_for_no_signature() {
    let bench = Bench::new();
    let key = key_of("demo/ec");
    for version in VERSIONS {
        let (cosign, image) = (bench.cosign(version), bench.image());
        cosign.sign(&key, &image).succeeds();
        bench.sandbox.clear_requests();
        cosign.public_key(&key);
        cosign.verify(&key, &image).succeeds();
        assert_eq!(requested(&bench.sandbox, Route::SignHash), 0);
        assert_eq!(requested(&bench.sandbox, Route::MySigningPolicies), 2);
    }
}
