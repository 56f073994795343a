//! The command line.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use signpath_sandbox::write_env_file;
use tempfile::TempDir;

use crate::{
    fixture::builder,
    submission::{submit, zip},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_signpath-sandbox");

/// A sandbox of small keys: what is tried here is the command line.
const CONFIG: &str = r#"{"projects": {"p": {"signingPolicies": {"a": {"key": "p256"}}}}}"#;

/// A running `serve` that is killed at the latest when the test ends.
struct Serving {
    child: Child,
    line: String,
}

impl Serving {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        fs::write(folder.join("config.json"), CONFIG).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--config", "config.json"])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: line.trim_end().to_owned() }
    }

    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut errors = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn serve_says_where_it_listens_and_ends_in_order_on_both_signals() {
    for signal in ["-TERM", "-INT"] {
        let folder = TempDir::new().unwrap();
        let serving = Serving::start(folder.path(), &[]);
        assert!(serving.line.starts_with("listening on http://127.0.0.1:"), "{}", serving.line);
        assert!(serving.line.ends_with("/Api"));
        let (code, errors) = serving.end(signal);
        assert_eq!(code, Some(0), "{errors}");
        assert!(errors.contains("SIGNPATH_API_TOKEN='"), "{errors}");
    }
}

#[test]
fn an_env_file_is_there_when_the_line_is_and_a_shell_can_source_it() {
    let folder = TempDir::new().unwrap();
    let serving =
        Serving::start(folder.path(), &["--tls", "--state", "s", "--env-file", "it's.env"]);
    let url = serving.line.strip_prefix("listening on ").unwrap();
    let script = ". \"./it's.env\"; printf '%s\\n' \"$SIGNPATH_API_URL\" \
        \"$SIGNPATH_ORGANIZATION_ID\" \"$SIGNPATH_API_TOKEN\"; cat \"$SIGNPATH_TLS_CA_CERTIFICATE\"";
    let shell =
        Command::new("sh").args(["-c", script]).current_dir(folder.path()).output().unwrap();
    let shown = String::from_utf8(shell.stdout).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], url);
    let kept = fs::read_to_string(folder.path().join("s/sandbox.json")).unwrap();
    assert!(kept.contains(lines[1]) && kept.contains(lines[2]), "{shown}");
    assert_eq!(lines[3], "-----BEGIN CERTIFICATE-----");
    let (_, errors) = serving.end("-TERM");
    assert!(!errors.contains(lines[2]), "the token is in the file alone");
}

#[test]
fn a_second_serve_in_the_same_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let _serving = Serving::start(folder.path(), &["--state", "s"]);
    let state = folder.path().join("s");
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--state", state.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another sandbox"), "{}", stderr(&second));
}

