//! The last step: signatures into registries.

use std::fs;

use super::program::{run, run_with};
use crate::{
    cosign::bench::{Bench, Version, text},
    harness::{Workplace, sandbox_builder},
};

/// Nobody is at this registry.
const NOWHERE: &str = "127.0.0.1:1/app";

#[test]
fn a_signature_is_checked_before_the_registry_is_asked() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let image = format!("{NOWHERE}@sha256:{}", "0".repeat(64));
    let command = |words: &[&str]| run_with(&place, &sandbox.environment(), words);
    place.write("payload.json", command(&["payload", &image]).succeeds().stdout);
    command(&["submit", "payload.json", "--policy", "demo/ec", "--output-dir", "."]).succeeds();
    place.write("ec.pub", sandbox.public_key_pem("demo/ec").unwrap());
    place.write("rsa.pub", sandbox.public_key_pem("demo/rsa").unwrap());
    let checked = "does not verify with the public key of";
    for (by, said) in [
        (&["--key", "rsa.pub"][..], checked),
        (&["--policy", "demo/rsa"], checked),
        (&["--key", "ec.pub"], "gave no answer"),
        (&["--policy", "demo/ec"], "gave no answer"),
        (&["--unchecked"], "gave no answer"),
    ] {
        let files =
            ["attach", &image, "--payload", "payload.json", "--signature", "payload.json.sig"];
        command(&[&files, by].concat()).fails(1, said);
    }
}

/// What is in the registry under the tag of an image's signatures.
fn signatures_of(bench: &Bench, image: &str) -> String {
    let (repository, digest) = image.split_once('@').unwrap();
    bench.crane(&["digest", &format!("{repository}:{}.sig", digest.replace(':', "-"))])
}

