//! SECURITY.md's table of what is sent to the service, against what is sent.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use signpath_sandbox::{Request, Route};

use super::{
    others,
    scene::{By, Scene, TokenIn},
    sign_as_a_client,
};
use crate::harness::{Repeatedly, alone_repeatedly, repository_file};

/// Whether a request of the plugin has what a row is about.
type IsSent = fn(&Request) -> bool;

/// How a row of the table begins.
const ROWS: &[(&str, IsSent)] = &[
    ("the token", |request| request.header("authorization").is_some()),
    ("name and version of this software", |request| {
        request.header("user-agent").is_some_and(|value| value.starts_with("signpath-pkcs11/"))
    }),
    ("what is signed", |request| data(request)["hash"].is_string()),
    ("project, policy", |request| body(request)["projectSlug"].is_string()),
    ("an id that the attempts", |request| metadata(request).contains_key("correlationId")),
    ("command line", |request| process(request)["commandLine"].is_string()),
    ("user", |request| process(request)["user"].is_string()),
    ("operating system", |request| process(request)["operatingSystem"].is_object()),
    ("what the message says", |request| metadata(request).contains_key("payload")),
    ("the CI run", |request| metadata(request).contains_key("ciRun")),
];

/// Where the rows stand in a request: what HTTP itself needs, and no other name.
const KNOWN: [&str; 22] = [
    "accept",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "projectSlug",
    "signingPolicySlug",
    "artifactConfigurationSlug",
    "description",
    "hashSigningData",
    "hash",
    "signatureAlgorithm",
    "ecdsaOptions",
    "metadata",
    "correlationId",
    "sourceProcess",
    "payload",
    "ciRun",
    "commandLine",
    "operatingSystem",
    "user",
];

const DETAILS: [&str; 3] = ["full", "basic", "none"];

fn body(request: &Request) -> Value {
    request.json().expect("the request is JSON")
}

fn data(request: &Request) -> Value {
    body(request)["hashSigningData"].clone()
}

fn metadata(request: &Request) -> Map<String, Value> {
    data(request)["metadata"].as_object().cloned().unwrap_or_default()
}

fn process(request: &Request) -> Value {
    metadata(request).get("sourceProcess").cloned().unwrap_or_default()
}

/// The cells of the table's rows, its head left out.
fn table() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(repository_file("SECURITY.md")).expect("it is there");
    let (_, section) = text.split_once("## What is sent to the service").expect("its heading");
    let (section, _) = section.split_once("\n## ").expect("a heading after it");
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells =
        |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.map(cells).collect()
}

/// A request that signs, at this detail, in a CI run.
fn sent(by: By, detail: &str, module: &Repeatedly) -> Request {
    let mut scene = Scene::new(TokenIn::Variable, |builder| builder);
    others::ci_run(&others::CI[0]).iter().for_each(|(name, value)| scene.set(name, value));
    scene.set("SIGNPATH_METADATA", detail);
    let (has_signed, _) = scene.run(by, module);
    assert!(has_signed, "{by:?} has not signed");
    let signs = [Route::SignHash, Route::SubmitWithArtifact];
    let mut requests = scene.sandbox.requests().into_iter();
    let is_one = |request: &Request| request.route.is_some_and(|route| signs.contains(&route));
    requests.find(is_one).expect("a request that signs")
}

#[test]
fn what_security_md_says_is_sent_is_sent_and_nothing_else() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let table = table();
    assert_eq!(table.len(), ROWS.len(), "{table:?}");
    for (column, detail) in DETAILS.iter().enumerate() {
        let request = sent(By::Plugin, detail, &module);
        for (cells, (begin, is_sent)) in table.iter().zip(ROWS) {
            assert!(cells[0].starts_with(begin), "{:?} should begin with {begin:?}", cells[0]);
            let is_told = cells[2 + column] != "–";
            assert_eq!(is_sent(&request), is_told, "{begin}, {detail}: {}", body(&request));
        }
        let known = BTreeSet::from(KNOWN);
        let more: Vec<_> =
            names(&request).into_iter().filter(|name| !known.contains(&**name)).collect();
        assert!(more.is_empty(), "{more:?} is not in the table");
    }
}

/// The headers of a request, and the properties of its body down to where the table's rows begin.
fn names(request: &Request) -> Vec<String> {
    let headers = request.headers.iter().map(|(name, _)| name.clone());
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().into_iter().flat_map(Map::keys).cloned().collect()
    };
    let metadata = Value::Object(metadata(request));
    let levels = [body(request), data(request), metadata, process(request)];
    headers.chain(levels.iter().flat_map(keys)).collect()
}

#[test]
fn a_file_based_request_says_nothing_of_the_process_and_the_run() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let request = sent(By::Command, "full", &module);
    assert_eq!(request.route, Some(Route::SubmitWithArtifact));
    let body = String::from_utf8_lossy(&request.body).to_lowercase();
    assert!(body.contains("signingpolicyslug"), "{body}");
    for name in [
        "sourceprocess",
        "commandline",
        "operatingsystem",
        "correlationid",
        "cirun",
        "told/repository",
    ] {
        assert!(!body.contains(name), "{name} is in {body}");
    }
}
