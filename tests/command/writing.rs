//! Stopped or killed at any moment of writing a file: the one that was there is there, or the new one, and the next run leaves
//! nothing of what was not finished.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
};

use serde_json::Value;
use signpath_sandbox::{Route, Sandbox};

use super::program::{path, plugin_path};
use crate::{
    faults::caller::{message, plugin_call},
    harness::{Workplace, requested, sandbox_builder},
    header::{assert_compiles, compile},
};

/// When the signal comes (tests/c/stopped.c), and whether the new file is there if the program ends at that moment.
const MOMENTS: [(&str, bool); 4] =
    [("half", false), ("written", false), ("synced", false), ("placed", true)];

/// The signals, and whether the program finishes first what it is writing.
const SIGNALS: [(i32, bool); 3] =
    [(libc::SIGINT, true), (libc::SIGTERM, true), (libc::SIGKILL, false)];

/// What was in its place before, where there can be something.
const OLD: &[u8] = b"what was there before";

/// A file that is written.
struct Written {
    what: &'static str,
    /// Its folder in the place of the programs, and what its name begins with.
    folder: &'static str,
    name: &'static str,
    /// The program that writes it.
    command: fn(&Workplace) -> Command,
    is_whole: fn(&[u8]) -> bool,
    /// What is there before.
    old: Option<&'static [u8]>,
    /// What the service is asked once more if it was not kept.
    asked: Option<Route>,
}

const WRITTEN: [Written; 3] = [
    Written {
        what: "a signing request that is waited for",
        folder: "home/.local/state/signpath-pkcs11",
        name: "request-",
        command: submit,
        is_whole: is_json,
        old: None,
        asked: Some(Route::SubmitWithArtifact),
    },
    Written {
        what: "a public key of the plugin's",
        folder: "home/.cache/signpath-pkcs11",
        name: "",
        command: public_key,
        is_whole: is_json,
        old: None,
        asked: Some(Route::MySigningPolicies),
    },
    Written {
        what: "a payload beside its signature",
        folder: "out",
        name: "payload.json",
        command: submit,
        is_whole: |content| content == message().as_bytes(),
        old: Some(OLD),
        asked: None,
    },
];

fn submit(place: &Workplace) -> Command {
    let file = place.write("payload.json", message());
    let mut command = place.command(path());
    command.arg("submit").arg(file).args(["--policy", "demo/ec", "--output-dir"]);
    command.arg(folder(place, "out"));
    command
}

fn public_key(place: &Workplace) -> Command {
    let mut command = place.command(plugin_path());
    command.args(["v1".to_owned(), plugin_call("demo/ec", "publicKey")]);
    command
}

/// As the kernel names it, too, which the library compares.
fn folder(place: &Workplace, name: &str) -> PathBuf {
    fs::canonicalize(place.path("")).unwrap().join(name)
}

fn is_json(content: &[u8]) -> bool {
    serde_json::from_slice::<Value>(content).is_ok_and(|value| value.is_object())
}

/// A place with a file that is about to be written.
struct Scene<'a> {
    written: &'a Written,
    sandbox: Sandbox,
    place: Workplace,
}

impl Written {
    fn scene(&self) -> Scene<'_> {
        let place = Workplace::new();
        if let Some(old) = self.old {
            fs::create_dir_all(place.path(self.folder)).unwrap();
            fs::write(place.path(self.folder).join(self.name), old).unwrap();
        }
        Scene { written: self, sandbox: sandbox_builder().start().unwrap(), place }
    }
}

impl Scene<'_> {
    fn command(&self) -> Command {
        let mut command = (self.written.command)(&self.place);
        command.envs(self.sandbox.environment()).stderr(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn stopped(&self, library: &str, moment: &str, signal: i32) -> ExitStatus {
        let mut command = self.command();
        command.env("LD_PRELOAD", library).env("STOP_IN", self.path()).env("STOP_AT", moment);
        command.env("STOP_BY", signal.to_string()).status().unwrap()
    }

    fn path(&self) -> PathBuf {
        folder(&self.place, self.written.folder)
    }

    /// The contents of the files of this kind.
    fn contents(&self) -> Vec<Vec<u8>> {
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_other = name.starts_with('.') || name.ends_with(".sig");
            !is_other && name.starts_with(self.written.name)
        };
        self.paths().iter().filter(|path| named(path)).map(|path| fs::read(path).unwrap()).collect()
    }

    /// Hidden files, which are those that are not finished.
    fn unfinished(&self) -> usize {
        let is_hidden =
            |path: &&PathBuf| path.file_name().unwrap().as_encoded_bytes().starts_with(b".");
        self.paths().iter().filter(is_hidden).count()
    }

    fn paths(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
#[ignore = "needs a C compiler: scripts/test"]
fn a_file_is_the_old_one_or_the_new_one_whenever_the_program_is_stopped() {
    let tools = Workplace::new();
    let library = tools.path("stopped.so");
    let library = library.to_str().unwrap();
    let options = ["-std=c99", "-shared", "-fPIC", "-o", library];
    assert_compiles(&compile("cc", &options, "tests/c/stopped.c", &["-ldl"]));
    for written in &WRITTEN {
        for (moment, is_placed) in MOMENTS {
            for (signal, finishes) in SIGNALS {
                let case = format!("{}, {moment}, signal {signal}", written.what);
                let scene = written.scene();
                assert_eq!(scene.stopped(library, moment, signal).signal(), Some(signal), "{case}");
                meets(&scene, is_placed || finishes, &case);
            }
        }
    }
}

/// What is there after the signal, and after the same command once more.
fn meets(scene: &Scene<'_>, is_new: bool, case: &str) {
    let written = scene.written;
    match scene.contents().as_slice() {
        [] => assert!(!is_new && written.old.is_none(), "{case}: there is none"),
        [content] if is_new => assert!((written.is_whole)(content), "{case}: {content:?}"),
        [content] => assert_eq!(Some(&**content), written.old, "{case}"),
        several => panic!("{case}: {several:?}"),
    }
    assert_eq!(scene.unfinished(), usize::from(!is_new), "{case}");
    assert!(scene.command().status().unwrap().success(), "{case}");
    assert!(matches!(&*scene.contents(), [content] if (written.is_whole)(content)), "{case}");
    assert_eq!(scene.unfinished(), 0, "{case}: after another run");
    if let Some(route) = written.asked {
        let times = if is_new { 1 } else { 2 };
        assert_eq!(requested(&scene.sandbox, route), times, "{case}");
    }
}
