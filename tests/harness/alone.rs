//! A process of its own for a test. The state of a PKCS #11 module belongs to the process, so two tests that share
//! one would see each other's sessions, logins and connections.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use signpath_sandbox::{Builder, KeyMaterial, Route, Sandbox};
use tempfile::TempDir;

use super::module::Module;

/// Tells the child which test it is there for.
const MARK: &str = "SIGNPATH_TEST_ALONE";
/// The one variable of the module that the child gets; the test writes the file.
const CONFIG_FILE: &str = "SIGNPATH_CONFIG_FILE";

/// A request that has not come by then does not come any more, on whatever machine and with whatever sanitizer.
const REQUEST_LONGEST: Duration = Duration::from_secs(60);

/// How many requests the sandbox had for this route.
pub(crate) fn requested(sandbox: &Sandbox, route: Route) -> usize {
    sandbox.requests().iter().filter(|request| request.route == Some(route)).count()
}

/// Waits for this route's first request. Who was to send it may have failed, and then none comes.
#[track_caller]
pub(crate) fn until_requested(sandbox: &Sandbox, route: Route) {
    let begun = Instant::now();
    while requested(sandbox, route) == 0 {
        assert!(begun.elapsed() < REQUEST_LONGEST, "no request came for {route:?}");
        thread::yield_now();
    }
}

/// What a test has in its own process.
pub(crate) struct Alone {
    config_file: PathBuf,
}

/// How the process of a test ended.
pub(crate) struct Ended {
    /// Standard output and standard error; `None` in the child, where there is nothing to look at yet.
    written: Option<(String, String)>,
}

/// Runs the test's body in a process that has only that to do. The environment is empty but for the path of a
/// configuration file, which the body writes.
pub(crate) fn alone<F: FnOnce(Alone)>(body: F) -> Ended {
    let test = name_of(&body);
    if is_child(test) { run_here(body) } else { run_child(&[], test, &[]) }
}

/// Like [`alone`], with variables in the environment.
pub(crate) fn alone_with<F: FnOnce(Alone)>(variables: &[(&str, &str)], body: F) -> Ended {
    let test = name_of(&body);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(owned).collect();
    if is_child(test) { run_here(body) } else { run_child(&[], test, &variables) }
}

/// Like [`alone`], with a sandbox in the parent's process, so that the child's threads, sockets and signals are the
/// module's. Its settings are in the child's environment.
pub(crate) fn alone_beside_a_sandbox<F: FnOnce(Alone)>(body: F) -> Ended {
    let test = name_of(&body);
    if is_child(test) { run_here(body) } else { run_child(&[], test, &sandbox().environment()) }
}

/// The parent of a test whose body runs in one process after the other, each with variables of its own.
pub(crate) struct Repeatedly {
    test: &'static str,
}

/// Like [`alone`], for a body that runs in more than one process: `None` in such a process, once the body has run.
pub(crate) fn alone_repeatedly<F: FnOnce(Alone)>(body: F) -> Option<Repeatedly> {
    let test = name_of(&body);
    if is_child(test) {
        run_here(body);
        return None;
    }
    Some(Repeatedly { test })
}

impl Repeatedly {
    /// Runs the body once more, in an environment that has these variables.
    pub(crate) fn run(&self, variables: &[(&str, String)]) -> Ended {
        let owned: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        run_child(&[], self.test, &owned)
    }

    /// As [`Self::run`], by a program that runs what is behind its own words. Gives what was written to standard output and to
    /// standard error.
    pub(crate) fn written_by(
        &self,
        runner: &[String],
        variables: &[(String, String)],
    ) -> (String, String) {
        run_child(runner, self.test, variables).written.expect("the parent sees it")
    }

    /// The command that runs the body once more, as a program that is put here. Further words are the host program's own.
    /// The environment has what the test runner needs; a configuration file has to be named there.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let this = env::current_exe().expect("the test binary");
        if !program.exists() {
            fs::hard_link(this, program).expect("a link on the same file system");
        }
        let mut command = Command::new(program);
        command.args([self.test, "--exact", "--include-ignored", "--nocapture", "--"]);
        command.env_clear().envs(kept()).env(MARK, self.test);
        command
    }
}

fn is_child(test: &str) -> bool {
    variable(MARK).is_some_and(|mark| mark == test)
}

fn run_here(body: impl FnOnce(Alone)) -> Ended {
    let config_file = variable(CONFIG_FILE).expect("the parent gives the path").into();
    body(Alone { config_file });
    Ended { written: None }
}

