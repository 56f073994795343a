//! SIGINT and SIGTERM while something is waited for: the program stops at once, says how to go on, and nothing is lost.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::fd::AsRawFd,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use signpath_sandbox::{Fault, Route, Sandbox};

use super::program::{path, run, run_with};
use crate::{
    cosign::{
        bench::{Bench, Version},
        plugin,
    },
    harness::{Workplace, sandbox_builder, until_requested},
};

/// The signals, and what they are called.
const SIGNALS: [(i32, &str); 2] = [(libc::SIGINT, "SIGINT"), (libc::SIGTERM, "SIGTERM")];

/// So long "at once" may take on a machine that has much to do; the pauses between two looks at a request are longer.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A program that was started and is to be stopped.
struct Started {
    child: Child,
    lines: BufReader<ChildStderr>,
    said: String,
}

impl Started {
    fn of(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("the program starts");
        let lines = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
        Self { child, lines, said: String::new() }
    }

    /// Reads on until it has said this.
    fn until_it_says(mut self, text: &str) -> Self {
        while !self.said.contains(text) {
            assert_ne!(self.lines.read_line(&mut self.said).unwrap(), 0, "{}", self.said);
        }
        self
    }

    /// Sends a signal to it and to what it has started, as a terminal does.
    fn signalled(self, signal: i32) -> Self {
        let group = i32::try_from(self.child.id()).unwrap();
        // SAFETY: kill has no preconditions, and the group was made for this child.
        assert_eq!(unsafe { libc::kill(-group, signal) }, 0);
        self
    }

    /// How it ended, and all that it said.
    fn ended(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        self.lines.read_to_string(&mut self.said).unwrap();
        let status = self.child.wait().unwrap();
        assert!(begun.elapsed() < AT_ONCE, "it took {:?}", begun.elapsed());
        (status, self.said)
    }
}

/// A place with a payload, for `submit`, which needs no registry.
fn place() -> (Sandbox, Workplace) {
    let place = Workplace::new();
    let image = format!("registry.example/app@sha256:{}", "0".repeat(64));
    let payload = run_with(&place, &[], &["payload", &image]).succeeds().stdout;
    place.write("payload.json", payload);
    (sandbox_builder().start().unwrap(), place)
}

const SUBMIT: [&str; 6] =
    ["submit", "payload.json", "--policy", "demo/approval", "--output-dir", "out"];

fn submit(sandbox: &Sandbox, place: &Workplace) -> Command {
    let mut command = place.command(path());
    command.envs(sandbox.environment()).args(SUBMIT);
    command
}

fn ids(sandbox: &Sandbox) -> Vec<String> {
    sandbox.signing_requests().iter().map(|request| request.id.to_string()).collect()
}

#[test]
fn who_waits_for_an_approval_is_told_how_to_go_on_and_dies_by_the_signal() {
    let (sandbox, place) = place();
    for (signal, name) in SIGNALS {
        let started =
            Started::of(&mut submit(&sandbox, &place)).until_it_says("WaitingForApproval");
        let (status, said) = started.signalled(signal).ended();
        assert_eq!(status.signal(), Some(signal), "{said}");
        let id = ids(&sandbox).pop().unwrap();
        assert!(said.contains(&format!("stopped by {name}")), "{said}");
        assert!(said.contains(&format!("`signpath-cosign resume {id}`")), "{said}");
        assert!(!place.path("out").exists(), "nothing is written");
    }
    assert_eq!(ids(&sandbox).len(), 1, "the second run went on with the first one's request");
    let id = ids(&sandbox).pop().unwrap();
    let mut resume = place.command(path());
    resume.envs(sandbox.environment()).args(["resume", &id]);
    let started = Started::of(&mut resume).until_it_says("WaitingForApproval");
    let (status, said) = started.signalled(libc::SIGINT).ended();
    assert_eq!(status.signal(), Some(libc::SIGINT), "{said}");
    sandbox.approve(&id).unwrap();
    run_with(&place, &sandbox.environment(), &["resume", &id]).succeeds();
    let mut written: Vec<_> = fs::read_dir(place.path("out")).unwrap().flatten().collect();
    written.sort_by_key(fs::DirEntry::file_name);
    let written: Vec<_> = written.iter().map(fs::DirEntry::file_name).collect();
    assert_eq!(written, ["payload.json", "payload.json.sig"]);
}

/// Longer than what a pipe holds: it is written when the program reads.
const READS: usize = 1 << 20;

#[test]
fn a_signal_stops_also_a_program_that_cannot_watch_for_it() {
    let place = Workplace::new();
    for (signal, _) in SIGNALS {
        let mut limited = place.command("/bin/sh");
        // Enough to be loaded, and too few for the pair of sockets that signals are told by.
        limited.args(["-c", "ulimit -n 4; exec \"$0\" submit - --policy demo/ec"]).arg(path());
        let mut started = Started::of(limited.stdin(Stdio::piped()));
        let mut input = started.child.stdin.take().unwrap();
        input.write_all(&vec![b' '; READS]).unwrap();
        let started = started.signalled(signal);
        drop(input);
        let (status, said) = started.ended();
        assert!(said.contains("signals are not watched"), "{said}");
        assert_eq!(status.signal(), Some(signal), "{said}");
    }
}

