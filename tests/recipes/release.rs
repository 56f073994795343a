//! .github/workflows/release.yml. GitHub alone can run it; what it says of itself is held here.

use std::fs;

use serde_json::Value;

use crate::harness::repository_file;

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
