//! Real cosign and a registry that wants a login: the token stands in the URI, percent-encoded, or in the PIN of an option.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;
use signpath_sandbox::{Fault, Generation, Route};

use super::{others, secret::Secret, written::Written};
use crate::{
    command::program,
    cosign::{
        bench::{Bench, Cosign, VERSIONS, key_of, text},
        front::{self, Door, Front},
        plugin,
    },
    harness::Ran,
};

/// Everything is logged, and nothing is tried twice.
const LOGGING: [(&str, &str); 3] = [
    ("SIGNPATH_LOG_CONSOLE_LEVEL", "verbose"),
    ("SIGNPATH_LOG_FILE_LEVEL", "verbose"),
    ("SIGNPATH_TIMEOUTS_RETRY_COUNT", "0"),
];

fn logging<'a>(bench: &Bench, cosign: Cosign<'a>) -> Cosign<'a> {
    let logs = text(&bench.place.path("logs"));
    let cosign = cosign.with("SIGNPATH_LOG_FILE_DIRECTORY", &logs);
    LOGGING.iter().fold(cosign, |cosign, (name, value)| cosign.with(name, value))
}

fn all_of(bench: &Bench, ran: &[Ran]) -> Written {
    let mut written = Written::default();
    for ran in ran {
        written.add("standard output", &*ran.stdout);
        written.add("standard error", &*ran.stderr);
    }
    written.add_files(&bench.place.path("."), &[&bench.place.path("./docker")]);
    written.add_service(&bench.sandbox);
    written
}

#[track_caller]
fn has_none(bench: &Bench, ran: &[Ran], more: &[Secret]) {
    let written = all_of(bench, ran);
    let token = Secret::new("the token", &bench.sandbox.token());
    let secrets = [&others::secrets(), more, &[token]].concat();
    let leaks = written.leaks(&secrets);
    assert!(leaks.is_empty(), "{}", leaks.join("\n\n"));
    assert!(written.at("logs/").any(|log| !log.is_empty()), "nothing was logged");
    assert!(written.at("the audit log").count() > 0, "the service was not asked");
}

/// What goes right, and what does not: the one line of ours, and cosign's own, are searched.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn no_secret_of_cosign_s_command_line_is_written() {
    for generation in [Generation::New, Generation::Old] {
        let bench = Bench::with(|builder| builder.generation(generation));
        let encoded = bench.pin().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let key = format!("{}&pin-value={encoded}", key_of("demo/ec"));
        let password = ["--registry-username", "me", "--registry-password", others::PASSWORD];
        let mut ran = Vec::new();
        for version in VERSIONS {
            let cosign = logging(&bench, bench.cosign(version).without_credentials());
            let image = bench.image();
            let words = [&password[..], &[&image]].concat();
            ran.push(cosign.signing("sign", &key, &words).succeeds());
            bench.sandbox.inject(Fault::anywhere().status(401));
            ran.push(cosign.signing("sign", &key, &words).fails());
            let signs = [Route::SignHash, Route::SubmitWithArtifact, Route::SigningRequests];
            for route in signs {
                bench.sandbox.inject(Fault::on(route).other_key().always());
            }
            ran.push(cosign.signing("sign", &key, &words).fails());
            bench.sandbox.clear_faults();
        }
        has_none(&bench, &ran, &[]);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn no_secret_of_cosign_s_environment_is_written_by_the_plugin() {
    let bench = Bench::new();
    let mut ran = Vec::new();
    for version in VERSIONS {
        for run in others::CI {
            let cosign = logging(&bench, plugin::cosign(&bench, version));
            let variables = others::ci_run(run);
            // cosign asks the CI system for an identity where these say that there is one.
            let variables = variables.iter().filter(|(name, _)| !name.starts_with("ACTIONS_"));
            let cosign = variables.fold(cosign, |cosign, (name, value)| cosign.with(name, value));
            let image = bench.image();
            let words =
                ["--registry-username", "me", "--registry-password", others::PASSWORD, &image];
            ran.push(cosign.signing("sign", "signpath://demo/ec", &words).succeeds());
        }
    }
    has_none(&bench, &ran, &[]);
}

/// The registry's login goes to the registry alone, and no helper finds anything of it in its words.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn no_login_of_a_registry_is_written() {
    let bench = Bench::new();
    let (folder, words) = (bench.place.path("docker"), bench.place.path("words-of-the-helper"));
    let login = json!({ "ServerURL": "x", "Username": "user", "Secret": "s3cret" });
    let script = format!("echo \"$0 $*\" >>'{}'\ncat >/dev/null\necho '{login}'\n", text(&words));
    let helper = folder.join("docker-credential-vault");
    fs::write(&helper, format!("#!/bin/sh\n{script}")).expect("the helper is written");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o700)).expect("it is ours");
    // Before the helper is named, which crane does not find.
    let images = [bench.image(), bench.image()];
    bench.place.write("docker/config.json", r#"{"credsStore":"vault"}"#);
    let mut ran = Vec::new();
    for (door, image) in [Door::Basic, Door::Bearer].into_iter().zip(&images) {
        let front = Front::behind_a_door(bench.registry.address(), door);
        let name = front.name(image);
        for via in ["hash", "request"] {
            let mut command = bench.place.command(program::path());
            command
                .args(["sign", &name, "--policy", "demo/ec", "--via", via])
                .envs(bench.sandbox.environment())
                .envs(LOGGING.iter().copied())
                .env("SIGNPATH_LOG_FILE_DIRECTORY", bench.place.path("logs"))
                .env("PATH", format!("{}:/usr/bin:/bin", text(&folder)));
            ran.push(Ran::of(&mut command).succeeds());
        }
    }
    let asked = fs::read_to_string(words).expect("the helper was asked");
    assert!(asked.lines().all(|line| line.ends_with("docker-credential-vault get")), "{asked}");
    let logins = [("the login", "user:s3cret"), ("the token of the registry", front::TOKEN)];
    let logins = logins.map(|(what, text)| Secret::new(what, text));
    has_none(&bench, &ran, &logins);
}
