//! File-based signing requests: what is submitted, and a reader of zips for what comes back.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use serde_json::{Value, json};
use signpath_sandbox::Sandbox;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::http::{Answer, Call};

pub(crate) const REPOSITORY: &str = "registry.example/team/app";

/// As `cosign generate` writes it.
pub(crate) fn simple_signing(repository: &str) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{repository}"}},"image":{{"docker-manifest-digest":"sha256:{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
        "0a".repeat(32)
    )
}

/// An in-toto statement; cosign's own has no name.
pub(crate) fn statement(name: Option<&str>) -> String {
    let mut subject = json!({ "digest": { "sha256": "0a".repeat(32) } });
    if let Some(name) = name {
        subject["name"] = name.into();
    }
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {}
    })
    .to_string()
}

pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

/// A submission of these text fields and this artifact.
pub(crate) fn submission<'s>(
    sandbox: &'s Sandbox,
    fields: &[(&str, &str)],
    artifact: &[u8],
) -> Call<'s> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .as_bytes(),
        );
    }
    body.extend_from_slice(
        b"--b\r\nContent-Disposition: form-data; name=\"artifact\"; filename=\"a.zip\"\r\n\r\n",
    );
    body.extend_from_slice(artifact);
    body.extend_from_slice(b"\r\n--b--\r\n");
    Call::new(sandbox, "POST", "SigningRequests/SubmitWithArtifact")
        .body("multipart/form-data; boundary=b", body)
}

/// Submits to a policy `project/slug`, with an artifact configuration or without, and gives the request's id.
pub(crate) fn submit(
    sandbox: &Sandbox,
    policy: &str,
    configuration: Option<&str>,
    artifact: &[u8],
) -> String {
    let (project, slug) = policy.split_once('/').unwrap();
    let mut fields = vec![("projectSlug", project), ("signingPolicySlug", slug)];
    fields.extend(configuration.map(|slug| ("artifactConfigurationSlug", slug)));
    let answer = submission(sandbox, &fields, artifact).send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["signingRequestId"].as_str().unwrap().to_owned()
}

/// A GET below a signing request.
pub(crate) fn get(sandbox: &Sandbox, id: &str, below: &str) -> Answer {
    Call::new(sandbox, "GET", &format!("SigningRequests/{id}{below}")).send()
}

pub(crate) fn status(sandbox: &Sandbox, id: &str) -> Value {
    let answer = get(sandbox, id, "/Status");
    assert_eq!(answer.status, 200);
    answer.json()
}

/// The files of a completed request's signed artifact.
pub(crate) fn signed_files(sandbox: &Sandbox, id: &str) -> BTreeMap<String, Vec<u8>> {
    let answer = get(sandbox, id, "/SignedArtifact");
    assert_eq!(answer.status, 200, "{} {}", answer.text(), get(sandbox, id, "").text());
    unzip(&answer.body)
}

/// Why a request failed.
pub(crate) fn failure(sandbox: &Sandbox, id: &str) -> String {
    let request = get(sandbox, id, "").json();
    assert_eq!(request["status"], "Failed", "{request}");
    request["failureReason"].as_str().unwrap().to_owned()
}
