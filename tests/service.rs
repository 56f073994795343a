//! The service in its forms: TLS, older generations, moods that pass.

use std::{fs, thread, time::Duration};

use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{Fault, Generation, Request, Route, Sandbox};
use tempfile::NamedTempFile;

use crate::harness::{Alone, Module, alone, requested};

const DIGEST: [u8; 32] = [7; 32];

fn sign_once(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.session();
    session.sign(CKM_ECDSA, session.private_key("demo/ec"), &DIGEST)
}

/// `hashSigningData.metadata` of the signing requests.
fn metadata(sandbox: &Sandbox) -> Vec<Value> {
    let of_signing = |request: &Request| request.route == Some(Route::SignHash);
    let bodies = sandbox.requests().into_iter().filter(of_signing).filter_map(|it| it.json());
    bodies.map(|body| body["hashSigningData"]["metadata"].clone()).collect()
}

/// A sandbox with TLS, and the module configured to trust it; the file is its CA.
fn over_tls(process: &Alone) -> (Sandbox, NamedTempFile) {
    let sandbox = process.sandbox_with(|builder| builder.tls());
    let ca = NamedTempFile::new().unwrap();
    fs::write(&ca, sandbox.ca_certificate_pem().unwrap()).unwrap();
    process.configure_with(&sandbox, json!({ "TlsCaCertificate": ca.path() }));
    (sandbox, ca)
}

#[test]
fn over_tls_everything_goes_through_one_handshake_and_http2() {
    alone(|process| {
        let (sandbox, _ca) = over_tls(&process);
        let module = Module::started();
        for _ in 0..3 {
            sign_once(&module).unwrap();
        }
        assert_eq!((sandbox.connections(), sandbox.tls_handshakes()), (1, 1));
        assert!(sandbox.requests().iter().all(|request| request.http2));
    });
}

#[test]
fn a_stream_that_the_server_refuses_was_not_carried_out_and_is_asked_for_again() {
    alone(|process| {
        let (sandbox, _ca) = over_tls(&process);
        let module = Module::started();
        sign_once(&module).unwrap();
        for times in 1..=3 {
            let before = requested(&sandbox, Route::SignHash);
            sandbox.inject(Fault::on(Route::SignHash).refuse_stream().times(times));
            sign_once(&module).unwrap();
            assert_eq!(requested(&sandbox, Route::SignHash) - before, times + 1);
        }
        assert_eq!(sandbox.connections(), 1);
    })
    .stderr_hides("possible duplicate");
}

#[test]
fn sixty_four_threads_share_the_connection_that_the_login_made() {
    alone(|process| {
        let (sandbox, _ca) = over_tls(&process);
        let module = Module::started();
        let first = module.session();
        first.login("").unwrap();
        let key = first.private_key("demo/ec");
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| module.session().sign(CKM_ECDSA, key, &DIGEST).unwrap());
            }
        });
        assert_eq!(requested(&sandbox, Route::SignHash), 64);
        assert_eq!((sandbox.connections(), sandbox.tls_handshakes()), (1, 1));
    });
}

#[test]
fn a_server_of_an_unknown_ca_is_not_trusted_and_the_setting_for_it_is_named() {
    alone(|process| {
        let sandbox = process.sandbox_with(|builder| builder.tls());
        process.configure(&sandbox);
        let module = Module::started();
        assert_eq!(module.session().login(""), Err(CKR_GENERAL_ERROR));
        assert!(sandbox.requests().is_empty());
        assert_eq!(sandbox.connections(), 1);
    })
    .stderr_lines(1)
    .stderr_says("SIGNPATH_TLS_CA_CERTIFICATE");
}

#[test]
fn an_older_service_is_asked_in_its_form_and_remembered() {
    alone(|process| {
        let sandbox = process.sandbox_with(|builder| builder.generation(Generation::Old));
        process.configure(&sandbox);
        let module = Module::started();
        for _ in 0..3 {
            sign_once(&module).unwrap();
        }
        assert_eq!(requested(&sandbox, Route::SignHash), 1);
        assert_eq!(requested(&sandbox, Route::SubmitWithArtifact), 3);
    })
    .stderr_lines(0);
}

#[test]
fn a_service_that_is_busy_for_a_moment_is_asked_again_under_the_same_id() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "Timeouts": { "FirstRetryDelay": 0.01 } }));
        let module = Module::started();
        let busy = Fault::on(Route::SignHash).status(503).times(2);
        sandbox.inject(busy);
        sign_once(&module).unwrap();
        let ids: Vec<_> = metadata(&sandbox).iter().map(|it| it["correlationId"].clone()).collect();
        assert_eq!(ids.len(), 3);
        assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    })
    .stderr_lines(0);
}

#[test]
fn an_answer_that_drips_does_not_outlast_the_time_for_an_attempt() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(
            &sandbox,
            json!({ "HttpRequestTimeoutInSeconds": 0.5, "Timeouts": { "RetryCount": 0 } }),
        );
        let module = Module::started();
        sandbox.inject(Fault::on(Route::SignHash).drip(Duration::from_millis(100)));
        assert_eq!(sign_once(&module), Err(CKR_FUNCTION_FAILED));
        assert_eq!(requested(&sandbox, Route::SignHash), 1);
    })
    .stderr_lines(1);
}

#[test]
fn an_answer_of_gigabytes_is_not_read() {
    alone(|process| {
        let (sandbox, module) = process.started();
        sandbox.inject(Fault::on(Route::SignHash).huge_body(4 << 30));
        assert_eq!(sign_once(&module), Err(CKR_GENERAL_ERROR));
    })
    .stderr_lines(1);
}

#[test]
fn the_service_is_told_of_the_process_as_much_as_the_configuration_lets_out() {
    alone(|process| {
        let sandbox = process.sandbox();
        let module = Module::load();
        for detail in ["full", "basic", "none"] {
            process.configure_with(&sandbox, json!({ "Metadata": detail }));
            module.initialize().unwrap();
            sign_once(&module).unwrap();
            module.finalize().unwrap();
        }
        let told = metadata(&sandbox);
        let source = |index: usize| &told[index]["sourceProcess"];
        assert!(source(0)["commandLine"].as_str().unwrap().contains("end_to_end"));
        assert!(source(0)["user"].is_string());
        assert_eq!(source(0)["operatingSystem"]["architecture"], "x86_64");
        assert!(source(1)["user"].is_null() && source(1)["operatingSystem"].is_object());
        assert!(source(2).is_null());
    });
}
