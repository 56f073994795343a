//! Every kind of key with everything that cosign signs, verified by stock cosign with the PEM and by reference.

use super::{KEYS, VERSIONS, cosign, key_of};
use crate::cosign::bench::{Bench, Version, text};
use crate::cosign::keys::blob_flags;

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_cosign_without_pkcs11_has_no_pkcs11() {
    let bench = Bench::new();
    let cosign = cosign(&bench, Version::Plain);
    let refused = cosign.sign(&super::super::bench::key_of("demo/ec"), &bench.image()).fails();
    assert!(refused.stderr.contains("pkcs11"), "{refused}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_verifies_with_the_public_key_and_with_the_reference() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = cosign(&bench, version);
        for policy in KEYS {
            let (key, image) = (key_of(policy), bench.image());
            cosign.sign(&key, &image).succeeds();
            let digest = image.split_once('@').unwrap().1;
            for key in [&bench.public_key_of(policy), &key] {
                let verified = cosign.verify(key, &image).succeeds();
                assert!(verified.stdout.contains(digest), "{verified}");
            }
            cosign.verify(&bench.public_key_of("demo/ec384"), &image).fails();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_public_key_that_cosign_prints_is_the_services() {
    let bench = Bench::new();
    for version in VERSIONS {
        for policy in ["demo/rsa", "demo/ec", "demo/ec384", "demo/nocert"] {
            let printed = cosign(&bench, version).public_key(&key_of(policy));
            let [printed, known] = [printed, bench.public_key_of(policy)]
                .map(|path| std::fs::read_to_string(path).unwrap());
            assert_eq!(printed.trim(), known.trim(), "{policy}, {version:?}");
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_manifest_of_an_index_is_signed() {
    let bench = Bench::new();
    for version in VERSIONS {
        for policy in ["demo/rsa", "demo/ec"] {
            let (cosign, manifests) = (cosign(&bench, version), bench.index(2));
            cosign.signing("sign", &key_of(policy), &["--recursive", &manifests[0]]).succeeds();
            for manifest in &manifests {
                cosign.verify(&bench.public_key_of(policy), manifest).succeeds();
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
        let cosign = cosign(&bench, version);
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
        let cosign = cosign(&bench, version);
        for policy in ["demo/rsa", "demo/ec"] {
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

/// Also in the old format.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_one_version_signs_another_verifies() {
    let bench = Bench::new();
    for policy in KEYS {
        let public_key = bench.public_key_of(policy);
        let image = bench.image();
        cosign(&bench, Version::V2).sign(&key_of(policy), &image).succeeds();
        bench.cosign(Version::V3).verify(&public_key, &image).succeeds();
        let image = bench.image();
        let words = ["--new-bundle-format=false", &*image];
        cosign(&bench, Version::Plain).signing_by_flags("sign", &key_of(policy), &words).succeeds();
        bench.cosign(Version::V2).verify(&public_key, &image).succeeds();
    }
}

/// cosign v3 has the plugin sign with SHA-384 on P-384 and with SHA-512 on P-521, and takes SHA-256 for granted when it
/// verifies.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_v3_signs_with_larger_curves_verifies_with_the_curve_s_hash_and_what_v2_signs_with_sha_256()
{
    let bench = Bench::new();
    let root = text(&crate::harness::repository_file("scripts/empty-trusted-root.json"));
    let cosign = cosign(&bench, Version::Plain);
    for (policy, hash) in [("demo/ec384", "sha384"), ("demo/ec521", "sha512")] {
        let (key, public, image) = (key_of(policy), bench.public_key_of(policy), bench.image());
        cosign.signing_under(&root, "sign", &key, &[&image]).succeeds();
        cosign.verify(&public, &image).fails();
        let words = ["--signature-digest-algorithm", hash, &*image];
        cosign.verifying("verify", &public, &words).succeeds();
        let image = bench.image();
        super::cosign(&bench, Version::V2).sign(&key, &image).succeeds();
        cosign.verify(&public, &image).succeeds();
    }
}
