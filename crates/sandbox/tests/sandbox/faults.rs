//! Injected faults arrive as described, and nothing is left of them afterwards.

use std::{
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use p256::{
    ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier},
    pkcs8::DecodePublicKey,
};
use signpath_sandbox::{Fault, Route};

use crate::{
    fixture::{DIGEST, sandbox, sign_ec, sign_hash_body, signature_of},
    http::{Call, connect, exchange},
};

fn ec_call(sandbox: &signpath_sandbox::Sandbox) -> Call<'_> {
    let data = serde_json::json!({ "signatureAlgorithm": "Ecdsa" });
    let body = sign_hash_body("demo/ec", &DIGEST, data);
    Call::new(sandbox, "POST", "SigningRequests/SignHash").json(&body)
}

#[test]
fn a_status_comes_as_often_as_asked_and_signs_nothing() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).times(2).status(503).header("Retry-After", "1"));
    for _ in 0..2 {
        let answer = sign_ec(&sandbox);
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    }
    assert_eq!(sign_ec(&sandbox).status, 200);
    assert_eq!(sandbox.audit().len(), 1);
    assert_eq!(sandbox.requests().len(), 3);
}

#[test]
fn a_fault_stays_on_its_route_and_can_be_taken_back() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().status(500));
    assert_eq!(sign_ec(&sandbox).status, 200);
    sandbox.inject(Fault::anywhere().body("hello").content_type("text/plain"));
    let answer = Call::to(&sandbox, "GET", "/nowhere").send();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    sandbox.clear_faults();
    let call = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies?projectSlug=x");
    assert_eq!(call.send().status, 200);
}

#[test]
fn a_delay_delays() {
    let sandbox = sandbox();
    let delay = Duration::from_millis(80);
    sandbox.inject(Fault::on(Route::SignHash).delay(delay));
    let begun = Instant::now();
    assert_eq!(sign_ec(&sandbox).status, 200);
    assert!(begun.elapsed() >= delay);
}

#[test]
fn a_dropped_connection_gives_no_byte() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).drop_before_answer());
    let error = ec_call(&sandbox).try_send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset));
    assert_eq!(sandbox.requests().len(), 1);
    assert!(sandbox.audit().is_empty());
    assert_eq!(sign_ec(&sandbox).status, 200);
}

#[test]
fn a_cut_answer_has_a_head_and_half_a_body() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).drop_mid_body());
    let mut stream = connect(&sandbox).unwrap();
    std::io::Write::write_all(&mut stream, &ec_call(&sandbox).bytes()).unwrap();
    let mut seen = Vec::new();
    stream.read_to_end(&mut seen).unwrap();
    let seen = String::from_utf8(seen).unwrap();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let announced: usize = announced.parse().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    assert_eq!(body.len(), announced / 2);
    assert_eq!(sandbox.audit().len(), 1, "the signature has been made");
}

#[test]
fn a_connection_can_be_closed_behind_an_answer() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).after(1).close_after_answer());
    let mut stream = connect(&sandbox).unwrap();
    for _ in 0..2 {
        let answer = exchange(&mut stream, &ec_call(&sandbox).bytes()).unwrap();
        assert_eq!(answer.header("connection"), None);
        signature_of(&answer);
    }
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the connection is closed");
    assert_eq!(sandbox.connections(), 1);
}

#[test]
fn a_body_of_a_byte_or_none_is_cut_and_closed_behind_like_others() {
    let sandbox = sandbox();
    for body in ["x", ""] {
        for (fault, sent) in [
            (Fault::on(Route::Health).body(body).drop_mid_body(), ""),
            (Fault::on(Route::Health).body(body).close_after_answer(), body),
        ] {
            sandbox.inject(fault);
            let mut stream = connect(&sandbox).unwrap();
            let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
            std::io::Write::write_all(&mut stream, &request).unwrap();
            let mut seen = String::new();
            stream.read_to_string(&mut seen).expect("the connection is closed");
            let (head, received) = seen.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            assert_eq!(received, sent);
        }
    }
}

