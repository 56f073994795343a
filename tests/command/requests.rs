//! `sign` and `submit` by file-based signing requests: the whole payload at SignPath, and what comes back from it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use signpath_sandbox::{Fault, KeyType, PolicyConfig, Route, Sandbox};

use super::program::{Ended, run, run_with};
use crate::{
    cosign::bench::{Bench, VERSIONS, Version, text},
    harness::{Workplace, requested, sandbox_builder},
};

const SIMPLE: [&str; 2] = ["--format", "simple-signing"];

fn sign(bench: &Bench, image: &str, policy: &str, more: &[&str]) -> Ended {
    run(bench, &[&["sign", image, "--policy", policy], more].concat())
}

/// How many signing requests were made.
fn made(bench: &Bench) -> usize {
    bench.sandbox.signing_requests().len()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn each_form_is_signed_by_a_request_and_verifies_with_the_cosign_of_its_generation() {
    let bench = Bench::new();
    for policy in ["demo/rsa", "demo/ec", "demo/ec384"] {
        let key = bench.public_key_of(policy);
        for (flags, version) in [
            (&["-a", "by=us"][..], Version::V3),
            (&["--form", "dsse", "--artifact-configuration", "dsse"], Version::V3),
            (&[&SIMPLE[..], &["-a", "by=us"]].concat(), Version::V2),
        ] {
            let image = bench.image();
            sign(&bench, &image, policy, flags).succeeds();
            bench.cosign(version).verify(&key, &image).succeeds();
            bench.cosign(Version::V3).verify(&key, &image).succeeds();
        }
    }
    assert_eq!(requested(&bench.sandbox, Route::SignHash), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn all_manifests_in_both_forms_are_one_request() {
    let bench = Bench::new();
    let (index, other) = (bench.index(2), bench.image());
    let several =
        ["--artifact-configuration", "several", "--format", "both", "--recursive", "--json"];
    let ended = sign(&bench, &index[0], "demo/rsa", &[&several[..], &[&other]].concat()).succeeds();
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["signatures"].as_array().unwrap().len(), 8);
    let request = bench.sandbox.signing_requests().pop().unwrap();
    assert_eq!(report["signingRequest"], request.id.to_string());
    let key = bench.public_key_of("demo/rsa");
    for image in index.iter().chain([&other]) {
        bench.cosign(Version::V3).verify(&key, image).succeeds();
        let tag = format!("{}.sig", image.split_once('@').unwrap().1.replace(':', "-"));
        assert!(bench.tags_beside(image).contains(&tag), "{tag}");
    }
    assert_eq!(bench.sandbox.signing_requests().len(), 1);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_is_said_about_a_request_arrives_with_it() {
    let bench = Bench::new();
    let flags = ["--description", "Release 1.4", "--param", "version=1.4", "--param", "by=me"];
    sign(&bench, &bench.image(), "demo/ec", &flags).succeeds();
    let request = bench.sandbox.signing_requests().pop().unwrap();
    assert_eq!(request.description.as_deref(), Some("Release 1.4"));
    let parameters: Vec<_> = request.parameters.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(parameters, [("by", "me"), ("version", "1.4")]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_the_service_puts_in_is_shown_and_attached() {
    let policy = PolicyConfig::new("demo/ec", KeyType::P256).inject("ticket", "REL-7");
    let bench = Bench::with(|builder| builder.policies([policy]));
    let (image, key) = (bench.image(), bench.public_key_of("demo/ec"));
    let flags = [&SIMPLE[..], &["-a", "by=us"]].concat();
    let ended = sign(&bench, &image, "demo/ec", &flags).succeeds();
    assert!(ended.stderr.contains(r#"optional.ticket: "REL-7""#), "{}", ended.stderr);
    for version in VERSIONS {
        for (annotation, is_there) in [("ticket=REL-7", true), ("by=us", true), ("by=me", false)] {
            let cosign = bench.cosign(version);
            let verified = cosign.verifying("verify", &key, &["-a", annotation, &image]);
            let _ = if is_there { verified.succeeds() } else { verified.fails() };
        }
    }
}

/// Into a bundle, too.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_is_put_into_a_statement_is_signed_shown_and_attached() {
    let bench = Bench::new();
    let (image, key) = (bench.image(), bench.public_key_of("demo/ec"));
    let statement = run(&bench, &["payload", &image, "--format", "bundle"]).succeeds().text();
    for (from, to, is_open) in [
        (r#""predicate":{}"#, r#""predicate":{"ticket":"REL-7"}"#, true),
        (r#"{"_type""#, r#"{"predicate.ticket":"REL-7","_type""#, false),
    ] {
        let content = encoded(&statement.replace(from, to));
        bench.sandbox.inject(Fault::on(Route::SubmitWithArtifact).other_content(content));
        let ended = sign(&bench, &image, "demo/ec", &[]);
        if is_open {
            let ended = ended.succeeds();
            assert!(ended.stderr.contains(r#"predicate.ticket: "REL-7""#), "{}", ended.stderr);
            bench.cosign(Version::V3).verify(&key, &image).succeeds();
        } else {
            ended.fails(1, "where nothing may be put in");
        }
        fs::remove_dir_all(bench.place.path("home/.local/state")).unwrap();
    }
}

/// What is signed for an image, with another digest and with another repository.
fn foreign(bench: &Bench, image: &str, form: &str) -> [Vec<u8>; 2] {
    let content = run(bench, &["payload", image, "--format", form]).succeeds().text();
    let digest = image.split_once("@sha256:").unwrap().1;
    let other = digest.replacen(&digest[..1], if digest.starts_with('0') { "1" } else { "0" }, 1);
    let changed = [content.replace(digest, &other), content.replace("/hello/", "/hallo/")];
    changed.map(|changed| {
        assert_ne!(changed, content);
        if form == "bundle" { encoded(&changed) } else { changed.into_bytes() }
    })
}

/// What is signed of a statement.
fn encoded(statement: &str) -> Vec<u8> {
    let kind = "application/vnd.in-toto+json";
    format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len()).into_bytes()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn another_image_than_the_one_that_was_asked_for_is_refused() {
    let bench = Bench::new();
    for form in ["bundle", "simple-signing"] {
        let image = bench.image();
        for content in foreign(&bench, &image, form) {
            bench.sandbox.inject(Fault::on(Route::SubmitWithArtifact).other_content(content));
            let refused = sign(&bench, &image, "demo/ec", &["--format", form]);
            refused.fails(1, "payload.json came back with");
        }
        assert_eq!(bench.tags_beside(&image), ["1"], "nothing is attached");
        sign(&bench, &image, "demo/ec", &["--format", form]).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_signature_that_does_not_verify_is_refused() {
    let bench = Bench::new();
    let image = bench.image();
    let fault = || Fault::on(Route::SubmitWithArtifact);
    for (fault, said) in [
        (fault().wrong_signature(), "does not verify with the public key of demo/ec"),
        (fault().short_signature(), "cannot be used"),
        (fault().empty_signature(), "cannot be used"),
    ] {
        bench.sandbox.inject(fault);
        sign(&bench, &image, "demo/ec", &[]).fails(1, said);
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_foreign_repository_is_refused_by_the_service_with_its_reason() {
    let policy =
        PolicyConfig::new("demo/ec", KeyType::P256).allowed_repositories(["ghcr.io/acme/*"]);
    let bench = Bench::with(|builder| builder.policies([policy]));
    for flags in [&[][..], &SIMPLE] {
        let image = bench.image();
        let refused = sign(&bench, &image, "demo/ec", flags).fails(1, "has ended: Failed");
        assert!(refused.stderr.contains("its page at SignPath says why"), "{}", refused.stderr);
        let reason = bench.sandbox.signing_requests().pop().unwrap().reason.unwrap();
        assert!(reason.contains("the signing policy allows ghcr.io/acme/*"), "{reason}");
        assert_eq!(bench.tags_beside(&image), ["1"]);
    }
}

/// The three steps one by one, each of them ours or cosign's.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_was_submitted_can_be_attached_by_cosign_as_well() {
    let policy = PolicyConfig::new("demo/rsa", KeyType::Rsa3072).inject("ticket", "REL-7");
    let bench = Bench::with(|builder| builder.policies([policy]));
    let key = bench.public_key_of("demo/rsa");
    for version in VERSIONS {
        for attaches in ["ours", "cosign"] {
            let image = bench.image();
            let cosign = bench.cosign(version);
            let payload = cosign.run(&["generate", &image]).succeeds().stdout;
            let payload = text(&bench.place.write("payload.json", payload));
            let folder = text(&bench.place.path(attaches));
            let submit = ["submit", &payload, "--policy", "demo/rsa", "--output-dir", &folder];
            run(&bench, &submit).succeeds();
            let signed = format!("{folder}/payload.json");
            let signature = format!("{signed}.sig");
            let files = ["--payload", &signed, "--signature", &signature, &image];
            if attaches == "ours" {
                run(&bench, &[&["attach", "--key", &key], &files[..]].concat()).succeeds();
            } else {
                cosign.run(&[&["attach", "signature"], &files[..]].concat()).succeeds();
            }
            cosign.verifying("verify", &key, &["-a", "ticket=REL-7", &image]).succeeds();
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn several_files_are_submitted_in_one_request_and_the_bundle_of_a_statement_is_written() {
    let bench = Bench::new();
    let (image, folder) = (bench.image(), text(&bench.place.path("out")));
    let statement = run(&bench, &["payload", &image, "--format", "bundle"]).succeeds().stdout;
    let statement = text(&bench.place.write("image.statement.json", statement));
    let payload = run(&bench, &["payload", &image]).succeeds().stdout;
    let payload = text(&bench.place.write("payload.json", payload));
    let submit = ["submit", &payload, &statement, "--policy", "demo/ec", "--output-dir", &folder];
    run(&bench, &[&submit[..], &["--artifact-configuration", "several"]].concat()).succeeds();
    assert_eq!(made(&bench), 1);
    let attach = ["attach", &image, "--bundle", &format!("{folder}/image.bundle.json")];
    run(&bench, &[&attach[..], &["--policy", "demo/ec"]].concat()).succeeds();
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}

/// Longer than a command may take that waits for a second, and shorter than the client's own time.
const TOO_LONG: Duration = Duration::from_secs(20);

#[test]
fn a_service_that_hangs_is_not_waited_for_longer_than_was_said() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let variables = to_submit(&sandbox, &place, 2);
    sandbox.inject(Fault::on(Route::SigningRequestStatus).never_answer().always());
    let submit = ["submit", "payload.json", "--policy", "demo/approval", "--wait", "1s"];
    let begun = Instant::now();
    run_with(&place, &variables, &submit).fails(1, "reading the status");
    assert!(begun.elapsed() < TOO_LONG, "{:?}", begun.elapsed());
    let id = sandbox.signing_requests()[0].id.to_string();
    let resume = ["resume", &id, "--policy", "demo/approval", "--wait", "0s"];
    let begun = Instant::now();
    run_with(&place, &variables, &resume).fails(1, "reading the status");
    assert!(begun.elapsed() < TOO_LONG, "{:?}", begun.elapsed());
}

/// A payload, and the settings for the time that an attempt may take.
fn to_submit(sandbox: &Sandbox, place: &Workplace, seconds: u64) -> Vec<(String, String)> {
    let image = format!("registry.example/app@sha256:{}", "0".repeat(64));
    place.write("payload.json", run_with(place, &[], &["payload", &image]).succeeds().stdout);
    let mut variables = sandbox.environment();
    let name = "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS";
    variables.push((name.to_owned(), seconds.to_string()));
    variables
}

#[test]
fn what_the_waiting_is_for_is_made_in_the_clients_own_time() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let variables = to_submit(&sandbox, &place, 2);
    let busy = Fault::on(Route::SubmitWithArtifact).status(503).header("Retry-After", "5");
    sandbox.inject(busy.times(1));
    let submit = ["submit", "payload.json", "--policy", "demo/approval", "--wait", "0s"];
    run_with(&place, &variables, &submit).fails(3, "is not signed yet");
    assert_eq!(sandbox.signing_requests().len(), 1);
}

#[test]
fn another_run_that_makes_its_request_takes_nothing_from_the_waiting() {
    let (sandbox, place) = (sandbox_builder().start().unwrap(), Workplace::new());
    let variables = to_submit(&sandbox, &place, 1);
    let submit = ["submit", "payload.json", "--policy", "demo/approval", "--wait", "1s"];
    run_with(&place, &variables, &submit).fails(3, "is not signed yet");
    let state = place.path("home").join(".local/state/signpath-pkcs11");
    let lock = fs::File::open(state.join("requests.lock")).unwrap();
    lock.lock().unwrap();
    let held = thread::spawn(move || {
        thread::sleep(Duration::from_secs(3));
        drop(lock);
    });
    let another = [&submit[..], &["--description", "another", "--param", "a=b"]].concat();
    run_with(&place, &variables, &another).fails(3, "is not signed yet");
    held.join().unwrap();
    assert_eq!(sandbox.signing_requests().len(), 2);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_cannot_be_meant_is_wrong_usage_and_asks_nobody() {
    let bench = Bench::new();
    let image = bench.image();
    let payload = text(&bench.place.write("payload.json", "{}"));
    for (flags, code, said) in [
        (&["--form", "dsse", "--format", "simple-signing"][..], 2, "cannot be signed as DSSE"),
        (&["--via", "hash", "--param", "a=b"], 2, "--param is for --via request alone"),
        (&["--via", "hash", "--form", "raw"], 2, "--form is for --via request alone"),
        (&["--artifact-configuration", "a b"], 2, "--artifact-configuration cannot be used"),
        (&["--wait", "soon"], 2, "soon"),
    ] {
        sign(&bench, &image, "demo/ec", flags).fails(code, said);
    }
    let submit = ["submit", &payload, "--policy", "demo/ec"];
    run(&bench, &submit).fails(1, "it is no payload of simple signing");
    run(&bench, &["resume", "7", "--policy", "demo/ec"]).fails(2, "invalid");
    assert_eq!((made(&bench), bench.sandbox.requests().len()), (0, 0));
}
