//! What the script signs, and what it leaves unsigned.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, Command, Stdio},
};

use signpath_sandbox::{Fault, KeyType, PolicyConfig, Route, Sandbox};

use super::{Programs, requests, tagged};
use crate::{
    cosign::bench::{Bench, VERSIONS, Version, text},
    harness::Ran,
};

const POLICIES: [(&str, KeyType); 2] = [("demo/rsa", KeyType::Rsa3072), ("demo/ec", KeyType::P256)];

/// The programs of the system that the script uses, as the document names them or as every system has them.
const USED: [&str; 15] = [
    "awk", "base64", "cat", "cp", "curl", "env", "grep", "mktemp", "rm", "sed", "sh", "sleep",
    "tr", "unzip", "zip",
];

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_signpath_puts_in_is_attached_as_it_came_back() {
    let policies = POLICIES.map(|(name, key)| PolicyConfig::new(name, key).inject("by", "<us>"));
    let bench = Bench::with(|builder| builder.policies(policies));
    for version in VERSIONS {
        let programs = Programs::new(&bench, version);
        for (policy, _) in POLICIES {
            let image = bench.image();
            let (tag, digest) = tagged(&image);
            let ran = Ran::of(&mut programs.signing(&tag, policy)).succeeds();
            let source = format!("digest: {digest} (from the registry)\n");
            assert!(ran.stderr.contains(&source), "{ran}");
            assert!(ran.stderr.contains("\noptional: {\"by\":\"<us>\"}\n"), "{ran}");
            assert!(ran.stdout.contains(&digest), "{ran}");
            let key = bench.public_key_of(policy);
            for verifier in VERSIONS.map(|version| bench.cosign(version)) {
                verifier.verifying("verify", &key, &["-a", "by=<us>", &image]).succeeds();
                verifier.verifying("verify", &key, &["-a", "by=them", &image]).fails();
            }
        }
    }
}

/// Starts it, and reads on until somebody is waited for.
fn waiting(command: &mut Command) -> (Child, BufReader<ChildStderr>) {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the script starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
    let mut read = String::new();
    while !read.contains("status: WaitingForApproval") {
        assert_ne!(lines.read_line(&mut read).unwrap(), 0, "{read}");
    }
    (child, lines)
}

fn rest(mut lines: impl Read) -> String {
    let mut text = String::new();
    lines.read_to_string(&mut text).unwrap();
    text
}

