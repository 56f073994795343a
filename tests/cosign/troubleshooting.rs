//! The first table of docs/troubleshooting.md: stock cosign says each of its messages, for the cause that the page gives.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    bench::{Bench, Cosign, Version, key_of, text},
    certificates::{SHOWN, trusted_root},
};
use crate::{
    harness::{Ran, repository_file},
    troubleshooting::messages,
};

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn cosign_says_each_message_of_the_page_for_the_cause_that_stands_there() {
    let bench = Bench::new();
    let said = provoked(&bench);
    let page = messages("clients");
    let of_cosign: BTreeSet<_> =
        page.iter().map(String::as_str).filter(|message| !message.starts_with("CKR_")).collect();
    assert_eq!(said.keys().copied().collect::<BTreeSet<_>>(), of_cosign);
    for (message, ran) in said {
        let is_said = [&ran.stdout, &ran.stderr].iter().any(|text| text.contains(message));
        assert!(is_said, "{message}: {ran}");
    }
}

/// Each message, and what cosign said when it was given that cause.
fn provoked(bench: &Bench) -> BTreeMap<&'static str, Ran> {
    let cosign = || bench.cosign(Version::V3);
    let shown = || cosign().with(SHOWN.0, SHOWN.1);
    let key = key_of("demo/ec");
    let sign = |cosign: Cosign<'_>| cosign.sign(&key, &bench.image());
    let of_a_larger_curve = || {
        let root = text(&repository_file("scripts/empty-trusted-root.json"));
        cosign().signing_under(&root, "sign", &key_of("demo/ec384"), &[&bench.image()]).fails()
    };
    let with_a_certificate = || {
        let image = bench.image();
        shown().signing_by_flags("sign", &key, &[&image]).succeeds();
        cosign().verify(&bench.public_key_of("demo/ec"), &image).fails()
    };
    let by_a_certificate_without_a_name = || {
        let image = bench.image();
        shown().signing_by_flags("sign", &key_of("demo/rsa"), &[&image]).succeeds();
        let root = trusted_root(bench, &cosign());
        let identity = ["--certificate-identity", "x", "--certificate-oidc-issuer-regexp", ".*"];
        let offline = ["--insecure-ignore-tlog=true", "--insecure-ignore-sct=true"];
        let words = [&["verify", "--trusted-root", &root][..], &identity, &offline, &[&image]];
        cosign().run(&words.concat()).fails()
    };
    let by_v2_s_option = || {
        let words = ["sign", "--yes", "--tlog-upload=false", "--key", &key, &bench.image()];
        cosign().run(&words).fails()
    };
    BTreeMap::from([
        ("opening pkcs11 token key: unimplemented", sign(bench.cosign(Version::Plain)).fails()),
        (
            "not built with pkcs11-tool support",
            bench.cosign(Version::Plain).run(&["pkcs11-tool", "list-tokens"]),
        ),
        ("get pin: inappropriate ioctl for device", sign(cosign().without_credentials()).fails()),
        ("expected key signature, not certificate", with_a_certificate()),
        ("no Subject Alternative Name found", by_a_certificate_without_a_name()),
        ("could not verify envelope", of_a_larger_curve()),
        ("failed to verify signature", of_a_larger_curve()),
        ("no x509 certificate retrieved", sign(cosign()).succeeds()),
        ("--tlog-upload=false is not supported", by_v2_s_option()),
    ])
}
