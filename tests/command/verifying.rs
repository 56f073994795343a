//! The commands of docs/verifying.md, run as they stand there.

use std::{fs, os::unix::fs::symlink};

use super::program;
use crate::{
    cosign::bench::{Bench, Version, text},
    harness::{Ran, Tool, module_path, repository_file},
};

/// Each chapter that has commands, and the cosigns that they are run with.
const CHAPTERS: [(&str, &[(Version, Tool)]); 5] = [
    ("The key", &[(Version::V3, Tool::CosignV3), (Version::Plain, Tool::CosignPlain)]),
    (
        "The key, with cosign v2",
        &[(Version::V2, Tool::CosignV2), (Version::Oldest, Tool::CosignOldest)],
    ),
    ("The key, with cosign v2.6 and a bundle", &[(Version::V2, Tool::CosignV2)]),
    ("The name in a certificate", &[(Version::V3, Tool::CosignV3)]),
    ("Admission controllers", &[(Version::V3, Tool::CosignV3)]),
];

fn page() -> String {
    fs::read_to_string(repository_file("docs/verifying.md")).unwrap()
}

/// The chapters with their commands, in the page's order; those without any are left out.
fn chapters(page: &str) -> Vec<(&str, String)> {
    let chapters = page.split("\n## ").skip(1).filter_map(|chapter| chapter.split_once('\n'));
    let commands = |text: &str| text.split("```sh\n").skip(1).map(block).collect::<String>();
    let chapters = chapters.map(|(name, text)| (name, commands(text)));
    chapters.filter(|(_, commands)| !commands.is_empty()).collect()
}

fn block(from_its_fence: &str) -> String {
    from_its_fence.split("```").next().unwrap_or_default().to_owned()
}

#[test]
fn every_block_of_the_page_is_run() {
    let page = page();
    let names: Vec<_> = chapters(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, CHAPTERS.map(|(name, _)| name));
    assert_eq!(page.matches("```").count(), 2 * page.matches("\n```sh\n").count());
    for (name, commands) in chapters(&page) {
        assert!(commands.lines().all(|line| line.chars().count() <= 120), "{name}");
    }
}

/// A folder of the place with this cosign and our program in it.
fn programs(bench: &Bench, version: Version, cosign: Tool) -> String {
    let folder = bench.place.path(&format!("bin-{version:?}"));
    if !folder.exists() {
        fs::create_dir(&folder).unwrap();
        symlink(cosign.path(), folder.join("cosign")).unwrap();
        symlink(program::path(), folder.join("signpath-cosign")).unwrap();
    }
    text(&folder)
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_commands_of_the_page_verify() {
    let bench = Bench::new();
    bench.place.write("pki.pem", bench.sandbox.code_signing_root_pem().unwrap());
    let page = page();
    for ((name, commands), (_, cosigns)) in chapters(&page).into_iter().zip(CHAPTERS) {
        for (version, cosign) in cosigns {
            let image = bench.image();
            let commands = commands
                .replace("my-project/release-signing", "demo/ec")
                .replace("registry.example/app@sha256:…", &image);
            let path = format!("{}:/usr/bin:/bin", programs(&bench, *version, *cosign));
            let mut shell = bench.place.command("sh");
            shell.args(["-euc", &commands]).env("PATH", path).env("MODULE", module_path());
            shell.env("SHARE", repository_file("scripts"));
            let ran = Ran::of(shell.envs(bench.sandbox.environment())).succeeds();
            let digest = image.split_once('@').unwrap().1;
            assert!(ran.stdout.contains(digest), "{name}, {version:?}: {ran}");
        }
    }
    for file in ["kyverno.yaml", "cip.yaml", "ratify.yaml"] {
        let printed = fs::read_to_string(bench.place.path(file)).unwrap();
        assert!(printed.contains("-----END PUBLIC KEY-----"), "{printed}");
    }
}
