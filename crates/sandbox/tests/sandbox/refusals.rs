//! What is refused, with which words, by which generation.

use serde_json::{Value, json};
use signpath_sandbox::{Generation, Sandbox};

use crate::{
    fixture::{
        CAMEL, DIGEST, PASCAL, base64, builder, fast_request, sandbox, sign_ec, sign_hash,
        sign_hash_body,
    },
    http::{Answer, Call},
};

const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";

/// The texts of a 400, by field.
fn errors(answer: &Answer) -> Value {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"));
    answer.json()["errors"].clone()
}

fn old() -> Sandbox {
    builder().generation(Generation::Old).start().unwrap()
}

#[test]
fn a_wrong_token_is_refused_before_anything_else() {
    let sandbox = sandbox();
    let (token, organization) = (sandbox.token(), sandbox.organization_id());
    let target = format!("/Api/v1/{organization}/Cryptoki/MySigningPolicies");
    for authorization in [
        None,
        Some("Bearer wrong".to_owned()),
        Some(format!("Basic {token}")),
        Some(format!("Bearer {}", token.replace('+', " "))),
        Some("Bearer".to_owned()),
    ] {
        let mut call = Call::to(&sandbox, "GET", &target);
        if let Some(value) = &authorization {
            call = call.header("Authorization", value);
        }
        let answer = call.send();
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert_eq!(answer.json()["title"], "Unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[test]
fn a_token_is_good_for_its_organization_only() {
    let sandbox = sandbox();
    let target = "/Api/v1/11111111-2222-4333-8444-555555555555/Cryptoki/MySigningPolicies";
    let authorization = format!("bearer {}", sandbox.token());
    let answer = Call::to(&sandbox, "GET", target).header("Authorization", &authorization).send();
    assert_eq!(answer.status, 403);
    assert!(answer.json()["detail"].as_str().unwrap().contains("11111111-2222"));
    let own = format!(
        "/API/v1/{}/cryptoki/mysigningpolicies?projectSlug=x",
        sandbox.organization_id().to_uppercase()
    );
    assert_eq!(
        Call::to(&sandbox, "GET", &own).header("Authorization", &authorization).send().status,
        200
    );
}

#[test]
fn old_servers_refuse_tokens_in_plain_text() {
    let sandbox = old();
    let call = Call::new(&sandbox, "GET", "Cryptoki/MySigningPolicies");
    let answer = call.header("Authorization", "Bearer x").send();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.text(), "The API token is missing or not valid.");
}

#[test]
fn a_generation_offers_its_own_routes() {
    let payload = json!({ "SignatureAlgorithm": "Ecdsa", "Base64EncodedHash": base64(&DIGEST) });
    for (generation, sign_hash_status, form_status) in
        [(Generation::Old, 404, 200), (Generation::New, 200, 404), (Generation::Both, 200, 200)]
    {
        let sandbox = builder().generation(generation).start().unwrap();
        let answer = sign_ec(&sandbox);
        assert_eq!(answer.status, sign_hash_status, "{generation}");
        if answer.status == 404 {
            assert!(answer.body.is_empty());
        }
        for path in ["SigningRequests/SubmitWithArtifact", "SigningRequests"] {
            let answer = fast_request(&sandbox, path, PASCAL, "demo/ec", &payload).send();
            assert_eq!(answer.status, form_status, "{generation} {path}");
        }
    }
}

#[test]
fn each_missing_property_is_named() {
    let sandbox = sandbox();
    let send =
        |body: Value| Call::new(&sandbox, "POST", "SigningRequests/SignHash").json(&body).send();
    let nothing = errors(&send(json!({})));
    assert_eq!(nothing["ProjectSlug"], json!(["The ProjectSlug field is required."]));
    assert_eq!(nothing["SigningPolicySlug"], json!(["The SigningPolicySlug field is required."]));
    assert_eq!(nothing["HashSigningData"], json!(["The HashSigningData field is required."]));
    let data = json!({ "projectSlug": "demo", "signingPolicySlug": "ec", "hashSigningData": {} });
    let names: Vec<String> = errors(&send(data)).as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["HashSigningData.Hash", "HashSigningData.SignatureAlgorithm"]);
    let form =
        Call::new(&sandbox, "POST", "SigningRequests").form(&[("ProjectSlug", None, "demo")]);
    let names: Vec<String> = errors(&form.send()).as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["Artifact", "SigningPolicySlug"]);
}

