//! `POST SigningRequests/SignHash`: hash signing since service version 1.196, JSON both ways.

use axum::http::{StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Call,
    signing::{self, Order, Signed},
};
use crate::{
    algorithm::{Algorithm, EcdsaFormat, HashAlgorithm, Padding},
    answer::Answer,
    audit::AuditEntry,
    problem::Problem,
    service::Service,
    visible::hex,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignHashRequest {
    project_slug: Option<String>,
    signing_policy_slug: Option<String>,
    hash_signing_data: Option<HashSigningData>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashSigningData {
    hash: Option<String>,
    signature_algorithm: Option<String>,
    rsa_options: Option<RsaOptions>,
    ecdsa_options: Option<EcdsaOptions>,
    metadata: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RsaOptions {
    hash_algorithm_name: Option<String>,
    hash_algorithm_oid: Option<String>,
    padding_mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcdsaOptions {
    signature_format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignHashAnswer<'a> {
    signing_request_id: &'a str,
    web_link: &'a str,
    hash_signing_data: SignedHash<'a>,
    hash_signing_result: HashSigningResult,
}

#[derive(Serialize)]
struct SignedHash<'a> {
    hash: &'a str,
}

#[derive(Serialize)]
struct HashSigningResult {
    signature: String,
}

pub(super) fn handle(
    service: &Service,
    call: &Call,
    entry: &mut AuditEntry,
) -> Result<(Signed, Answer), Problem> {
    let request = read(call)?;
    let (project, policy) = (request.project_slug, request.signing_policy_slug);
    let (project, policy) = (project.unwrap_or_default(), policy.unwrap_or_default());
    entry.policy = Some(format!("{project}/{policy}"));
    let data = request.hash_signing_data;
    let mut required = vec![
        ("ProjectSlug", !project.is_empty()),
        ("SigningPolicySlug", !policy.is_empty()),
        ("HashSigningData", data.is_some()),
    ];
    let data = data.unwrap_or_default();
    if required.iter().all(|(_, is_there)| *is_there) {
        required.push(("HashSigningData.Hash", data.hash.is_some()));
        required.push(("HashSigningData.SignatureAlgorithm", data.signature_algorithm.is_some()));
    }
    Problem::require(&required)?;

    entry.metadata = data.metadata.clone();
    let hash = data.hash.clone().unwrap_or_default();
    let digest = STANDARD.decode(&hash).map_err(|_| {
        Problem::field("HashSigningData.Hash", "The value is no standard, padded Base64.")
    })?;
    entry.digest = Some(hex(&digest));
    let algorithm = algorithm(&data)?;
    entry.algorithm = Some(algorithm.describe());
    let signed = signing::sign(service, call, &Order { project, policy, algorithm, digest })?;
    let answer = Answer::json(&SignHashAnswer {
        signing_request_id: &signed.signing_request_id,
        web_link: &signed.web_link,
        hash_signing_data: SignedHash { hash: &hash },
        hash_signing_result: HashSigningResult { signature: STANDARD.encode(&signed.signature) },
    });
    Ok((signed, answer))
}

fn read(call: &Call) -> Result<SignHashRequest, Problem> {
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    serde_json::from_slice(&call.body)
        .map_err(|error| Problem::field("$", format!("The JSON cannot be read: {error}.")))
}

fn algorithm(data: &HashSigningData) -> Result<Algorithm, Problem> {
    match data.signature_algorithm.as_deref() {
        Some("Rsa") => rsa(data.rsa_options.as_ref()),
        Some("Ecdsa") => ecdsa(data.ecdsa_options.as_ref()),
        Some("Mldsa") => Err(Problem::field(
            "HashSigningData.SignatureAlgorithm",
            "The sandbox has no ML-DSA keys.",
        )),
        other => Err(unknown("SignatureAlgorithm", other.unwrap_or_default())),
    }
}

fn rsa(options: Option<&RsaOptions>) -> Result<Algorithm, Problem> {
    let missing = || {
        Problem::field(
            "HashSigningData.RsaOptions",
            "Exactly one of HashAlgorithmName and HashAlgorithmOid is required.",
        )
    };
    let options = options.ok_or_else(missing)?;
    let hash = match (&options.hash_algorithm_name, &options.hash_algorithm_oid) {
        (Some(name), None) => HashAlgorithm::from_name(name)
            .ok_or_else(|| unknown("RsaOptions.HashAlgorithmName", name))?,
        (None, Some(oid)) => HashAlgorithm::from_oid(oid)
            .filter(|hash| *hash != HashAlgorithm::Md5)
            .ok_or_else(|| unknown("RsaOptions.HashAlgorithmOid", oid))?,
        (Some(_), Some(_)) | (None, None) => return Err(missing()),
    };
    let padding = match options.padding_mode.as_deref() {
        None | Some("Pkcs1") => Padding::Pkcs1,
        Some("Pss") => Padding::Pss,
        Some(other) => return Err(unknown("RsaOptions.PaddingMode", other)),
    };
    Ok(Algorithm::Rsa { hash, padding })
}

fn ecdsa(options: Option<&EcdsaOptions>) -> Result<Algorithm, Problem> {
    let format = match options.and_then(|options| options.signature_format.as_deref()) {
        None | Some("Ieee") => EcdsaFormat::Ieee,
        Some("Asn1") => EcdsaFormat::Asn1,
        Some(other) => return Err(unknown("EcdsaOptions.SignatureFormat", other)),
    };
    Ok(Algorithm::Ecdsa { format })
}

fn unknown(field: &str, value: &str) -> Problem {
    Problem::field(
        &format!("HashSigningData.{field}"),
        format!("The value '{value}' is not valid."),
    )
}
