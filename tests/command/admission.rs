//! Policies of admission controllers. These are played by nobody here: their policies are read, and not run.

use serde_json::Value;
use signpath_sandbox::{KeyType, PolicyConfig};

use super::trust::{IMAGES, trust};
use crate::harness::{Workplace, sandbox_builder};

/// The documents of a text, YAML.
#[track_caller]
fn documents(printed: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(printed).unwrap_or_else(|error| panic!("{error}\n{printed}"))
}

/// A node of a document.
#[track_caller]
fn at<'v>(document: &'v Value, path: &str) -> &'v Value {
    document.pointer(&format!("/{path}")).unwrap_or_else(|| panic!("{path}: {document}"))
}

/// Where each controller has the name of its policy, the key and the images: document, path.
const PLACES: [(&str, [(usize, &str); 3]); 3] = [
    (
        "kyverno",
        [
            (0, "metadata/name"),
            (0, "spec/rules/0/verifyImages/0/attestors/0/entries/0/keys/publicKeys"),
            (0, "spec/rules/0/verifyImages/0/imageReferences/0"),
        ],
    ),
    (
        "policy-controller",
        [(0, "metadata/name"), (0, "spec/authorities/0/key/data"), (0, "spec/images/0/glob")],
    ),
    (
        "ratify",
        [
            (1, "spec/parameters/trustPolicies/0/keys/0/provider"),
            (0, "spec/parameters/value"),
            (1, "spec/parameters/trustPolicies/0/scopes/0"),
        ],
    ),
];

/// The policy, key and images that a controller reads; its first document has its name.
#[track_caller]
fn read_by_controller(printed: &str, places: [(usize, &str); 3]) -> [String; 3] {
    assert!(printed.starts_with('#') && !printed.contains('$'), "{printed}");
    let documents = documents(printed);
    let read = places.map(|(document, path)| at(&documents[document], path).as_str().unwrap());
    assert_eq!(at(&documents[0], "metadata/name"), read[0]);
    read.map(str::to_owned)
}

#[test]
fn a_policy_of_a_controller_is_yaml_with_the_key_and_the_images() {
    let labels = [("demo/rsa", "demo--rsa"), ("Demo_2/ec521", "demo-2--ec521-")];
    let policies = [KeyType::Rsa3072, KeyType::P521].into_iter().zip(labels);
    let policies = policies.map(|(key, (name, _))| PolicyConfig::new(name, key));
    let (place, sandbox) =
        (Workplace::new(), sandbox_builder().policies(policies).start().unwrap());
    for (controller, places) in PLACES {
        let all = if controller == "policy-controller" { "**" } else { "*" };
        for ((policy, label), images) in
            labels.into_iter().zip([IMAGES, "localhost:5000/a-b/c*"]).chain([(labels[0], all)])
        {
            let words = [policy, "--as", controller, "--images", images];
            let told = trust(&place, &sandbox, &words).succeeds();
            assert_eq!(told.stderr, "");
            let [name, key, shown] = read_by_controller(&told.text(), places);
            assert!(name.starts_with(label) && name.len() <= 63, "{name}");
            assert_eq!(key.trim_end(), sandbox.public_key_pem(policy).unwrap().trim_end());
            assert_eq!(shown, images);
        }
    }
}

/// Kyverno matches with the tag, or with the digest where there is one, and does not look at what it has no match for.
#[test]
fn an_image_without_a_wildcard_is_meant_by_every_name_that_it_has() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    for (images, expected) in [
        ("ghcr.io/acme/web", &["ghcr.io/acme/web:*", "ghcr.io/acme/web@*"][..]),
        ("ghcr.io:5000/*/web", &["ghcr.io:5000/*/web:*", "ghcr.io:5000/*/web@*"]),
        ("ghcr.io/acme/*", &["ghcr.io/acme/*"]),
    ] {
        let words = ["demo/ec", "--as", "kyverno", "--images", images];
        let printed = trust(&place, &sandbox, &words).succeeds().text();
        let documents = documents(&printed);
        let references = at(&documents[0], "spec/rules/0/verifyImages/0/imageReferences");
        assert_eq!(references, &serde_json::json!(expected), "{images}");
    }
}

/// What protects a cluster, and is easily lost in a template.
#[test]
fn a_policy_of_a_controller_refuses_what_is_not_signed_and_asks_no_log() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    for (controller, _) in PLACES {
        let words = ["demo/ec", "--as", controller, "--images", IMAGES];
        let documents = documents(&trust(&place, &sandbox, &words).succeeds().text());
        match controller {
            "kyverno" => {
                let rule = at(&documents[0], "spec/rules/0/verifyImages/0");
                assert_eq!(rule["failureAction"], "Enforce");
                let keys = at(rule, "attestors/0/entries/0/keys");
                assert_eq!(keys["rekor"]["ignoreTlog"], true);
                assert_eq!(keys["ctlog"]["ignoreSCT"], true);
            }
            "policy-controller" => {
                assert_eq!(at(&documents[0], "spec/mode"), "enforce");
                let authority = at(&documents[0], "spec/authorities/0").as_object().unwrap();
                assert_eq!(authority.len(), 2, "a name, a key, and no ctlog");
            }
            _ => {
                // The chart's, in whose place this one is: of two, either may be asked.
                assert_eq!(at(&documents[1], "metadata/name"), "verifier-cosign");
                let policy = at(&documents[1], "spec/parameters/trustPolicies/0");
                assert_eq!(policy["tLogVerify"], false);
            }
        }
    }
}
