//! Who calls: the module behind its C ABI in a process of its own, the plugin as cosign starts it, the command.

use std::{
    fmt, fs,
    io::Write,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cryptoki_sys::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::scene::{POLICY, Scene};
use crate::{
    command::program,
    harness::{Module, Repeatedly, variable},
};

/// One of the three programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Caller {
    Module,
    Plugin,
    Command,
}

/// What it is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    /// Read policies.
    Read,
    /// Sign.
    Sign,
}

/// A call of a program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Call {
    pub(super) by: Caller,
    pub(super) act: Act,
}

/// How a call ended.
pub(super) struct Said {
    /// Of the module.
    pub(super) rv: Option<CK_RV>,
    pub(super) is_success: bool,
    /// What was handed out, r‖s or DER, over [`message`].
    pub(super) signature: Option<Vec<u8>>,
    /// What the user reads.
    pub(super) text: String,
    pub(super) took: Duration,
    /// How many requests of its kind the sandbox has had.
    pub(super) requests: usize,
    /// The same call once more, in the same process or place, succeeds; `None` if it was not made.
    pub(super) succeeds_again: Option<bool>,
}

/// Tells the module's process what to do.
const ACT: &str = "SIGNPATH_TEST_ACT";
const AGAIN: &str = "SIGNPATH_TEST_AGAIN";
/// What it writes before the facts.
const MARK: &str = "the module said ";

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is signed: a payload of simple signing, whose digest the module is given.
pub(crate) fn message() -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"registry.example/app"}},"image":{{"docker-manifest-digest":"{DIGEST}"}},"type":"cosign container image signature"}},"optional":null}}"#
    )
}

impl Call {
    /// Makes the call, and once more if `again`: then the service is well.
    pub(super) fn make(self, scene: &Scene, module: &Repeatedly, again: bool) -> Said {
        match self.by {
            Caller::Module => self.module(scene, module, again),
            Caller::Plugin => self.program(scene, again, Self::plugin),
            Caller::Command => self.program(scene, again, Self::command),
        }
    }

    fn module(self, scene: &Scene, module: &Repeatedly, again: bool) -> Said {
        let mut variables = scene.variables().to_vec();
        let act = if self.act == Act::Sign { "sign" } else { "read" };
        variables.extend([(ACT, act), (AGAIN, if again { "true" } else { "false" })].map(owned));
        let (stdout, stderr) = module.written_by(scene.runner(), &variables);
        let mut facts = stdout.lines().filter_map(|line| Some(line.split_once(MARK)?.1));
        let facts = &mut facts;
        let mut next = || -> Option<Value> { serde_json::from_str(facts.next()?).ok() };
        let first = next().unwrap_or_else(|| panic!("the module's process: {stdout}\n{stderr}"));
        let rv = first["rv"].as_u64().expect("a CK_RV");
        let hex = first["signature"].as_str().map(|text| STANDARD.decode(text).expect("Base64"));
        Said {
            rv: Some(rv),
            is_success: rv == CKR_OK,
            signature: hex,
            text: stderr
                .lines()
                .filter(|line| line.contains("signpath: "))
                .collect::<Vec<_>>()
                .join("\n"),
            took: Duration::from_secs_f64(first["seconds"].as_f64().expect("seconds")),
            // The second call is one request more.
            requests: scene.requests(self).len().saturating_sub(usize::from(again)),
            succeeds_again: again.then(|| next().is_some_and(|second| second["rv"] == CKR_OK)),
        }
    }

    fn program(self, scene: &Scene, again: bool, run: fn(Self, &Scene) -> Said) -> Said {
        let said = run(self, scene);
        let succeeds_again = again.then(|| run(self, scene).is_success);
        Said { succeeds_again, ..said }
    }

