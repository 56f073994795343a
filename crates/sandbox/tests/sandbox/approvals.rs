//! Requests that wait for an approval: decided by tests, by the API, by the page; kept over a restart.

use std::{fs, path::Path, sync::Barrier};

use signpath_sandbox::{
    AuditEntry, AuditResult, ClientSettings, Decision, Error, KeyType, PolicyConfig, Route,
    Sandbox, SigningRequestStatus, decide,
};
use tempfile::TempDir;

use crate::{
    fixture::{builder, sandbox},
    http::Call,
    submission::{REPOSITORY, get, signed_files, simple_signing, status, submit, zip},
};

const POLICY: &str = "demo/approval";

fn waiting(sandbox: &Sandbox) -> String {
    let id = submit(sandbox, POLICY, None, &zip(&[("payload.json", &simple_signing(REPOSITORY))]));
    assert_eq!(status(sandbox, &id)["status"], "WaitingForApproval");
    id
}

fn settings(sandbox: &Sandbox) -> ClientSettings {
    let environment = sandbox.environment();
    ClientSettings::from_source(|name| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
    .unwrap()
}

#[test]
fn a_request_waits_until_it_is_approved() {
    let sandbox = sandbox();
    let id = waiting(&sandbox);
    let state = status(&sandbox, &id);
    assert_eq!(state["workflowStatus"], "WaitingForApproval");
    assert_eq!(state["isFinalStatus"], false);
    let refused = get(&sandbox, &id, "/SignedArtifact");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("content-type"), Some("application/problem+json; charset=utf-8"));
    sandbox.approve(&id).unwrap();
    assert_eq!(status(&sandbox, &id)["status"], "Completed");
    assert_eq!(signed_files(&sandbox, &id).len(), 2);
    let audit: Vec<_> =
        sandbox.audit().into_iter().map(|entry| (entry.route, entry.result)).collect();
    let signing_request_id = id.clone();
    assert_eq!(audit[0], (Route::SubmitWithArtifact, AuditResult::Waiting { signing_request_id }));
    assert_eq!(audit[1], (Route::Approve, AuditResult::Signed { signing_request_id: id }));
}