#[test]
fn a_dripped_answer_is_complete_in_the_end() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).drip(Duration::from_micros(100)));
    signature_of(&sign_ec(&sandbox));
}

#[test]
fn a_huge_answer_does_not_say_its_length() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).huge_body(1_000_000));
    let answer = sign_ec(&sandbox);
    assert_eq!((answer.status, answer.header("content-length")), (200, None));
    assert_eq!(answer.body.len(), 1_000_001);
}

#[test]
fn garbage_claims_to_be_json() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).garbage());
    let answer = sign_ec(&sandbox);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
}

#[test]
fn signatures_can_be_wrong_in_four_ways() {
    let sandbox = sandbox();
    let right = signature_of(&sign_ec(&sandbox));
    sandbox.inject(Fault::on(Route::SignHash).wrong_signature());
    sandbox.inject(Fault::on(Route::SignHash).short_signature());
    sandbox.inject(Fault::on(Route::SignHash).long_signature());
    sandbox.inject(Fault::on(Route::SignHash).empty_signature());
    let wrong = signature_of(&sign_ec(&sandbox));
    assert_eq!(wrong.len(), right.len());
    assert_ne!(wrong, right, "signatures of this key are deterministic");
    assert_eq!(signature_of(&sign_ec(&sandbox)), right[..63]);
    assert_eq!(signature_of(&sign_ec(&sandbox)).len(), 65);
    assert!(signature_of(&sign_ec(&sandbox)).is_empty());
    assert_eq!(signature_of(&sign_ec(&sandbox)), right);
}

#[test]
fn a_request_without_an_answer_leaves_the_others_alone() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).never_answer());
    let mut stream = connect(&sandbox).unwrap();
    std::io::Write::write_all(&mut stream, &ec_call(&sandbox).bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let silence = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(sign_ec(&sandbox).status, 200);
}

/// Whether a signature, r‖s or DER, is one of `demo/ec` over [`DIGEST`].
fn verifies(sandbox: &signpath_sandbox::Sandbox, signature: &[u8]) -> bool {
    let pem = sandbox.public_key_pem("demo/ec").unwrap();
    let key = VerifyingKey::from_public_key_pem(&pem).unwrap();
    let signature = Signature::from_slice(signature).or_else(|_| Signature::from_der(signature));
    key.verify_prehash(&DIGEST, &signature.unwrap()).is_ok()
}

#[test]
fn a_signature_can_be_right_and_of_something_else() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).other_digest());
    sandbox.inject(Fault::on(Route::SignHash).other_key());
    sandbox.inject(Fault::on(Route::SignHash).other_encoding());
    for (length, is_right) in [(Some(64), false), (Some(64), false), (None, true), (Some(64), true)]
    {
        let signature = signature_of(&sign_ec(&sandbox));
        assert_eq!(verifies(&sandbox, &signature), is_right);
        assert!(length.is_none_or(|length| length == signature.len()));
        assert!(length.is_some() || signature.starts_with(&[0x30]), "DER");
    }
}

#[test]
fn a_key_can_be_rotated_by_the_request_that_it_signs() {
    let sandbox = sandbox();
    let before = sandbox.public_key_pem("demo/ec").unwrap();
    sandbox.inject(Fault::on(Route::SignHash).rotated_key());
    let signature = signature_of(&sign_ec(&sandbox));
    assert_ne!(sandbox.public_key_pem("demo/ec").unwrap(), before);
    assert!(verifies(&sandbox, &signature), "with the new key");
}

#[test]
fn members_can_stand_before_those_of_an_answer() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).prepend(r#""webLink":null"#));
    let answer = sign_ec(&sandbox);
    assert!(answer.text().starts_with(r#"{"webLink":null,"signingRequestId":"#));
    assert!(verifies(&sandbox, &signature_of(&answer)));
}

#[test]
fn an_answer_can_be_called_something_else() {
    let sandbox = sandbox();
    sandbox.inject(Fault::on(Route::SignHash).relabel("text/plain"));
    let answer = sign_ec(&sandbox);
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert!(verifies(&sandbox, &signature_of(&answer)));
}
