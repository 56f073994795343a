//! Whatever comes in, the routes answer it: no panic, and no signature for nonsense.

use std::{collections::BTreeMap, sync::OnceLock};

use axum::http::{HeaderMap, HeaderValue, Method, header};
use proptest::prelude::*;

use super::*;
use crate::{
    ArtifactConfiguration, Config, KeyMaterial, KeyType, PolicyConfig, SignatureForm,
    SigningRequestStatus,
    archive::{Archive, ArchiveFile},
    record::Memory,
    signing_request::{
        SigningRequest,
        process::{self, Submission},
    },
};

const PATHS: &[&str] = &[
    "Cryptoki/MySigningPolicies",
    "SigningRequests/SignHash",
    "SigningRequests/SubmitWithArtifact",
    "SigningRequests",
    "Projects/p/SigningPolicies/a/Certificate",
];

/// One for all tests: making its authorities takes longer than what is tried with it.
fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let policies = vec![
            PolicyConfig::new("p/a", KeyType::P256),
            PolicyConfig::new("p/waits", KeyType::P256).approval(),
        ];
        let config = Config { policies, ..Config::default() };
        let origin = "http://sandbox".to_owned();
        Service::new(&config, None, KeyMaterial::Fresh, Memory::Nothing, origin).unwrap()
    })
}

fn call(service: &Service, method: Method, path: &str, content_type: &str) -> Call {
    let mut headers = HeaderMap::new();
    let token = &service.identity.tokens[0].token;
    headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    let organization = service.identity.organization_id;
    Call {
        method,
        path: format!("/Api/v1/{organization}/{path}"),
        query: String::new(),
        headers,
        host: None,
        body: Vec::new(),
        form: None,
        tamper: None,
    }
}

fn read_form(headers: &HeaderMap, body: Vec<u8>) -> Option<Form> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(Form::read(headers, body))
}

proptest! {
    #[test]
    fn any_path_and_query_and_token_is_answered(
        path in ".{0,60}",
        query in ".{0,60}",
        token in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let service = service();
        let mut call = call(service, Method::GET, PATHS[0], "application/json");
        call.query = query;
        prop_assert!(matches!(answer(service, &call).status.as_u16(), 200 | 400));
        if let Ok(value) = HeaderValue::from_bytes(&token) {
            call.headers.insert(header::AUTHORIZATION, value);
            prop_assert_eq!(answer(service, &call).status.as_u16(), 401);
        }
        call.path = path;
        prop_assert!(matches!(answer(service, &call).status.as_u16(), 401 | 403 | 404 | 405));
    }

    #[test]
    fn any_body_is_answered_and_never_signed(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let service = service();
        let mut call = call(service, Method::POST, PATHS[1], "application/json");
        call.body = body;
        prop_assert_eq!(answer(service, &call).status.as_u16(), 400);
    }

    #[test]
    fn a_json_of_wrong_types_is_refused(
        project in json(), policy in json(), hash in json(), algorithm in json(), options in json(),
    ) {
        let service = service();
        let mut call = call(service, Method::POST, PATHS[1], "application/json");
        let data = serde_json::json!({
            "hash": hash, "signatureAlgorithm": algorithm, "ecdsaOptions": options,
        });
        let body = serde_json::json!({
            "projectSlug": project, "signingPolicySlug": policy, "hashSigningData": data,
        });
        call.body = body.to_string().into_bytes();
        let status = answer(service, &call).status.as_u16();
        prop_assert_eq!(status, 400, "{}", body);
    }

    #[test]
    fn any_form_is_read_or_not_and_never_signed(
        rest in prop::collection::vec(any::<u8>(), 0..200),
        file in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let service = service();
        let content_type = "multipart/form-data; boundary=b";
        let mut call = call(service, Method::POST, PATHS[3], content_type);
        call.form = read_form(&call.headers, rest);
        prop_assert!(matches!(answer(service, &call).status.as_u16(), 400 | 415));

        let mut body = Vec::new();
        for (name, value) in
            [("ProjectSlug", "p"), ("SigningPolicySlug", "a"), ("IsFastSigningRequest", "true")]
        {
            let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend(head.into_bytes());
            body.extend(format!("{value}\r\n").into_bytes());
        }
        body.extend(b"--b\r\nContent-Disposition: form-data; name=\"Artifact\"; filename=\"f\"\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--b--\r\n");
        call.form = read_form(&call.headers, body);
        prop_assert_eq!(answer(service, &call).status.as_u16(), 400);
    }

    #[test]
    fn any_artifact_is_taken_in_and_no_artifact_is_signed_that_is_no_zip(
        file in prop::collection::vec(any::<u8>(), 0..100),
        slug in "[a-z]{0,8}",
    ) {
        let service = service();
        let content_type = "multipart/form-data; boundary=b";
        let mut call = call(service, Method::POST, PATHS[2], content_type);
        let field = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let mut body = (field("projectSlug", "p") + &field("signingPolicySlug", "a")).into_bytes();
        if !slug.is_empty() {
            body.extend(field("artifactConfigurationSlug", &slug).into_bytes());
        }
        body.extend(b"--b\r\nContent-Disposition: form-data; name=\"artifact\"; filename=\"f\"\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--b--\r\n");
        call.form = read_form(&call.headers, body);
        let is_known = ["", "initial", "dsse", "several"].contains(&slug.as_str());
        let expected = if is_known { 201 } else { 400 };
        prop_assert_eq!(answer(service, &call).status.as_u16(), expected);
        let signed = |request: &SigningRequest| request.signed_artifact.is_some();
        prop_assert!(!service.requests.all().iter().any(signed));
    }

    #[test]
    fn no_page_and_no_decision_for_whoever_knows_no_secret(
        query in ".{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..60),
        host in prop::option::of(".{0,20}"),
    ) {
        let service = service();
        let request = waiting(service);
        let mut call = call(service, Method::GET, "", "application/x-www-form-urlencoded");
        call.headers.insert(header::ORIGIN, HeaderValue::from_static("http://sandbox"));
        let page = service.page_path(&request.id.0.to_string());
        for (method, below) in [(Method::GET, ""), (Method::POST, "/Approve"), (Method::POST, "/Deny")] {
            for host in [host.clone(), Some("sandbox".to_owned())] {
                call.method = method.clone();
                call.path = format!("{page}{below}");
                call.host = host;
                call.query.clone_from(&query);
                call.body.clone_from(&body);
                let status = answer(service, &call).status.as_u16();
                prop_assert!(matches!(status, 403 | 404), "{}", status);
            }
        }
        let after = service.requests.find(request.id.0).unwrap();
        prop_assert_eq!(after.status, SigningRequestStatus::WaitingForApproval);
    }
}

