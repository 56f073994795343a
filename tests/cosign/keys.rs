//! Every kind of key with everything that cosign signs: images, blobs, attestations.

use super::bench::{Bench, Cosign, KEYS, VERSIONS, Version, key_of, text};
use crate::harness::repository_file;

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_verifies_with_the_public_key_and_with_the_uri() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        for policy in KEYS {
            let (key, image) = (key_of(policy), bench.image());
            cosign.sign(&key, &image).succeeds();
            let digest = image.split_once('@').unwrap().1;
            for key in [&cosign.public_key(&key), &key] {
                let verified = cosign.verify(key, &image).succeeds();
                assert!(verified.stdout.contains(digest), "{verified}");
            }
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_public_key_that_cosign_prints_is_the_services() {
    let bench = Bench::new();
    for version in VERSIONS {
        for policy in KEYS {
            let printed = bench.cosign(version).public_key(&key_of(policy));
            let [printed, known] = [printed, bench.public_key_of(policy)]
                .map(|path| std::fs::read_to_string(path).unwrap());
            assert_eq!(printed.trim(), known.trim(), "{policy}, {version:?}");
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_does_not_verify_with_another_key() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        let image = bench.image();
        cosign.sign(&key_of("demo/ec"), &image).succeeds();
        cosign.verify(&bench.public_key_of("demo/nocert"), &image).fails();
        cosign.verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_manifest_of_an_index_is_signed() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        for policy in KEYS {
            let (key, manifests) = (key_of(policy), bench.index(2));
            cosign.signing("sign", &key, &["--recursive", &manifests[0]]).succeeds();
            let public_key = bench.public_key_of(policy);
            for manifest in &manifests {
                cosign.verify(&public_key, manifest).succeeds();
            }
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_blob_verifies_and_a_changed_one_does_not() {
    let bench = Bench::new();
    let blob = text(&bench.place.write("blob", "what is signed"));
    let changed = text(&bench.place.write("changed", "what was not signed"));
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        for policy in KEYS {
            let key = key_of(policy);
            let [made, shown] = blob_flags(&cosign);
            let signature = text(&bench.place.path("blob.signature"));
            cosign.signing("sign-blob", &key, &[made, &signature, &blob]).succeeds();
            for key in [&bench.public_key_of(policy), &key] {
                let verify =
                    |blob| cosign.verifying("verify-blob", key, &[shown, &signature, blob]);
                verify(&blob).succeeds();
                verify(&changed).fails();
            }
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_attestation_verifies_as_its_type_and_as_no_other() {
    let bench = Bench::new();
    let predicate = text(&bench.place.write("predicate.json", r#"{"built":"here"}"#));
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        for policy in KEYS {
            let (key, image) = (key_of(policy), bench.image());
            let words = ["--predicate", &predicate, "--type", "custom", &image];
            cosign.signing("attest", &key, &words).succeeds();
            for key in [&bench.public_key_of(policy), &key] {
                let verify =
                    |kind| cosign.verifying("verify-attestation", key, &["--type", kind, &image]);
                verify("custom").succeeds();
                verify("spdx").fails();
            }
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_oldest_cosign_signs_what_newer_ones_verify() {
    let bench = Bench::new();
    for policy in KEYS {
        let image = bench.image();
        bench.cosign(Version::Oldest).sign(&key_of(policy), &image).succeeds();
        for version in VERSIONS {
            let public_key = bench.public_key_of(policy);
            bench.cosign(version).verify(&public_key, &image).succeeds();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_v2_signs_verifies_with_v3() {
    let bench = Bench::new();
    for policy in KEYS {
        let image = bench.image();
        bench.cosign(Version::V2).sign(&key_of(policy), &image).succeeds();
        bench.cosign(Version::V3).verify(&bench.public_key_of(policy), &image).succeeds();
    }
}

/// A limit of stock cosign, whatever the module: it signs SHA-256 with every PKCS #11 key, and under a trusted root
/// (given, or fetched by itself) it checks what it signed with the hash that fits the curve.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn v3_refuses_its_own_signature_of_a_larger_curve_under_a_trusted_root() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3);
    let root = text(&repository_file("scripts/empty-trusted-root.json"));
    for policy in ["demo/ec384", "demo/ec521"] {
        let (key, image) = (key_of(policy), bench.image());
        let refused = cosign.signing_under(&root, "sign", &key, &[&image]).fails();
        assert!(refused.stderr.contains("failed to verify signature"), "{refused}");
        assert_eq!(bench.tags_beside(&image), ["1"], "{refused}");
        cosign.signing_by_flags("sign", &key, &[&image]).succeeds();
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
        // As docs/module.md has it: in the older format.
        let image = bench.image();
        cosign.signing_by_flags("sign", &key, &["--new-bundle-format=false", &image]).succeeds();
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
    }
}

/// How a version is told where the signature of a blob goes, and where it is.
pub(super) fn blob_flags(cosign: &Cosign<'_>) -> [&'static str; 2] {
    if cosign.version.makes_bundles() {
        ["--bundle", "--bundle"]
    } else {
        ["--output-signature", "--signature"]
    }
}
