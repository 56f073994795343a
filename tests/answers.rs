//! Answers of the service with certificates that a sandbox does not make: two authorities of one name and key, one that may not
//! issue, and what changes between two answers.

use base64::{Engine, engine::general_purpose::STANDARD};
use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::harness::{Module, Session, alone};

/// CN=Twin, an authority; made with `openssl req -x509`.
const TWIN: &str = "MIIBYzCCAQigAwIBAgIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARUd2luMCAXDTI2MTEyNTIwNTk1M1oYDzIxMjYxMTAxMjA1\
     OTUzWjAPMQ0wCwYDVQQDDARUd2luMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKOXxa+H231wWMINj6cW6Eb8Ot1Y4XjNGeyrt\
     0uuVQx7fK1kjZJ6czAgm8+eKJCMiKi/TyNIKdaW/xliX0QHz+qNTMFEwHQYDVR0OBBYEFKeZINYrj+Q18+2lIxiCdzh4cSE9MB8G\
     A1UdIwQYMBaAFKeZINYrj+Q18+2lIxiCdzh4cSE9MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAKNsoZoRO9kP\
     97IyTurB6AJXqVUvIYMnLlvqrSdyiUl6AiEA3oZ0MhUKTvaN/9csL2ZSC5aacRubAzh6ckwgZAyUZxY=";

/// The same name and key, and another serial number, as after a renewal.
const OTHER_TWIN: &str = "MIIBYTCCAQigAwIBAgIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARUd2luMCAXDTI2MTEyNTIwNTk1NFoYDzIxMjYxMTAxMjA1\
     OTU0WjAPMQ0wCwYDVQQDDARUd2luMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKOXxa+H231wWMINj6cW6Eb8Ot1Y4XjNGeyrt\
     0uuVQx7fK1kjZJ6czAgm8+eKJCMiKi/TyNIKdaW/xliX0QHz+qNTMFEwHQYDVR0OBBYEFKeZINYrj+Q18+2lIxiCdzh4cSE9MB8G\
     A1UdIwQYMBaAFKeZINYrj+Q18+2lIxiCdzh4cSE9MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgf1BS9ru8ty4T\
     6IFleiCwCkRbQQF+TVEocKAj46KK4CoCIEBWro7Yl+rFg2p6qu+lIE4ZGPh8wvq/1dz8FQ7ZOugw";

/// The same name and key, and basicConstraints that forbid to issue.
const NO_AUTHORITY: &str = "MIIBYDCCAQWgAwIBAgIBAzAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARUd2luMCAXDTI2MTEyNTIwNTk1NFoYDzIxMjYxMTAxMjA1\
     OTU0WjAPMQ0wCwYDVQQDDARUd2luMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKOXxa+H231wWMINj6cW6Eb8Ot1Y4XjNGeyrt\
     0uuVQx7fK1kjZJ6czAgm8+eKJCMiKi/TyNIKdaW/xliX0QHz+qNQME4wHQYDVR0OBBYEFKeZINYrj+Q18+2lIxiCdzh4cSE9MB8G\
     A1UdIwQYMBaAFKeZINYrj+Q18+2lIxiCdzh4cSE9MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAPKh0GXZOT45mVLJ\
     EN0JeRxj+7iX3lEcQroSGL4lNb8EAiEArdW8exn7BGNMXLxlzvbzR4UT8oDmx9Z8WjyhoS47c0Q=";

/// An answer with `demo/ec` once for each id, its certificate and these certificates above it.
fn answer(sandbox: &Sandbox, ids: &[&str], chain: &[&str]) -> String {
    let pem = sandbox.public_key_pem("demo/ec").unwrap();
    let entry = |id: &&str| {
        json!({
            "projectSlug": "demo",
            "signingPolicySlug": "ec",
            "signingPolicyId": id,
            "publicKeyBytes": pem_body(&pem),
            "certificateBytes": pem_body(&sandbox.certificate_pem("demo/ec").unwrap().unwrap()),
            "certificateType": "X509",
            "x509CertificateChain": chain,
        })
    };
    json!({ "signingPolicies": ids.iter().map(entry).collect::<Vec<Value>>() }).to_string()
}

fn pem_body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn lists(sandbox: &Sandbox, answer: String) {
    sandbox.clear_faults();
    let fault = Fault::on(Route::MySigningPolicies).body(answer).content_type("application/json");
    sandbox.inject(fault.always());
}

/// A signature that does not fit makes the module ask for the policies anew.
fn forget_the_list(sandbox: &Sandbox, session: &Session<'_>) {
    sandbox.inject(Fault::on(Route::SignHash).wrong_signature().times(1));
    let key = session.private_key("demo/ec");
    assert_eq!(session.sign(CKM_ECDSA, key, &[7; 32]), Err(CKR_GENERAL_ERROR));
}

fn certificates(session: &Session<'_>) -> Vec<(CK_OBJECT_HANDLE, Vec<u8>)> {
    let found = session.find(&[(CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes())]).unwrap();
    let value = |handle| (handle, session.attribute(handle, CKA_VALUE).unwrap());
    found.into_iter().map(value).collect()
}

#[test]
fn authorities_of_one_name_and_key_keep_their_handles() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        lists(&sandbox, answer(&sandbox, &["id"], &[TWIN, OTHER_TWIN]));
        let module = Module::started();
        let session = module.session();
        let first = certificates(&session);
        assert_eq!(first.len(), 3);
        for _ in 0..3 {
            forget_the_list(&sandbox, &session);
            assert_eq!(certificates(&session), first);
        }
    });
}

#[test]
fn only_a_certificate_that_may_issue_is_an_authority_s() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        lists(&sandbox, answer(&sandbox, &["id"], &[TWIN, NO_AUTHORITY]));
        let module = Module::started();
        let session = module.session();
        for (certificate, category) in [
            (TWIN, CK_CERTIFICATE_CATEGORY_AUTHORITY),
            (NO_AUTHORITY, CK_CERTIFICATE_CATEGORY_OTHER_ENTITY),
        ] {
            let der = STANDARD.decode(certificate).unwrap();
            let found = session.find(&[(CKA_VALUE, &der)]).unwrap();
            assert_eq!(found.len(), 1);
            let told = session.attribute(found[0], CKA_CERTIFICATE_CATEGORY).unwrap();
            assert_eq!(told, category.to_ne_bytes());
        }
    });
}

#[test]
fn a_key_that_stays_keeps_its_handle_and_shows_what_is_new_about_it() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        lists(&sandbox, answer(&sandbox, &["before"], &[]));
        let module = Module::started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        let id = CKA_VENDOR_DEFINED | 0x5350_0004;
        assert_eq!(session.attribute(key, id).unwrap(), b"before");
        forget_the_list(&sandbox, &session);
        lists(&sandbox, answer(&sandbox, &["after"], &[]));
        assert_eq!(session.private_key("demo/ec"), key);
        assert_eq!(session.attribute(key, id).unwrap(), b"after");
    });
}

#[test]
fn a_policy_that_is_listed_twice_is_there_once() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "Log": { "Console": { "Level": "warning" } } }));
        lists(&sandbox, answer(&sandbox, &["one", "two"], &[]));
        let module = Module::started();
        module.session().private_key("demo/ec");
    })
    .stderr_says("twice");
}
