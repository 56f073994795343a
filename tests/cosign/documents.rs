//! The commands for cosign in the README, docs/module.md and docs/plugin.md, run as they stand there.

use std::fs;

use super::{
    bench::{Bench, Cosign, Version, text},
    plugin,
};
use crate::harness::{Ran, Tool, module_path, repository_file};

/// The code blocks between `<!-- mark -->` and `<!-- /mark -->`.
#[track_caller]
pub(crate) fn blocks_of(page: &str, mark: &str) -> Vec<String> {
    let page = fs::read_to_string(repository_file(page)).unwrap();
    let (_, commands) = page.split_once(&format!("<!-- {mark} -->")).unwrap();
    let (commands, _) = commands.split_once(&format!("<!-- /{mark} -->")).unwrap();
    commands.split("```").skip(1).step_by(2).map(str::to_owned).collect()
}

/// Runs the commands with the cosign, which is called `cosign` and finds the plugin, for an image and a policy that are
/// there.
fn run(bench: &Bench, cosign: Cosign<'_>, commands: &str, policy: &str, image: &str) -> Ran {
    // A hard link, under its own name.
    drop(cosign.named("cosign"));
    let plugin = Tool::KmsPlugin.path();
    let folders = [plugin.parent().unwrap(), bench.place.path("").as_path()].map(text);
    let commands = about(commands, policy, image);
    in_a_shell(bench, &folders.each_ref().map(String::as_str), &commands)
}

/// The commands of a page, about a policy and an image that are there.
pub(crate) fn about(commands: &str, policy: &str, image: &str) -> String {
    commands
        .replace("my-project/release-signing", policy)
        .replace("registry.example/app@sha256:…", image)
}

/// Runs commands with the programs of these folders, the files that docs/install.md names and the settings of the sandbox; the first that
/// fails ends them.
pub(crate) fn in_a_shell(bench: &Bench, folders: &[&str], commands: &str) -> Ran {
    let mut shell = bench.place.command("sh");
    let path = format!("{}:/usr/bin:/bin", folders.join(":"));
    shell.args(["-e", "-c", commands]).env("PATH", path).envs(bench.sandbox.environment());
    shell.env("SHARE", repository_file("scripts")).env("MODULE", module_path());
    Ran::of(&mut shell)
}

/// The line that says which key it is, of the module's first commands.
fn key_line() -> String {
    let first = blocks_of("docs/module.md", "module").concat();
    first.lines().find(|line| line.starts_with("KEY=")).unwrap().to_owned() + "\n"
}

#[test]
fn the_readme_s_recipe_is_that_of_the_module_s_page() {
    assert_eq!(blocks_of("README.md", "recipe"), blocks_of("docs/module.md", "module"));
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_module_s_commands_sign_and_verify() {
    let bench = Bench::new();
    let image = bench.image();
    let blocks = blocks_of("docs/module.md", "module");
    assert_eq!(blocks.len(), 1);
    let ran = run(&bench, bench.cosign(Version::V3), &blocks[0], "demo/ec", &image).succeeds();
    assert!(ran.stdout.contains(image.split_once('@').unwrap().1), "{ran}");
    assert_eq!(bench.sandbox.audit().len(), 1, "{ran}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_module_s_other_forms_sign_where_they_are_meant_to() {
    let bench = Bench::new();
    for (mark, version, policy) in [
        ("module older", Version::V3, "demo/ec384"),
        ("module older", Version::V3, "demo/ec521"),
        ("module v2", Version::V2, "demo/rsa"),
    ] {
        let image = bench.image();
        let blocks = blocks_of("docs/module.md", mark);
        assert_eq!(blocks.len(), 1, "{mark}");
        let commands = key_line() + &blocks[0];
        run(&bench, bench.cosign(version), &commands, policy, &image).succeeds();
        bench.cosign(version).verify(&bench.public_key_of(policy), &image).succeeds();
        // The hard link is of this version.
        fs::remove_file(bench.place.path("cosign")).unwrap();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_module_s_commands_list_the_keys() {
    let bench = Bench::new();
    let blocks = blocks_of("docs/module.md", "module keys");
    assert_eq!(blocks.len(), 1);
    let ran = run(&bench, bench.cosign(Version::V3), &blocks[0], "demo/ec", "").succeeds();
    assert!(ran.stdout.contains("SignPath") && ran.stdout.contains("object=demo%2fec"), "{ran}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_plugin_s_commands_sign_and_verify() {
    let bench = Bench::new();
    let image = bench.image();
    let blocks = blocks_of("docs/plugin.md", "plugin");
    assert_eq!(blocks.len(), 2);
    let cosign = plugin::cosign(&bench, Version::Plain);
    let ran = run(&bench, cosign, &blocks.concat(), "demo/ec", &image).succeeds();
    assert!(ran.stdout.contains(image.split_once('@').unwrap().1), "{ran}");
    assert_eq!(bench.sandbox.signing_requests().len(), 1, "{ran}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_plugin_s_command_for_v2_signs_with_v2() {
    let bench = Bench::new();
    let image = bench.image();
    let blocks = blocks_of("docs/plugin.md", "plugin v2");
    assert_eq!(blocks.len(), 1);
    let commands = format!("KEY=signpath://demo/ec\n{}", blocks.concat());
    run(&bench, plugin::cosign(&bench, Version::V2), &commands, "demo/ec", &image).succeeds();
    bench.cosign(Version::V2).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}
