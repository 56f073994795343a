//! Answers of the real service, recorded, through the whole module. They are kept outside of this repository; where they
//! are not there, each test says by its name that it was not run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::{
    harness::{Alone, Module, Session, alone},
    signing::SHA256_INFO,
};

const POLICIES: &str = "signing-policies.json";
const INVALID_POLICIES: &str = "signing-policies-invalid.json";
const SIGNED: &str = "signing-request.json";

/// A recorded refusal, and what of it the person has to read.
const REFUSALS: [(&str, &str); 4] = [
    ("approval-error.json", "Hash signing does not support approvals."),
    ("invalid-hash-algorithm-error.json", "The hash algorithm does not match the given hash."),
    ("invalid-policy-error.json", "There is no signing policy with slug 'rsa-2048-2022'"),
    ("invalid-signature-algorithm-error.json", "The file has an invalid format."),
];

#[test]
fn the_recorded_policies_become_keys_and_certificates() {
    if !is_recorded("the_recorded_policies_become_keys_and_certificates") {
        return;
    }
    alone(|process| {
        let sandbox = sandbox_with(&process, &recorded(POLICIES));
        process.configure(&sandbox);
        let module = Module::started();
        let session = module.session();
        let policies = json(POLICIES)["signingPolicies"].as_array().unwrap().clone();
        assert_eq!(policies.len(), 3);
        for class in [CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE] {
            assert_eq!(session.find(&[(CKA_CLASS, &class.to_ne_bytes())]).unwrap().len(), 3);
        }
        for policy in policies {
            let text = |name: &str| policy[name].as_str().unwrap().to_owned();
            let name = format!("{}/{}", text("projectSlug"), text("signingPolicySlug"));
            let key = session.private_key(&name);
            let modulus = bytes(&policy["rsaParameters"]["modulus"]);
            assert_eq!(session.attribute(key, CKA_MODULUS).unwrap(), modulus);
            let certificate = session.object(CKO_CERTIFICATE, &name);
            let value = session.attribute(certificate, CKA_VALUE).unwrap();
            assert_eq!(value, bytes(&policy["certificateBytes"]));
        }
    })
    .stderr_lines(0);
}

#[test]
fn the_recorded_signature_over_the_recorded_digest_comes_out() {
    if !is_recorded("the_recorded_signature_over_the_recorded_digest_comes_out") {
        return;
    }
    alone(|process| {
        let sandbox = sandbox_with(&process, &recorded(POLICIES));
        process.configure(&sandbox);
        let signed = json(SIGNED);
        let answer = json!({
            "signingRequestId": "f13c2b6e-6ad7-4c08-8f0b-8f6b6f4f4b0a",
            "webLink": "https://app.signpath.io/Web/SigningRequests",
            "hashSigningData": { "hash": signed["Base64EncodedHash"] },
            "hashSigningResult": { "signature": signed["Signature"] },
        });
        sandbox.inject(Fault::on(Route::SignHash).body(answer.to_string()));
        let module = Module::started();
        let session = module.session();
        let signature = sign(&session, &bytes(&signed["Base64EncodedHash"]));
        assert_eq!(signature, Ok(bytes(&signed["Signature"])));
        let request = sandbox.requests().pop().unwrap().json().unwrap();
        assert_eq!(request["hashSigningData"]["hash"], signed["Base64EncodedHash"]);
        let options = &request["hashSigningData"]["rsaOptions"];
        assert_eq!(options["paddingMode"].as_str().unwrap_or("Pkcs1"), "Pkcs1");
    })
    .stderr_lines(0);
}

#[test]
fn the_recorded_answer_of_the_older_form_is_read_and_its_request_made() {
    if !is_recorded("the_recorded_answer_of_the_older_form_is_read_and_its_request_made") {
        return;
    }
    alone(|process| {
        let sandbox = sandbox_with(&process, &recorded(POLICIES));
        process.configure(&sandbox);
        sandbox.inject(Fault::on(Route::SignHash).status(404));
        sandbox.inject(Fault::on(Route::SubmitWithArtifact).body(recorded(SIGNED)));
        let module = Module::started();
        let session = module.session();
        let mut signed = json(SIGNED);
        let signature = sign(&session, &bytes(&signed["Base64EncodedHash"]));
        assert_eq!(signature, Ok(bytes(&signed["Signature"])));
        // The service's answer is the file that was sent, with the signature added.
        let mut sent = sent_file(&sandbox);
        sent.as_object_mut().unwrap().remove("Metadata");
        signed.as_object_mut().unwrap().remove("Signature");
        assert_eq!(sent, signed);
    })
    .stderr_lines(0);
}

