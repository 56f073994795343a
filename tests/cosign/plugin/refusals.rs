//! What a person reads when it does not work.

use signpath_sandbox::{Fault, Route};

use super::{VERSIONS, cosign, key_of};
use crate::cosign::bench::Bench;

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_reason_reaches_the_person_and_nothing_is_pushed() {
    let bench = Bench::new();
    let image = bench.image();
    for version in VERSIONS {
        for (key, expected) in [
            ("signpath://demo", "there is no / between a project and a signing policy"),
            ("signpath://demo/ec?via=mail", "allowed: hash or request"),
            (
                "signpath://demo/nothing",
                "this token cannot sign with demo/nothing: the service knows no such signing policy",
            ),
        ] {
            let refused = cosign(&bench, version).sign(key, &image).fails();
            assert!(refused.stderr.contains(expected), "{refused}");
        }
        let unset = cosign(&bench, version).without_credentials();
        let refused = unset.sign(&key_of("demo/ec"), &image).fails();
        let expected = "set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN";
        assert!(refused.stderr.contains(expected), "{refused}");
        let wrong = cosign(&bench, version).with("SIGNPATH_API_TOKEN", "wrong-token-s3cret");
        let refused = wrong.sign(&key_of("demo/ec"), &image).fails();
        assert!(refused.stderr.contains("check SIGNPATH_API_TOKEN"), "{refused}");
        assert!(!refused.stderr.contains("s3cret"), "{refused}");
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_policy_with_approvals_names_the_other_way() {
    let bench = Bench::new();
    for version in VERSIONS {
        let refused = cosign(&bench, version).sign(&key_of("demo/approval"), &bench.image());
        let refused = refused.fails();
        assert!(refused.stderr.contains("approval process"), "{refused}");
        assert!(refused.stderr.contains("?via=request"), "{refused}");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn keys_are_made_in_signpath() {
    let bench = Bench::new();
    for version in VERSIONS {
        let refused = cosign(&bench, version);
        let refused = refused.run(&["generate-key-pair", "--kms", &key_of("demo/new")]).fails();
        assert!(refused.stderr.contains("keys are made in SignPath"), "{refused}");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_signature_that_does_not_verify_is_not_handed_out() {
    let bench = Bench::new();
    let image = bench.image();
    for version in VERSIONS {
        bench.sandbox.inject(Fault::on(Route::SignHash).wrong_signature());
        let refused = cosign(&bench, version).sign(&key_of("demo/ec"), &image).fails();
        assert!(refused.stderr.contains("is wrong and was thrown away"), "{refused}");
    }
    assert_eq!(bench.tags_beside(&image), ["1"]);
}
