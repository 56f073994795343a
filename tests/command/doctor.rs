//! What keeps signing from working, told.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::program::{self, Ended, run_with};
use crate::harness::{Ran, Workplace, sandbox_builder};

mod programs;
mod public_log;
mod way;

type Variables = Vec<(String, String)>;

/// The state and the text of each line of a check.
fn of(report: &[u8], check: &str) -> Vec<(String, String)> {
    let findings: Vec<Value> = serde_json::from_slice(report).expect("a list");
    let text = |finding: &Value, name: &str| finding[name].as_str().expect(name).to_owned();
    let wanted = findings.iter().filter(|finding| finding["check"] == check);
    wanted.map(|finding| (text(finding, "state"), text(finding, "text"))).collect()
}

/// There is such a line of the check.
#[track_caller]
fn expect(ended: &Ended, check: &str, state: &str, said: &str) {
    let lines = of(&ended.stdout, check);
    let fits = |line: &(String, String)| line.0 == state && line.1.contains(said);
    assert!(lines.iter().any(fits), "{check} {state} {said:?} is not in:\n{}", ended.text());
}

fn set(mut variables: Variables, name: &str, value: &str) -> Variables {
    variables.retain(|(known, _)| known != name);
    variables.push((name.to_owned(), value.to_owned()));
    variables
}

fn without(variables: &Variables, name: &str) -> Variables {
    variables.iter().filter(|(known, _)| known != name).cloned().collect()
}

fn doctor(place: &Workplace, variables: &Variables, words: &[&str]) -> Ended {
    run_with(place, variables, &[&["doctor", "--json"], words].concat())
}

/// A shell script as a program of this name in the place, which becomes the search path.
fn script(place: &Workplace, name: &str, body: &str) {
    let path = place.write(name, format!("#!/bin/sh\n{body}\n"));
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn only_here(place: &Workplace, variables: Variables) -> Variables {
    set(variables, "PATH", &place.path("").display().to_string())
}

#[test]
fn what_works_is_ok_and_where_settings_come_from_is_said() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let report = run_with(&place, &sandbox.environment(), &["doctor"]).succeeds();
    let text = report.text();
    assert!(text.lines().all(|line| !line.starts_with("error ")), "{text}");
    for line in [
        "configuration: OrganizationId = ",
        "(from the environment variable SIGNPATH_ORGANIZATION_ID)",
        "ApiToken = *** (from",
        "ok       proxy: none, as 127.0.0.1 is this machine\n",
        "ok       name: 127.0.0.1 is an address\n",
        "ok       tls: none: plain http, which stays on this machine\n",
        "ok       service: http://127.0.0.1:",
        "ok       clock: it agrees with the service's to the second\n",
        "ok       token: the service takes it\n",
        "ok       policies: demo/approval, demo/ec, ",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour where no terminal is");
}

#[test]
fn a_configuration_that_cannot_be_used_hides_nothing_of_cosign() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = set(sandbox.environment(), "SIGNPATH_LOG_CONSOLE_LEVEL", "loud");
    let ended = doctor(&place, &only_here(&place, variables), &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("error: there is one error in the report"), "{}", ended.stderr);
    expect(&ended, "configuration", "error", "loud");
    for check in ["proxy", "tls", "token", "policies", "certificates"] {
        expect(&ended, check, "skipped", "the configuration cannot be used");
    }
    expect(&ended, "cosign", "warning", "there is no cosign on PATH");
}

