//! `via=request`: the message in a file-based signing request, with approvals.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Child,
};

use signpath_sandbox::{Fault, KeyType, PolicyConfig, Route, SigningRequestStatus};

use super::{VERSIONS, cosign};
use crate::cosign::bench::{Bench, Cosign, Version, text};
use crate::cosign::keys::blob_flags;
use crate::harness::requested;

const WAITING: &str = "signpath://demo/approval?via=request";

/// The ids of the file-based requests, oldest first.
fn requests(bench: &Bench) -> Vec<String> {
    bench.sandbox.signing_requests().iter().map(|request| request.id.to_string()).collect()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_a_blob_and_an_attestation_are_signed_raw() {
    let bench = Bench::new();
    let blob = text(&bench.place.write("blob", "what is signed"));
    let predicate = text(&bench.place.write("predicate.json", r#"{"built":"here"}"#));
    for version in VERSIONS {
        let cosign = cosign(&bench, version);
        for policy in ["demo/rsa", "demo/ec"] {
            let (key, public) =
                (format!("signpath://{policy}?via=request"), bench.public_key_of(policy));
            let image = bench.image();
            cosign.sign(&key, &image).succeeds();
            cosign.verify(&public, &image).succeeds();
            let [made, shown] = blob_flags(&cosign);
            let signature = text(&bench.place.path("blob.signature"));
            cosign.signing("sign-blob", &key, &[made, &signature, &blob]).succeeds();
            cosign.verifying("verify-blob", &public, &[shown, &signature, &blob]).succeeds();
            let words = ["--predicate", &predicate, "--type", "custom", &image];
            cosign.signing("attest", &key, &words).succeeds();
            let words = ["--type", "custom", &*image];
            cosign.verifying("verify-attestation", &public, &words).succeeds();
        }
    }
    assert_eq!(requested(&bench.sandbox, Route::SignHash), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_statement_is_signed_in_a_dsse_envelope() {
    let bench = Bench::new();
    let predicate = text(&bench.place.write("predicate.json", r#"{"built":"here"}"#));
    for policy in ["demo/rsa", "demo/ec"] {
        let key = format!("signpath://{policy}?via=request&form=dsse&artifact-configuration=dsse");
        let public = bench.public_key_of(policy);
        let image = bench.image();
        cosign(&bench, Version::Plain).sign(&key, &image).succeeds();
        cosign(&bench, Version::Plain).verify(&public, &image).succeeds();
        for version in VERSIONS {
            let (cosign, image) = (cosign(&bench, version), bench.image());
            let words = ["--predicate", &predicate, "--type", "custom", &image];
            cosign.signing("attest", &key, &words).succeeds();
            let words = ["--type", "custom", &*image];
            cosign.verifying("verify-attestation", &public, &words).succeeds();
        }
        let before = requests(&bench).len();
        let refused = cosign(&bench, Version::V2).sign(&key, &bench.image()).fails();
        assert!(refused.stderr.contains("use form=raw"), "{refused}");
        assert_eq!(requests(&bench).len(), before, "simple signing is not handed in");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_settings_do_what_the_reference_does_and_the_request_shows_what_was_said() {
    let bench = Bench::new();
    let settings = [
        ("SIGNPATH_COSIGN_VIA", "request"),
        ("SIGNPATH_COSIGN_FILE", "image.json"),
        ("SIGNPATH_ARTIFACT_CONFIGURATION_SLUG", "several"),
        ("SIGNPATH_DESCRIPTION", "Release 1.0"),
        ("SIGNPATH_PARAMETERS", "version=1.0&by=me"),
    ];
    let cosign = settings.iter().fold(cosign(&bench, Version::Plain), |it, (n, v)| it.with(n, v));
    let image = bench.image();
    cosign.sign("signpath://demo/ec?param.by=you", &image).succeeds();
    cosign.verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    let request = bench.sandbox.signing_requests().pop().unwrap();
    assert_eq!(request.description.as_deref(), Some("Release 1.0"));
    assert_eq!(request.artifact_configuration, "several");
    let parameters: Vec<_> = request.parameters.into_iter().collect();
    let expected = [("by", "you"), ("version", "1.0")];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// Starts `cosign sign` with so much time, and reads on until the plugin says that it waits.
pub(crate) fn signing(
    cosign: &Cosign<'_>,
    time: &str,
    image: &str,
) -> (Child, BufReader<std::process::ChildStderr>) {
    let services = text(&crate::harness::repository_file("scripts/empty-signing-config.json"));
    let root = text(&crate::harness::repository_file("scripts/empty-trusted-root.json"));
    let mut words = vec!["sign", "--yes", "--timeout", time, "--key", WAITING];
    if cosign.version.makes_bundles() {
        words.extend(["--signing-config", &services, "--trusted-root", &root]);
    } else {
        words.push("--tlog-upload=false");
    }
    words.push(image);
    let mut child = cosign.spawned(&words);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut read = String::new();
    while !read.contains("signpath: WaitingForApproval") {
        assert_ne!(lines.read_line(&mut read).unwrap(), 0, "{read}");
    }
    (child, lines)
}

fn rest(mut lines: impl BufRead) -> String {
    let mut text = String::new();
    lines.read_to_string(&mut text).unwrap();
    text
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_approval_is_awaited() {
    let bench = Bench::new();
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        let (mut child, lines) = signing(&cosign, "3m", &image);
        let id = requests(&bench).pop().unwrap();
        let link = bench.sandbox.signing_request(&id).unwrap().web_link;
        bench.sandbox.approve(&id).unwrap();
        let said = rest(lines);
        assert!(child.wait().unwrap().success(), "{said}");
        assert!(said.contains(&format!("signpath: Completed ({link})")), "{said}");
        cosign.verify(&bench.public_key_of("demo/approval"), &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_denial_ends_it_and_the_next_run_asks_anew() {
    let bench = Bench::new();
    let (cosign, image) = (cosign(&bench, Version::Plain), bench.image());
    for round in 1..=2 {
        let (mut child, lines) = signing(&cosign, "3m", &image);
        assert_eq!(requests(&bench).len(), round);
        bench.sandbox.deny(requests(&bench).last().unwrap()).unwrap();
        let said = rest(lines);
        assert!(!child.wait().unwrap().success());
        assert!(said.contains("has ended: Denied"), "{said}");
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_approval_after_cosign_s_deadline_is_used_by_the_next_run() {
    let bench = Bench::new();
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        let before = requests(&bench).len();
        let (mut child, lines) = signing(&cosign, "18s", &image);
        let said = rest(lines);
        assert!(!child.wait().unwrap().success(), "{said}");
        assert!(said.contains("Run the same command again"), "{said}");
        let id = requests(&bench).pop().unwrap();
        bench.sandbox.approve(&id).unwrap();
        let signed = cosign.sign(WAITING, &image).succeeds();
        assert!(signed.stderr.contains("of an earlier run"), "{signed}");
        cosign.verify(&bench.public_key_of("demo/approval"), &image).succeeds();
        assert_eq!(requests(&bench).len(), before + 1, "the sandbox saw one request");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn another_machine_goes_on_with_the_request_that_is_named_to_it() {
    let bench = Bench::new();
    let (here, image) = (cosign(&bench, Version::Plain), bench.image());
    let (mut child, lines) = signing(&here, "18s", &image);
    let said = rest(lines);
    child.wait().unwrap();
    let id = requests(&bench).pop().unwrap();
    assert!(said.contains(&format!("SIGNPATH_SIGNING_REQUEST_ID={id}")), "{said}");
    bench.sandbox.approve(&id).unwrap();
    let home = bench.place.path("another");
    fs::create_dir(&home).unwrap();
    let there = cosign(&bench, Version::Plain).with("HOME", &text(&home));
    let there = there.with("SIGNPATH_SIGNING_REQUEST_ID", &id);
    let refused = there.signing("sign", WAITING, &["-a", "of=another", &image]).fails();
    assert!(refused.stderr.contains("is about something else"), "{refused}");
    there.sign(WAITING, &image).succeeds();
    there.verify(&bench.public_key_of("demo/approval"), &image).succeeds();
    assert_eq!(requests(&bench).len(), 1);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn two_runs_at_once_wait_for_the_same_request() {
    let bench = Bench::new();
    let (cosign, image) = (cosign(&bench, Version::Plain), bench.image());
    let runs = [0, 1].map(|_| signing(&cosign, "3m", &image));
    let [id] = requests(&bench).try_into().unwrap();
    bench.sandbox.approve(&id).unwrap();
    for (mut child, lines) in runs {
        let said = rest(lines);
        assert!(child.wait().unwrap().success(), "{said}");
    }
    let status = bench.sandbox.signing_request(&id).unwrap().status;
    assert_eq!(status, SigningRequestStatus::Completed);
    cosign.verify(&bench.public_key_of("demo/approval"), &image).succeeds();
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_older_service_and_one_without_hash_signing_will_do() {
    let bench = Bench::new();
    bench.sandbox.inject(Fault::on(Route::SigningRequestStatus).status(404).always());
    bench.sandbox.inject(Fault::on(Route::MySigningPolicies).status(403).always());
    for policy in ["demo/rsa", "demo/ec"] {
        let key = format!("signpath://{policy}?via=request");
        let (cosign, image) = (cosign(&bench, Version::Plain), bench.image());
        cosign.sign(&key, &image).succeeds();
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
    }
    assert!(requested(&bench.sandbox, Route::Certificate) > 0);
    assert!(requested(&bench.sandbox, Route::SigningRequest) > 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_comes_back_changed_or_does_not_verify_is_refused_and_forgotten() {
    let bench = Bench::new();
    let key = "signpath://demo/ec?via=request";
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        let fault = || Fault::on(Route::SubmitWithArtifact);
        for (fault, expected) in [
            (fault().wrong_signature(), "does not verify with the policy's public key"),
            (fault().short_signature(), "bytes instead of"),
            (fault().empty_signature(), "bytes instead of"),
            (fault().other_content("{}"), "is not what cosign wants signed"),
        ] {
            bench.sandbox.inject(fault);
            let refused = cosign.sign(key, &image).fails();
            assert!(refused.stderr.contains(expected), "{refused}");
        }
        assert_eq!(bench.tags_beside(&image), ["1"]);
        cosign.sign(key, &image).succeeds();
        cosign.verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    }
}

/// Only `signpath-cosign` can attach what SignPath puts information into.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn information_that_the_service_puts_in_is_refused() {
    let policy = PolicyConfig::new("demo/ec", KeyType::P256).inject("by", "SignPath");
    let bench = Bench::with(|builder| builder.policies([policy]));
    let (cosign, image) = (cosign(&bench, Version::V2), bench.image());
    let refused = cosign.sign("signpath://demo/ec?via=request", &image).fails();
    assert!(refused.stderr.contains("SignPath may have put something into it"), "{refused}");
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_configuration_that_wants_another_file_is_refused_with_the_reason() {
    let bench = Bench::new();
    let key = "signpath://demo/ec?via=request&file=other.json";
    let refused = cosign(&bench, Version::Plain).sign(key, &bench.image()).fails();
    assert!(refused.stderr.contains("has ended: Failed"), "{refused}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_request_that_the_service_does_not_know_any_more_is_made_anew() {
    let bench = Bench::new();
    let key = "signpath://demo/ec?via=request";
    let (cosign, image) = (cosign(&bench, Version::Plain), bench.image());
    cosign.sign(key, &image).succeeds();
    let problem = r#"{"title":"Not Found","status":404,"traceId":"t"}"#;
    let gone = Fault::on(Route::SigningRequestStatus).status(404).body(problem);
    bench.sandbox.inject(gone.content_type("application/problem+json"));
    let refused = cosign.sign(key, &image).fails();
    assert!(refused.stderr.contains("the service answered 404"), "{refused}");
    cosign.sign(key, &image).succeeds();
    assert_eq!(requests(&bench).len(), 2);
}

/// Within the time that is kept for cosign to push.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_short_time_out_of_cosign_is_enough_where_nobody_is_waited_for() {
    let bench = Bench::new();
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        cosign.signing("sign", "signpath://demo/ec", &["--timeout", "12s", &image]).succeeds();
    }
}
