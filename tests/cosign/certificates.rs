//! Certificates and cosign: what is hidden by default, and what happens to those who ask for them.

use super::bench::{Bench, Cosign, VERSIONS, Version, key_of};

/// The policies that have a certificate.
const CERTIFIED: [&str; 2] = ["demo/rsa", "demo/ec"];

/// Shows certificates to cosign too.
pub(super) const SHOWN: (&str, &str) = ("SIGNPATH_CRYPTOKI_CERTIFICATES", "always");

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_policy_with_a_certificate_verifies_by_its_key() {
    let bench = Bench::new();
    for version in VERSIONS {
        sign_and_verify_by_key(&bench, &bench.cosign(version));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn also_when_cosign_has_the_name_of_its_release_file() {
    let bench = Bench::new();
    for (version, name) in VERSIONS.into_iter().zip(["amd64", "arm64"]) {
        let name = format!("cosign-linux-pivkey-pkcs11key-{name}");
        sign_and_verify_by_key(&bench, &bench.cosign(version).named(&name));
    }
}

#[track_caller]
fn sign_and_verify_by_key(bench: &Bench, cosign: &Cosign<'_>) {
    for policy in CERTIFIED {
        let (key, image) = (key_of(policy), bench.image());
        assert!(bench.sandbox.certificate_pem(policy).unwrap().is_some());
        let signed = cosign.sign(&key, &image).succeeds();
        assert!(signed.stderr.contains("no x509 certificate retrieved"), "{signed}");
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
        cosign.verify(&key, &image).succeeds();
    }
}

/// The trap that hiding them is for.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn with_certificates_shown_no_key_verifies_what_v3_signs() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3).with(SHOWN.0, SHOWN.1);
    for policy in CERTIFIED {
        let (key, image) = (key_of(policy), bench.image());
        cosign.signing_by_flags("sign", &key, &[&image]).succeeds();
        for key in [&bench.public_key_of(policy), &key] {
            let refused = cosign.verify(key, &image).fails();
            assert!(
                refused.stderr.contains("expected key signature, not certificate"),
                "{refused}"
            );
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn with_certificates_shown_v3_signs_only_what_verifies_under_its_trusted_root() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3).with(SHOWN.0, SHOWN.1);
    let (root, image) = (trusted_root(&bench, &cosign), bench.image());
    let refused = cosign.sign(&key_of("demo/ec"), &image).fails();
    assert!(refused.stderr.contains("leaf certificate verification failed"), "{refused}");
    let refused = cosign.signing_under(&root, "sign", &key_of("demo/rsa"), &[&image]).fails();
    assert!(refused.stderr.contains("no Subject Alternative Name found"), "{refused}");
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn with_certificates_shown_v2_verifies_by_key_all_the_same() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V2).with(SHOWN.0, SHOWN.1);
    for policy in CERTIFIED {
        let image = bench.image();
        let signed = cosign.sign(&key_of(policy), &image).succeeds();
        assert!(!signed.stderr.contains("no x509 certificate retrieved"), "{signed}");
        for version in VERSIONS {
            bench.cosign(version).verify(&bench.public_key_of(policy), &image).succeeds();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_certificate_with_an_email_address_verifies_by_identity() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3).with(SHOWN.0, SHOWN.1);
    let (root, image) = (trusted_root(&bench, &cosign), bench.image());
    cosign.signing_under(&root, "sign", &key_of("demo/ec"), &[&image]).succeeds();
    let verify = |root: &str, who| {
        let identity = ["--certificate-identity", who, "--certificate-oidc-issuer-regexp", ".*"];
        let offline = ["--insecure-ignore-tlog=true", "--insecure-ignore-sct=true"];
        let words = [&["verify", "--trusted-root", root][..], &identity, &offline, &[&image]];
        cosign.run(&words.concat())
    };
    verify(&root, "release@example.com").succeeds();
    verify(&root, "somebody.else@example.com").fails();
    let another = trusted_root(&Bench::new(), &cosign);
    verify(&another, "release@example.com").fails();
}

/// A trusted root of v3, made by `cosign trusted-root create` from the root of the sandbox's certificates.
pub(super) fn trusted_root(bench: &Bench, cosign: &Cosign<'_>) -> String {
    let certificates = bench.sandbox.code_signing_root_pem().unwrap();
    let certificates = bench.place.write("code-signing-root.pem", certificates);
    let path = bench.place.path("trusted-root.json").display().to_string();
    let authority = format!("url=https://ca.example,certificate-chain={}", certificates.display());
    cosign.run(&["trusted-root", "create", "--fulcio", &authority, "--out", &path]).succeeds();
    path
}