/// Attaches with both, each to an image of its own, and expects the same manifest.
#[track_caller]
fn attaches_as_cosign(
    bench: &Bench,
    version: Version,
    images: &[String; 2],
    payload: &str,
    signature: &[u8],
) {
    let signature = text(&bench.place.write("signature", signature));
    let flags = ["--payload", payload, "--signature", &signature];
    let words = [&["attach", "signature"][..], &flags, &[&images[0]]].concat();
    bench.cosign(version).run(&words).succeeds();
    let ours = [&["attach", &images[1], "--unchecked"], &flags[..]].concat();
    let ours = run(bench, &ours).succeeds();
    let (_, manifest) = images[1].split_once('@').unwrap();
    assert!(ours.stderr.is_empty() || ours.stderr.contains("the payload names"), "{}", ours.stderr);
    let left = signatures_of(bench, &images[0]);
    assert_eq!(signatures_of(bench, &images[1]), left, "{manifest}");
    assert!(ours.last_word().ends_with(&format!("@{left}")), "{}", ours.text());
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_manifest_is_that_of_cosign_attach_signature() {
    let bench = Bench::new();
    // v2.0.0 writes the time into it.
    for version in [Version::V3, Version::V2] {
        let images = [bench.image(), bench.image()];
        let payload = run(&bench, &["payload", &images[1], "-a", "by=<us>"]).succeeds().stdout;
        let payload = text(&bench.place.write("payload.json", payload));
        for signature in [&b"Zmlyc3Q="[..], b"c2Vjb25k", b"dGhpcmQ=\n"] {
            attaches_as_cosign(&bench, version, &images, &payload, signature);
        }
    }
}

/// What cosign attached is what ours comes after, and the other way round.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn signatures_come_after_those_that_are_there() {
    let bench = Bench::new();
    let images = [bench.image(), bench.image()];
    let payload = run(&bench, &["payload", &images[1]]).succeeds().stdout;
    let payload = text(&bench.place.write("payload.json", payload));
    let signature = |content: &str| text(&bench.place.write(content, content));
    let (first, second) = (signature("Zmlyc3Q="), signature("c2Vjb25k"));
    for (image, cosign_first) in [(&images[0], true), (&images[1], false)] {
        let by_cosign = |file: &str| {
            let flags = ["attach", "signature", "--payload", &payload, "--signature", file];
            bench.cosign(Version::V3).run(&[&flags[..], &[image]].concat()).succeeds();
        };
        let by_us = |file: &str| {
            let flags = ["--unchecked", "--payload", &payload, "--signature", file];
            run(&bench, &[&["attach", image], &flags[..]].concat()).succeeds();
        };
        if cosign_first {
            by_cosign(&first);
            by_us(&second);
        } else {
            by_us(&first);
            by_cosign(&second);
        }
    }
    assert_eq!(signatures_of(&bench, &images[0]), signatures_of(&bench, &images[1]));
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn attaching_twice_changes_nothing() {
    let bench = Bench::new();
    let image = bench.image();
    let folder = text(&bench.place.path("made"));
    for format in ["simple-signing", "bundle"] {
        let words =
            ["--policy", "demo/ec", "--via", "hash", "--output-dir", &folder, "--format", format];
        let made = run(&bench, &[&["sign", &image], &words[..]].concat()).succeeds().text();
        let files: Vec<_> = made.split_whitespace().skip(2).collect();
        let flags = match &files[..] {
            [bundle] => vec!["--bundle", bundle],
            [payload, signature] => vec!["--payload", payload, "--signature", signature],
            other => panic!("{other:?}"),
        };
        let words = [&["attach", &image, "--policy", "demo/ec"], &flags[..]].concat();
        let once = run(&bench, &words).succeeds();
        let before = bench.registry.files();
        let twice = run(&bench, &words).succeeds();
        assert_eq!((once.text(), bench.registry.files()), (twice.text(), before));
        assert_eq!((&*once.stderr, &*twice.stderr), ("", "it was there already\n"));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_cannot_verify_is_not_attached() {
    let bench = Bench::new();
    let (image, other) = (bench.image(), bench.index(1).remove(0));
    let file = |name: &str, content: &[u8]| text(&bench.place.write(name, content));
    let payload = file("payload", &run(&bench, &["payload", &other]).succeeds().stdout);
    let own = file("own", &run(&bench, &["payload", &image]).succeeds().stdout);
    let (signature, raw) = (file("signature", b"c2ln"), file("raw", &[0x30, 0x45, 0xff]));
    let folder = text(&bench.place.path("made"));
    let sign = ["sign", &other, "--policy", "demo/ec", "--via", "hash", "--output-dir", &folder];
    let bundle = run(&bench, &sign).succeeds().last_word();
    let words = ["sign", &image, "--policy", "demo/rsa", "--via", "hash", "--output-dir", &folder];
    let of_another_key = run(&bench, &words).succeeds().last_word();
    let key = bench.public_key_of("demo/ec");
    let before = bench.registry.files();
    for (flags, said) in [
        (vec!["--bundle", &of_another_key], "the bundle does not verify with the public key of"),
        (vec!["--payload", &own, "--signature", &signature], "the signature does not verify"),
        (vec!["--payload", &payload, "--signature", &signature], "the payload is for sha256:"),
        (vec!["--payload", &own, "--signature", &raw], "the signature is not Base64"),
        (vec!["--payload", &signature, "--signature", &signature], "it is no payload"),
        (vec!["--bundle", &bundle], "the bundle is not for"),
        (vec!["--bundle", &own], "it is no bundle"),
        (vec!["--bundle", "/nowhere"], "/nowhere cannot be read"),
    ] {
        for by in [["--key", &key], ["--policy", "demo/ec"]] {
            run(&bench, &[&["attach", &image], &by[..], &flags].concat()).fails(1, said);
        }
    }
    let flags = ["attach", &image, "--key", &own, "--bundle", &of_another_key];
    run(&bench, &flags).fails(1, "is no public key in PEM");
    let missing = image.replace("/hello/", "/nothing/");
    let flags = ["attach", &missing, "--unchecked", "--payload", &own, "--signature", &signature];
    run(&bench, &flags).fails(1, "is not in the registry");
    assert_eq!(bench.registry.files(), before);
    assert!(fs::exists(&bundle).unwrap());
}