#[test]
fn who_is_stopped_while_a_request_is_handed_in_is_told_that_there_may_be_one() {
    let (sandbox, place) = place();
    sandbox.inject(Fault::on(Route::SubmitWithArtifact).never_answer());
    let started = Started::of(&mut submit(&sandbox, &place));
    until_requested(&sandbox, Route::SubmitWithArtifact);
    let (status, said) = started.signalled(libc::SIGTERM).ended();
    assert_eq!(status.signal(), Some(libc::SIGTERM));
    assert!(said.contains("a signing request may have been made: look at SignPath"), "{said}");
}

/// Both ends of a pipe that has no room left.
fn full_pipe() -> (io::PipeReader, io::PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    // SAFETY: fcntl with these commands has no preconditions, and the descriptor is open.
    let room = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_GETPIPE_SZ) };
    let room = usize::try_from(room).unwrap();
    (&writer).write_all(&vec![b'x'; room]).unwrap();
    (reader, writer)
}

#[test]
fn a_standard_error_that_nobody_reads_keeps_no_program_alive() {
    for signals in [&[libc::SIGTERM][..], &[libc::SIGINT, libc::SIGTERM]] {
        let (sandbox, place) = place();
        sandbox.inject(Fault::on(Route::SubmitWithArtifact).never_answer());
        let (_reader, writer) = full_pipe();
        let mut child = submit(&sandbox, &place).stderr(writer).process_group(0).spawn().unwrap();
        until_requested(&sandbox, Route::SubmitWithArtifact);
        let begun = Instant::now();
        for signal in signals {
            // SAFETY: kill has no preconditions, and the group was made for this child.
            assert_eq!(unsafe { libc::kill(-i32::try_from(child.id()).unwrap(), *signal) }, 0);
        }
        while child.try_wait().unwrap().is_none() && begun.elapsed() < AT_ONCE {
            thread::yield_now();
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let died = status.signal().is_some_and(|signal| signals.contains(&signal));
        assert!(died, "{status:?} after {:?}", begun.elapsed());
    }
}

/// As programs in a shell's background do.
#[test]
fn a_signal_that_was_ignored_before_stays_ignored() {
    let (sandbox, place) = place();
    let ignoring = ["-c", "trap '' INT; exec \"$0\" \"$@\""];
    let mut command = place.command("sh");
    command.envs(sandbox.environment()).args(ignoring).arg(path()).args(SUBMIT);
    let started = Started::of(&mut command).until_it_says("WaitingForApproval");
    let started = started.signalled(libc::SIGINT);
    sandbox.approve(&ids(&sandbox)[0]).unwrap();
    let mut started = started.until_it_says("Completed");
    assert!(started.child.wait().unwrap().success());
    assert!(place.path("out/payload.json.sig").exists());
}

/// The terminal's SIGINT is sent to both of them.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn cosign_and_its_plugin_stop_together_and_the_same_command_goes_on() {
    let bench = Bench::new();
    let (key, public) =
        ("signpath://demo/approval?via=request", bench.public_key_of("demo/approval"));
    for version in [Version::Plain, Version::V2] {
        for (signal, name) in SIGNALS {
            let image = bench.image();
            let cosign = plugin::cosign(&bench, version);
            let mut command = cosign.signing_command("sign", key, &[&image]);
            let started = Started::of(&mut command).until_it_says("signpath: WaitingForApproval");
            let (status, said) = started.signalled(signal).ended();
            assert!(!status.success(), "{said}");
            assert!(said.contains(&format!("signpath: stopped by {name}. ")), "{said}");
            assert!(said.contains("Run the same command again"), "{said}");
            let before = ids(&bench.sandbox);
            bench.sandbox.approve(before.last().unwrap()).unwrap();
            assert!(
                cosign.signing_command("sign", key, &[&image]).output().unwrap().status.success()
            );
            assert_eq!(ids(&bench.sandbox), before, "no second request");
            cosign.verify(&public, &image).succeeds();
            // What v3 signs is the same for every repository, and so would be the request.
            fs::remove_dir_all(bench.place.path("home/.local/state")).unwrap();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_command_that_is_stopped_attaches_nothing_and_goes_on_later() {
    let bench = Bench::new();
    let image = bench.image();
    let words = ["sign", &image, "--policy", "demo/approval"];
    let mut command = bench.place.command(path());
    command.envs(bench.sandbox.environment()).args(words);
    let started = Started::of(&mut command).until_it_says("WaitingForApproval");
    started.signalled(libc::SIGINT).ended();
    assert_eq!(bench.tags_beside(&image), ["1"]);
    bench.sandbox.approve(&ids(&bench.sandbox)[0]).unwrap();
    run(&bench, &words).succeeds();
    assert_eq!(ids(&bench.sandbox).len(), 1);
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/approval"), &image).succeeds();
}
