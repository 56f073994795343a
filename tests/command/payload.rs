//! The first step: what is signed in simple signing.

use super::program::run;
use crate::{
    cosign::bench::{Bench, VERSIONS},
    harness::Ran,
};

const DIGEST: &str = "sha256:2f486ba5910d543fdcbe1bda9a618af2de320c47d5e307235bd72fbb6e0f35e2";

/// Names that are spelled out in payloads. With a digest nobody asks a registry.
const NAMES: [&str; 7] = [
    "alpine",
    "docker.io/alpine",
    "index.docker.io/library/alpine",
    "grafana/grafana:11",
    "ghcr.io/acme/web/api",
    "localhost:5000/web",
    "registry.example.com:443/a_b/c-d.e",
];

/// v2.6.4 takes no `=` in a value.
const ANNOTATIONS: [&[&str]; 4] = [
    &[],
    &["b=2", "a=1", "a=3", "B="],
    &["html=<b>&\"quotes\"</b>", "lines=1\n2\t3\u{1}\u{7f}\\"],
    &["é=ü\u{2028}\u{2029}😀", "a.b/c=d e"],
];

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn payloads_have_the_bytes_of_cosigns() {
    let bench = Bench::new();
    let pushed = bench.image();
    let named = NAMES.map(|name| format!("{name}@{DIGEST}"));
    for image in named.iter().chain([&pushed]) {
        for annotations in ANNOTATIONS {
            let words: Vec<_> =
                annotations.iter().flat_map(|annotation| ["-a", annotation]).collect();
            let ours = run(&bench, &[&["payload", image], &*words].concat()).succeeds();
            let quoted = csv(&words);
            let generate: Vec<_> =
                ["generate", image].into_iter().chain(quoted.iter().map(String::as_str)).collect();
            for version in VERSIONS {
                let theirs = bench.cosign(version).run(&generate).succeeds();
                assert_eq!(ours.text(), theirs.stdout, "{image} {annotations:?}");
            }
        }
    }
}

/// cosign reads the value of `-a` as a line of CSV.
fn csv(words: &[&str]) -> Vec<String> {
    let quoted = |word: &&str| match *word {
        "-a" => "-a".to_owned(),
        word => format!("\"{}\"", word.replace('"', "\"\"")),
    };
    words.iter().map(quoted).collect()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_tag_becomes_its_digest_and_that_is_said() {
    let bench = Bench::new();
    let image = bench.image();
    let (repository, digest) = image.split_once('@').unwrap();
    let tagged = format!("{repository}:1");
    let by_tag = run(&bench, &["payload", &tagged]).succeeds();
    assert_eq!(by_tag.stderr, format!("{tagged} is {digest}\n"));
    let by_digest = run(&bench, &["payload", &image]).succeeds();
    assert_eq!((by_digest.stderr.as_str(), by_digest.stdout), ("", by_tag.stdout));
    run(&bench, &["payload", &format!("{repository}:2")]).fails(1, "has no 2");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn payloads_of_several_images_stand_in_lines_or_files() {
    let bench = Bench::new();
    let images = [bench.image(), bench.image()];
    let words = ["payload", &images[0], &images[1]];
    let printed = run(&bench, &words).succeeds().text();
    let alone = images.each_ref().map(|image| run(&bench, &["payload", image]).succeeds().text());
    assert_eq!(printed, format!("{}\n{}\n", alone[0], alone[1]));

    let folder = bench.place.path("payloads");
    let folder = folder.to_str().unwrap();
    let files = run(&bench, &["payload", &images[0], "--output-dir", folder]).succeeds().text();
    let content = Ran::of(bench.place.command("cat").arg(files.trim())).succeeds().stdout;
    assert_eq!(content, alone[0]);
}
