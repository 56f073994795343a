//! The program, as people run it.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    cosign::bench::Bench,
    harness::{Workplace, variable},
};

/// How it ended, and what it wrote.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(super) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// It failed, and said this.
    #[track_caller]
    pub(super) fn fails(self, code: i32, said: &str) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(said), "{said:?} is not in:\n{}", self.stderr);
        assert!(self.stdout.is_empty(), "{}", self.text());
        self
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("it prints text")
    }

    /// The last word that it printed.
    pub(super) fn last_word(&self) -> String {
        self.text().split_whitespace().last().expect("it printed something").to_owned()
    }
}

/// Runs it with the settings of the sandbox.
pub(super) fn run(bench: &Bench, words: &[&str]) -> Ended {
    run_with(&bench.place, &bench.sandbox.environment(), words)
}

/// Runs it with these variables beside those of the place.
pub(super) fn run_with(place: &Workplace, variables: &[(String, String)], words: &[&str]) -> Ended {
    let variables = variables.iter().map(|(name, value)| (name, value));
    let output = place.command(path()).envs(variables).args(words).output();
    let output = output.expect("the program runs");
    Ended {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Where it is: named in the environment, or built once, as cargo does not build programs of another package for a test.
pub(crate) fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match variable("SIGNPATH_TEST_COMMAND") {
        Some(named) => named.into(),
        None => built("signpath-cosign"),
    })
}

/// Where cosign's plugin is, likewise.
pub(crate) fn plugin_path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match variable("SIGNPATH_TEST_KMS_PLUGIN") {
        Some(named) => named.into(),
        None => built("sigstore-kms-signpath"),
    })
}

/// cargo does not see that a test calls it: the build script of ring runs again for each variable of a package.
fn built(program: &str) -> PathBuf {
    let kept =
        ["PATH", "HOME", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let words =
        ["build", "--locked", "--offline", "--package", "signpath-command", "--bin", program];
    let output = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(words)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .envs(kept.iter().filter_map(|name| Some((name, variable(name)?))))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{program} cannot be built");
    let messages = String::from_utf8(output.stdout).expect("cargo prints text");
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs =
        messages.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    programs.next().expect("cargo names the program")
}
