//! The older form of hash signing, the fast signing request: a multipart form with a JSON file, both on
//! `POST SigningRequests/SubmitWithArtifact` and on `POST SigningRequests`.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Call,
    signing::{self, Order, Signed, find_policy},
};
use crate::{
    algorithm::{Algorithm, EcdsaFormat, HashAlgorithm, Padding},
    answer::Answer,
    audit::AuditEntry,
    problem::Problem,
    service::Service,
    visible::hex,
};

/// Recorded text of the service.
const INVALID_FORMAT: &str = "The file has an invalid format.";

/// The artifact file. Unknown properties are ignored, and come back in the answer with all others.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Payload {
    signature_algorithm: String,
    rsa_hash_algorithm: Option<String>,
    ecdsa_signature_format: Option<String>,
    base64_encoded_hash: String,
    metadata: Option<Value>,
}

/// Whether a form is one; without its field it is for file-based signing.
pub(super) fn is_meant(call: &Call) -> bool {
    let field = call.form.as_ref().and_then(|form| form.text("IsFastSigningRequest"));
    field.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

pub(super) fn handle(
    service: &Service,
    call: &Call,
    entry: &mut AuditEntry,
) -> Result<(Signed, Answer), Problem> {
    let form = call.form.as_ref();
    let form = form.ok_or_else(|| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let (project, policy) = signing::slugs(form, entry);
    let artifact = form.file("Artifact");
    Problem::require(&[
        ("ProjectSlug", project.is_some()),
        ("SigningPolicySlug", policy.is_some()),
        ("Artifact", artifact.is_some()),
    ])?;
    let (project, policy) = (project.unwrap_or_default(), policy.unwrap_or_default());
    find_policy(service, &project, &policy)?;

    let (file, payload) = read_payload(artifact.unwrap_or_default())?;
    entry.metadata = payload.metadata.clone();
    let invalid = || Problem::field("", INVALID_FORMAT);
    let digest = STANDARD.decode(&payload.base64_encoded_hash).map_err(|_| invalid())?;
    entry.digest = Some(hex(&digest));
    let algorithm = algorithm(&payload).ok_or_else(invalid)?;
    entry.algorithm = Some(algorithm.describe());
    let order = Order { project, policy, algorithm, digest };
    let signed = signing::sign(service, call, &order)?;
    let answer = Answer::json(&signed_file(file, &signed));
    Ok((signed, answer))
}

fn read_payload(content: &[u8]) -> Result<(Map<String, Value>, Payload), Problem> {
    let invalid = |_| Problem::field("", INVALID_FORMAT);
    let file: Map<String, Value> = serde_json::from_slice(content).map_err(invalid)?;
    let payload = serde_json::from_slice(content).map_err(invalid)?;
    Ok((file, payload))
}

fn algorithm(payload: &Payload) -> Option<Algorithm> {
    let hash = || HashAlgorithm::from_oid(payload.rsa_hash_algorithm.as_deref()?);
    Some(match payload.signature_algorithm.as_str() {
        "RsaPkcs1" => Algorithm::Rsa { hash: hash()?, padding: Padding::Pkcs1 },
        "RsaPss" => Algorithm::Rsa { hash: hash()?, padding: Padding::Pss },
        "Ecdsa" => Algorithm::Ecdsa {
            format: match payload.ecdsa_signature_format.as_deref() {
                None | Some("Ieee") => EcdsaFormat::Ieee,
                Some("Asn1") => EcdsaFormat::Asn1,
                Some(_) => return None,
            },
        },
        _ => return None,
    })
}

/// The artifact file as it came, with the signature and the request's id.
fn signed_file(mut file: Map<String, Value>, signed: &Signed) -> Map<String, Value> {
    let added = [
        ("Signature", STANDARD.encode(&signed.signature)),
        ("SigningRequestId", signed.signing_request_id.clone()),
        ("WebLink", signed.web_link.clone()),
    ];
    file.extend(added.map(|(name, value)| (name.to_owned(), Value::String(value))));
    file
}
