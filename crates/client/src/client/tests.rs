use std::ffi::OsString;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::config::HostProgram;
use crate::error::Class;
use crate::http::responder::{Reply, Responder};
use crate::key::vectors::{P256, P384, RSA_2048, digest};
use crate::key::{HashAlgorithm, PublicKey, Scheme};
use crate::log::lines;

mod generations;
mod repetitions;
mod requests;
mod tokens;

const ORGANIZATION: &str = "c62f1ea8-8f1f-4c0c-9f6e-5f6f7c2c9a11";

fn config(url: &str, settings: &[(&str, &str)]) -> Config {
    let value = |name: &str| match name {
        "SIGNPATH_API_URL" => Some(url.to_owned()),
        "SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY" => Some("0.001".to_owned()),
        _ => {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }
    };
    Config::from_sources(|name| value(name).map(OsString::from), HostProgram::named("test"))
        .unwrap()
}

fn client_with(responder: &Responder, settings: &[(&str, &str)]) -> Client {
    let credentials = Credentials::from_pin(&format!("{ORGANIZATION}:{TOKEN}")).unwrap();
    Client::new(&config(&responder.url(), settings), credentials)
}

const TOKEN: &str = "Ab+c/dEfGhIjKlMnOpQrStUvWxYz0123456789";

fn client(responder: &Responder) -> Client {
    client_with(responder, &[])
}

fn list(spki: &str) -> String {
    let entry = json!({ "projectSlug": "demo", "signingPolicySlug": "ec", "publicKeyBytes": spki });
    json!({ "signingPolicies": [entry] }).to_string()
}

fn policy(spki: &str) -> Policy {
    let responder = Responder::script(vec![Reply::json(200, &list(spki))]);
    let [policy] = client(&responder).policies().unwrap().try_into().unwrap();
    policy
}

fn ec_hash() -> HashToSign {
    HashToSign { scheme: Scheme::Ecdsa, hash: digest(32) }
}

/// The signature of [`ec_hash`] by [`P256`], in DER.
fn ec_signature() -> Vec<u8> {
    STANDARD.decode(P256.signatures[1].1).unwrap()
}

fn signed(signature: &[u8]) -> Reply {
    let signature = STANDARD.encode(signature);
    let answer = json!({
        "signingRequestId": "77", "webLink": "https://sp.example/77",
        "hashSigningResult": { "signature": signature },
    });
    Reply::json(200, &answer.to_string())
}

fn old_signed(signature: &[u8]) -> Reply {
    Reply::json(201, &json!({ "Signature": STANDARD.encode(signature) }).to_string())
}

fn targets(responder: &Responder) -> Vec<String> {
    responder.received().into_iter().map(|request| request.target).collect()
}

#[test]
fn policies_are_asked_for_with_the_configured_filters() {
    let responder = Responder::script(vec![Reply::json(200, &list(P256.spki))]);
    let settings = [("SIGNPATH_PROJECT_SLUG", "demo"), ("SIGNPATH_SIGNING_POLICY_SLUG", "ec")];
    let policies = client_with(&responder, &settings).policies().unwrap();
    assert_eq!(policies.len(), 1);
    let path = format!("/Api/v1/{ORGANIZATION}/Cryptoki/MySigningPolicies");
    assert_eq!(targets(&responder), [format!("{path}?projectSlug=demo&signingPolicySlug=ec")]);
    client(&responder).policies().unwrap();
    assert_eq!(targets(&responder)[1], path);
}

#[test]
fn of_policies_that_differ_in_letter_case_the_one_that_was_named_is_given() {
    let policy = |project: &str, slug: &str| json!({ "projectSlug": project, "signingPolicySlug": slug, "publicKeyBytes": P256.spki });
    let answer = json!({ "signingPolicies": [policy("Demo", "EC"), policy("demo", "ec"), policy("demo", "rsa")]});
    let responder = Responder::script(vec![Reply::json(200, &answer.to_string())]);
    let client = client(&responder);
    for (project, slug, expected) in [
        ("demo", "ec", Some("demo/ec")),
        ("Demo", "EC", Some("Demo/EC")),
        ("DEMO", "RSA", Some("demo/rsa")),
        ("demo", "none", None),
    ] {
        let found = client.policy(project, slug).unwrap();
        assert_eq!(found.map(|found| found.name()).as_deref(), expected, "{project}/{slug}");
    }
    let error = client.policy("DEMO", "ec").unwrap_err();
    assert_eq!(error.class(), Class::Refused);
    assert!(
        error.to_string().contains("DEMO/ec, but for letter case: Demo/EC, demo/ec;"),
        "{error}"
    );
}

