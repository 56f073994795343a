//! What the service is told beside the hash.

use serde_json::Value;
use signpath_sandbox::{Generation, Route};

use super::{VERSIONS, cosign, key_of};
use crate::cosign::bench::{Bench, text};
use crate::cosign::keys::blob_flags;

const CI: [(&str, &str); 4] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_REPOSITORY", "acme/app"),
    ("GITHUB_SERVER_URL", "https://ci:s3cret@github.example/?token=s3cret"),
    ("GITHUB_TOKEN", "ghp_s3cret"),
];

/// What came with the last signature.
fn told(bench: &Bench) -> Value {
    bench.sandbox.audit().pop().and_then(|entry| entry.metadata).expect("there is metadata")
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_s_digest_and_annotations_are_told_and_its_name_where_the_message_has_it() {
    let bench = Bench::new();
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        cosign.signing("sign", &key_of("demo/ec"), &["-a", "by=me", &image]).succeeds();
        let payload = &told(&bench)["payload"];
        let (repository, digest) = image.split_once('@').unwrap();
        assert_eq!(payload["digest"], digest);
        assert_eq!(payload["annotations"]["by"], "me");
        if version.makes_bundles() {
            assert_eq!(payload["kind"], "bundle");
            assert_eq!(payload["image"], "unnamed");
            assert_eq!(payload["predicateType"], "https://sigstore.dev/cosign/sign/v1");
        } else {
            assert_eq!(payload["kind"], "simple signing");
            assert_eq!(payload["image"], repository);
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_attestation_is_told_with_its_type_and_image() {
    let bench = Bench::new();
    let predicate = text(&bench.place.write("predicate.json", r#"{"built":"here"}"#));
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        let words = ["--predicate", &predicate, "--type", "https://example.com/t", &image];
        cosign.signing("attest", &key_of("demo/rsa"), &words).succeeds();
        let payload = &told(&bench)["payload"];
        let (repository, digest) = image.split_once('@').unwrap();
        assert_eq!(payload["kind"], "attestation");
        assert_eq!(payload["predicateType"], "https://example.com/t");
        assert_eq!((&payload["image"], &payload["digest"]), (&repository.into(), &digest.into()));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_blob_is_told_by_its_digest() {
    let bench = Bench::new();
    let blob = text(&bench.place.write("blob", "hello\n"));
    for version in VERSIONS {
        let cosign = cosign(&bench, version);
        let out = text(&bench.place.path("blob.signature"));
        let words = [blob_flags(&cosign)[0], &out, &blob];
        cosign.signing("sign-blob", &key_of("demo/ec"), &words).succeeds();
        let payload = &told(&bench)["payload"];
        assert_eq!(payload["kind"], "blob");
        let hello = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(payload["digest"], hello);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_process_is_cosign_and_the_run_is_told_without_secrets() {
    for (generation, names) in [
        (Generation::New, ["sourceProcess", "commandLine", "ciRun", "system", "server"]),
        (Generation::Old, ["CreatingProcess", "CommandLine", "CiRun", "System", "Server"]),
    ] {
        let bench = Bench::with(|builder| builder.generation(generation));
        for version in VERSIONS {
            let cosign = CI.iter().fold(cosign(&bench, version), |it, (n, v)| it.with(n, v));
            cosign.sign(&key_of("demo/ec"), &bench.image()).succeeds();
            let told = told(&bench);
            let line = told[names[0]][names[1]].as_str().unwrap();
            assert!(line.contains("sign --yes --key signpath://demo/ec"), "{line}");
            assert_eq!(told[names[2]][names[3]], "GitHub Actions");
            assert_eq!(told[names[2]][names[4]], "https://github.example/");
            assert!(!told.to_string().contains("s3cret"), "{told}");
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn configuration_and_description_of_the_reference_reach_the_service() {
    let bench = Bench::new();
    let key = "signpath://demo/ec?description=Release%201.0&artifact-configuration=images";
    cosign(&bench, VERSIONS[0]).sign(key, &bench.image());
    let is_signing = |request: &signpath_sandbox::Request| request.route == Some(Route::SignHash);
    let sent = bench.sandbox.requests().into_iter().rfind(is_signing).unwrap().json().unwrap();
    assert_eq!(sent["description"], "Release 1.0");
    assert_eq!(sent["artifactConfigurationSlug"], "images");
}
