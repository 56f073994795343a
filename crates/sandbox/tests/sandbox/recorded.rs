//! The sandbox's answers beside those of the real service.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    fixture::{DIGEST, PASCAL, base64, fast_request, recorded, sandbox, sign_hash},
    http::Call,
};

const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// All but the trace id, which has to have the same form.
fn assert_same_problem(ours: Value, recorded: Value) {
    let form = |problem: &Value| {
        let trace = problem["traceId"].as_str().unwrap().to_owned();
        let lengths: Vec<usize> = trace.split('-').map(str::len).collect();
        assert!(trace.chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
        lengths
    };
    assert_eq!(form(&ours), form(&recorded));
    let without_trace = |mut problem: Value| {
        problem.as_object_mut().unwrap().remove("traceId");
        problem
    };
    assert_eq!(without_trace(ours), without_trace(recorded));
}

#[test]
fn the_policy_list_has_the_recorded_properties() {
    let Some(recorded) = recorded("signing-policies.json") else { return };
    let sandbox = sandbox();
    let call = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies?signingPolicySlug=rsa");
    let ours = call.send().json();
    assert_eq!(names(&ours), names(&recorded));
    let (ours, recorded) = (&ours["signingPolicies"][0], &recorded["signingPolicies"][0]);
    assert_eq!(names(ours), names(recorded));
    assert_eq!(names(&ours["rsaParameters"]), names(&recorded["rsaParameters"]));
    for name in ["keyType", "certificateType"] {
        assert_eq!(ours[name], recorded[name]);
    }
}

#[test]
fn the_multipart_answer_has_the_recorded_properties() {
    let Some(recorded) = recorded("signing-request.json") else { return };
    let sandbox = sandbox();
    let mut payload = recorded.clone();
    payload.as_object_mut().unwrap().remove("Signature");
    let call = fast_request(&sandbox, "SigningRequests", PASCAL, "demo/rsa", &payload);
    let ours = call.send().json();
    let added: BTreeSet<String> = names(&ours).difference(&names(&recorded)).cloned().collect();
    assert_eq!(added, BTreeSet::from(["SigningRequestId".to_owned(), "WebLink".to_owned()]));
    for (name, value) in payload.as_object().unwrap() {
        assert_eq!(&ours[name], value);
    }
}

#[test]
fn an_approval_is_refused_as_recorded() {
    let Some(recorded) = recorded("approval-error.json") else { return };
    let data = json!({ "signatureAlgorithm": "Ecdsa" });
    let answer = sign_hash(&sandbox(), "demo/approval", &DIGEST, data);
    assert_same_problem(answer.json(), recorded);
}

#[test]
fn an_unknown_policy_is_refused_as_recorded() {
    let Some(recorded) = recorded("invalid-policy-error.json") else { return };
    let data = json!({ "signatureAlgorithm": "Ecdsa" });
    let answer = sign_hash(&sandbox(), "jsign3/rsa-2048-2022", &DIGEST, data);
    assert_same_problem(answer.json(), recorded);
}

#[test]
fn a_wrong_digest_length_is_refused_as_recorded() {
    let Some(recorded) = recorded("invalid-hash-algorithm-error.json") else { return };
    let payload = json!({
        "SignatureAlgorithm": "RsaPkcs1",
        "RsaHashAlgorithm": SHA256_OID,
        "Base64EncodedHash": base64(&[1; 20]),
    });
    let sandbox = sandbox();
    let answer = fast_request(&sandbox, "SigningRequests", PASCAL, "demo/rsa", &payload).send();
    assert_same_problem(answer.json(), recorded);
}

#[test]
fn an_unknown_algorithm_is_refused_as_recorded() {
    let Some(recorded) = recorded("invalid-signature-algorithm-error.json") else { return };
    let payload = json!({
        "SignatureAlgorithm": "SHA1withRSA",
        "RsaHashAlgorithm": SHA256_OID,
        "Base64EncodedHash": base64(&DIGEST),
    });
    let sandbox = sandbox();
    let answer = fast_request(&sandbox, "SigningRequests", PASCAL, "demo/rsa", &payload).send();
    assert_same_problem(answer.json(), recorded);
}
