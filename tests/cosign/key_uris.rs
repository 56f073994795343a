//! How a key is named to cosign: by which part of the URI, with which PIN, in which module.

use signpath_sandbox::{ApiToken, Config};

use super::bench::{Bench, Cosign, KEYS, VERSIONS, key_of, key_uri};
use crate::harness::module_path;

/// Ways to write `demo/ec` in a URI.
const PATHS: &[&str] = &[
    "token=SignPath;object=demo/ec",
    "token=SignPath;object=demo%2Fec",
    "token=SignPath;id=demo/ec",
    "token=SignPath;id=%64%65%6d%6f%2f%65%63",
    "token=SignPath;id=demo%2Fec;object=demo%2Fec",
    "slot-id=1;object=demo/ec",
    "slot-id=1;id=demo%2Fec",
    "token=SignPath;slot-id=1;object=demo/ec",
];

/// Signs an image with this URI and verifies it with the public key that the sandbox gives for `demo/ec`.
#[track_caller]
fn signs(bench: &Bench, cosign: &Cosign<'_>, key: &str) {
    let image = bench.image();
    let signed = cosign.sign(key, &image).succeeds();
    assert!(!signed.stderr.contains("PIN"), "nobody is asked for a PIN: {signed}");
    cosign.verify(&bench.public_key_of("demo/ec"), &image).succeeds();
}

/// A PIN as the value of a URI. Slashes may stand as they are.
fn in_a_uri(pin: &str) -> String {
    assert!(pin.contains('+') && pin.contains('/'), "a token as real ones are");
    pin.replace('+', "%2B")
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_way_to_write_a_key_finds_it() {
    let bench = Bench::new();
    for version in VERSIONS {
        for path in PATHS {
            signs(&bench, &bench.cosign(version), &key_uri(path));
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_pin_in_the_uri_is_enough() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials();
        let key = format!("{}&pin-value={}", key_of("demo/ec"), in_a_uri(&bench.pin()));
        signs(&bench, &cosign, &key);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_pin_in_cosigns_variable_is_enough() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials();
        let cosign = cosign.with("COSIGN_PKCS11_PIN", &bench.pin());
        signs(&bench, &cosign, &key_of("demo/ec"));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn configured_credentials_need_no_pin() {
    let bench = Bench::new();
    for version in VERSIONS {
        signs(&bench, &bench.cosign(version), &key_of("demo/ec"));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_pin_config_stands_for_the_configured_credentials() {
    let bench = Bench::new();
    for version in VERSIONS {
        let key = format!("{}&pin-value=CONFIG", key_of("demo/ec"));
        signs(&bench, &bench.cosign(version), &key);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_module_may_be_named_by_cosigns_variable() {
    let bench = Bench::new();
    for version in VERSIONS {
        let module = module_path();
        let cosign =
            bench.cosign(version).with("COSIGN_PKCS11_MODULE_PATH", module.to_str().unwrap());
        signs(&bench, &cosign, "pkcs11:token=SignPath;object=demo/ec");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_token_is_listed() {
    let bench = Bench::new();
    for version in VERSIONS {
        for cosign in [bench.cosign(version), bench.cosign(version).without_credentials()] {
            let module = module_path();
            let words = ["pkcs11-tool", "list-tokens", "--module-path", module.to_str().unwrap()];
            let listed = cosign.run(&words).succeeds();
            assert!(listed.stdout.contains("Token in slot 1"), "{listed}");
            assert!(listed.stdout.contains("Label: SignPath"), "{listed}");
        }
    }
    assert_eq!(bench.sandbox.connections(), 0, "a list of tokens needs no service");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_listed_uris_work_as_they_are_printed() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version);
        let uris = listed_uris(&cosign, &[]);
        assert_eq!(uris.len(), 6, "{uris:?}");
        sign_with_each(&bench, &cosign, &uris);
    }
}

/// cosign writes the PIN that it was given into each URI.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_listed_uris_have_the_pin_and_work_as_they_are_printed() {
    let token =
        ApiToken { token: "a/token/without/a/plus".to_owned(), user: "somebody".to_owned() };
    let config = Config { tokens: vec![token], ..Config::default() };
    let bench = Bench::with(|builder| builder.config(config));
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials();
        let uris = listed_uris(&cosign, &["--pin", &bench.pin()]);
        assert!(uris.iter().all(|uri| uri.contains(&bench.pin())), "{uris:?}");
        sign_with_each(&bench, &cosign, &uris);
    }
}

/// cosign prints a `+` as it is, and reads it as a space.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_plus_in_a_listed_uri_has_to_be_written_anew() {
    let bench = Bench::new();
    for version in VERSIONS {
        let cosign = bench.cosign(version).without_credentials();
        let uris = listed_uris(&cosign, &["--pin", &bench.pin()]);
        let uris = uris.iter().map(|uri| uri.replace(&bench.pin(), &in_a_uri(&bench.pin())));
        sign_with_each(&bench, &cosign, &uris.collect::<Vec<_>>());
    }
}

fn listed_uris(cosign: &Cosign<'_>, more: &[&str]) -> Vec<String> {
    let module = module_path();
    let path = module.to_str().unwrap();
    let words = ["pkcs11-tool", "list-keys-uris", "--module-path", path, "--slot-id", "1"];
    let listed = cosign.run(&[&words, more].concat()).succeeds();
    let uris = listed.stdout.lines().filter_map(|line| line.trim().strip_prefix("URI: "));
    uris.map(str::to_owned).collect()
}

/// Each of [`KEYS`] is among the URIs, signs with its own, and verifies with the sandbox's public key.
#[track_caller]
fn sign_with_each(bench: &Bench, cosign: &Cosign<'_>, uris: &[String]) {
    for policy in KEYS {
        let object = format!("object={}?", policy.replace('/', "%2f"));
        let uri = uris.iter().find(|uri| uri.contains(&object)).expect("the key is listed");
        let image = bench.image();
        cosign.sign(uri, &image).succeeds();
        cosign.verify(&bench.public_key_of(policy), &image).succeeds();
    }
}
