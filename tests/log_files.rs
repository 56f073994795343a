//! The log file as a host's processes meet it: several that write at once, and a disk without room. What is in the file and
//! whose it is, crates/client/src/log tests.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use cryptoki_sys::*;
use serde_json::json;

use crate::{
    command::program,
    faults::caller,
    harness::{Module, Workplace, alone, alone_repeatedly, sandbox_builder},
};

const FILE: &str = "SignPath.CryptoProviders.Cryptoki.txt";
const POLICY: &str = "demo/ec";

/// Lines that each process writes.
const LINES: usize = 3000;

/// An empty line, to fill a file with.
const FILLER: &[u8] = b"\n";

/// A call that leaves one line at the level debug.
fn info(module: &Module) {
    let mut info = CK_INFO::default();
    assert_eq!(call!(module, C_GetInfo(&raw mut info)), CKR_OK);
}

fn text(path: &Path) -> String {
    String::from_utf8(fs::read(path).expect("a file of the log")).expect("text")
}

#[test]
fn processes_that_write_at_once_put_a_full_file_aside_once_and_lose_no_line() {
    let Some(module) = alone_repeatedly(|_| {
        let module = Module::started();
        (0..LINES).for_each(|_| info(&module));
        println!("I am {}", std::process::id());
    }) else {
        return;
    };
    let place = Workplace::new();
    let folder = place.path("logs");
    fs::create_dir(&folder).unwrap();
    // Room for a part of what is written: all of them meet the limit.
    fs::write(folder.join(FILE), FILLER.repeat(10_000_000 - 300_000)).unwrap();
    let folder_name = folder.display().to_string();
    let variables =
        [("SIGNPATH_LOG_FILE_LEVEL", "debug"), ("SIGNPATH_LOG_FILE_DIRECTORY", &*folder_name)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let run = || {
        let (stdout, stderr) = module.written_by(&[], &variables);
        assert!(!stderr.contains("signpath: "), "{stderr}");
        let id = stdout.lines().find_map(|line| Some(line.split_once("I am ")?.1.to_owned()));
        id.expect("the process tells its number")
    };
    let ids: Vec<String> = thread::scope(|scope| {
        let started = [(); 4].map(|()| scope.spawn(run));
        started.map(|process| process.join().expect("it ends")).to_vec()
    });
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["SignPath.CryptoProviders.Cryptoki.1.txt", FILE]);
    let old = text(&folder.join(&names[0]));
    assert!(old.len() <= 10_000_000 && old.len() > 9_999_000, "{} bytes", old.len());
    let all = old + &text(&folder.join(FILE));
    for id in ids {
        let of = format!(" {id} debug: C_GetInfo: CKR_OK after ");
        let is_whole = |line: &&str| {
            line.contains(&of) && line.ends_with(" us") && line.matches("C_").count() == 1
        };
        assert_eq!(all.lines().filter(is_whole).count(), LINES);
    }
}

#[test]
fn a_log_that_has_no_room_is_one_warning_and_the_signature_is_made() {
    alone(|process| {
        // SAFETY: the default disposition is what a C program has: the signal ends it.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_DFL) };
        let folder = tempfile::tempdir().unwrap();
        let sandbox = process.sandbox();
        let file = json!({ "Level": "debug", "Directory": folder.path() });
        process.configure_with(&sandbox, json!({ "Log": { "File": file } }));
        let module = Module::started();
        let session = module.session();
        let key = session.private_key(POLICY);
        let path = folder.path().join(FILE);
        let before = text(&path);
        // Half of a line has room.
        limit_files(before.len() + 20);
        for _ in 0..3 {
            session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
        }
        assert_eq!(text(&path), before);
        limit_files(before.len() + 2000);
        info(&module);
        let after = text(&path);
        assert!(after.len() > before.len() && after.ends_with(" us\n"), "{after}");
    })
    .stderr_lines(1)
    .stderr_says("cannot be written: File too large");
}

/// Lets no file of this process become longer.
fn limit_files(length: usize) {
    let limit = libc::rlimit { rlim_cur: length as libc::rlim_t, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limit is valid for the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) }, 0);
}

/// A place in which no file can have a single byte, and what is logged there.
fn without_room(place: &Workplace, variables: &[(String, String)], program: &Path) -> Command {
    let mut command = place.command("/bin/sh");
    command
        .args(["-c", r#"ulimit -f 0 && exec "$@""#, "sh"])
        .arg(program)
        .envs(variables.iter().cloned())
        .env("SIGNPATH_LOG_FILE_LEVEL", "debug")
        .env("SIGNPATH_LOG_FILE_DIRECTORY", place.path("logs"));
    command
}

fn output(command: &mut Command, input: &Path) -> Output {
    command.stdin(File::open(input).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.output().expect("the program runs")
}

#[test]
fn the_plugin_signs_where_nothing_can_be_written() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let message = place.write("message", caller::message());
    let mut command = without_room(&place, &sandbox.environment(), program::plugin_path());
    command.args(["v1", &caller::plugin_call(POLICY, "signMessage")]);
    let ran = output(&mut command, &message);
    let stderr = String::from_utf8_lossy(&ran.stderr);
    let answer: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
    assert!(answer["signMessage"]["signature"].is_string(), "{:?} {answer} {stderr}", ran.status);
    assert_eq!(stderr.matches("cannot be written: File too large").count(), 1, "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn the_command_says_what_cannot_be_written() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let message = place.write("payload.json", caller::message());
    let mut command = without_room(&place, &sandbox.environment(), program::path());
    command.args([
        "submit",
        "payload.json",
        "--policy",
        POLICY,
        "--wait",
        "20s",
        "--output-dir",
        "signed",
    ]);
    let ran = output(&mut command, &message);
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{:?} {stderr}", ran.status);
    let last = stderr.lines().rev().find(|line| line.starts_with("error: "));
    assert!(last.is_some_and(|line| line.contains("signed/")), "{stderr}");
    assert!(stderr.contains("File too large"), "{stderr}");
    assert_eq!(files_below(&place.path("signed")), Vec::<PathBuf>::new());
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}