#[test]
fn the_audit_log_has_what_was_handed_in_and_what_was_signed() {
    let policy = PolicyConfig::new(POLICY, KeyType::P256).approval().inject("by", "sandbox");
    let sandbox = builder().policies([policy]).start().unwrap();
    let payload = simple_signing(REPOSITORY);
    let files = [("payload.json", &*payload), ("other.txt", "nobody signs it")];
    let id = submit(&sandbox, POLICY, None, &zip(&files));
    sandbox.approve(&id).unwrap();
    let signed = String::from_utf8(signed_files(&sandbox, &id)["payload.json"].clone()).unwrap();
    assert!(signed.contains(r#""by":"sandbox""#), "{signed}");
    let payloads: Vec<Vec<_>> =
        sandbox.audit().into_iter().map(|entry| entry.payloads.into_iter().collect()).collect();
    assert_eq!(payloads, [payload, signed].map(|text| vec![("payload.json".to_owned(), text)]));
}

#[test]
fn payloads_that_are_too_large_or_no_text_are_in_the_artifact_alone() {
    let sandbox = sandbox();
    let large = "x".repeat(64 * 1024);
    let files = [("a.json", "a"), ("b.json", &*large), ("c.json", "c")];
    submit(&sandbox, "demo/ec", Some("several"), &zip(&files));
    let payloads = &sandbox.audit()[0].payloads;
    assert_eq!(payloads.keys().collect::<Vec<_>>(), ["a.json", "c.json"]);
}

#[test]
fn a_denied_or_cancelled_request_is_never_signed() {
    let sandbox = sandbox();
    let denied = waiting(&sandbox);
    assert_eq!(sandbox.deny(&denied).unwrap().status, SigningRequestStatus::Denied);
    let cancelled = waiting(&sandbox);
    let cancel = format!("SigningRequests/{cancelled}/Cancel");
    assert_eq!(Call::new(&sandbox, "POST", &cancel).send().status, 200);
    assert_eq!(Call::new(&sandbox, "POST", &cancel).send().status, 400);
    for (id, name) in [(&denied, "Denied"), (&cancelled, "Canceled")] {
        assert_eq!(status(&sandbox, id)["status"], name);
        assert_eq!(status(&sandbox, id)["isFinalStatus"], true);
        let refused = sandbox.approve(id).unwrap_err();
        assert!(matches!(refused, Error::NotWaiting { .. }), "{refused}");
        assert_eq!(get(&sandbox, id, "/SignedArtifact").status, 400);
    }
    assert!(matches!(sandbox.deny("x"), Err(Error::UnknownRequest { .. })));
}

#[test]
fn of_two_who_decide_at_once_one_is_first() {
    // Signing with RSA takes long enough for all to meet.
    let policy = PolicyConfig::new("demo/approval", KeyType::Rsa3072).approval();
    let sandbox = builder().policies([policy]).start().unwrap();
    sandbox.prepare().unwrap();
    let id = waiting(&sandbox);
    let start = Barrier::new(4);
    let decided = std::thread::scope(|scope| {
        let decide = || {
            start.wait();
            sandbox.approve(&id).is_ok()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(decide)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(decided.iter().filter(|done| **done).count(), 1);
    let is_approval = |entry: &AuditEntry| entry.route == Route::Approve;
    assert_eq!(sandbox.audit().iter().filter(|entry| is_approval(entry)).count(), 1);
}

#[test]
fn what_cannot_be_signed_asks_nobody() {
    let sandbox = sandbox();
    let id = submit(&sandbox, POLICY, None, &zip(&[("other.json", "{}")]));
    assert_eq!(status(&sandbox, &id)["status"], "Failed");
}

#[test]
fn a_program_decides_over_http_and_https() {
    let folder = TempDir::new().unwrap();
    let first = start(folder.path());
    let (approved, denied) = (waiting(&first), waiting(&first));
    assert_eq!(decide(&settings(&first), &approved, Decision::Approve).unwrap(), "Completed");
    drop(first);
    let second = builder().tls().state(folder.path()).start().unwrap();
    assert_eq!(decide(&settings(&second), &denied, Decision::Deny).unwrap(), "Denied");
    let other = builder().tls().start().unwrap();
    let trusting_another = second.environment().into_iter().chain(
        other.environment().into_iter().filter(|(name, _)| name == "SIGNPATH_TLS_CA_CERTIFICATE"),
    );
    let trusting_another: Vec<_> = trusting_another.collect();
    let settings = ClientSettings::from_source(|name| {
        let mut found = trusting_another.iter().rev().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.clone())
    });
    let refused = decide(&settings.unwrap(), &denied, Decision::Deny).unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn a_program_is_told_why_it_cannot_decide() {
    let sandbox = sandbox();
    let id = waiting(&sandbox);
    sandbox.deny(&id).unwrap();
    let refused = decide(&settings(&sandbox), &id, Decision::Approve).unwrap_err().to_string();
    assert!(refused.contains("its status is Denied"), "{refused}");
    let settings = settings(&sandbox);
    sandbox.stop();
    let refused = decide(&settings, &id, Decision::Approve).unwrap_err().to_string();
    assert!(refused.contains("cannot be asked"), "{refused}");
}

#[test]
fn a_decision_over_the_api_needs_a_token() {
    let sandbox = sandbox();
    let id = waiting(&sandbox);
    let target = format!("/Sandbox/v1/{}/SigningRequests/{id}/Approve", sandbox.organization_id());
    assert_eq!(Call::to(&sandbox, "POST", &target).send().status, 401);
    assert_eq!(status(&sandbox, &id)["status"], "WaitingForApproval");
}

fn start(folder: &Path) -> Sandbox {
    builder().state(folder).start().unwrap()
}

#[test]
fn a_request_waits_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let first = start(folder.path());
    let (id, other) = (waiting(&first), waiting(&first));
    first.deny(&other).unwrap();
    let link = first.signing_request(&id).unwrap().web_link;
    drop(first);

    let second = start(folder.path());
    assert_eq!(second.signing_requests().len(), 2);
    assert_eq!(second.signing_request(&other).unwrap().status, SigningRequestStatus::Denied);
    let secret = |link: &str| link.split_once("secret=").unwrap().1.to_owned();
    assert_eq!(secret(&second.signing_request(&id).unwrap().web_link), secret(&link));
    second.approve(&id).unwrap();
    assert_eq!(signed_files(&second, &id).len(), 2);
    drop(second);
    assert_eq!(signed_files(&start(folder.path()), &id).len(), 2);
}

#[test]
fn a_policy_that_is_gone_after_a_restart_fails_the_request() {
    let folder = TempDir::new().unwrap();
    let id = waiting(&start(folder.path()));
    let second = builder().policies([]).state(folder.path()).start().unwrap();
    let request = second.approve(&id).unwrap();
    assert_eq!(request.status, SigningRequestStatus::Failed);
    assert_eq!(request.reason.as_deref(), Some("The signing policy is no longer there."));
}

#[test]
fn a_damaged_request_is_named_at_the_start() {
    let folder = TempDir::new().unwrap();
    waiting(&start(folder.path()));
    let file = fs::read_dir(folder.path().join("requests")).unwrap().next().unwrap().unwrap();
    fs::write(file.path(), "{").unwrap();
    let refused = builder().state(folder.path()).start().unwrap_err().to_string();
    assert!(refused.contains(file.path().to_str().unwrap()), "{refused}");
}
