//! Each step of ours in the place of stock cosign's: the lines that the document has for it, in the script.

use std::{fs, os::unix::fs::symlink};

use super::{Programs, document, requests, tagged};
use crate::{
    command::program,
    cosign::bench::{Bench, VERSIONS},
    harness::{Ran, repository_file},
};

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_step_can_be_exchanged_for_ours_and_both_generations_verify() {
    let bench = Bench::new();
    let rows = document::exchanges();
    let script = fs::read_to_string(repository_file("scripts/sign-with-metadata")).unwrap();
    for version in VERSIONS {
        let programs = Programs::new(&bench, version);
        symlink(program::path(), programs.folder.join("signpath-cosign")).unwrap();
        for chosen in 0..1_u32 << rows.len() {
            let exchanged = rows.iter().enumerate().filter(|(row, _)| chosen & (1 << row) != 0);
            let changed = exchanged.fold(script.clone(), |script, (_, row)| row.made_in(&script));
            let path = bench.place.write("changed", changed);
            let image = bench.image();
            let policy = ["demo/rsa", "demo/ec"][usize::from(chosen.is_power_of_two())];
            let key = bench.public_key_of(policy);
            let mut shell = programs.command("sh");
            Ran::of(shell.arg(path).args([&tagged(&image).0, policy, &key])).succeeds();
            for verifier in VERSIONS {
                bench.cosign(verifier).verify(&key, &image).succeeds();
            }
        }
    }
    assert_eq!(requests(&bench.sandbox).len(), 2 * 8);
}
