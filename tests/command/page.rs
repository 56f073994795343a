//! docs/signpath-cosign.md: its commands, run as they stand there.

use std::{fs, os::unix::fs::symlink};

use super::program;
use crate::{
    cosign::{
        bench::{Bench, Version, text},
        documents::{about, in_a_shell},
    },
    harness::{Tool, repository_file},
};

/// The code blocks of the page.
fn blocks() -> Vec<String> {
    let page = fs::read_to_string(repository_file("docs/signpath-cosign.md")).unwrap();
    page.split("```\n").skip(1).step_by(2).map(str::to_owned).collect()
}

/// Runs a block, for an image and a key that are there.
fn run(bench: &Bench, block: &str, image: &str) {
    for (name, program) in
        [("signpath-cosign", program::path().clone()), ("cosign", Tool::CosignV3.path())]
    {
        let link = bench.place.path(name);
        if !link.exists() {
            symlink(program, link).unwrap();
        }
    }
    let (_, digest) = image.split_once("@sha256:").unwrap();
    let commands =
        about(block, "demo/ec", image).replace("sha256-….", &format!("sha256-{digest}."));
    in_a_shell(bench, &[&text(&bench.place.path(""))], &commands).succeeds();
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_is_signed_and_verified_as_the_page_says() {
    let bench = Bench::new();
    let blocks = blocks();
    assert!(blocks[0].contains("cosign verify --key cosign.pub"), "{}", blocks[0]);
    run(&bench, &blocks[0], &bench.image());
    assert!(blocks[1].contains("--via hash"), "{}", blocks[1]);
    let image = bench.image();
    run(&bench, &blocks[1], &image);
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_steps_one_by_one_work_as_the_page_says() {
    let bench = Bench::new();
    let blocks = blocks();
    assert!(blocks[2].contains("signpath-cosign attach"), "{}", blocks[2]);
    let image = bench.image();
    run(&bench, &blocks[2], &image);
    let key = bench.public_key_of("demo/ec");
    bench.cosign(Version::V3).verify(&key, &image).succeeds();
    assert_eq!(bench.sandbox.signing_requests().len(), 2);
}