/// A request that waits for an approval.
fn waiting(service: &Service) -> SigningRequest {
    let file = ArchiveFile { path: "payload.json".to_owned(), content: b"{}".to_vec() };
    let submission = Submission {
        user: "u".to_owned(),
        artifact_configuration_slug: "initial".to_owned(),
        artifact_configuration: ArtifactConfiguration::new(SignatureForm::Raw),
        description: None,
        parameters: BTreeMap::new(),
        artifact: Archive { files: vec![file] }.write().unwrap(),
        tamper: None,
    };
    let policy = service.catalog.find("p", "waits").unwrap();
    process::submit(service, policy, submission).unwrap().unwrap()
}

/// Small JSON values of every type.
fn json() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-zA-Z0-9+/=]{0,12}".prop_map(Into::into),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(Into::into),
        Just(serde_json::json!({ "signatureFormat": "Asn1" })),
    ]
}

#[test]
fn the_case_of_a_path_does_not_matter() {
    for path in [
        "/Api/v1/o/SigningRequests/SignHash",
        "/API/V1/o/signingrequests/signhash",
        "/api/v1/o/SigningRequests/SignHash/",
    ] {
        assert_eq!(Route::of(&Method::POST, path), Some(Route::SignHash), "{path}");
    }
}

#[test]
fn other_paths_and_methods_have_no_route() {
    for (method, path) in [
        (Method::GET, "/Api/v1/o/SigningRequests/SignHash"),
        (Method::POST, "/Api/v1//SigningRequests/SignHash"),
        (Method::POST, "/v1/o/SigningRequests/SignHash"),
        (Method::GET, "/"),
        (Method::GET, ""),
        (Method::GET, "*"),
    ] {
        assert_eq!(Route::of(&method, path), None, "{method} {path}");
    }
}

#[test]
fn slugs_keep_their_case() {
    let row = ROUTES.iter().find(|row| row.route == Route::Certificate).unwrap();
    assert_eq!(
        captures(row, "/api/v1/O/projects/My-P/signingpolicies/Ec_1/certificate"),
        Some(vec!["O", "My-P", "Ec_1"])
    );
}
