//! What cannot be signed: cosign fails, the person reads one line that says why and what to do, nothing is pushed.

use signpath_sandbox::{Builder, Fault, Route};

use super::bench::{Bench, Cosign, VERSIONS, key_of};
use crate::harness::requested;

/// Signs an image, which fails as it should: our one line has all these words and no secret, and the registry keeps
/// what it had.
#[track_caller]
fn refuses(bench: &Bench, cosign: &Cosign<'_>, key: &str, words: &[&str]) {
    let image = bench.image();
    let before = bench.registry.files();
    let ran = cosign.sign(key, &image).fails();
    let lines = ran.lines_of_the_module();
    assert_eq!(lines.len(), 1, "lines of the module in: {ran}");
    assert!(lines[0].starts_with("signpath: error: "), "{}", lines[0]);
    for word in words {
        assert!(lines[0].contains(word), "{word:?} is not in: {}", lines[0]);
    }
    assert!(!lines[0].contains(&bench.sandbox.token()), "{}", lines[0]);
    assert!(!lines[0].contains(WRONG), "{}", lines[0]);
    assert_eq!(bench.registry.files(), before, "pushed: {ran}");
    assert_eq!(bench.tags_beside(&image), ["1"], "{ran}");
}

/// A token that the service does not know.
const WRONG: &str = "Wrong0123456789+token/abcdefghij";

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_wrong_token_is_named_as_the_reason() {
    let bench = Bench::new();
    let words = ["401", "The token is wrong", "check SIGNPATH_API_TOKEN"];
    for version in VERSIONS {
        let cosign = bench.cosign(version).with("SIGNPATH_API_TOKEN", WRONG);
        refuses(&bench, &cosign, &key_of("demo/ec"), &words);
    }
    assert_eq!(requested(&bench.sandbox, Route::SignHash), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_wrong_token_in_the_pin_is_named_as_the_reason() {
    let bench = Bench::new();
    let pin = format!("{}:{WRONG}", bench.sandbox.organization_id());
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials().with("COSIGN_PKCS11_PIN", &pin);
        refuses(&bench, &cosign, &key_of("demo/ec"), &["401", "The token is wrong"]);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_plus_that_the_uri_turned_into_a_space_is_named_as_the_reason() {
    let bench = Bench::new();
    let key = format!("{}&pin-value={}", key_of("demo/ec"), bench.pin());
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials();
        refuses(&bench, &cosign, &key, &["a space", "%2B"]);
    }
    assert_eq!(bench.sandbox.connections(), 0, "such a PIN is not tried");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_unknown_key_is_answered_with_the_keys_there_are() {
    let bench = Bench::new();
    let key = key_of("demo/release");
    let words = ["demo/release", "there is: demo/approval, demo/ec, ", "demo/nocert, demo/rsa"];
    for version in VERSIONS {
        for key in [&key, &key.replace("object=", "id=")] {
            refuses(&bench, &bench.cosign(version), key, &words);
        }
    }
    assert_eq!(requested(&bench.sandbox, Route::SignHash), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_policy_with_approvals_is_refused_with_the_services_words() {
    let bench = Bench::new();
    let words = [
        "demo/approval",
        "400",
        "Hash signing does not support approvals",
        "Use a signing policy without an approval process",
    ];
    for version in VERSIONS {
        refuses(&bench, &bench.cosign(version), &key_of("demo/approval"), &words);
    }
    assert_eq!(requested(&bench.sandbox, Route::SignHash), VERSIONS.len(), "and not tried again");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_service_that_is_down_is_named_with_its_address() {
    let bench = Bench::new();
    bench.sandbox.stop();
    let address = bench.sandbox.api_url();
    let words = [&address, "no connection", "Check SIGNPATH_API_URL"];
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        let cosign = cosign.with("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "1");
        refuses(&bench, &cosign, &key_of("demo/ec"), &words);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_service_that_is_overloaded_when_it_is_to_sign_is_named_with_its_status() {
    let bench = Bench::new();
    bench.sandbox.inject(Fault::on(Route::SignHash).status(503).always());
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        let cosign = cosign.with("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "2");
        refuses(&bench, &cosign, &key_of("demo/ec"), &["demo/ec", "503", "Try again later"]);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_service_that_never_answers_is_given_up() {
    let bench = Bench::new();
    bench.sandbox.inject(Fault::on(Route::SignHash).never_answer().always());
    for version in VERSIONS {
        let cosign = bench.cosign(version).with("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "3");
        let cosign = cosign.with("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "3");
        let words = ["demo/ec", "no whole answer in time", "Try again"];
        refuses(&bench, &cosign, &key_of("demo/ec"), &words);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_server_of_an_unknown_ca_is_not_trusted() {
    let bench = Bench::with(Builder::tls);
    let other = Bench::with(Builder::tls).sandbox.ca_certificate_pem().unwrap();
    let other = bench.place.write("other-ca.pem", other);
    let words =
        ["certificate is not trusted", "name its certificate in SIGNPATH_TLS_CA_CERTIFICATE"];
    for version in VERSIONS {
        for cosign in [
            bench.cosign(version).without("SIGNPATH_TLS_CA_CERTIFICATE"),
            bench.cosign(version).with("SIGNPATH_TLS_CA_CERTIFICATE", other.to_str().unwrap()),
        ] {
            refuses(&bench, &cosign, &key_of("demo/ec"), &words);
        }
    }
    assert!(bench.sandbox.requests().is_empty(), "the token went to nobody");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_wrong_signature_never_reaches_cosign() {
    let bench = Bench::new();
    let faults: [fn(Fault) -> Fault; 4] = [
        Fault::wrong_signature,
        Fault::short_signature,
        Fault::long_signature,
        Fault::empty_signature,
    ];
    for version in VERSIONS {
        for policy in ["demo/rsa", "demo/ec"] {
            for fault in faults {
                bench.sandbox.inject(fault(Fault::on(Route::SignHash)).always());
                refuses(&bench, &bench.cosign(version), &key_of(policy), &[policy, "signature"]);
                bench.sandbox.clear_faults();
            }
        }
    }
}
