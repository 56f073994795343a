//! cosign runs the plugin several times for one signature; the service is asked once for the key.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use signpath_sandbox::Route;

use super::{KEYS, VERSIONS, cosign, key_of};
use crate::cosign::bench::{Bench, Version, text};
use crate::harness::requested;

/// Requests for policies and for signatures since the last look.
fn asked(bench: &Bench) -> (usize, usize) {
    let count = |route| requested(&bench.sandbox, route);
    let counts = (count(Route::MySigningPolicies), count(Route::SignHash));
    assert_eq!(bench.sandbox.requests().len(), counts.0 + counts.1);
    bench.sandbox.clear_requests();
    counts
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn one_cosign_sign_is_one_policy_request_and_one_signing_request() {
    let bench = Bench::new();
    for version in VERSIONS {
        for policy in KEYS {
            // The second one does not live on what the first one has read.
            for _ in 0..2 {
                cosign(&bench, version).sign(&key_of(policy), &bench.image()).succeeds();
                assert_eq!(asked(&bench), (1, 1), "{version:?} {policy}");
            }
        }
        let manifests = bench.index(2);
        let recursive = ["--recursive", &*manifests[0]];
        cosign(&bench, version).signing("sign", &key_of("demo/ec"), &recursive).succeeds();
        assert_eq!(asked(&bench), (1, manifests.len()));
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn public_key_and_verify_always_ask() {
    let bench = Bench::new();
    for version in VERSIONS {
        let (cosign, image) = (cosign(&bench, version), bench.image());
        let key = key_of("demo/ec");
        cosign.sign(&key, &image).succeeds();
        asked(&bench);
        cosign.public_key(&key);
        assert_eq!(asked(&bench), (1, 0));
        cosign.verify(&key, &image).succeeds();
        assert_eq!(asked(&bench), (1, 0));
    }
}

/// The key is renewed between two commands within the minute.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_renewed_key_is_seen_by_the_next_command() {
    let bench = Bench::new();
    for version in VERSIONS {
        let key = key_of("demo/ec");
        cosign(&bench, version).sign(&key, &bench.image()).succeeds();
        bench.sandbox.rotate_key("demo/ec").unwrap();
        let image = bench.image();
        cosign(&bench, version).sign(&key, &image).succeeds();
        cosign(&bench, version).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn without_a_folder_to_trust_it_asks_each_time_and_signs() {
    let bench = Bench::new();
    let shared = bench.place.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    let cosign = cosign(&bench, Version::Plain).with("XDG_RUNTIME_DIR", &text(&shared));
    cosign.sign(&key_of("demo/ec"), &bench.image()).succeeds();
    let (policies, signatures) = asked(&bench);
    assert!(policies > 1, "{policies}");
    assert_eq!(signatures, 1);
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_is_remembered_lies_in_the_runtime_folder_for_this_user_alone() {
    let bench = Bench::new();
    let runtime = bench.place.path("runtime");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let cosign = cosign(&bench, Version::Plain).with("XDG_RUNTIME_DIR", &text(&runtime));
    cosign.sign(&key_of("demo/ec"), &bench.image()).succeeds();
    let folder = runtime.join("signpath-pkcs11");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bench.place.path("home/.cache").exists());
}
