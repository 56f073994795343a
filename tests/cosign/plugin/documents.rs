//! The README's commands for the plugin, run as they stand there.

use std::fs;

use super::cosign;
use crate::cosign::bench::{Bench, Version, text};
use crate::harness::{Ran, Tool, repository_file};

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_readme_s_commands_sign_and_verify() {
    let bench = Bench::new();
    // A hard link of the cosign without PKCS #11, under its own name.
    drop(cosign(&bench, Version::Plain).named("cosign"));
    let plugin = Tool::KmsPlugin.path();
    let folders = [plugin.parent().unwrap(), bench.place.path("").as_path()].map(text);
    let image = bench.image();
    let scripts = text(&repository_file("scripts")) + "/";
    let readme = fs::read_to_string(repository_file("README.md")).unwrap();
    let (_, commands) = readme.split_once("<!-- plugin -->").unwrap();
    let (commands, _) = commands.split_once("<!-- /plugin -->").unwrap();
    let blocks: Vec<_> = commands.split("```").skip(1).step_by(2).collect();
    assert_eq!(blocks.len(), 2);
    let commands = blocks
        .concat()
        .replace("my-project/release-signing", "demo/ec")
        .replace("registry.example/app@sha256:…", &image)
        .replace("scripts/", &scripts);
    let mut shell = bench.place.command("sh");
    let path = format!("{}:/usr/bin:/bin", folders.join(":"));
    shell.args(["-e", "-c", &commands]).env("PATH", path).envs(bench.sandbox.environment());
    let ran = Ran::of(&mut shell).succeeds();
    assert!(ran.stdout.contains(image.split_once('@').unwrap().1), "{ran}");
    assert_eq!(bench.sandbox.signing_requests().len(), 1, "{ran}");
}