#[test]
fn wrong_values_are_refused_by_field() {
    let sandbox = sandbox();
    for (policy, data, field) in [
        ("demo/ec", json!({ "signatureAlgorithm": "Dsa" }), "HashSigningData.SignatureAlgorithm"),
        ("demo/ec", json!({ "signatureAlgorithm": "Mldsa" }), "HashSigningData.SignatureAlgorithm"),
        ("demo/ec", json!({ "signatureAlgorithm": "Ecdsa", "hash": "%" }), "HashSigningData.Hash"),
        (
            "demo/ec",
            json!({ "signatureAlgorithm": "Ecdsa", "ecdsaOptions": { "signatureFormat": "Raw" } }),
            "HashSigningData.EcdsaOptions.SignatureFormat",
        ),
        ("demo/rsa", json!({ "signatureAlgorithm": "Rsa" }), "HashSigningData.RsaOptions"),
        (
            "demo/rsa",
            json!({ "signatureAlgorithm": "Rsa", "rsaOptions": { "hashAlgorithmName": "Sha256", "hashAlgorithmOid": SHA256_OID } }),
            "HashSigningData.RsaOptions",
        ),
        (
            "demo/rsa",
            json!({ "signatureAlgorithm": "Rsa", "rsaOptions": { "hashAlgorithmName": "Md5" } }),
            "HashSigningData.RsaOptions.HashAlgorithmName",
        ),
        (
            "demo/rsa",
            json!({ "signatureAlgorithm": "Rsa", "rsaOptions": { "hashAlgorithmOid": "1.2.840.113549.2.5" } }),
            "HashSigningData.RsaOptions.HashAlgorithmOid",
        ),
        (
            "demo/rsa",
            json!({ "signatureAlgorithm": "Rsa", "rsaOptions": { "hashAlgorithmName": "Sha256", "paddingMode": "Oaep" } }),
            "HashSigningData.RsaOptions.PaddingMode",
        ),
        ("demo/rsa", json!({ "signatureAlgorithm": "Ecdsa" }), ""),
    ] {
        let refused = errors(&sign_hash(&sandbox, policy, &DIGEST, data.clone()));
        assert!(refused[field].is_array(), "{data}: {refused}");
    }
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let sandbox = sandbox();
    let call = |content_type, body: &str| {
        Call::new(&sandbox, "POST", "SigningRequests/SignHash").body(content_type, body).send()
    };
    assert!(errors(&call("application/json", "{"))["$"].is_array());
    assert!(errors(&call("application/json; charset=utf-8", "[]"))["$"].is_array());
    assert_eq!(call("text/plain", "{}").status, 415);
    assert_eq!(call("multipart/form-data; boundary=b", "--b--").status, 415);
}

#[test]
fn the_digest_has_to_have_the_algorithm_s_length() {
    let text = json!({ "": ["The hash algorithm does not match the given hash."] });
    let sandbox = sandbox();
    let options = json!({ "hashAlgorithmName": "Sha384" });
    let rsa = json!({ "signatureAlgorithm": "Rsa", "rsaOptions": options });
    assert_eq!(errors(&sign_hash(&sandbox, "demo/rsa", &DIGEST, rsa)), text);
    let ecdsa = json!({ "signatureAlgorithm": "Ecdsa" });
    for length in [1, 16, 28, 31, 33, 65] {
        let answer = sign_hash(&sandbox, "demo/ec", &vec![1; length], ecdsa.clone());
        assert_eq!(errors(&answer), text, "{length}");
    }
}

