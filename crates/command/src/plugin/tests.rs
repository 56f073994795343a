//! Calls as cosign makes them, without a service.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signpath_client::key::HashAlgorithm;

use super::*;

/// An input that must not be read.
struct Untouchable;

impl Read for Untouchable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("standard input was read")
    }
}

fn call(method: &str, key: &str) -> Value {
    json!({
        "initOptions": {
            "protocolVersion": "v1",
            "keyResourceID": key,
            "hashFunc": 5,
            "rpcOptions": {},
        },
        "methodName": method,
        method: {},
    })
}

fn performed(call: &Value) -> Value {
    let answered = Call::read(&call.to_string()).and_then(|call| {
        let log = Log::new(&signpath_client::log::LogSettings::default());
        let config = || {
            let host = signpath_client::config::HostProgram::named("test");
            Config::from_sources(|_| None, host).map_err(|error| error.to_string())
        };
        perform(&call, config, &mut Untouchable, &log)
    });
    serde_json::to_value(answered.unwrap_or_else(Answer::error)).unwrap()
}

#[track_caller]
fn refused(call: &Value, expected: &str) {
    let answer = performed(call);
    let object = answer.as_object().unwrap();
    assert_eq!(object.len(), 1);
    let text = object["errorMessage"].as_str().unwrap();
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_algorithms_are_those_of_sigstore_s_registry() {
    let answer = performed(&call("defaultAlgorithm", "a/b"));
    let default = answer["defaultAlgorithm"]["defaultAlgorithm"].as_str().unwrap();
    let answer = performed(&call("supportedAlgorithms", "a/b"));
    let supported = answer["supportedAlgorithms"]["supportedAlgorithms"].as_array().unwrap();
    assert!(supported.contains(&json!(default)));
    assert_eq!(supported.len(), 6);
}

#[test]
fn keys_are_made_in_signpath() {
    refused(&call("createKey", "a/b"), "keys are made in SignPath");
}

#[test]
fn a_wrong_reference_is_refused_by_every_method_that_has_a_key() {
    for method in ["createKey", "publicKey", "signMessage", "verifySignature"] {
        refused(&call(method, "a"), "there is no / between");
    }
}

#[test]
fn without_credentials_it_says_what_to_set() {
    refused(&call("publicKey", "a/b"), "set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN");
    let organization = "94b2c3d4-0000-4000-8000-aabbccddeeff";
    refused(&call("publicKey", &format!("{organization}@a/b")), organization);
}

#[test]
fn another_method_and_another_version_are_refused() {
    refused(&call("decrypt", "a/b"), "publicKey, signMessage, verifySignature");
    let mut newer = call("publicKey", "a/b");
    newer["initOptions"]["protocolVersion"] = json!("v2");
    refused(&newer, "version v1");
}

#[test]
fn wrong_arguments_are_an_answer() {
    for (version, call, expected) in [
        (None, None, "argument 1"),
        (Some("v1"), None, "argument 2"),
        (Some("v1"), Some("{"), "argument 2 is not a call"),
        (Some("v1"), Some("[]"), "argument 2 is not a call"),
        (Some("v2"), Some("{}"), "version v1"),
    ] {
        let answer = answer(version, call, &mut Untouchable);
        let json = serde_json::to_value(&answer).unwrap();
        assert!(json["errorMessage"].as_str().unwrap().contains(expected), "{json}");
    }
}

#[test]
fn go_s_null_is_nothing() {
    let mut call = call("signMessage", "a/b");
    call["initOptions"]["rpcOptions"] = Value::Null;
    call["signMessage"] = json!({ "signOptions": { "rpcOptions": null, "messageOptions": null } });
    let facts = Call::read(&call.to_string()).unwrap().message_to_sign().unwrap();
    assert_eq!(facts.digest, None);
}

#[test]
fn the_hash_function_of_the_message_wins_over_that_of_the_key() {
    let mut call = call("signMessage", "a/b");
    let options = json!({ "digest": "AAAA", "hashFunc": 6 });
    call["signMessage"] = json!({ "signOptions": { "messageOptions": options } });
    let error = Call::read(&call.to_string()).unwrap().message_to_sign().unwrap_err();
    assert_eq!(error, "SHA-384 digests have 48 bytes, and the given one has 3");
    call["signMessage"]["signOptions"]["messageOptions"]["hashFunc"] = json!(99);
    let error = Call::read(&call.to_string()).unwrap().message_to_sign().unwrap_err();
    assert!(error.contains("99") && error.contains("5 (SHA-256)"), "{error}");
}

/// As cosign v3 has it for P-384: the hash function of the key stays SHA-256.
#[test]
fn without_a_hash_function_the_digest_s_length_tells_it() {
    let mut call = call("signMessage", "a/b");
    for (length, hash) in
        [(32, HashAlgorithm::Sha256), (48, HashAlgorithm::Sha384), (64, HashAlgorithm::Sha512)]
    {
        let options = json!({ "digest": STANDARD.encode(vec![7; length]) });
        call["signMessage"] = json!({ "signOptions": { "messageOptions": options } });
        let facts = Call::read(&call.to_string()).unwrap().message_to_sign().unwrap();
        assert_eq!(facts.hash, hash);
    }
    call["signMessage"]["signOptions"]["messageOptions"]["digest"] = json!("AAAA");
    let error = Call::read(&call.to_string()).unwrap().message_to_sign().unwrap_err();
    assert_eq!(error, "SHA-256 digests have 32 bytes, and the given one has 3");
}