    fn plugin(self, scene: &Scene) -> Said {
        let method = if self.act == Act::Sign { "signMessage" } else { "publicKey" };
        let words = ["v1".to_owned(), plugin_call(POLICY, method)];
        let (output, took) = ran(scene.command(program::plugin_path()).args(words), scene);
        let answer: Value =
            serde_json::from_slice(&output.stdout).expect("an answer of the plugin");
        let error = answer["errorMessage"].as_str().unwrap_or_default();
        let signature = answer["signMessage"]["signature"].as_str();
        Said {
            rv: None,
            is_success: error.is_empty() && answer[method].is_object(),
            signature: signature.map(|text| STANDARD.decode(text).expect("Base64")),
            text: [error, &String::from_utf8_lossy(&output.stderr)].join("\n").trim().to_owned(),
            took,
            requests: scene.requests(self).len(),
            succeeds_again: None,
        }
    }

    fn command(self, scene: &Scene) -> Said {
        let folder = scene.place.path("signed");
        let file = scene.place.write("payload.json", message());
        let mut command = scene.command(program::path());
        match self.act {
            Act::Read => command.args(["keys", "--json"]),
            Act::Sign => command
                .arg("submit")
                .arg(&file)
                .args(["--policy", POLICY, "--wait", "20s", "--output-dir"])
                .arg(&folder),
        };
        let (output, took) = ran(&mut command, scene);
        let signature = fs::read(folder.join("payload.json.sig")).ok();
        Said {
            rv: None,
            is_success: output.status.success(),
            signature: signature.map(|text| STANDARD.decode(text).expect("Base64")),
            text: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            took,
            requests: scene.requests(self).len(),
            succeeds_again: None,
        }
    }
}

/// What cosign asks its plugin for this policy.
pub(crate) fn plugin_call(policy: &str, method: &str) -> String {
    let call = json!({
        "initOptions": {
            "protocolVersion": "v1",
            "keyResourceID": policy,
            "hashFunc": 5,
            "rpcOptions": {},
        },
        "methodName": method,
        method: {},
    });
    call.to_string()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Runs a program with the message on standard input.
fn ran(command: &mut Command, scene: &Scene) -> (Output, Duration) {
    let variables = scene.variables().iter().map(|(name, value)| (name, value));
    let command = command.envs(variables).stdin(Stdio::piped()).stdout(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
    // A program that fails early does not read it.
    drop(child.stdin.take().map(|mut input| input.write_all(message().as_bytes())));
    let output = child.wait_with_output().expect("the program ends");
    (output, begun.elapsed())
}

/// The module's process: does what the variables say, and prints what came of it.
pub(super) fn act_as_a_client() {
    let word = |name| variable(name).unwrap_or_default();
    let module = Module::started();
    let times = if word(AGAIN) == "true" { 2 } else { 1 };
    for _ in 0..times {
        let begun = Instant::now();
        let result = if word(ACT) == "sign" { sign(&module) } else { log_in(&module) };
        let seconds = begun.elapsed().as_secs_f64();
        let signature = result.as_deref().ok().filter(|signature| !signature.is_empty());
        let signature = signature.map(|signature| STANDARD.encode(signature));
        let rv = result.err().unwrap_or(CKR_OK);
        println!("{MARK}{}", json!({ "rv": rv, "seconds": seconds, "signature": signature }));
    }
    module.finalize().expect("C_Finalize");
}

fn log_in(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.session();
    let result = session.login("");
    session.close()?;
    result.map(|()| Vec::new())
}

fn sign(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.session();
    let key = session.private_key(POLICY);
    let result = session.sign(CKM_ECDSA, key, &Sha256::digest(message()));
    session.close()?;
    result
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.by, self.act) {
            (Caller::Module, Act::Read) => "module: C_Login",
            (Caller::Module, Act::Sign) => "module: C_Sign",
            (Caller::Plugin, Act::Read) => "plugin: publicKey",
            (Caller::Plugin, Act::Sign) => "plugin: signMessage",
            (Caller::Command, Act::Read) => "command: keys",
            (Caller::Command, Act::Sign) => "command: submit",
        })
    }
}
