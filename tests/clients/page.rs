//! docs/clients.md, the page that people copy commands from, and the README's table, which leads to it.

use std::fs;

use crate::{documents::anchor, harness::repository_file};

/// The commands under the heading of this name, as a person copies them.
#[track_caller]
pub(super) fn commands(name: &str) -> String {
    let blocks = blocks(&page());
    let found = blocks.into_iter().find(|(heading, _)| heading == name);
    found.unwrap_or_else(|| panic!("docs/clients.md has no commands under {name:?}")).1
}

fn page() -> String {
    fs::read_to_string(repository_file("docs/clients.md")).expect("the page of the clients")
}

/// Every block of commands, after the heading above it.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut heading = "";
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let commands = lines.by_ref().take_while(|line| *line != "```");
            let commands = commands.map(|line| format!("{line}\n")).collect();
            blocks.push((heading.to_owned(), commands));
        } else if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
    }
    blocks
}

/// The headings of the clients, outside of the blocks.
fn clients(page: &str) -> Vec<&str> {
    let outside = page.split("```").step_by(2).flat_map(str::lines);
    outside.filter_map(|line| line.strip_prefix("## ")).collect()
}

/// The links in the first column of the README's table: text and target.
fn links() -> Vec<(String, String)> {
    let readme = fs::read_to_string(repository_file("README.md")).expect("the README");
    let table = readme.split("<!-- clients -->").nth(1).expect("the README has a table of clients");
    let table = table.split("<!-- /clients -->").next().unwrap_or(table);
    let rows = table.trim().lines().skip(2);
    rows.map(|row| {
        let link = row.strip_prefix("| [").and_then(|row| row.split_once(") |"));
        let link = link.and_then(|(link, _)| link.split_once("]("));
        let (text, target) = link.unwrap_or_else(|| panic!("a row without a link: {row}"));
        (text.to_owned(), target.to_owned())
    })
    .collect()
}

/// The names of the blocks that the tests of the clients run.
fn run_by_tests() -> Vec<String> {
    let folder = fs::read_dir(repository_file("tests/clients")).expect("the folder of the clients");
    let files = folder.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let called = |file: String| {
        let calls = file.split(".documented(\"").skip(1);
        calls.filter_map(|call| Some(call.split_once('"')?.0.to_owned())).collect::<Vec<_>>()
    };
    files.flat_map(called).collect()
}

#[test]
fn every_block_of_commands_is_run_by_a_test() {
    let mut names: Vec<_> = blocks(&page()).into_iter().map(|(name, _)| name).collect();
    let mut run = run_by_tests();
    names.sort();
    run.sort();
    run.dedup();
    assert_eq!(names, run, "the blocks of docs/clients.md, and those that tests run");
}

#[test]
fn every_fence_of_the_page_is_a_block_under_a_lead() {
    let page = page();
    let parts: Vec<_> = page.split("\n```sh\n").collect();
    assert_eq!(page.matches("```").count(), 2 * (parts.len() - 1), "a fence that is not sh");
    for before in &parts[..parts.len() - 1] {
        let mut last = before.lines().rev().skip_while(|line| line.is_empty());
        let lead = last.next().unwrap();
        assert!(lead.ends_with('.'), "no lead, but {lead:?} stands before a block");
    }
}

#[test]
fn commands_fit_into_a_terminal() {
    for (name, commands) in blocks(&page()) {
        let longest = commands.lines().map(str::len).max();
        assert!(longest.is_some_and(|length| length <= 120), "{name}: {longest:?}");
    }
}

#[test]
fn the_readme_and_the_page_have_the_same_clients() {
    let texts: Vec<_> = links().into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, clients(&page()));
}

#[test]
fn the_readme_s_links_lead_to_the_page_s_headings() {
    for (text, target) in links() {
        assert_eq!(target, format!("docs/clients.md#{}", anchor(&text)));
    }
}
