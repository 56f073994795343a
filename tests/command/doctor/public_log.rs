//! Whether a command would reach the public log, against what stock cosign makes of its options.

use std::{collections::BTreeSet, os::unix::fs::symlink};

use super::*;
use crate::harness::{Tool, repository_file};

/// Other options decide with them.
const DECISIVE: [&str; 5] =
    ["tlog-upload", "use-signing-config", "signing-config", "new-bundle-format", "rekor-url"];

const SIGNING: [&str; 4] = ["sign", "sign-blob", "attest", "attest-blob"];

fn with_cosign(tool: Tool) -> (Workplace, Variables) {
    let place = Workplace::new();
    symlink(tool.path(), place.path("cosign")).unwrap();
    let variables = only_here(&place, Vec::new());
    (place, variables)
}

/// Without credentials there are other errors.
#[track_caller]
fn expect_of(place: &Workplace, variables: &Variables, command: &[&str], state: &str, said: &str) {
    let ended = doctor(place, variables, &[&["--"], command].concat());
    expect(&ended, "public log", state, said);
}

#[test]
fn a_command_that_would_reach_the_public_log_is_an_error() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    let config = repository_file("scripts/empty-signing-config.json").display().to_string();
    let sign = ["--", "cosign", "sign", "--key", "signpath://demo/ec"];
    let bad = doctor(&place, &variables, &sign);
    assert_eq!(bad.code, Some(1));
    expect(&bad, "public log", "error", "would write to Sigstore's public log, for good");
    let kept_off = [&sign[..], &["--signing-config", &config, "IMAGE"]].concat();
    expect(&doctor(&place, &variables, &kept_off).succeeds(), "public log", "ok", "names no log");
    let inherited = set(variables, "COSIGN_SIGNING_CONFIG", &config);
    expect(&doctor(&place, &inherited, &sign).succeeds(), "public log", "ok", "names no log");
}

/// cosign says no before it looks for a key or at the network.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_is_said_to_be_refused_is_refused() {
    let empty = repository_file("scripts/empty-signing-config.json").display().to_string();
    let with_config = format!("--signing-config={empty}");
    let rekor = "--rekor-url=https://log.invalid";
    let older = "--new-bundle-format=false";
    let place = Workplace::new();
    let file = |name: &str, content: &str| {
        format!("--signing-config={}", place.write(name, content).display())
    };
    let (list, other) = (file("list", "[]"), file("other", r#"{"mediaType":"x"}"#));
    let rows: [(Tool, &[&str], &str); 12] = [
        (Tool::CosignV3, &["--tlog-upload=false"], "--tlog-upload=false is not supported"),
        (Tool::CosignV3, &["--tlog-upload=no"], "invalid argument"),
        (Tool::CosignV3, &[rekor], "cannot specify service URLs"),
        (
            Tool::CosignV3,
            &[&with_config, "--use-signing-config=false"],
            "none of the others can be",
        ),
        (Tool::CosignV3, &[&with_config, older], "must provide --new-bundle-format"),
        (Tool::CosignV3, &[older], "must provide --new-bundle-format"),
        (Tool::CosignV3, &[&list], "error reading signing config"),
        (Tool::CosignV3, &[&other], "unsupported SigningConfig media type"),
        (Tool::CosignV2, &[&with_config], "must provide --new-bundle-format"),
        (Tool::CosignV2, &["--use-signing-config"], "must provide --new-bundle-format"),
        (Tool::CosignOldest, &[&with_config], "unknown flag"),
        (Tool::CosignOldest, &["--use-signing-config=false"], "unknown flag"),
    ];
    for (tool, options, said) in rows {
        let (place, variables) = with_cosign(tool);
        let command = [&["sign", "--key", "/nowhere"], options, &["127.0.0.1:1/x"]].concat();
        let ran = Ran::of(place.command(tool.path()).args(&command)).fails();
        assert!(ran.stderr.contains(said), "{ran}");
        let command = [&["cosign"], &command[..]].concat();
        expect_of(&place, &variables, &command, "error", "cosign refuses ");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn cosign_takes_its_options_from_variables_as_well() {
    let (place, variables) = with_cosign(Tool::CosignV3);
    let command = ["sign", "--key", "/nowhere", "127.0.0.1:1/x"];
    let mut cosign = place.command(Tool::CosignV3.path());
    let ran = Ran::of(cosign.args(command).env("COSIGN_TLOG_UPLOAD", "false")).fails();
    assert!(ran.stderr.contains("--tlog-upload=false is not supported"), "{ran}");
    let variables = set(variables, "COSIGN_TLOG_UPLOAD", "false");
    let command = [&["cosign"], &command[..]].concat();
    expect_of(&place, &variables, &command, "error", "v3 takes --tlog-upload=false only with");
}

/// The options of the signing subcommands: those with a value, and switches.
fn options_of(tool: Tool) -> [BTreeSet<String>; 2] {
    let place = Workplace::new();
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for subcommand in SIGNING {
        let help = Ran::of(place.command(tool.path()).args([subcommand, "--help"]));
        let text = help.stdout + &help.stderr;
        let (_, flags) = text.split_once("\nFlags:\n").unwrap();
        for line in flags.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
            let Some((_, option)) = line.split_once("--") else { continue };
            // 2.6 and 3: `--name=false:`; 2.0: `--name` and `--name string`.
            let end = option.find([' ', '=']).unwrap_or(option.len());
            let (name, rest) = option.split_at(end);
            let is_switch = match rest.strip_prefix('=') {
                Some(value) => value.starts_with("true:") || value.starts_with("false:"),
                None => rest.is_empty() || rest.starts_with("  "),
            };
            if !DECISIVE.contains(&name) {
                found[usize::from(is_switch)].insert(format!("--{name}"));
            }
        }
    }
    found
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn options_with_a_value_and_switches_are_told_apart_as_cosign_does() {
    let (place, variables) = with_cosign(Tool::CosignV2);
    for tool in [Tool::CosignV3, Tool::CosignV2, Tool::CosignOldest] {
        let [with_value, switches] = options_of(tool);
        assert!(with_value.contains("--key") && switches.contains("--recursive"), "{tool:?}");
        for switch in &switches {
            let command = ["cosign", "sign", switch, "--tlog-upload=false", "I"];
            expect_of(&place, &variables, &command, "ok", "keeps the command off");
        }
        // Each takes what follows for its value.
        let values = with_value.iter().flat_map(|option| [option.as_str(), "--tlog-upload=false"]);
        let command: Vec<_> = ["cosign", "sign"].into_iter().chain(values).chain(["I"]).collect();
        expect_of(&place, &variables, &command, "error", "would write");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_subcommand_of_cosign_is_known() {
    let (place, variables) = with_cosign(Tool::CosignV3);
    for tool in [Tool::CosignV3, Tool::CosignV2, Tool::CosignOldest] {
        let help = Ran::of(place.command(tool.path()).arg("--help")).succeeds();
        let (_, commands) = help.stdout.split_once("Available Commands:\n").unwrap();
        let commands = commands.lines().map_while(|line| line.split_whitespace().next());
        let others: Vec<_> = commands.filter(|name| !SIGNING.contains(name)).collect();
        assert!(others.contains(&"verify"), "{help}");
        for name in others {
            let (state, said) = match name {
                // `policy sign` of 2.0 writes a signature, and has other options than the signing commands.
                "policy" => ("warning", "not known"),
                _ => ("ok", "writes no signature"),
            };
            expect_of(&place, &variables, &["cosign", name], state, said);
        }
    }
}
