//! A service, a place to run one of the programs in, and everything that is secret there.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use signpath_sandbox::{Builder, KeyType, PolicyConfig, Sandbox};
use tempfile::TempDir;

use super::{others, secret::Secret, written::Written};
use crate::{
    command::program,
    faults::{caller, servers::Peer},
    harness::{Ran, Repeatedly, Workplace, module_path, sandbox_builder},
};

pub(super) const POLICY: &str = "demo/ec";

/// Where the token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TokenIn {
    Variable,
    /// A file that the variable names.
    File,
    Configuration,
    /// A program that the configuration names prints it.
    Program,
    /// The module alone is given one.
    Pin,
}

/// One of the programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum By {
    Module,
    Plugin,
    Command,
}

/// What there is for one run.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) place: Workplace,
    pub(super) secrets: Vec<Secret>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) settings: Value,
    /// What the configuration file says instead of the settings.
    pub(super) configuration: Option<String>,
    /// On the way to the service.
    pub(super) proxy: Option<Peer>,
    /// What the host program is called, and its words.
    pub(super) host: (String, Vec<String>),
    /// Links to the test's own program; beside it, as another file system can have no link.
    links: TempDir,
}

/// What the module's process is given as a PIN.
pub(super) const PIN: &str = "SIGNPATH_TEST_PIN";

/// Starts the plugin as cosign does. Something has to come after it, or the shell would become the plugin.
const STARTS_THE_PLUGIN: &str = r#""$PLUGIN" v1 "$CALL"; exit $?"#;

impl Scene {
    /// With everything logged, and the token in this place.
    pub(super) fn new(token: TokenIn, change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = sandbox_builder().policies([PolicyConfig::new(POLICY, KeyType::P256)]);
        let sandbox = change(builder).start().expect("a sandbox");
        let mut secrets = others::secrets();
        secrets.push(Secret::new("the token", &sandbox.token()));
        let (variables, place) = (sandbox.environment(), Workplace::new());
        let mut scene = Self {
            sandbox,
            place,
            secrets,
            variables,
            settings: json!({}),
            configuration: None,
            proxy: None,
            host: ("cosign".to_owned(), Vec::new()),
            links: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for links"),
        };
        fs::create_dir(scene.place.path("given")).expect("a folder for what is given");
        let logs = scene.place.path("logs").display().to_string();
        for (name, value) in [
            ("SIGNPATH_LOG_CONSOLE_LEVEL", "verbose"),
            ("SIGNPATH_LOG_FILE_LEVEL", "verbose"),
            ("SIGNPATH_LOG_FILE_DIRECTORY", &logs),
            ("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "5"),
            ("SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY", "0.01"),
            ("SIGNPATH_TIMEOUTS_RETRY_COUNT", "1"),
        ] {
            scene.set(name, value);
        }
        scene.put(token);
        scene
    }

    fn put(&mut self, token: TokenIn) {
        let (name, text) = ("SIGNPATH_API_TOKEN", self.sandbox.token());
        if token == TokenIn::Variable {
            return;
        }
        self.variables.retain(|(known, _)| known != name);
        let file = self.give("token", &format!("{text}\n"));
        match token {
            TokenIn::Variable => {}
            TokenIn::File => self.set(name, &format!("file:{file}")),
            TokenIn::Configuration => self.settings["ApiToken"] = json!(text),
            TokenIn::Program => {
                let words = self.place.path("words-of-the-program").display().to_string();
                let script = format!("echo \"$0 $*\" >>'{words}'\ncat '{file}'\n");
                let script = self.give("prints-the-token", &script);
                self.settings["ApiToken"] = json!(["/bin/sh", script, "a word"]);
            }
            TokenIn::Pin => {
                let pin = format!("{}:{text}", self.sandbox.organization_id());
                self.set(PIN, &pin);
                self.variables.retain(|(known, _)| known != "SIGNPATH_ORGANIZATION_ID");
            }
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A file of the user's, which holds a secret and is not looked at.
    pub(super) fn give(&self, name: &str, content: &str) -> String {
        let path = self.place.write(&format!("given/{name}"), content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        path.display().to_string()
    }

    /// Runs the program to sign once. Gives whether it signed, and everything that was written.
    pub(super) fn run(&self, by: By, module: &Repeatedly) -> (bool, Written) {
        let settings = self.configuration.clone().unwrap_or_else(|| self.settings.to_string());
        let configuration = self.give("signpath.json", &settings);
        let mut command = match by {
            By::Module => self.module(module),
            By::Plugin => self.plugin(),
            By::Command => self.command(),
        };
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = output(command.env("SIGNPATH_CONFIG_FILE", configuration));
        let has_signed = match by {
            By::Module => String::from_utf8_lossy(&output.stdout).contains(super::HAS_SIGNED),
            By::Plugin => String::from_utf8_lossy(&output.stdout).contains("\"signature\""),
            By::Command => output.status.success(),
        };
        (has_signed, self.written(output))
    }

    /// Runs the plugin by itself, with this call.
    pub(super) fn run_plugin(&self, call: &str) -> Written {
        let mut command = self.place.command(program::plugin_path());
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.args(["v1", call]).envs(variables);
        self.written(output(&mut command))
    }

    /// Runs the command with these words.
    pub(super) fn run_command(&self, words: &[&str]) -> Written {
        let mut command = self.place.command(program::path());
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        self.written(output(command.args(words).envs(variables)))
    }

    fn written(&self, output: Output) -> Written {
        let mut written = Written::default();
        written.add("standard output", output.stdout);
        written.add("standard error", output.stderr);
        written.add_files(&self.place.path("."), &[&self.place.path("./given")]);
        written.add_service(&self.sandbox);
        written
    }

    /// A host program of this name, which is the test's own.
    fn module(&self, module: &Repeatedly) -> Command {
        let (name, words) = &self.host;
        let mut command = module.command(&self.links.path().join(name));
        command.args(words).env("SIGNPATH_TEST_MODULE", module_path());
        self.at_home(&mut command);
        command
    }

    /// The plugin below a program of this name, which is a shell.
    fn plugin(&self) -> Command {
        let (name, words) = &self.host;
        let parent = self.place.path(name);
        // Not by this process, in which another thread could start a program while the file is open for writing.
        Ran::of(Command::new("cp").arg("/bin/sh").arg(&parent)).succeeds();
        let mut command = self.place.command(parent);
        command
            .args(["-c", STARTS_THE_PLUGIN])
            .args(words)
            .env("PLUGIN", program::plugin_path())
            .env("CALL", caller::plugin_call(POLICY, "signMessage"));
        command
    }

    fn command(&self) -> Command {
        let file = self.place.write("payload.json", caller::message());
        let mut command = self.place.command(program::path());
        command.arg("submit").arg(file).args(["--policy", POLICY, "--wait", "20s", "--output-dir"]);
        command.arg(self.place.path("signed"));
        command
    }

    fn at_home(&self, command: &mut Command) {
        let [home, temporary]: [PathBuf; 2] = ["home", "tmp"].map(|name| self.place.path(name));
        command.env("HOME", home).env("TMPDIR", temporary).current_dir(self.place.path("."));
    }
}

/// Runs it with the message on standard input.
fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that fails early does not read it.
    drop(child.stdin.take().map(|mut input| input.write_all(caller::message().as_bytes())));
    child.wait_with_output().expect("the program ends")
}
