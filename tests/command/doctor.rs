//! What keeps signing from working, told.

use std::os::unix::fs::symlink;

use serde_json::Value;

use super::program::run_with;
use crate::{
    cosign::bench::Bench,
    harness::{Tool, Workplace, repository_file, sandbox_builder},
};

type Variables = Vec<(String, String)>;

/// The state and the text of each line of a check.
fn of(report: &[u8], check: &str) -> Vec<(String, String)> {
    let findings: Vec<Value> = serde_json::from_slice(report).expect("a list");
    let text = |finding: &Value, name: &str| finding[name].as_str().expect(name).to_owned();
    let wanted = findings.iter().filter(|finding| finding["check"] == check);
    wanted.map(|finding| (text(finding, "state"), text(finding, "text"))).collect()
}

fn set(mut variables: Variables, name: &str, value: &str) -> Variables {
    variables.retain(|(known, _)| known != name);
    variables.push((name.to_owned(), value.to_owned()));
    variables
}

#[test]
fn what_works_is_ok_and_where_settings_come_from_is_said_without_secrets() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let report = run_with(&place, &sandbox.environment(), &["doctor"]).succeeds();
    let text = report.text();
    assert!(text.lines().all(|line| !line.starts_with("error ")), "{text}");
    let line = "configuration: OrganizationId = ";
    assert!(
        text.contains(line)
            && text.contains("(from the environment variable SIGNPATH_ORGANIZATION_ID)"),
        "{text}"
    );
    assert!(text.contains("ApiToken = *** (from"), "{text}");
    assert!(!text.contains(&sandbox.token()), "{text}");
    assert!(text.contains("ok       service: http://127.0.0.1:"), "{text}");
    assert!(text.contains("ok       policies: demo/approval, demo/ec, "), "{text}");
}

#[test]
fn what_does_not_work_is_an_error_and_the_exit_code_says_so() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let good = sandbox.environment();
    let only = |name: &str| good.iter().filter(|(known, _)| known != name).cloned().collect();
    let beyond = set(good.clone(), "SIGNPATH_API_URL", "https://nowhere.invalid/Api");
    // Or the proxy's name would be asked for, and the service for minutes.
    let beyond = set(beyond, "no_proxy", "*");
    let beyond = set(beyond, "SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "1");
    let cases: [(Variables, &str, &str); 5] = [
        (beyond, "name", "nowhere.invalid has no address"),
        (set(good.clone(), "SIGNPATH_API_TOKEN", "wr0ng"), "service", "401"),
        (only("SIGNPATH_API_TOKEN"), "credentials", "no credentials"),
        (set(good.clone(), "SIGNPATH_LOG_CONSOLE_LEVEL", "loud"), "configuration", "loud"),
        (
            set(good.clone(), "SIGNPATH_SIGNING_POLICY_SLUG", "none"),
            "policies",
            "no signing policy",
        ),
    ];
    for (variables, check, said) in cases {
        let ended = run_with(&place, &variables, &["doctor", "--json"]);
        assert_eq!(ended.code, Some(1), "{check}: {}", ended.text());
        assert!(ended.stderr.contains("error: there "), "{}", ended.stderr);
        let mut errors = of(&ended.stdout, check).into_iter().filter(|(state, _)| state == "error");
        assert!(errors.any(|(_, text)| text.contains(said)), "{}", ended.text());
        assert!(!ended.text().contains("wr0ng"), "{}", ended.text());
    }
}

#[test]
fn a_command_that_would_reach_the_public_log_is_an_error() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let config = repository_file("scripts/empty-signing-config.json").display().to_string();
    let sign = ["doctor", "--json", "--", "cosign", "sign", "--key", "signpath://demo/ec"];
    let bad = run_with(&place, &sandbox.environment(), &sign);
    assert_eq!((bad.code, &*of(&bad.stdout, "public log")[0].0), (Some(1), "error"));
    let kept_off = [&sign[..], &["--signing-config", &config, "IMAGE"]].concat();
    let good = run_with(&place, &sandbox.environment(), &kept_off).succeeds();
    assert_eq!(of(&good.stdout, "public log")[0].0, "ok");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_cosign_on_path_is_told() {
    let bench = Bench::new();
    let variables =
        set(bench.sandbox.environment(), "PATH", &bench.place.path("").display().to_string());
    let nothing = run_with(&bench.place, &variables, &["doctor", "--json"]).succeeds();
    assert_eq!(of(&nothing.stdout, "cosign")[0].1, "there is no cosign on PATH");
    for (tool, said) in [
        (Tool::CosignV3, "v3.1.2, which runs KMS plugins"),
        (Tool::CosignV2, "v2.6.4, which runs KMS plugins"),
        (Tool::CosignOldest, "v2.0.0 runs no KMS plugins"),
    ] {
        let link = bench.place.path("cosign");
        std::fs::remove_file(&link).ok();
        symlink(tool.path(), link).unwrap();
        let told = run_with(&bench.place, &variables, &["doctor", "--json"]).succeeds();
        let lines: Vec<_> = of(&told.stdout, "cosign").into_iter().map(|(_, text)| text).collect();
        assert_eq!(lines, [said, "it is built with PKCS #11, so that it can load the module"]);
    }
}
