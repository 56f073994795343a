//! That the programs are what the other tests take them for.

use std::{collections::HashMap, fs};

use super::bench::{Bench, VERSIONS, Version, key_of};
use crate::harness::repository_file;

/// What `scripts/versions` calls each version.
const PINNED: &[(Version, &str)] = &[
    (Version::V3, "COSIGN_V3"),
    (Version::Plain, "COSIGN_V3"),
    (Version::V2, "COSIGN_V2"),
    (Version::Oldest, "COSIGN_OLDEST"),
];

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn each_cosign_is_of_the_pinned_version() {
    let text = fs::read_to_string(repository_file("scripts/versions")).unwrap();
    let rows = text.lines().filter_map(|line| line.split('#').next()?.trim().split_once('='));
    let pinned: HashMap<_, _> = rows.collect();
    let bench = Bench::new();
    for (version, name) in PINNED {
        let told = bench.cosign(*version).run(&["version"]).succeeds();
        let mut lines = told.stdout.lines().chain(told.stderr.lines());
        let line = lines.find_map(|line| line.strip_prefix("GitVersion:"));
        assert_eq!(line.map(str::trim), Some(pinned[name]), "{told}");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn nothing_but_this_machine_can_be_reached() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3);
    let ran = cosign.run(&["verify", "--key", "https://example.com/cosign.pub", &bench.image()]);
    let ran = ran.fails();
    assert!(ran.stderr.contains("proxyconnect tcp: dial tcp 127.0.0.1:1"), "{ran}");
}

/// What the tests of refusals look for is there when something is pushed.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_signature_is_seen_in_the_registry() {
    let bench = Bench::new();
    for version in VERSIONS {
        let image = bench.image();
        let before = bench.registry.files();
        assert_eq!(bench.tags_beside(&image), ["1"]);
        bench.cosign(version).sign(&key_of("demo/ec"), &image).succeeds();
        assert_ne!(bench.registry.files(), before);
        assert_ne!(bench.tags_beside(&image), ["1"]);
    }
}