/// Signs with a policy that needs an approval, and has this done to the request while the script waits. Gives whether the
/// script succeeded, and what it said from then on.
fn decided(
    bench: &Bench,
    version: Version,
    image: &str,
    decide: fn(&Sandbox, &str),
) -> (bool, String) {
    let mut signing = Programs::new(bench, version).signing(&tagged(image).0, "demo/approval");
    let (mut child, lines) = waiting(&mut signing);
    let [id] = requests(&bench.sandbox).try_into().unwrap();
    decide(&bench.sandbox, &id);
    let said = rest(lines);
    (child.wait().unwrap().success(), said)
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_approval_is_awaited() {
    for version in VERSIONS {
        let bench = Bench::new();
        let image = bench.image();
        let approve = |sandbox: &Sandbox, id: &str| drop(sandbox.approve(id).unwrap());
        let (is_success, said) = decided(&bench, version, &image, approve);
        assert!(is_success, "{said}");
        let key = bench.public_key_of("demo/approval");
        bench.cosign(version).verify(&key, &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_denial_ends_it_and_nothing_is_attached() {
    for version in VERSIONS {
        let bench = Bench::new();
        let image = bench.image();
        let deny = |sandbox: &Sandbox, id: &str| drop(sandbox.deny(id).unwrap());
        let (is_success, said) = decided(&bench, version, &image, deny);
        assert!(!is_success && said.ends_with("has ended: Denied\n"), "{said}");
        assert_eq!(bench.tags_beside(&image), ["1"]);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_foreign_repository_is_refused_with_signpath_s_reason() {
    let policy = PolicyConfig::new("demo/ec", KeyType::P256);
    let policy = policy.allowed_repositories(["registry.example/team/*"]);
    let bench = Bench::with(|builder| builder.policies([policy]));
    for version in VERSIONS {
        let (programs, image) = (Programs::new(&bench, version), bench.image());
        let refused = Ran::of(&mut programs.signing(&image, "demo/ec")).fails();
        let (repository, _) = image.split_once('@').unwrap();
        let reason = format!("it is for the repository '{repository}'");
        assert!(refused.stderr.contains(&reason), "{refused}");
        assert!(refused.stderr.ends_with("has ended: Failed\n"), "{refused}");
        assert_eq!(bench.tags_beside(&image), ["1"]);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn it_ends_at_the_first_error_with_a_reason_and_attaches_nothing() {
    let bench = Bench::new();
    let image = bench.image();
    let programs = Programs::new(&bench, Version::V3);
    let submission = || Fault::on(Route::SubmitWithArtifact);
    for (fault, said) in [
        (submission().status(403).body("The user is no submitter."), "The user is no submitter."),
        (submission().wrong_signature(), "invalid signature"),
        (submission().other_content("{}"), "what came back is not for"),
        (Fault::on(Route::SigningRequestStatus).status(410), "error: 410"),
        (Fault::on(Route::SignedArtifact).status(400), "error: 400"),
    ] {
        bench.sandbox.inject(fault);
        let refused = Ran::of(&mut programs.signing(&image, "demo/ec")).fails();
        assert!(refused.stderr.contains(said), "{said}: {refused}");
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_is_missing_is_said() {
    let bench = Bench::new();
    let (tag, _) = tagged(&bench.image());
    let programs = Programs::new(&bench, Version::V3);
    let signing = |image: &str| programs.signing(image, "demo/ec");
    let says = |command: &mut Command, said: &str| {
        let refused = Ran::of(command).fails();
        assert!(refused.stderr.contains(said), "{said}: {refused}");
    };
    says(signing(&tag).env("SIGNPATH_API_TOKEN", "wrong"), "error: 401");
    says(signing(&tag).env_remove("SIGNPATH_API_TOKEN"), "SIGNPATH_API_TOKEN: is not set");
    says(signing(&tag).arg("surplus"), "Usage: sign-with-metadata");
    says(&mut signing(&tag.replace(":1", ":2")), "the registry has no digest of");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn nothing_of_it_stays_behind_and_no_command_line_has_the_token() {
    let bench = Bench::new();
    let words = bench.place.path("words");
    let lines = format!("printf '%s\\n' \"$@\" >>'{}'\nexec /usr/bin/curl \"$@\"", text(&words));
    let programs = Programs::new(&bench, Version::V3).with("curl", &lines);
    Ran::of(&mut programs.signing(&bench.image(), "demo/ec")).succeeds();
    let words = fs::read_to_string(words).unwrap();
    assert!(words.contains("/SigningRequests/SubmitWithArtifact\n"), "{words}");
    assert!(!words.contains(&bench.sandbox.token()), "{words}");
    assert_eq!(fs::read_dir(bench.place.path("tmp")).unwrap().count(), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn without_jq_it_says_what_is_left_to_cosign_and_needs_no_other_program_than_the_document_says() {
    let bench = Bench::new();
    let programs = Programs::new(&bench, Version::V3).and_nothing_but(&USED);
    let ran = Ran::of(&mut programs.signing(&bench.image(), "demo/ec")).succeeds();
    assert!(ran.stderr.contains("jq is not there"), "{ran}");
    assert!(ran.stderr.contains("(as given)"), "{ran}");
}

/// A program in the place of docker answers as Docker does.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_digest_is_docker_s_where_docker_has_one_and_the_registry_s_where_not() {
    let bench = Bench::new();
    let image = bench.image();
    let (tag, digest) = tagged(&image);
    let moved = bench.crane(&["mutate", "--label", "moved=yes", "--tag", &tag, &image]);
    let (_, moved) = moved.split_once('@').unwrap();
    assert_ne!(digest, moved);
    let asked = format!("[ \"$1 $2\" = 'image inspect' ] && [ \"$5\" = '{tag}' ] || exit 1");
    let foreign = format!("other.example/app@{moved}");
    let another = image.replace(&digest, moved);
    for (version, answer, expected) in [
        (Version::V3, format!("{foreign} {image}"), format!("{digest} (by docker inspect)")),
        (Version::V2, foreign.clone(), format!("{moved} (from the registry)")),
        (Version::Plain, format!("{image} {another}"), format!("{moved} (from the registry)")),
    ] {
        let lines = format!("{asked}\nprintf '%s\\n' {answer} ''");
        let programs = Programs::new(&bench, version).with("docker", &lines);
        let ran = Ran::of(&mut programs.signing(&tag, "demo/ec")).succeeds();
        assert!(ran.stderr.contains(&format!("digest: {expected}\n")), "{ran}");
    }
    bench.cosign(Version::V2).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}
