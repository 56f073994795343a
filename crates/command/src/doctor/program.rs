//! Programs on the search path, run with a limit on their time.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::system;

/// What is asked of programs takes a fraction of a second.
const TIME: Duration = Duration::from_secs(30);

/// Between two looks at whether a program has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// Most of what a program writes that is kept.
const WRITTEN_MAX: u64 = 64 << 10;

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) is_success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// What it said at last, in one line: cosign says why in its last line, pkcs11-tool before it.
    pub(super) fn last_words(&self) -> String {
        let lines = self.stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<_> = lines.collect();
        let from = lines.len().saturating_sub(3);
        lines.get(from..).unwrap_or_default().join("; ")
    }
}

/// The file that a shell would run by this name.
pub(super) fn find(search_path: &[PathBuf], name: &str) -> Option<PathBuf> {
    let name = system::file_name_of(name);
    let is_program = |path: &PathBuf| path.metadata().is_ok_and(|found| system::is_program(&found));
    search_path.iter().map(|folder| folder.join(&name)).find(is_program)
}

/// Runs it without anything to read.
///
/// # Errors
/// Why it could not be run to its end, as the end of a sentence.
pub(super) fn run(program: &Path, words: &[&str]) -> Result<Ran, String> {
    run_within(TIME, program, words)
}

fn run_within(time: Duration, program: &Path, words: &[&str]) -> Result<Ran, String> {
    let end = Instant::now() + time;
    let late = || format!("it had not ended after {} s", time.as_secs_f32());
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be run: {error}"))?;
    let (out, err) = (reading(child.stdout.take()), reading(child.stderr.take()));
    let is_success = wait(&mut child, end)?.ok_or_else(late)?;
    // A program that it has started may hold its pipes open for longer than it runs itself.
    let text = |reader: Receiver<String>| {
        let left = end.saturating_duration_since(Instant::now());
        reader.recv_timeout(left).map_err(|_| late())
    };
    Ok(Ran { is_success, stdout: text(out)?, stderr: text(err)? })
}

fn reading(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.by_ref().take(WRITTEN_MAX).read_to_end(&mut bytes).ok();
            // Read on, or it would wait for room in the pipe.
            io::copy(&mut pipe, &mut io::sink()).ok();
        }
        // Nobody waits any more if the time is over.
        sender.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
    });
    receiver
}

/// Whether it succeeded; `None` if it had to be ended.
fn wait(child: &mut Child, end: Instant) -> Result<Option<bool>, String> {
    loop {
        match child.try_wait() {
            Err(error) => return Err(format!("its end cannot be waited for: {error}")),
            Ok(Some(status)) => return Ok(Some(status.success())),
            Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
            Ok(None) => {
                child.kill().ok();
                child.wait().ok();
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_program_of_the_name_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        for (name, mode) in [("a", 0o644), ("b", 0o755), ("c", 0o755)] {
            std::fs::create_dir(place(name)).unwrap();
            let file = place(name).join("tool");
            std::fs::write(&file, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        }
        let path = [place("nowhere"), place("a"), place("b"), place("c")];
        assert_eq!(find(&path, "tool"), Some(place("b").join("tool")));
        assert_eq!(find(&path, "other"), None);
    }

    #[test]
    fn what_a_program_writes_and_how_it_ends_is_told() {
        let script = "echo out; echo err >&2; head -c 200000 /dev/zero; exit 3";
        let ran = run(Path::new("/bin/sh"), &["-c", script]).unwrap();
        assert!(!ran.is_success && ran.stdout.starts_with("out\n\0"));
        assert_eq!(ran.stdout.len(), 64 << 10);
        assert_eq!(ran.stderr, "err\n");
        let missing = run(Path::new("/nowhere/tool"), &[]).unwrap_err();
        assert!(missing.starts_with("it cannot be run: "), "{missing}");
    }

    #[test]
    fn neither_a_program_nor_what_it_has_started_is_waited_for_without_end() {
        let time = Duration::from_millis(500);
        for script in ["sleep 20", "sleep 20 & echo started"] {
            let start = Instant::now();
            let late = run_within(time, Path::new("/bin/sh"), &["-c", script]).unwrap_err();
            assert_eq!(late, "it had not ended after 0.5 s", "{script}");
            assert!(start.elapsed() < Duration::from_secs(10), "{script}");
        }
    }
}
