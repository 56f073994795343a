//! Requests that somebody has to approve: waiting, giving up, and going on.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use signpath_sandbox::{Fault, Route};

use super::program::{Ended, path, run, run_with};
use crate::{
    cosign::{
        bench::{Bench, Version, text},
        plugin,
    },
    harness::requested,
};

const POLICY: [&str; 2] = ["--policy", "demo/approval"];

fn sign(bench: &Bench, image: &str, more: &[&str]) -> Ended {
    run(bench, &[&["sign", image], &POLICY[..], more].concat())
}

fn ids(bench: &Bench) -> Vec<String> {
    bench.sandbox.signing_requests().iter().map(|request| request.id.to_string()).collect()
}

/// Starts `sign`, and reads on until it says that it waits.
fn waiting(bench: &Bench, image: &str) -> (Child, BufReader<ChildStderr>) {
    let mut command = bench.place.command(path());
    command.envs(bench.sandbox.environment()).args(["sign", image]).args(POLICY);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut read = String::new();
    while !read.contains("WaitingForApproval") {
        assert_ne!(lines.read_line(&mut read).unwrap(), 0, "{read}");
    }
    (child, lines)
}

/// The time is what is asked for: longer than any pause between two looks.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_approval_after_twenty_seconds_lets_command_and_plugin_finish() {
    let bench = Bench::new();
    let images = [bench.image(), bench.image()];
    let (mut command, _lines) = waiting(&bench, &images[0]);
    let cosign = plugin::cosign(&bench, Version::Plain);
    let (mut plugged, _said) = plugin::requests::signing(&cosign, "3m", &images[1]);
    thread::sleep(Duration::from_secs(20));
    for id in ids(&bench) {
        bench.sandbox.approve(&id).unwrap();
    }
    assert!(command.wait().unwrap().success());
    assert!(plugged.wait().unwrap().success());
    assert_eq!(ids(&bench).len(), 2);
    for image in &images {
        cosign.verify(&bench.public_key_of("demo/approval"), image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn after_its_time_the_request_stays_and_the_same_command_or_resume_goes_on_with_it() {
    let bench = Bench::new();
    for goes_on in ["the same command", "resume"] {
        let image = bench.image();
        let before = ids(&bench).len();
        let late = sign(&bench, &image, &["--wait", "0s"]);
        let late = late.fails(3, "is not signed yet (WaitingForApproval). It stays");
        let id = ids(&bench).pop().unwrap();
        assert!(late.stderr.contains(&format!("signpath-cosign resume {id}")), "{}", late.stderr);
        run(&bench, &["resume", &id, "--wait", "0s"]).fails(3, "is not signed yet");
        bench.sandbox.approve(&id).unwrap();
        match goes_on {
            "resume" => run(&bench, &["resume", &id]).succeeds(),
            _ => sign(&bench, &image, &[]).succeeds(),
        };
        bench.cosign(Version::V3).verify(&bench.public_key_of("demo/approval"), &image).succeeds();
        assert_eq!(ids(&bench).len(), before + 1, "the sandbox saw one request");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn another_machine_goes_on_with_the_id_and_the_policy() {
    let bench = Bench::new();
    for form in ["bundle", "simple-signing"] {
        let image = bench.image();
        let late = sign(&bench, &image, &["--format", form, "--wait", "0s", "--json"]);
        assert_eq!(late.code, Some(3));
        let late: Value = serde_json::from_slice(&late.stdout).unwrap();
        let id = late["signingRequest"].as_str().unwrap().to_owned();
        assert_eq!(late["status"], "WaitingForApproval");
        bench.sandbox.approve(&id).unwrap();
        let home = bench.place.path("another");
        fs::create_dir_all(&home).unwrap();
        let mut there = bench.sandbox.environment();
        there.push(("HOME".to_owned(), text(&home)));
        run_with(&bench.place, &there, &["resume", &id]).fails(2, "--policy PROJECT/POLICY");
        // Of another policy: its signature does not verify.
        let other = ["resume", &id, "--policy", "demo/ec"];
        run_with(&bench.place, &there, &other).fails(1, "does not verify");
        run_with(&bench.place, &there, &["resume", &id, POLICY[0], POLICY[1]]).succeeds();
        bench.cosign(Version::V3).verify(&bench.public_key_of("demo/approval"), &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn resume_writes_the_files_that_the_first_run_was_to_write() {
    let bench = Bench::new();
    let (image, folder) = (bench.image(), text(&bench.place.path("out")));
    let payload = run(&bench, &["payload", &image]).succeeds().stdout;
    let payload = text(&bench.place.write("payload.json", payload));
    let submit = ["submit", &payload, POLICY[0], POLICY[1], "--output-dir", &folder];
    run(&bench, &[&submit[..], &["--wait", "0s"]].concat()).fails(3, "is not signed yet");
    let id = ids(&bench).pop().unwrap();
    bench.sandbox.approve(&id).unwrap();
    run(&bench, &["resume", &id]).succeeds();
    let files = [format!("{folder}/payload.json"), format!("{folder}/payload.json.sig")];
    let attach = ["attach", &image, "--payload", &files[0], "--signature", &files[1]];
    run(&bench, &[&attach[..], &POLICY].concat()).succeeds();
    bench.cosign(Version::V2).verify(&bench.public_key_of("demo/approval"), &image).succeeds();
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_denial_ends_it_and_the_next_run_asks_anew() {
    let bench = Bench::new();
    let image = bench.image();
    for round in 1..=2 {
        let (mut child, mut lines) = waiting(&bench, &image);
        assert_eq!(ids(&bench).len(), round);
        bench.sandbox.deny(ids(&bench).last().unwrap()).unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut lines, &mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
        assert!(said.contains("has ended: Denied") && !said.contains('\r'), "{said}");
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

/// What somebody does wrong when going on is no reason to lose a request.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn resume_with_another_policy_or_for_another_program_s_request_loses_nothing() {
    let bench = Bench::new();
    let image = bench.image();
    sign(&bench, &image, &["--wait", "0s"]).fails(3, "is not signed yet");
    let id = ids(&bench).pop().unwrap();
    bench.sandbox.approve(&id).unwrap();
    let other = ["resume", &id, "--policy", "demo/ec"];
    run(&bench, &other).fails(2, "is of demo/approval, not of demo/ec");
    sign(&bench, &image, &[]).succeeds();
    assert_eq!(ids(&bench).len(), 1);

    let (cosign, image) = (plugin::cosign(&bench, Version::Plain), bench.image());
    let (mut child, _said) = plugin::requests::signing(&cosign, "18s", &image);
    child.wait().unwrap();
    let id = ids(&bench).pop().unwrap();
    bench.sandbox.approve(&id).unwrap();
    let resumed = run(&bench, &["resume", &id, POLICY[0], POLICY[1]]);
    resumed.fails(1, "does not name its image");
    cosign.sign("signpath://demo/approval?via=request", &image).succeeds();
    assert_eq!(ids(&bench).len(), 2);
}

/// As on a fresh machine.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn where_nothing_is_remembered_that_is_said_and_the_id_goes_on() {
    let bench = Bench::new();
    let image = bench.image();
    let mut variables = bench.sandbox.environment();
    variables.push(("HOME".to_owned(), String::new()));
    let words = ["sign", &image, POLICY[0], POLICY[1], "--wait", "0s"];
    let late = run_with(&bench.place, &variables, &words).fails(3, "are not remembered");
    let id = ids(&bench).pop().unwrap();
    let hint = format!("hint: `signpath-cosign resume {id} --policy demo/approval` goes on");
    assert!(late.stderr.contains(&hint), "{}", late.stderr);
}

/// The key is the one that the policy has when the signature is made.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_key_that_is_changed_while_a_request_waits_costs_another_run_and_no_other_request() {
    let bench = Bench::new();
    let image = bench.image();
    let (mut child, mut lines) = waiting(&bench, &image);
    bench.sandbox.rotate_key("demo/approval").unwrap();
    bench.sandbox.approve(&ids(&bench)[0]).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut lines, &mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("has another key now"), "{said}");
    sign(&bench, &image, &[]).succeeds();
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/approval"), &image).succeeds();
    assert_eq!(ids(&bench).len(), 1);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn both_forms_of_one_request_are_attached_on_another_machine() {
    let bench = Bench::new();
    let image = bench.image();
    let flags = ["--format", "both", "--artifact-configuration", "several", "--json"];
    let ended = run(
        &bench,
        &[&["sign", &image, "--policy", "demo/ec", "--wait", "0s"], &flags[..]].concat(),
    );
    // The sandbox signs at once; that nothing was waited for is what matters here.
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let id = report["signingRequest"].as_str().unwrap().to_owned();
    let home = bench.place.path("another");
    fs::create_dir_all(&home).unwrap();
    let mut there = bench.sandbox.environment();
    there.push(("HOME".to_owned(), text(&home)));
    let resume = ["resume", &id, "--policy", "demo/ec"];
    let (other, key) = (bench.image(), bench.public_key_of("demo/ec"));
    assert_ne!(other, image);
    for _ in 0..2 {
        run_with(&bench.place, &there, &resume).succeeds();
    }
    for version in [Version::V3, Version::Oldest] {
        let flags = ["--insecure-ignore-sct=true", &*image];
        bench.cosign(version).verifying("verify", &key, &flags).succeeds();
    }
}

/// Files stay files.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_advice_of_a_run_that_writes_files_writes_files() {
    let bench = Bench::new();
    let (image, folder) = (bench.image(), text(&bench.place.path("out")));
    let late = sign(&bench, &image, &["--output-dir", &folder, "--wait", "0s"]);
    let id = ids(&bench).pop().unwrap();
    late.fails(3, &format!("resume {id} --policy demo/approval --output-dir {folder}` elsewhere"));
    bench.sandbox.approve(&id).unwrap();
    run(&bench, &["resume", &id]).succeeds();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

/// Days may lie between the look at an image and its signature.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_bundle_does_not_hide_what_was_attached_while_its_request_waited() {
    let bench = Bench::new();
    let image = bench.image();
    sign(&bench, &image, &["--wait", "0s"]).fails(3, "is not signed yet");
    let id = ids(&bench).pop().unwrap();
    let simple = ["sign", &image, "--policy", "demo/ec", "--format", "simple-signing"];
    run(&bench, &simple).succeeds();
    bench.sandbox.approve(&id).unwrap();
    run(&bench, &["resume", &id]).fails(1, "cosign would no longer look at them");
}

/// A token that is not taken is no reason to lose a request.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_wrong_token_does_not_make_a_second_request() {
    let bench = Bench::new();
    let image = bench.image();
    sign(&bench, &image, &["--wait", "0s"]).fails(3, "is not signed yet");
    for status in [401, 403] {
        bench.sandbox.inject(Fault::on(Route::SigningRequestStatus).status(status));
        sign(&bench, &image, &[]).fails(1, &status.to_string());
    }
    bench.sandbox.approve(&ids(&bench)[0]).unwrap();
    sign(&bench, &image, &[]).succeeds();
    assert_eq!(ids(&bench).len(), 1);
}

/// Signed, but not written: the signatures are not lost.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_cannot_be_written_after_the_signature_costs_no_second_one() {
    let bench = Bench::new();
    let (image, file) = (bench.image(), text(&bench.place.write("file", "")));
    let simple = ["sign", &image, "--policy", "demo/ec", "--format", "simple-signing"];
    let failed = run(&bench, &[&simple[..], &["--output-dir", &file]].concat());
    let id = ids(&bench).pop().unwrap();
    failed.fails(
        1,
        &format!("`signpath-cosign resume {id} --policy demo/ec --output-dir {file}` goes on without signing again"),
    );
    let folder = text(&bench.place.path("out"));
    run(&bench, &["resume", &id, "--output-dir", &folder]).succeeds();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert_eq!(requested(&bench.sandbox, Route::SubmitWithArtifact), 1);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn hash_signing_that_is_refused_for_an_approval_names_the_other_way() {
    let bench = Bench::new();
    let refused = sign(&bench, &bench.image(), &["--via", "hash"]);
    refused.fails(1, "; --via request makes them");
}