fn run_child(runner: &[String], test: &str, variables: &[(String, String)]) -> Ended {
    let folder = TempDir::new().expect("a folder for the configuration");
    let config_file = folder.path().join("signpath.json");
    fs::write(&config_file, "{}").expect("the configuration is written");
    let program = env::current_exe().expect("the test binary");
    let mut words = runner.iter().map(OsString::from).chain([program.into_os_string()]);
    let output = Command::new(words.next().expect("a program"))
        .args(words)
        .args([test, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(kept())
        .envs(variables.iter().cloned())
        .env(MARK, test)
        .env(CONFIG_FILE, config_file)
        .stdin(Stdio::null())
        .output()
        .expect("the test binary runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{test} in its own process: {}\n{stdout}\n{stderr}",
        output.status
    );
    Ended { written: Some((stdout, stderr)) }
}

/// The variables that the process of a test gets from its parent.
fn kept() -> impl Iterator<Item = (&'static str, OsString)> {
    let names = [
        "PATH",
        "HOME",
        "SIGNPATH_TEST_MODULE",
        "SIGNPATH_TEST_LOADS",
        "RUST_BACKTRACE",
        "ASAN_OPTIONS",
        "LSAN_OPTIONS",
        "TSAN_OPTIONS",
    ];
    names.into_iter().filter_map(|name| Some((name, variable(name)?)))
}

/// A sandbox in memory. Its keys are made once for all tests.
fn sandbox() -> Sandbox {
    builder().start().expect("a sandbox")
}

/// What every sandbox of the tests is made from.
pub(crate) fn builder() -> Builder {
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys");
    Sandbox::builder().keys(KeyMaterial::Cached(keys))
}

impl Alone {
    /// A sandbox in this process, so that the test can look into it.
    #[expect(clippy::unused_self, reason = "a sandbox belongs to the process of its test")]
    pub(crate) fn sandbox(&self) -> Sandbox {
        sandbox()
    }

    /// A sandbox in this process that is not as the others are.
    #[expect(clippy::unused_self, reason = "a sandbox belongs to the process of its test")]
    pub(crate) fn sandbox_with(&self, change: impl FnOnce(Builder) -> Builder) -> Sandbox {
        change(builder()).start().expect("a sandbox")
    }

    /// A sandbox, and the module that is configured for it and initialized.
    pub(crate) fn started(&self) -> (Sandbox, Module) {
        let sandbox = self.sandbox();
        self.configure(&sandbox);
        (sandbox, Module::started())
    }

    /// Configures the module for the sandbox, with its credentials.
    pub(crate) fn configure(&self, sandbox: &Sandbox) {
        self.configure_with(sandbox, json!({}));
    }

    /// Configures the module for the sandbox, with its credentials and more settings.
    pub(crate) fn configure_with(&self, sandbox: &Sandbox, more: Value) {
        let mut settings = json!({
            "OrganizationId": sandbox.organization_id(),
            "ApiToken": sandbox.token(),
            "ApiUrl": sandbox.api_url(),
        });
        for (name, value) in more.as_object().expect("an object") {
            settings[name] = value.clone();
        }
        self.write_configuration(&settings);
    }

    /// Configures the module for the sandbox, without credentials.
    pub(crate) fn configure_without_credentials(&self, sandbox: &Sandbox) {
        self.write_configuration(&json!({ "ApiUrl": sandbox.api_url() }));
    }

    pub(crate) fn write_configuration(&self, settings: &Value) {
        fs::write(&self.config_file, settings.to_string()).expect("the configuration is written");
        // It has a token in it, and the module warns of one that everybody can read.
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&self.config_file, private).expect("the configuration is ours");
    }
}

impl Ended {
    /// The process wrote this to standard error.
    pub(crate) fn stderr_says(self, text: &str) -> Self {
        if let Some((_, stderr)) = &self.written {
            assert!(stderr.contains(text), "{text:?} is not in:\n{stderr}");
        }
        self
    }

    /// The process did not write this to standard error.
    pub(crate) fn stderr_hides(self, text: &str) -> Self {
        if let Some((_, stderr)) = &self.written {
            assert!(!stderr.contains(text), "{text:?} is in:\n{stderr}");
        }
        self
    }

    /// Standard error does not have a text that the test wrote to standard output, character by character backwards.
    pub(crate) fn stderr_hides_what_stdout_has_backwards(self, after: &str) -> Self {
        let Some((stdout, _)) = &self.written else { return self };
        let line =
            stdout.lines().find_map(|line| line.split_once(after)).expect("the test told it");
        let text: String = line.1.chars().rev().collect();
        self.stderr_hides(&text)
    }

    /// Passes on the table that the process printed: the lines that begin with a bar.
    pub(crate) fn show_table(&self) {
        let Some((stdout, _)) = &self.written else { return };
        for line in stdout.lines().filter(|line| line.starts_with('|')) {
            println!("{line}");
        }
    }

    /// The module wrote so many lines to standard error.
    pub(crate) fn stderr_lines(self, count: usize) -> Self {
        if let Some((_, stderr)) = &self.written {
            let lines = stderr.lines().filter(|line| line.starts_with("signpath: ")).count();
            assert_eq!(lines, count, "lines of the module in:\n{stderr}");
        }
        self
    }
}

/// The name of the test that the closure stands in, as the test runner knows it.
fn name_of<F>(_: &F) -> &'static str {
    let path = std::any::type_name::<F>();
    let test = path.split("::{{closure}}").next().unwrap_or(path);
    test.split_once("::").map_or(test, |(_, rest)| rest)
}

#[expect(clippy::disallowed_methods, reason = "the harness has variables of its own")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}