#[test]
fn the_recorded_signature_over_another_digest_does_not_come_out() {
    if !is_recorded("the_recorded_signature_over_another_digest_does_not_come_out") {
        return;
    }
    alone(|process| {
        let sandbox = sandbox_with(&process, &recorded(POLICIES));
        process.configure(&sandbox);
        sandbox.inject(Fault::on(Route::SignHash).status(404));
        sandbox.inject(Fault::on(Route::SubmitWithArtifact).body(recorded(SIGNED)));
        let module = Module::started();
        assert_eq!(sign(&module.session(), &[7; 32]), Err(CKR_GENERAL_ERROR));
    })
    .stderr_lines(1)
    .stderr_says("jsign/rsa-2048");
}

#[test]
fn a_recorded_policy_that_cannot_be_read_is_left_out_with_a_line() {
    if !is_recorded("a_recorded_policy_that_cannot_be_read_is_left_out_with_a_line") {
        return;
    }
    alone(|process| {
        let mut policies = json(INVALID_POLICIES);
        let good = json(POLICIES)["signingPolicies"][0].clone();
        policies["signingPolicies"].as_array_mut().unwrap().push(good);
        let sandbox = sandbox_with(&process, &policies.to_string());
        let log = json!({ "Log": { "Console": { "Level": "warning" } } });
        process.configure_with(&sandbox, log);
        let module = Module::started();
        let session = module.session();
        let private = CKO_PRIVATE_KEY.to_ne_bytes();
        assert_eq!(session.find(&[(CKA_CLASS, &private)]).unwrap().len(), 1);
        session.private_key("jsign2/rsa-2048");
    })
    .stderr_lines(1)
    .stderr_says("jsign/rsa-2048");
}

#[test]
fn recorded_refusals_are_arguments_bad_and_their_texts_are_shown() {
    if !is_recorded("recorded_refusals_are_arguments_bad_and_their_texts_are_shown") {
        return;
    }
    let ended = alone(|process| {
        let sandbox = sandbox_with(&process, &recorded(POLICIES));
        process.configure(&sandbox);
        let module = Module::started();
        let session = module.session();
        for (file, _) in REFUSALS {
            let refusal = Fault::on(Route::SignHash).status(400).body(recorded(file));
            sandbox.inject(refusal.content_type("application/problem+json"));
            assert_eq!(sign(&session, &[7; 32]), Err(CKR_ARGUMENTS_BAD), "{file}");
        }
    });
    let ended = ended.stderr_lines(REFUSALS.len());
    REFUSALS.iter().fold(ended, |ended, (_, text)| ended.stderr_says(text));
}

/// Signs a SHA-256 hash with the key that the answer was recorded with.
fn sign(session: &Session<'_>, hash: &[u8]) -> Result<Vec<u8>, CK_RV> {
    let key = session.private_key("jsign/rsa-2048");
    session.sign(CKM_RSA_PKCS, key, &[SHA256_INFO, hash].concat())
}

/// A sandbox that has these policies to tell of.
fn sandbox_with(process: &Alone, policies: &str) -> Sandbox {
    let sandbox = process.sandbox();
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().body(policies));
    sandbox
}

/// The JSON file in the last request, a multipart form.
fn sent_file(sandbox: &Sandbox) -> Value {
    let request = sandbox.requests().pop().unwrap();
    assert_eq!(request.route, Some(Route::SubmitWithArtifact));
    let form = String::from_utf8(request.body).unwrap();
    let (start, end) = (form.find('{').unwrap(), form.rfind('}').unwrap());
    serde_json::from_str(&form[start..=end]).unwrap()
}

fn is_recorded(test: &str) -> bool {
    let is_there = folder().is_dir();
    if !is_there {
        println!("not run: recorded::{test} (../shared/recorded is not there)");
    }
    is_there
}

fn recorded(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&recorded(file)).unwrap()
}

fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recorded")
}