#[test]
fn a_token_that_is_cut_in_a_line_about_an_answer_is_hidden_first() {
    let long = "x".repeat(190);
    let entry = json!({ "projectSlug": format!("{long}{TOKEN}"), "publicKeyBytes": 7 });
    let id = json!({ "signingRequestId": format!("{long}{TOKEN}"), "signature": 7 });
    let answers = [
        json!({ "signingPolicies": [entry] }),
        id,
        json!({ "signingPolicies": format!("{long}{TOKEN}") }),
    ];
    for answer in answers {
        let responder = Responder::script(vec![Reply::json(200, &answer.to_string())]);
        let client = client(&responder);
        let (told, lines) = lines::of(|| {
            let listed = client.policies().map_err(|error| error.to_string());
            (
                listed,
                client.sign_hash(&policy(P256.spki), &ec_hash()).map_err(|error| error.to_string()),
            )
        });
        let told = format!("{told:?}{lines:?}");
        assert!(!told.contains(&TOKEN[..4]), "{told}");
    }
}

#[test]
fn policies_that_were_not_asked_for_are_not_shown() {
    let policy = |project: &str, slug: &str| json!({ "projectSlug": project, "signingPolicySlug": slug, "publicKeyBytes": P256.spki });
    let answer = json!({ "signingPolicies": [policy("demo", "ec"), policy("demo", "rsa"), policy("Demo", "EC"), policy("other", "ec")]});
    let responder = Responder::script(vec![Reply::json(200, &answer.to_string())]);
    let (project, slug) =
        (("SIGNPATH_PROJECT_SLUG", "demo"), ("SIGNPATH_SIGNING_POLICY_SLUG", "ec"));
    for (settings, expected) in [
        (vec![project, slug], vec!["demo/ec", "Demo/EC"]),
        (vec![project], vec!["demo/ec", "demo/rsa", "Demo/EC"]),
        (vec![slug], vec!["demo/ec", "Demo/EC", "other/ec"]),
    ] {
        let policies = client_with(&responder, &settings).policies().unwrap();
        assert_eq!(policies.iter().map(Policy::name).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn policies_that_cannot_be_used_are_left_out_with_a_line_each() {
    let answer = json!({ "signingPolicies": [
        { "projectSlug": "demo", "signingPolicySlug": "pq", "keyType": "Mldsa" },
        { "projectSlug": "demo", "signingPolicySlug": "odd", "keyType": 5 },
        { "projectSlug": "demo", "signingPolicySlug": "ec", "publicKeyBytes": P256.spki },
    ]});
    let responder = Responder::script(vec![Reply::json(200, &answer.to_string())]);
    let (policies, lines) = lines::of(|| client(&responder).policies().unwrap());
    assert_eq!(policies.iter().map(Policy::name).collect::<Vec<_>>(), ["demo/ec"]);
    assert!(
        lines.iter().any(|line| line.contains("demo/pq is left out: the service tells no RSA")),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line.contains("demo/odd is left out")), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("GET /Cryptoki/MySigningPolicies: answered")),
        "{lines:?}"
    );
    assert!(!lines.concat().contains(TOKEN));
}

#[test]
fn a_der_signature_is_handed_out_as_r_and_s() {
    let responder = Responder::script(vec![signed(&ec_signature())]);
    let signature = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
    assert_eq!(signature.len(), 64);
    assert!(policy(P256.spki).key().verify(&ec_hash(), &signature));
    let responder = Responder::script(vec![signed(&signature)]);
    assert_eq!(client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap(), signature);
}

#[test]
fn an_rsa_signature_is_handed_out_as_it_is() {
    let (hash, pkcs1, pss) = RSA_2048.signatures[1];
    for (scheme, signature) in [(Scheme::RsaPkcs1(hash), pkcs1), (Scheme::RsaPss(hash), pss)] {
        let signature = STANDARD.decode(signature).unwrap();
        let responder = Responder::script(vec![signed(&signature)]);
        let what = HashToSign { scheme, hash: digest(32) };
        let got = client(&responder).sign_hash(&policy(RSA_2048.spki), &what).unwrap();
        assert_eq!(got, signature);
    }
}

#[test]
fn what_the_key_cannot_sign_is_not_sent() {
    let responder = Responder::script(vec![signed(&ec_signature())]);
    let what = HashToSign { scheme: Scheme::RsaPkcs1(HashAlgorithm::Sha256), hash: digest(32) };
    let error = client(&responder).sign_hash(&policy(P256.spki), &what).unwrap_err();
    assert_eq!(error.class(), Class::Refused);
    assert!(responder.received().is_empty());
}

/// A service that signs with `signature` and lists the key `spki`.
fn service(signature: Vec<u8>, spki: &'static str) -> Responder {
    Responder::start(move |request, _| match request.method.as_str() {
        "GET" => Reply::json(200, &list(spki)),
        _ => signed(&signature),
    })
}

#[test]
fn a_wrong_signature_is_never_handed_out() {
    let good = client(&service(ec_signature(), P256.spki))
        .sign_hash(&policy(P256.spki), &ec_hash())
        .unwrap();
    let mut flipped = good.clone();
    flipped[40] ^= 1;
    for (wrong, expected) in [
        (flipped, "it does not verify with the policy's public key"),
        (vec![0; 64], "it does not verify"),
        (vec![], "the signature has 0 bytes instead of 64"),
        (good[..63].to_vec(), "the signature has 63 bytes instead of 64"),
    ] {
        let responder = service(wrong, P256.spki);
        let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
        assert_eq!(error.class(), Class::Untrusted);
        assert!(matches!(error, Error::WrongSignature { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("still the same"), "{text}");
        assert!(text.contains("https://sp.example/77"), "{text}");
        let look = "/Cryptoki/MySigningPolicies?projectSlug=demo&signingPolicySlug=ec";
        assert!(targets(&responder)[1].ends_with(look), "one fresh look, with both filters");
        assert_eq!(responder.received().len(), 2);
    }
}

#[test]
fn a_rotated_key_is_told_as_such_whatever_the_length_of_its_signatures() {
    let rsa = STANDARD.decode(RSA_2048.signatures[1].1).unwrap();
    for (signature, spki) in
        [(vec![7; 96], P384.spki), (rsa, RSA_2048.spki), (vec![7; 64], P384.spki)]
    {
        let responder = service(signature, spki);
        let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
        assert_eq!(error, Error::KeyRotated { policy: "demo/ec".to_owned() });
        assert!(error.to_string().contains("again"), "{error}");
    }
}

#[test]
fn a_fresh_look_that_fails_does_not_hide_the_wrong_signature() {
    for (list, expected) in [
        (Reply::status(401, "wrong token"), "is not known"),
        (Reply::json(200, r#"{"signingPolicies":[]}"#), "may not use the policy any more"),
    ] {
        let responder = Responder::start(move |request, _| match request.method.as_str() {
            "GET" => list.clone(),
            _ => signed(&[1; 64]),
        });
        let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
        assert_eq!(error.class(), Class::Untrusted);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_refusal_is_not_repeated_and_told_with_what_to_do() {
    let recorded = r#"{"errors":{"SigningPolicyId":["The selected signing policy has an approval process. Hash signing does not support approvals."]},
        "type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"traceId":"00-5465"}"#;
    let responder = Responder::script(vec![Reply::json(400, recorded)]);
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(responder.received().len(), 1);
    assert_eq!(error.class(), Class::Refused);
    assert_eq!(
        error.to_string(),
        format!(
            "signing with demo/ec at {} failed: the service answered 400: One or more validation errors occurred. \
             SigningPolicyId: The selected signing policy has an approval process. Hash signing does not support \
             approvals. [trace id 00-5465]. Use a signing policy without an approval process; approvals need \
             file-based signing requests",
            responder.url()
        )
    );
}

#[test]
fn a_wrong_token_is_told_in_both_generations_of_answers_and_never_shown() {
    let echo = format!("The token {TOKEN} is wrong");
    let problem = json!({ "title": "Unauthorized", "status": 401, "detail": echo }).to_string();
    for reply in [Reply::status(401, ""), Reply::status(401, &echo), Reply::json(401, &problem)] {
        let responder = Responder::script(vec![reply]);
        let (error, lines) = lines::of(|| client(&responder).policies().unwrap_err());
        assert_eq!(error.class(), Class::Unauthorized);
        let text = error.to_string();
        assert!(text.contains("401") && text.contains("SIGNPATH_API_TOKEN"), "{text}");
        for shown in
            [text, format!("{error:?}"), lines.concat(), format!("{:?}", client(&responder))]
        {
            assert!(!shown.contains(TOKEN), "{shown}");
        }
    }
}

#[test]
fn answers_of_a_wrong_shape_are_not_asked_for_again() {
    for body in ["<html>captive portal</html>", "{}", "null", ""] {
        let responder = Responder::script(vec![Reply::status(200, body)]);
        let error = client(&responder).policies().unwrap_err();
        assert_eq!(error.class(), Class::Answer);
        assert!(error.to_string().contains("SIGNPATH_API_URL"), "{error}");
        let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
        assert_eq!(error.class(), Class::Answer);
        assert_eq!(responder.received().len(), 2);
    }
}

#[test]
fn an_answer_that_is_quoted_shows_no_token_and_stays_one_line() {
    let body = json!({ "signature": { "x": TOKEN }, "hashSigningResult": format!("a\n{TOKEN}") });
    let responder = Responder::script(vec![Reply::json(200, &body.to_string())]);
    let error = client(&responder).sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains(TOKEN) && !text.contains('\n'), "{text}");
    let list = json!({ "signingPolicies": format!("{TOKEN}\n") }).to_string();
    let responder = Responder::script(vec![Reply::json(200, &list)]);
    let text = client(&responder).policies().unwrap_err().to_string();
    assert!(!text.contains(TOKEN) && !text.contains('\n'), "{text}");
}

#[test]
fn the_settings_for_metadata_and_repetitions_are_followed() {
    let responder = Responder::script(vec![Reply::status(503, "")]);
    let settings = [("SIGNPATH_METADATA", "none"), ("SIGNPATH_TIMEOUTS_RETRY_COUNT", "1")];
    let client = client_with(&responder, &settings);
    assert!(client.sign_hash(&policy(P256.spki), &ec_hash()).is_err());
    let [one, _] = responder.received().try_into().unwrap();
    let metadata = one.json()["hashSigningData"]["metadata"].clone();
    assert_eq!(metadata.as_object().unwrap().keys().collect::<Vec<_>>(), ["correlationId"]);
}

#[test]
fn making_a_client_touches_nothing() {
    let settings = [("SIGNPATH_TLS_CA_CERTIFICATE", "/nonexistent")];
    let config = config("https://service.invalid/Api", &settings);
    let credentials = Credentials::from_pin(&format!("{ORGANIZATION}:{TOKEN}")).unwrap();
    let client = Client::new(&config, credentials.clone());
    assert_eq!(client.credentials(), &credentials);
    assert_eq!(client.api_url().as_str(), "https://service.invalid/Api");
}

#[test]
fn many_threads_sign_at_once() {
    let responder = Responder::start(|_, _| signed(&ec_signature()));
    let (client, policy) = (client(&responder), policy(P256.spki));
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| client.sign_hash(&policy, &ec_hash()).unwrap());
        }
    });
    assert_eq!(responder.received().len(), 64);
    assert!(matches!(policy.key(), PublicKey::Ec(_)));
}