#[test]
fn files_that_others_can_use_are_taken_from_them_with_a_warning() {
    let folder = TempDir::new().unwrap();
    let (_, errors) = Serving::start(folder.path(), &["--tls", "--state", "s"]).end("-TERM");
    assert!(!errors.contains("warning"), "{errors}");
    let names = ["sandbox.json", "keys/p/a.pem", "code-signing-root-key.pem", "tls-root-key.pem"];
    let files = names.map(|name| folder.path().join("s").join(name));
    for file in &files {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let (_, errors) = Serving::start(folder.path(), &["--tls", "--state", "s"]).end("-TERM");
    for (name, file) in names.iter().zip(&files) {
        let warning = format!("{name} could be used by others; its mode is now 0600");
        assert_eq!(errors.matches(&warning).count(), 1, "{errors}");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn wrong_arguments_end_with_2_and_wrong_content_with_1() {
    for (arguments, code, text) in [
        (vec!["serve", "--generation", "ancient"], 2, "old, new, both"),
        (vec!["listen"], 2, "unrecognized subcommand"),
        (vec![], 2, "Usage"),
        (vec!["serve", "--listen", "0.0.0.0:0"], 1, "--allow-remote"),
        (vec!["serve", "--listen", "nonsense"], 1, "cannot listen on nonsense"),
        (vec!["serve", "--config", "/nonexistent.json"], 1, "cannot read /nonexistent.json"),
        (vec!["approve"], 2, "<ID>"),
        (
            vec!["approve", "x", "--state", "/nonexistent"],
            1,
            "/nonexistent is not the state folder",
        ),
        (vec!["deny", "x", "--env-file", "/nonexistent"], 1, "there is no file /nonexistent"),
        (vec!["audit", "--state", "/nonexistent"], 1, "/nonexistent is not the state folder"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(text), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_help_has_examples() {
    for (arguments, text) in [
        (["serve", "--help"], "--env-file sandbox.env"),
        (["serve", "--help"], "plain http to loopback only"),
        (["approve", "--help"], "--env-file sandbox.env"),
        (["audit", "--help"], "--json | tail"),
        (["audit", "--help"], "the beginning of the client's command line"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains(text));
    }
}

#[test]
fn approve_and_deny_find_the_sandbox_by_state_by_env_file_and_by_environment() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("s");
    // The tests' own client speaks no TLS.
    let plain = builder().state(&state).start().unwrap();
    let artifact = zip(&[("payload.json", "{}")]);
    let ids: Vec<_> = (0..3).map(|_| submit(&plain, "demo/approval", None, &artifact)).collect();
    drop(plain);
    let sandbox = builder().tls().state(&state).start().unwrap();
    let file = folder.path().join("e.env");
    write_env_file(&file, &sandbox.environment()).unwrap();

    let by_state = ["--state", state.to_str().unwrap()];
    let by_file = ["--env-file", file.to_str().unwrap()];
    for (id, word, how, status) in [
        (&ids[0], "approve", by_state.as_slice(), "Completed"),
        (&ids[1], "deny", &by_file, "Denied"),
        (&ids[2], "approve", &[], "Completed"),
    ] {
        let mut command = Command::new(PROGRAM);
        let output = command.args([word, id]).args(how).envs(sandbox.environment()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{id}  {status}\n"));
    }
    let again = run(&[&["approve", &ids[0]], by_state.as_slice()].concat());
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("its status is Completed"), "{}", stderr(&again));
    let alone = Command::new(PROGRAM).args(["deny", &ids[0]]).env_clear().output().unwrap();
    assert!(stderr(&alone).contains("SIGNPATH_API_URL is not set"), "{}", stderr(&alone));
    drop(sandbox);
    let late = run(&[&["approve", &ids[0]], by_state.as_slice()].concat());
    assert!(stderr(&late).contains("no sandbox is serving"), "{}", stderr(&late));
}

#[test]
#[ignore = "needs curl, zip, unzip and openssl"]
fn the_readme_s_commands_sign_a_file_with_the_stock_tools() {
    let (_, from) = include_str!("../../README.md").split_once("## File-based signing").unwrap();
    let commands = from.split("```").nth(1).unwrap();
    let folder = TempDir::new().unwrap();
    let sandbox = builder().start().unwrap();
    fs::write(folder.path().join("payload.json"), "{}").unwrap();
    fs::write(folder.path().join("key.pem"), sandbox.public_key_pem("demo/ec").unwrap()).unwrap();
    let verify = "openssl dgst -sha256 -verify key.pem -signature payload.json.sig payload.json";
    let script = format!("set -eu\n{commands}\n{verify}\n");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path()).envs(sandbox.environment());
    let output = shell.output().unwrap();
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{shown}{}", stderr(&output));
    assert!(shown.contains(r#""status":"Completed""#) && shown.contains("Verified OK"), "{shown}");
}

#[test]
fn audit_prints_lines_for_people_and_for_programs() {
    let folder = TempDir::new().unwrap();
    let lines = [
        r#"{"time":"2026-01-02T03:04:05.678Z","user":"ci","route":"SignHash","policy":"demo/ec","algorithm":"Ecdsa Ieee","digest":"e3b0","metadata":{"sourceProcess":{"commandLine":"cosign sign","user":"me"}},"result":"signed","signingRequestId":"i-d"}"#,
        r#"{"time":"2026-01-02T03:04:06.000Z","user":"unknown","route":"SigningRequests","policy":"x\u001b[2J/y","payloads":{"a":"1\n2","b":""},"result":"refused","status":401,"reason":"No."}"#,
    ];
    let log = lines.join("\n") + "\n";
    fs::write(folder.path().join("audit.jsonl"), &log).unwrap();
    let state = folder.path().to_str().unwrap();
    let output = run(&["audit", "--state", state]);
    let expected = "2026-01-02T03:04:05.678Z  ci  demo/ec  Ecdsa Ieee  e3b0  signed i-d  cosign sign\n\
         2026-01-02T03:04:06.000Z  unknown  x\\u{1b}[2J/y  -  -  refused 401 No.  -\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(0));
    let output = run(&["audit", "--state", state, "--payloads"]);
    let payloads = "  a: 1\\u{a}2\n  b: \n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{expected}{payloads}"));
    let output = run(&["audit", "--state", state, "--json"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), log);
}

#[test]
fn audit_says_when_nothing_was_signed_yet() {
    let folder = TempDir::new().unwrap();
    drop(Serving::start(folder.path(), &["--state", "s"]));
    let state = folder.path().join("s");
    for _ in ["an empty log", "no log"] {
        let output = run(&["audit", "--state", state.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(stderr(&output), "nothing was signed or refused yet\n");
        assert!(output.stdout.is_empty());
        drop(fs::remove_file(state.join("audit.jsonl")));
    }
}

#[test]
fn audit_says_which_lines_it_cannot_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("audit.jsonl"), "{\n").unwrap();
    let output = run(&["audit", "--state", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("line 1"), "{}", stderr(&output));
}
