//! What the documents tell people to type.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The subcommands of cosign that write a signature, and so may write to the public log.
const SIGNING: [&str; 4] = ["sign", "sign-blob", "attest", "attest-blob"];

/// Where a person may copy a command from; the last two have what `--help` and the man pages say.
const FOLDERS: [&str; 14] = [
    "",
    "crates/client",
    "crates/sandbox",
    "docs",
    "recipes",
    "recipes/azure",
    "recipes/github",
    "recipes/gitlab",
    "recipes/image",
    "recipes/jenkins",
    "scripts",
    "softhsm-config",
    "crates/command/src/cli",
    "crates/command/src/plugin",
];

fn documents() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = FOLDERS.iter().flat_map(|folder| fs::read_dir(root.join(folder)).expect(folder));
    let texts = files.filter_map(|file| fs::read_to_string(file.ok()?.path()).ok());
    texts.map(|text| text.replace("\\\n", " ")).collect()
}

/// Lines that call cosign to sign, however its name and its options are written.
fn signing_commands(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| {
        let words: Vec<_> =
            line.split_whitespace().map(|word| word.trim_matches(['"', '`'])).collect();
        let program = |word: &str| word.to_lowercase().contains("cosign");
        let signs = |two: &[&str]| program(two[0]) && SIGNING.contains(&two[1]);
        // The key tells a command from a sentence about one.
        let has_key = [" --key ", " --key="].iter().any(|key| line.contains(key));
        // The doctor says of a command whether it would, and does not run it.
        words.windows(2).any(signs) && has_key && !line.contains("doctor -- ")
    })
}

#[test]
fn every_documented_signing_command_keeps_off_the_public_log() {
    let mut seen = 0;
    for text in documents() {
        for command in signing_commands(&text) {
            seen += 1;
            // v2 has the one option; v3 takes it only together with another one.
            let by_configuration = command.contains("--signing-config ");
            let by_flag = command.contains("--tlog-upload=false");
            assert!(by_configuration || by_flag, "{command}");
        }
    }
    assert!(seen >= 3, "{seen} signing commands found in the documents");
}

/// What a heading is called in a link, as GitHub has it.
pub(crate) fn anchor(heading: &str) -> String {
    let heading = heading.trim().to_lowercase().replace(' ', "-");
    heading.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// The pages of a tree like this repository: what a person reads, with the folder it is in.
fn pages(root: &Path) -> Vec<(PathBuf, String)> {
    let folders = ["", "crates/sandbox", "docs", "softhsm-config"].map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The targets of a page's links to files of this repository.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    targets.filter(|target| !target.contains("://"))
}

/// The headings of a page, outside of its blocks.
fn headings(page: &str) -> impl Iterator<Item = &str> {
    let outside = page.split("```").step_by(2).flat_map(str::lines);
    outside.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'))
}

#[test]
fn every_link_between_the_pages_leads_to_a_file_and_to_a_heading_of_it() {
    assert_links(Path::new(env!("CARGO_MANIFEST_DIR")));
}

/// Asserts that every link between the pages of this tree leads to a file in it and to a heading of it.
pub(crate) fn assert_links(root: &Path) {
    let mut seen = 0;
    for (path, text) in pages(root) {
        for link in links(&text) {
            seen += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}", path.display());
            let is_there = heading.is_empty()
                || headings(&fs::read_to_string(&target).unwrap()).any(|h| anchor(h) == heading);
            assert!(is_there, "{} links to {link}", path.display());
        }
    }
    assert!(seen > 50, "{seen} links");
}

#[test]
fn a_page_whose_commands_name_files_by_variables_leads_to_where_these_are_set() {
    let mut seen = 0;
    for (path, text) in pages(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let has_variables = ["$SHARE", "$MODULE"].iter().any(|name| text.contains(name));
        let sets_them = text.contains("SHARE=") && text.contains("MODULE=");
        assert!(
            !has_variables || sets_them || text.contains("](install.md)"),
            "{}",
            path.display()
        );
        seen += usize::from(has_variables);
    }
    assert!(seen >= 5, "{seen} pages");
}

#[test]
fn every_page_of_the_folder_is_in_the_readme_s_list() {
    let readme = file("README.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, _) in pages(root) {
        let Ok(page) = path.strip_prefix(root) else { continue };
        if page.starts_with("docs") {
            assert!(readme.contains(&format!("]({})", page.display())), "{}", page.display());
        }
    }
}

#[test]
fn the_shipped_signing_configuration_names_no_service() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/empty-signing-config.json");
    let config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for (name, value) in config.as_object().unwrap() {
        let services = value.as_array().filter(|_| name.ends_with("Urls"));
        assert!(services.is_none_or(Vec::is_empty), "{name}: {value}");
    }
    assert!(config["mediaType"].as_str().unwrap().contains("signingconfig"));
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The value of a variable that a script sets at the beginning of a line.
fn variable_of<'t>(script: &'t str, name: &str) -> &'t str {
    let value = |line: &'t str| line.strip_prefix(name)?.strip_prefix('=');
    script.lines().find_map(value).unwrap_or_else(|| panic!("nobody sets {name}"))
}

#[test]
fn the_security_policy_says_what_the_fuzzers_are_given() {
    let (policy, tests, fuzz) = (file("SECURITY.md"), file("scripts/test"), file("scripts/fuzz"));
    let cases = format!("makes {} cases of each", variable_of(&tests, "FUZZ_CASES"));
    let calls = format!("and {} calls", variable_of(&tests, "FUZZ_CALLS"));
    assert!(policy.contains(&cases) && policy.contains(&calls), "{cases}, {calls}");
    let (_, rows) = fuzz.split_once("\nTARGETS=(").expect("the targets");
    let (rows, _) = rows.split_once("\n)").expect("their end");
    for row in rows.trim().lines() {
        let target = row.trim().trim_matches('\'').split('|').next().unwrap_or_default();
        let figures = policy.lines().find(|line| line.starts_with(&format!("| `{target}` |")));
        let figures: Vec<_> = figures.expect(target).split('|').map(str::trim).collect();
        assert!(figures[3].parse::<u64>().unwrap() >= 10_000_000, "{target}");
    }
}
