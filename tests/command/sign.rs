//! The three steps in one, by hash signing.

use std::{collections::BTreeSet, thread};

use serde_json::Value;

use super::program::run;
use crate::{
    cosign::{
        bench::{Bench, VERSIONS, Version, key_of, text},
        front::Front,
    },
    harness::repository_file,
};

const KEYS: [&str; 5] = ["demo/rsa", "demo/ec", "demo/ec384", "demo/ec521", "demo/nocert"];

/// Signs by hash.
fn sign(bench: &Bench, image: &str, policy: &str, more: &[&str]) -> super::program::Ended {
    run(bench, &[&["sign", image, "--policy", policy, "--via", "hash"], more].concat())
}

fn fallback_index(image: &str) -> String {
    image.split_once('@').unwrap().1.replace(':', "-")
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_bundle_verifies_with_cosign_v3_on_a_registry_without_referrers() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3);
    for policy in KEYS {
        let image = bench.image();
        let key = bench.public_key_of(policy);
        cosign.verify(&key, &image).fails();
        sign(&bench, &image, policy, &["-a", "by=us"]).succeeds();
        assert_eq!(bench.tags_beside(&image), ["1", &fallback_index(&image)]);
        cosign.verify(&key, &image).succeeds();
        cosign.verifying("verify", &key, &["-a", "by=us", &image]).succeeds();
        cosign.verifying("verify", &key, &["-a", "by=them", &image]).fails();
        let other = if policy == "demo/ec" { "demo/rsa" } else { "demo/ec" };
        cosign.verify(&bench.public_key_of(other), &image).fails();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_bundle_verifies_on_a_registry_with_referrers_and_gets_no_fallback_index() {
    let bench = Bench::new();
    let front = Front::with_referrers(bench.registry.address());
    for policy in KEYS {
        let image = bench.image();
        let name = front.name(&image);
        sign(&bench, &name, policy, &[]).succeeds();
        assert_eq!(bench.tags_beside(&image), ["1"]);
        bench.cosign(Version::V3).verify(&bench.public_key_of(policy), &name).succeeds();
    }
    let seen = front.seen();
    assert!(seen.iter().any(|line| line.contains("/referrers/sha256:")), "cosign asks: {seen:?}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn simple_signing_verifies_with_every_cosign() {
    let bench = Bench::new();
    for policy in KEYS {
        let image = bench.image();
        let simple = ["--format", "simple-signing", "-a", "by=us"];
        sign(&bench, &image, policy, &simple).succeeds();
        for version in [Version::V3, Version::V2, Version::Oldest] {
            let cosign = bench.cosign(version);
            let key = bench.public_key_of(policy);
            // Or v2.0.0 asks for the keys of a public log that is not looked at.
            let verify = |by| {
                let flags = ["--insecure-ignore-sct=true", "-a", by, &image];
                cosign.verifying("verify", &key, &flags)
            };
            verify("by=us").succeeds();
            verify("by=them").fails();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn forms_are_not_mixed_without_being_asked() {
    let bench = Bench::new();
    let image = bench.image();
    sign(&bench, &image, "demo/ec", &["--format", "simple-signing"]).succeeds();
    let before = bench.registry.files();
    let requests = bench.sandbox.audit().len();
    let refused = sign(&bench, &image, "demo/ec", &[]);
    let refused = refused.fails(1, "has signatures of simple signing and no bundle");
    assert!(refused.stderr.contains("\nhint: --format simple-signing"), "{}", refused.stderr);
    assert_eq!((bench.registry.files(), bench.sandbox.audit().len()), (before, requests));

    sign(&bench, &image, "demo/ec", &["--format", "both"]).succeeds();
    let key = bench.public_key_of("demo/ec");
    bench.cosign(Version::V3).verify(&key, &image).succeeds();
    // v2.6.4 looks at the bundle as well, and then wants a trusted root.
    let root = text(&repository_file("scripts/empty-trusted-root.json"));
    let flags = ["--trusted-root", &root, &image];
    bench.cosign(Version::V2).verifying("verify", &key, &flags).succeeds();
    let warned = sign(&bench, &image, "demo/ec", &["--format", "simple-signing"]).succeeds();
    assert!(warned.stderr.starts_with("warning: "), "{}", warned.stderr);
    let quiet = sign(&bench, &image, "demo/ec", &[]).succeeds();
    assert_eq!(quiet.stderr, "");
}

/// A signature of cosign's own is a referrer too, and stays one.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn bundles_of_cosign_and_ours_stand_side_by_side() {
    let bench = Bench::new();
    let image = bench.image();
    let cosign = bench.cosign(Version::V3);
    sign(&bench, &image, "demo/ec", &[]).succeeds();
    cosign.sign(&key_of("demo/rsa"), &image).succeeds();
    sign(&bench, &image, "demo/ec384", &[]).succeeds();
    for policy in ["demo/ec", "demo/rsa", "demo/ec384"] {
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn nobody_is_lost_when_several_sign_at_once() {
    let bench = Bench::new();
    for format in ["bundle", "simple-signing"] {
        let image = bench.image();
        thread::scope(|scope| {
            for policy in KEYS {
                let (bench, image) = (&bench, &image);
                scope.spawn(move || sign(bench, image, policy, &["--format", format]).succeeds());
            }
        });
        for policy in KEYS {
            bench.cosign(Version::V3).verify(&bench.public_key_of(policy), &image).succeeds();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_index_is_signed_with_its_manifests_if_asked() {
    let bench = Bench::new();
    let manifests = bench.index(3);
    let (cosign, key) = (bench.cosign(Version::V3), bench.public_key_of("demo/ec"));
    sign(&bench, &manifests[0], "demo/ec", &[]).succeeds();
    cosign.verify(&key, &manifests[0]).succeeds();
    cosign.verify(&key, &manifests[1]).fails();

    let printed = sign(&bench, &manifests[0], "demo/ec", &["--recursive", "--json"]).succeeds();
    let made: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let images = made["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["image"].as_str().unwrap().to_owned());
    assert_eq!(images.collect::<BTreeSet<_>>(), manifests.iter().cloned().collect());
    manifests.iter().for_each(|manifest| drop(cosign.verify(&key, manifest).succeeds()));
}

/// What is signed names the repository, unlike the statements of cosign v3.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn files_can_be_attached_by_somebody_else() {
    let bench = Bench::new();
    let image = bench.image();
    let folder = text(&bench.place.path("signatures"));
    let before = bench.registry.files();
    let both = ["--output-dir", &folder, "--format", "both"];
    let printed = sign(&bench, &image, "demo/rsa", &both).succeeds().text();
    assert_eq!(bench.registry.files(), before);
    let files: Vec<Vec<_>> =
        printed.lines().map(|line| line.split(' ').skip(2).collect()).collect();
    let [payload, signature] = files[0][..] else { panic!("{printed}") };
    let key = bench.public_key_of("demo/rsa");

    let flags = ["--payload", payload, "--signature", signature];
    let words = [&["attach", "signature"][..], &flags, &[&image]].concat();
    bench.cosign(Version::V2).run(&words).succeeds();
    bench.cosign(Version::V2).verify(&key, &image).succeeds();

    let bundle: Value = serde_json::from_slice(&std::fs::read(files[1][0]).unwrap()).unwrap();
    let statement = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&decoded(statement)).unwrap();
    let (repository, digest) = image.split_once('@').unwrap();
    assert_eq!(statement["subject"][0]["name"], repository);
    assert_eq!(
        format!("sha256:{}", statement["subject"][0]["digest"]["sha256"].as_str().unwrap()),
        digest
    );

    let other = bench.image();
    run(&bench, &["attach", &other, "--key", &key, "--bundle", files[1][0]]).succeeds();
    bench.cosign(Version::V3).verify(&key, &other).succeeds();
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_three_steps_can_be_exchanged_for_cosigns() {
    let bench = Bench::new();
    let key = bench.public_key_of("demo/ec");
    let image = bench.image();
    let folder = text(&bench.place.path("ours"));
    let simple = ["--output-dir", &folder, "--format", "simple-signing"];
    let printed = sign(&bench, &image, "demo/ec", &simple).succeeds().text();
    let files: Vec<_> = printed.split_whitespace().skip(2).collect();
    let generated = bench.cosign(Version::V3).run(&["generate", &image]).succeeds().stdout;
    let payload = text(&bench.place.write("payload.json", generated));
    let attach = ["attach", &image, "--payload", &payload, "--signature", files[1]];
    run(&bench, &[&attach[..], &["--key", &key]].concat()).succeeds();
    for version in VERSIONS {
        bench.cosign(version).verify(&key, &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_cannot_be_signed_leaves_nothing_behind() {
    let bench = Bench::new();
    let image = bench.image();
    let before = bench.registry.files();
    sign(&bench, &image, "demo/missing", &[]).fails(1, "this token cannot sign with demo/missing");
    sign(&bench, &image.replace("hello", "nothing"), "demo/ec", &[]).fails(1, "has no sha256:");
    sign(&bench, &image, "demo/approval", &[]).fails(1, "approval");
    assert_eq!(bench.registry.files(), before);
}

/// Without the message itself the service is told what it says.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_hash_comes_with_what_is_signed() {
    let bench = Bench::new();
    let image = bench.image();
    let (repository, digest) = image.split_once('@').unwrap();
    for (form, kind) in [("bundle", "bundle"), ("simple-signing", "simple signing")] {
        let flags = ["--format", form, "-a", "by=us", "--description", "Release 1.4"];
        sign(&bench, &image, "demo/ec", &flags).succeeds();
        let payload = &bench.sandbox.audit().pop().unwrap().metadata.unwrap()["payload"];
        assert_eq!((&payload["kind"], &payload["digest"]), (&kind.into(), &digest.into()));
        assert_eq!(payload["image"], repository);
        assert_eq!(payload["annotations"]["by"], "us");
    }
}
