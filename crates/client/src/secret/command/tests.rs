//! Programs are written as scripts; the shell that reads them is theirs, not ours.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A program in a folder of its own.
struct Script {
    folder: TempDir,
}

impl Script {
    fn new(text: &str) -> Self {
        let script = Self { folder: tempfile::tempdir().unwrap() };
        let mut file = File::create(script.path()).unwrap();
        file.write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
        file.set_permissions(Permissions::from_mode(0o700)).unwrap();
        script
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("token-helper")
    }

    fn run_with(&self, arguments: &[&str], time: Duration) -> Result<String, String> {
        // Run by the shell: a program that another test's child has inherited open for writing cannot be started.
        let path = self.path().display().to_string();
        let words = ["/bin/sh", &path].into_iter().chain(arguments.iter().copied());
        let command = TokenCommand::new(words.map(str::to_owned).collect()).unwrap();
        command.run(time).map(|token| token.expose().to_owned())
    }
}

fn run(text: &str) -> Result<String, String> {
    Script::new(text).run_with(&[], COMMAND_TIME)
}

fn refusal(text: &str) -> String {
    let why = run(text).unwrap_err();
    assert!(!why.contains("hunter2"), "{why}");
    why
}

#[test]
fn the_first_line_is_the_token() {
    for text in
        ["printf abc", "echo abc", "printf ' abc \\r\\nsecond line'", "echo x >&2; echo abc"]
    {
        assert_eq!(run(text).as_deref(), Ok("abc"), "{text}");
    }
}

#[test]
fn arguments_are_words_and_no_shell_reads_them() {
    let printed =
        Script::new("printf '%s|%s' \"$#\" \"$1\"").run_with(&["$(id);'x'"], COMMAND_TIME);
    assert_eq!(printed.as_deref(), Ok("1|$(id);'x'"));
}

#[test]
fn there_is_nothing_on_standard_input() {
    assert_eq!(run("cat; echo end").as_deref(), Ok("end"));
}

#[test]
fn what_is_no_token_is_refused_and_not_shown() {
    for (text, expected) in [
        ("true", "is empty"),
        ("echo; echo hunter2", "is empty"),
        ("echo hunter2 abc", "no spaces"),
        ("printf 'hunter2\\377'", "no spaces"),
    ] {
        let why = refusal(text);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn a_program_that_fails_is_told_with_what_it_says() {
    let why = refusal("echo hunter2; echo 'not logged in' >&2; exit 3");
    assert_eq!(why, "exit status: 3 (not logged in)");
    assert_eq!(refusal("set -x; echo hunter2; exit 1"), "exit status: 1 (+ echo ***\\n+ exit 1)");
    assert!(refusal("echo hunter2; kill -9 $$").contains("signal: 9"));
    let missing = TokenCommand::new(vec!["/nonexistent/helper".to_owned()]).unwrap();
    let why = missing.run(COMMAND_TIME).unwrap_err();
    assert!(why.contains("cannot be run: No such file"), "{why}");
}

#[test]
fn output_has_a_bound_and_complaints_are_cut() {
    let why = refusal("echo hunter2; exec yes");
    assert!(why.contains("more than 65536 bytes"), "{why}");
    assert_eq!(run("head -c 300000 /dev/zero >&2; echo abc").as_deref(), Ok("abc"));
    let why = refusal("head -c 300000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert_eq!(why.matches('x').count(), COMPLAINT_MAX + 1, "one is in `exit`: {why}");
}

#[test]
fn a_program_that_takes_too_long_is_stopped_and_collected() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    let start = Instant::now();
    for waits in ["exec sleep 600", "exec >&- 2>&-; exec sleep 600"] {
        let script = Script::new(&format!("echo $$ > {}; echo hunter2; {waits}", told.display()));
        let why = script.run_with(&[], Duration::from_millis(400)).unwrap_err();
        assert_eq!(why, "it took longer than 0.4 s, and was stopped");
        let id = std::fs::read_to_string(&told).unwrap();
        assert!(!PathBuf::from(format!("/proc/{}", id.trim())).exists(), "{id}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_the_program_leaves_behind_does_not_hold_us_up() {
    let start = Instant::now();
    assert_eq!(run("sleep 600 >&- & echo abc").as_deref(), Ok("abc"));
    assert!(start.elapsed() < COMMAND_TIME);
}

#[test]
fn a_command_shows_its_program_alone() {
    let words = ["/bin/helper", "hunter2"].map(str::to_owned).to_vec();
    let command = TokenCommand::new(words).unwrap();
    assert_eq!(command.to_string(), "the command /bin/helper");
    assert!(!format!("{command:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn whatever_is_printed_it_gives_a_token_of_its_first_line_or_none(output: Vec<u8>) {
        if let Ok(token) = token_in(&output) {
            prop_assert!(is_token(token.expose()));
            let line = output.split(|byte| *byte == b'\n').next().unwrap();
            prop_assert_eq!(line.trim_ascii(), token.expose().as_bytes());
        }
    }

    #[test]
    fn a_token_is_found_with_white_space_around_it_and_lines_after_it(
        token in "[!-~]{1,80}", before in "[ \t]{0,3}", after in "[ \t\r]{0,3}(\n.{0,20})?"
    ) {
        let output = format!("{before}{token}{after}");
        let read = token_in(output.as_bytes()).unwrap();
        prop_assert_eq!(read.expose(), token);
    }
}