/// With every secret that there is, over a way that fails and one that does not.
#[test]
fn no_secret_is_shown() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let secrets =
        ["pr0xy-password", "t0ken-of-a-file", "p1n-of-cosign", "passw0rd-of-cosign", "cl1ent"];
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", secrets[4]);
    let key = place.write("client.pem", key).display().to_string();
    let proxy = format!("http://user:{}@127.0.0.1:1", secrets[0]);
    let mut variables = sandbox.environment();
    for (name, value) in [
        ("https_proxy", proxy.as_str()),
        ("http_proxy", &proxy),
        ("SIGNPATH_TLS_CLIENT_CERTIFICATE", &key),
        ("COSIGN_PKCS11_PIN", &format!("{}:{}", sandbox.organization_id(), secrets[2])),
        ("COSIGN_PASSWORD", secrets[3]),
    ] {
        variables = set(variables, name, value);
    }
    // A program that prints all it has; what comes last is told.
    script(&place, "p11tool", "set >&2; echo \"$SIGNPATH_API_TOKEN\" >&2; exit 1");
    let variables = only_here(&place, variables);
    let away = set(variables.clone(), "SIGNPATH_API_URL", "https://service.invalid/Api");
    let other = set(away.clone(), "SIGNPATH_API_TOKEN", secrets[1]);
    let token = sandbox.token();
    let uri = format!("pkcs11:token=x?pin-value={}", secrets[2]);
    let module = crate::harness::module_path().display().to_string();
    let words = ["--module", &module, "--", "cosign", "sign", "--key", &uri, "--tlog-upload=no"];
    for variables in [&variables, &away, &other] {
        for json in [true, false] {
            let start = if json { &["doctor", "--json"][..] } else { &["doctor"] };
            let ended = run_with(&place, variables, &[start, &words].concat());
            let written = ended.text() + &ended.stderr;
            let told = written.lines().find(|line| line.contains("does not load"));
            assert!(told.is_some_and(|line| line.contains("; ***")), "{written}");
            for secret in secrets.iter().copied().chain([token.as_str()]) {
                assert!(!written.contains(secret), "{secret} is in:\n{written}");
            }
        }
    }
}

#[test]
fn of_several_organizations_the_one_that_is_looked_at_is_named() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let (id, other) = (sandbox.organization_id(), "94b2c3d4-0000-4000-8000-aabbccddeeff");
    let entry = |id: &str, label: &str| {
        json!({
            "OrganizationId": id, "ApiToken": sandbox.token(), "TokenLabel": label, "Wrong": 1,
        })
    };
    let file = |own: Value| {
        let path = place.write("signpath.json", own.to_string());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        vec![("SIGNPATH_CONFIG_FILE".to_owned(), path.display().to_string())]
    };
    let url = sandbox.api_url();
    let both = json!({
        "ApiUrl": url, "Unknown": 1, "Organizations": [entry(&id, "One"), entry(other, "Two")],
    });
    let ended = doctor(&place, &file(both), &[]).succeeds();
    let named = format!("the organization {id} is looked at, and 1 more of the configuration not");
    expect(&ended, "configuration", "ok", &named);
    expect(&ended, "configuration", "ok", "TokenLabel = One");
    expect(&ended, "configuration", "warning", "Unknown");
    expect(&ended, "policies", "ok", "demo/ec");
    assert!(!ended.text().contains("= Two"), "{}", ended.text());

    // The one outside of the list has no token, and is not the one.
    let second = json!({
        "ApiUrl": url, "OrganizationId": other, "Unknown": 1, "Organizations": [entry(&id, "One")],
    });
    let ended = doctor(&place, &file(second), &[]).succeeds();
    expect(&ended, "configuration", "ok", &named);
    expect(&ended, "configuration", "ok", "TokenLabel = One");
    expect(&ended, "configuration", "warning", "Unknown");
    expect(&ended, "configuration", "warning", "Wrong");

    let alone = doctor(&place, &sandbox.environment(), &[]).succeeds();
    assert!(!alone.text().contains("is looked at"), "{}", alone.text());
}

/// `script` of util-linux gives a program a terminal.
#[test]
fn a_terminal_gets_colours_beside_the_words() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let command = format!("{} doctor", program::path().display());
    let words = ["--quiet", "--return", "--command", &command, "/dev/null"];
    let on = |variable: (&str, &str)| {
        let mut script = place.command("script");
        script
            .args(words)
            .envs(sandbox.environment())
            .env("TERM", "xterm")
            .env(variable.0, variable.1);
        Ran::of(&mut script).succeeds().stdout
    };
    let coloured = on(("X", ""));
    assert!(coloured.contains("\u{1b}[32mok     \u{1b}[0m  clock: "), "{coloured}");
    let plain = on(("NO_COLOR", "1"));
    assert!(plain.contains("ok       clock: ") && !plain.contains('\u{1b}'), "{plain}");
}
