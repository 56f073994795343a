//! The README's commands for the plugin, run as they stand there.

use std::fs;

use super::cosign;
use crate::cosign::bench::{Bench, Version, text};
use crate::harness::{Ran, Tool, repository_file};

/// Runs the commands with the cosign, which is called `cosign` and finds the plugin.
fn run(bench: &Bench, version: Version, commands: &str, image: &str) -> Ran {
    // A hard link, under its own name.
    drop(cosign(bench, version).named("cosign"));
    let plugin = Tool::KmsPlugin.path();
    let folders = [plugin.parent().unwrap(), bench.place.path("").as_path()].map(text);
    let scripts = text(&repository_file("scripts")) + "/";
    let commands = commands
        .replace("my-project/release-signing", "demo/ec")
        .replace("registry.example/app@sha256:…", image)
        .replace("scripts/", &scripts);
    let mut shell = bench.place.command("sh");
    let path = format!("{}:/usr/bin:/bin", folders.join(":"));
    shell.args(["-e", "-c", &commands]).env("PATH", path).envs(bench.sandbox.environment());
    Ran::of(&mut shell)
}

fn blocks_of(mark: &str) -> Vec<String> {
    let readme = fs::read_to_string(repository_file("README.md")).unwrap();
    let (_, commands) = readme.split_once(&format!("<!-- {mark} -->")).unwrap();
    let (commands, _) = commands.split_once(&format!("<!-- /{mark} -->")).unwrap();
    commands.split("```").skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_readme_s_commands_sign_and_verify() {
    let bench = Bench::new();
    let image = bench.image();
    let blocks = blocks_of("plugin");
    assert_eq!(blocks.len(), 2);
    let ran = run(&bench, Version::Plain, &blocks.concat(), &image).succeeds();
    assert!(ran.stdout.contains(image.split_once('@').unwrap().1), "{ran}");
    assert_eq!(bench.sandbox.signing_requests().len(), 1, "{ran}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_readme_s_command_for_v2_signs_with_v2() {
    let bench = Bench::new();
    let image = bench.image();
    let blocks = blocks_of("plugin v2");
    assert_eq!(blocks.len(), 1);
    let commands = format!("KEY=signpath://demo/ec\n{}", blocks.concat());
    run(&bench, Version::V2, &commands, &image).succeeds();
    bench.cosign(Version::V2).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}
