//! Sandboxes and requests that many tests start from.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signpath_sandbox::{Builder, KeyMaterial, Sandbox};

use crate::http::{Answer, Call};

/// SHA-256 of nothing.
pub(crate) const DIGEST: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// In memory, with keys that all tests share.
pub(crate) fn builder() -> Builder {
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys");
    Sandbox::builder().keys(KeyMaterial::Cached(keys))
}

pub(crate) fn sandbox() -> Sandbox {
    builder().start().unwrap()
}

/// Recorded answers of the real service, where they are there.
pub(crate) fn recorded(name: &str) -> Option<Value> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded");
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            println!("not run: the comparison with {name} (../shared/recorded is not there)");
            None
        }
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A `SignHash` request; `data` is merged into `hashSigningData`.
pub(crate) fn sign_hash_body(policy: &str, digest: &[u8], data: Value) -> Value {
    let (project, slug) = policy.split_once('/').unwrap();
    let mut signing = json!({ "hash": base64(digest) });
    signing.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    json!({ "projectSlug": project, "signingPolicySlug": slug, "hashSigningData": signing })
}

pub(crate) fn sign_hash(sandbox: &Sandbox, policy: &str, digest: &[u8], data: Value) -> Answer {
    let body = sign_hash_body(policy, digest, data);
    Call::new(sandbox, "POST", "SigningRequests/SignHash").json(&body).send()
}

/// The signature of a `SignHash` answer.
pub(crate) fn signature_of(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    from_base64(&answer.json()["hashSigningResult"]["signature"])
}

/// Signs [`DIGEST`] with `demo/ec`.
pub(crate) fn sign_ec(sandbox: &Sandbox) -> Answer {
    sign_hash(sandbox, "demo/ec", &DIGEST, json!({ "signatureAlgorithm": "Ecdsa" }))
}

/// The multipart form, with field names as given.
pub(crate) fn fast_request<'s>(
    sandbox: &'s Sandbox,
    path: &str,
    names: [&str; 4],
    policy: &str,
    payload: &Value,
) -> Call<'s> {
    let (project, slug) = policy.split_once('/').unwrap();
    let payload = payload.to_string();
    Call::new(sandbox, "POST", path).form(&[
        (names[0], None, project),
        (names[1], None, slug),
        (names[2], None, "true"),
        (names[3], Some("payload.json"), &payload),
    ])
}

pub(crate) const PASCAL: [&str; 4] =
    ["ProjectSlug", "SigningPolicySlug", "IsFastSigningRequest", "Artifact"];
pub(crate) const CAMEL: [&str; 4] =
    ["projectSlug", "signingPolicySlug", "isFastSigningRequest", "artifact"];
