//! docs/metadata-flow.md: its commands, its pieces of the script, its lines to exchange.

use std::fs;

use super::{Programs, tagged};
use crate::{
    cosign::bench::{Bench, Version, text},
    harness::{Ran, repository_file},
};

/// What the document has between the marks of this name.
fn part(name: &str) -> String {
    let page = fs::read_to_string(repository_file("docs/metadata-flow.md")).expect("the document");
    let (_, part) = page.split_once(&format!("<!-- {name} -->")).expect("the part begins");
    let (part, _) = part.split_once(&format!("<!-- /{name} -->")).expect("the part ends");
    part.to_owned()
}

/// The blocks of commands of a part.
fn blocks(name: &str) -> Vec<String> {
    let part = part(name);
    let blocks = part.split("\n```sh\n").skip(1).map(|block| block.split("\n```\n").next());
    blocks.map(|block| block.expect("a block ends").to_owned()).collect()
}

/// What of a script stands between two lines, and the line of ours for it.
pub(super) struct Exchange {
    first: String,
    /// The line after it; the first one stands for itself without.
    end: Option<String>,
    pub(super) ours: String,
}

impl Exchange {
    /// The script with the line of ours.
    pub(super) fn made_in(&self, script: &str) -> String {
        let (before, from) = once(script, &format!("\n{}\n", self.first));
        let after = match &self.end {
            Some(end) => format!("\n{end}\n{}", once(from, &format!("\n{end}\n")).1),
            None => format!("\n{from}"),
        };
        format!("{before}\n{}{after}", self.ours)
    }
}

#[track_caller]
fn once<'a>(script: &'a str, line: &str) -> (&'a str, &'a str) {
    assert_eq!(script.matches(line).count(), 1, "{line}");
    script.split_once(line).expect("it is there")
}

/// The steps that can be exchanged, in their order.
pub(super) fn exchanges() -> Vec<Exchange> {
    let part = part("exchange");
    let rows = part.trim().lines().skip(2).map(|row| {
        let cells: Vec<_> = row.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        match <[_; 3]>::try_from(cells) {
            Ok([first, end, ours]) => Exchange { first, end: Some(end), ours },
            Err(cells) => {
                let [first, ours] = cells.try_into().expect("a line of theirs and one of ours");
                Exchange { first, end: None, ours }
            }
        }
    });
    rows.collect()
}

#[test]
fn the_document_s_pieces_are_the_script() {
    let script = fs::read_to_string(repository_file("scripts/sign-with-metadata")).unwrap();
    let (_, commands) = script.split_once("\n\n").unwrap();
    assert_eq!(blocks("script").join("\n\n") + "\n", commands);
}

#[test]
fn each_of_the_three_steps_has_a_line_of_ours() {
    let exchanges = exchanges();
    let ours: Vec<_> = exchanges.iter().map(|row| row.ours.split(' ').nth(1).unwrap()).collect();
    assert_eq!(ours, ["payload", "submit", "attach"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_document_s_commands_fetch_the_key_and_sign() {
    let bench = Bench::new();
    let image = bench.image();
    let scripts = text(&repository_file("scripts")) + "/";
    let commands = [blocks("public key"), blocks("sign")].concat().join("\n");
    let commands = commands
        .replace("my-project/release-signing", "demo/ec")
        .replace("my-project/SigningPolicies/release-signing", "demo/SigningPolicies/ec")
        .replace("registry.example/app:1.0", &tagged(&image).0)
        .replace("scripts/", &scripts);
    let mut shell = Programs::new(&bench, Version::Plain).command("sh");
    let ran = Ran::of(shell.args(["-euc", &commands])).succeeds();
    assert!(ran.stdout.contains(&tagged(&image).1), "{ran}");
    bench.cosign(Version::V2).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}
