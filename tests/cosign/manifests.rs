//! What six signatures of one command cost at the service.

use signpath_sandbox::Route;

use super::bench::{Bench, VERSIONS, Version, key_of};
use crate::harness::requested;

/// Signs an index of five images and looks at what the service saw.
fn sign_an_index_of_five(bench: &Bench, version: Version) {
    let manifests = bench.index(5);
    assert_eq!(manifests.len(), 6);
    let cosign = bench.cosign(version);
    cosign.signing("sign", &key_of("demo/ec"), &["--recursive", &manifests[0]]).succeeds();
    let sandbox = &bench.sandbox;
    assert_eq!(sandbox.connections(), 1, "connections, {version:?}");
    assert_eq!(requested(sandbox, Route::MySigningPolicies), 1, "policy requests, {version:?}");
    assert_eq!(requested(sandbox, Route::SignHash), 6, "sign requests, {version:?}");
    assert_eq!(sandbox.requests().len(), 7, "requests, {version:?}");
    for manifest in &manifests {
        cosign.verify(&bench.public_key_of("demo/ec"), manifest).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn six_manifests_take_one_connection_one_list_and_six_signatures() {
    for version in VERSIONS {
        sign_an_index_of_five(&Bench::new(), version);
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn over_tls_six_manifests_take_one_handshake_and_http_2() {
    for version in VERSIONS {
        let bench = Bench::with(signpath_sandbox::Builder::tls);
        sign_an_index_of_five(&bench, version);
        assert_eq!(bench.sandbox.tls_handshakes(), 1, "{version:?}");
        assert!(bench.sandbox.requests().iter().all(|request| request.http2), "{version:?}");
    }
}
