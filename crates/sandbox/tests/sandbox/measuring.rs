//! What measurements of clients need: a service that is far away, and one whose signatures cost nothing.

use std::time::{Duration, Instant};

use serde_json::json;
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::{
    fixture::{DIGEST, builder, sign_ec, sign_hash, signature_of},
    http::{Call, connect, exchange},
    transport,
};

const ROUND_TRIP: Duration = Duration::from_millis(40);

fn health(sandbox: &Sandbox) -> Vec<u8> {
    Call::to(sandbox, "GET", "/Api/healthz").bytes()
}

#[test]
fn a_connection_and_each_request_take_a_round_trip() {
    let sandbox = builder().round_trip_time(ROUND_TRIP).start().unwrap();
    let began = Instant::now();
    let mut stream = connect(&sandbox).unwrap();
    for requests in 1..=3 {
        assert_eq!(exchange(&mut stream, &health(&sandbox)).unwrap().text(), "Healthy");
        assert!(began.elapsed() >= ROUND_TRIP * (1 + requests), "{requests} requests");
    }
}

#[test]
fn the_handshake_of_tls_takes_another_one() {
    let sandbox = builder().tls().round_trip_time(ROUND_TRIP).start().unwrap();
    let began = Instant::now();
    let mut stream = transport::tls(&sandbox, "127.0.0.1", transport::client(&sandbox, None));
    assert_eq!(exchange(&mut stream, &health(&sandbox)).unwrap().text(), "Healthy");
    assert!(began.elapsed() >= ROUND_TRIP * 3);
    assert_eq!((sandbox.connections(), sandbox.tls_handshakes()), (1, 1));
}

#[test]
fn long_answers_and_long_bodies_arrive_whole_from_far_away() {
    let sandbox = builder().round_trip_time(Duration::from_millis(2)).start().unwrap();
    sandbox.inject(Fault::on(Route::Health).huge_body(1 << 20));
    let mut stream = connect(&sandbox).unwrap();
    let answer = exchange(&mut stream, &health(&sandbox)).unwrap();
    assert!(answer.body.len() > 1 << 20);
    let long = "a".repeat(300_000);
    let refused = sign_hash(&sandbox, "demo/ec", &DIGEST, json!({ "metadata": long }));
    assert_eq!(refused.status, 400, "it has no algorithm, and was read to its end");
    assert!(sandbox.requests().last().unwrap().body.len() > long.len());
}

#[test]
fn a_client_that_goes_away_is_noticed_from_far_away() {
    let sandbox = builder().round_trip_time(ROUND_TRIP).start().unwrap();
    drop(connect(&sandbox).unwrap());
    assert_eq!(sign_ec(&sandbox).status, 200);
    sandbox.stop();
    assert!(connect(&sandbox).is_err());
}

#[test]
fn a_signature_is_given_again_only_where_that_is_wished_for() {
    let pss = json!({
        "signatureAlgorithm": "Rsa",
        "rsaOptions": { "hashAlgorithmName": "Sha256", "paddingMode": "Pss" },
    });
    let sign = |sandbox: &Sandbox, digest: &[u8]| {
        signature_of(&sign_hash(sandbox, "demo/rsa", digest, pss.clone()))
    };
    let usual = builder().start().unwrap();
    assert_ne!(sign(&usual, &DIGEST), sign(&usual, &DIGEST), "each has a salt of its own");
    let replaying = builder().replay().start().unwrap();
    let first = sign(&replaying, &DIGEST);
    assert_eq!(sign(&replaying, &DIGEST), first);
    assert_ne!(sign(&replaying, &[1; 32]), first, "of another digest");
    replaying.inject(Fault::on(Route::SignHash).wrong_signature());
    assert_ne!(sign(&replaying, &DIGEST), first, "faults stay what they are");
    assert_eq!(sign(&replaying, &DIGEST), first);
}

#[test]
fn requests_are_counted_where_none_is_kept() {
    let sandbox = builder().without_records().start().unwrap();
    sign_ec(&sandbox);
    sign_ec(&sandbox);
    assert_eq!((sandbox.requests().len(), sandbox.request_count()), (0, 2));
}
