//! .github/workflows/release.yml. GitHub alone can run it; what it says of itself is held here.

use std::{fs, process::Command};

use serde_json::Value;

use crate::harness::{Ran, Workplace, repository_file};

/// What a release is for, and whether somebody has built it.
const MACHINES: [(&str, bool); 7] = [
    ("x86_64", true),
    ("aarch64", false),
    ("x86_64-unknown-linux-musl", false),
    ("aarch64-unknown-linux-musl", false),
    ("x86_64-apple-darwin", false),
    ("aarch64-apple-darwin", false),
    ("x86_64-pc-windows-msvc", false),
];

fn text() -> String {
    let path = repository_file(".github/workflows/release.yml");
    fs::read_to_string(path).expect("the workflow")
}

fn workflow() -> Value {
    serde_saphyr::from_str(&text()).expect("the workflow is YAML")
}

fn rows(job: &Value) -> &[Value] {
    job["strategy"]["matrix"]["include"].as_array().expect("the rows of the job")
}

#[test]
fn every_machine_has_a_row_and_only_what_is_tried_can_hold_a_release_up() {
    let workflow = workflow();
    let (linux, others) = (&workflow["jobs"]["linux"], &workflow["jobs"]["others"]);
    assert_eq!(linux["continue-on-error"], "${{ matrix.untried }}");
    assert_eq!(others["continue-on-error"], true);
    let linux = rows(linux).iter().map(|row| (&row["machine"], row["untried"] == false));
    let others = rows(others).iter().map(|row| (&row["target"], false));
    let all: Vec<_> = linux.chain(others).collect();
    let all: Vec<_> = all
        .into_iter()
        .map(|(name, is_tried)| (name.as_str().expect("a name"), is_tried))
        .collect();
    assert_eq!(all, MACHINES);
}

#[test]
fn actions_of_others_are_named_by_the_ids_of_their_commits() {
    let text = text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("uses: ")).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for line in lines {
        let (_, id) = line.split_once('@').expect("a version");
        let (id, version) = id.split_once(" # v").expect("the version that people know it by");
        assert!(id.len() == 40 && id.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
        assert_eq!(version.split('.').count(), 3, "{line}");
    }
}

#[test]
fn one_job_alone_may_write_and_it_makes_a_draft() {
    let workflow = workflow();
    let expected: Value = serde_json::json!({ "contents": "read" });
    assert_eq!(workflow["permissions"], expected);
    for (name, job) in workflow["jobs"].as_object().expect("the jobs") {
        assert_eq!(job["permissions"].is_null(), name != "draft", "{name}");
    }
    assert!(text().contains(" --draft "));
    assert!(!text().contains("secrets."));
}

/// What an expression has in it would become part of the command.
#[test]
fn no_command_has_an_expression_in_it() {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_object().expect("the jobs").values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().expect("the steps"));
    let commands: Vec<_> = steps.filter_map(|step| step["run"].as_str()).collect();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        assert!(!command.contains("${{"), "{command}");
    }
}

/// The commands of a job, each with the variables of its step.
fn commands(job: &str) -> Vec<(String, Value)> {
    let workflow = workflow();
    let steps = workflow["jobs"][job]["steps"].as_array().expect("the steps").iter();
    steps.filter_map(|step| Some((step["run"].as_str()?.to_owned(), step["env"].clone()))).collect()
}

/// The one command of a job with these words in it, as GitHub runs it in a folder.
fn command(place: &Workplace, job: &str, words: &str) -> Command {
    let mut commands = commands(job);
    commands.retain(|(command, _)| command.contains(words));
    assert_eq!(commands.len(), 1, "{words}: {commands:?}");
    let step = place.write("step", &commands.remove(0).0);
    let mut command = place.command("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(step);
    command
}

#[test]
fn the_list_of_sums_has_every_package_and_not_itself() {
    let place = Workplace::new();
    let packages = place.path("packages");
    fs::create_dir(&packages).unwrap();
    let names = ["signpath-pkcs11-0.cdx.json", "signpath-pkcs11-0.tar.gz", "signpath-pkcs11_0.deb"];
    // A list that is there is what a list that is just being written looks like.
    for name in names.iter().chain(&["SHA256SUMS"]) {
        fs::write(packages.join(name), name).unwrap();
    }
    let mut command = command(&place, "draft", "sha256sum");
    Ran::of(command.current_dir(&packages)).succeeds();
    let sums = fs::read_to_string(packages.join("SHA256SUMS")).unwrap();
    let mut listed: Vec<_> = sums.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    listed.sort_unstable();
    assert_eq!(listed, names);
}

#[test]
fn the_notes_are_the_version_s_part_of_the_changelog() {
    let place = Workplace::new();
    let changelog = "# Changelog\n\n## 0.2.0\n\nNewer.\n\n## 0.1.0\n\nOlder.\n\n**More**\n";
    place.write("CHANGELOG.md", changelog);
    for (tag, said) in [("v0.2.0", "\nNewer.\n\n"), ("v0.1.0", "\nOlder.\n\n**More**\n")] {
        let mut command = command(&place, "draft", "CHANGELOG.md");
        Ran::of(command.env("GITHUB_REF_NAME", tag)).succeeds();
        assert_eq!(fs::read_to_string(place.path("notes.md")).unwrap(), said);
    }
    let mut missing = command(&place, "draft", "CHANGELOG.md");
    Ran::of(missing.env("GITHUB_REF_NAME", "v0.3.0")).fails();
    let changelog = fs::read_to_string(repository_file("CHANGELOG.md")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(changelog.contains(&format!("\n## {version}\n")), "{version}");
    let drafts = commands("draft");
    let draft = drafts.iter().any(|(command, _)| command.contains("--notes-file notes.md"));
    assert!(draft, "{drafts:?}");
}

/// Where something that a release needs was left out, the release is held up.
#[test]
fn what_is_uploaded_is_what_was_tried_and_nothing_is_left_out() {
    let judge = commands("judge");
    let judged = judge.iter().find(|(command, _)| command == ".ci/run").expect("the judge");
    assert_eq!(judged.1["SIGNPATH_TEST_NETWORK"], "1");
    let linux = commands("linux");
    let place = |words: &str| linux.iter().position(|(command, _)| command.contains(words));
    let made = place("scripts/package --twice --output packages").expect("packages");
    let tried = place("scripts/test --all-of-it package").expect("a trial");
    assert_eq!(linux[tried].1["SIGNPATH_TEST_PACKAGES"], "packages");
    assert!(linux[tried].0.starts_with("sudo --preserve-env "), "{}", linux[tried].0);
    // The sums are tried as well.
    assert!(made < tried && Some(tried) < place("rm packages/SHA256SUMS"), "{linux:?}");
}

#[test]
fn other_systems_are_given_what_the_script_packs() {
    let commands = commands("others");
    assert_eq!(commands.len(), 3);
    assert_eq!(commands[0].0, "git config --global core.autocrlf false");
    assert_eq!(commands[2].0, "scripts/package-for \"$TARGET\" packages");
}