#[test]
fn old_servers_break_on_a_wrong_ecdsa_digest() {
    let payload = json!({ "SignatureAlgorithm": "Ecdsa", "Base64EncodedHash": base64(&[1; 31]) });
    let sandbox = old();
    let answer = fast_request(&sandbox, "SigningRequests", PASCAL, "demo/ec", &payload).send();
    assert_eq!(answer.status, 500);
}

#[test]
fn a_file_that_cannot_be_an_order_has_an_invalid_format() {
    let sandbox = sandbox();
    let hash = base64(&DIGEST);
    for payload in [
        json!([]),
        json!({}),
        json!({ "SignatureAlgorithm": "SHA1withRSA", "Base64EncodedHash": hash }),
        json!({ "SignatureAlgorithm": "Ecdsa", "Base64EncodedHash": "%" }),
        json!({ "SignatureAlgorithm": "Ecdsa", "Base64EncodedHash": hash, "EcdsaSignatureFormat": "x" }),
        json!({ "SignatureAlgorithm": "RsaPkcs1", "Base64EncodedHash": hash }),
        json!({ "SignatureAlgorithm": "RsaPkcs1", "Base64EncodedHash": hash, "RsaHashAlgorithm": "1.2" }),
    ] {
        let answer = fast_request(&sandbox, "SigningRequests", CAMEL, "demo/ec", &payload).send();
        assert_eq!(
            errors(&answer),
            json!({ "": ["The file has an invalid format."] }),
            "{payload}"
        );
    }
}

#[test]
fn an_approval_and_an_unknown_policy_are_refused_in_both_forms() {
    let sandbox = sandbox();
    let payload = json!({ "SignatureAlgorithm": "Ecdsa", "Base64EncodedHash": base64(&DIGEST) });
    let body = |policy| sign_hash_body(policy, &DIGEST, json!({ "signatureAlgorithm": "Ecdsa" }));
    for (policy, field) in [("demo/approval", "SigningPolicyId"), ("x/y", "SigningPolicySlug")] {
        let call = Call::new(&sandbox, "POST", "SigningRequests/SignHash").json(&body(policy));
        let json_form = errors(&call.send());
        let path = "SigningRequests/SubmitWithArtifact";
        let multipart = errors(&fast_request(&sandbox, path, CAMEL, policy, &payload).send());
        assert!(json_form[field].is_array(), "{json_form}");
        assert_eq!(json_form, multipart);
    }
}

#[test]
fn a_form_that_breaks_off_is_refused() {
    let sandbox = sandbox();
    let cut = "--b\r\nContent-Disposition: form-data; name=\"ProjectSlug\"\r\n\r\nde";
    let call = Call::new(&sandbox, "POST", "SigningRequests/SubmitWithArtifact");
    assert_eq!(call.body("multipart/form-data; boundary=b", cut).send().status, 415);
}

#[test]
fn other_paths_and_methods_and_sizes_are_refused() {
    let sandbox = sandbox();
    assert_eq!(Call::to(&sandbox, "GET", "/").send().status, 404);
    assert_eq!(Call::new(&sandbox, "GET", "Nothing").send().status, 404);
    let answer = Call::new(&sandbox, "GET", "SigningRequests/SignHash").send();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let huge = "a".repeat(2 * 1024 * 1024);
    let call =
        Call::new(&sandbox, "POST", "SigningRequests/SignHash").body("application/json", huge);
    // The answer comes while the body is still being sent, so the client may see the closed connection first.
    if let Ok(answer) = call.try_send() {
        assert_eq!(answer.status, 413);
    }
    assert!(sandbox.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn health_and_version_need_no_token() {
    let sandbox = sandbox();
    assert_eq!(Call::to(&sandbox, "GET", "/Api/healthz").send().text(), "Healthy");
    let version = |sandbox| Call::to(sandbox, "GET", "/Api/v1/Meta/SystemInfo").send().json();
    assert_eq!(version(&sandbox), json!({ "version": "1.207.3" }));
    assert_eq!(version(&old()), json!({ "version": "1.194.0" }));
}
