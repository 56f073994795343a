//! `Cryptoki/MySigningPolicies`, and a policy's certificate.

use axum::{
    extract::Query,
    http::{StatusCode, Uri},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    Error, answer::Answer, catalog::Policy, problem::Problem, service::Service, store::Material,
};

#[derive(Default, Deserialize)]
struct Filter {
    #[serde(rename = "projectSlug")]
    project: Option<String>,
    #[serde(rename = "signingPolicySlug")]
    policy: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    signing_policies: Vec<Entry>,
}

/// In the order of the recorded answer, which has no chain.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    signing_policy_slug: String,
    project_slug: String,
    key_size_in_bits: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    rsa_parameters: Option<RsaParameters>,
    signing_policy_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_bytes: Option<String>,
    key_type: &'static str,
    public_key_bytes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_type: Option<&'static str>,
    #[serde(rename = "x509CertificateChain", skip_serializing_if = "Vec::is_empty")]
    chain: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RsaParameters {
    public_exponent: String,
    modulus: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateEntry {
    slug: String,
    certificate_bytes: String,
    certificate_type: &'static str,
    #[serde(rename = "x509CertificateChain")]
    chain: Vec<String>,
}

pub(super) fn my_signing_policies(service: &Service, query: &str) -> Result<Answer, Problem> {
    let uri: Uri = format!("/?{query}").parse().unwrap_or_default();
    let Query(filter) = Query::<Filter>::try_from_uri(&uri)
        .map_err(|error| Problem::field("", format!("The query cannot be read: {error}")))?;
    let wanted = |policy: &&Policy| {
        let project = filter.project.as_ref().is_none_or(|slug| *slug == policy.config.project);
        project && filter.policy.as_ref().is_none_or(|slug| *slug == policy.config.slug)
    };
    let entries = service.catalog.policies().filter(wanted).map(|policy| {
        let material = service.catalog.material(policy)?;
        entry(policy, &material)
    });
    let signing_policies = entries.collect::<Result<Vec<_>, Error>>().map_err(internal)?;
    Ok(Answer::json(&List { signing_policies }))
}

pub(super) fn certificate(service: &Service, project: &str, slug: &str) -> Result<Answer, Problem> {
    let not_found = || Problem::new(StatusCode::NOT_FOUND);
    let policy = service.catalog.find(project, slug).ok_or_else(not_found)?;
    let material = service.catalog.material(policy).map_err(internal)?;
    let der = material.certificate.clone().ok_or_else(not_found)?;
    Ok(Answer::new(StatusCode::OK, "application/pkix-cert", der))
}

/// The certificate whose slug is `{project}-{policy}`, with those above it.
pub(super) fn certificate_by_slug(service: &Service, slug: &str) -> Result<Answer, Problem> {
    let not_found = || Problem::new(StatusCode::NOT_FOUND);
    let is_meant =
        |policy: &&Policy| format!("{}-{}", policy.config.project, policy.config.slug) == slug;
    let policy = service.catalog.policies().find(is_meant).ok_or_else(not_found)?;
    let material = service.catalog.material(policy).map_err(internal)?;
    let certificate = material.certificate.as_ref().ok_or_else(not_found)?;
    let chain = match material.chain.is_empty() && !policy.config.self_signed {
        true => vec![service.catalog.store().root_der().map_err(internal)?],
        false => material.chain.clone(),
    };
    Ok(Answer::json(&CertificateEntry {
        slug: slug.to_owned(),
        certificate_bytes: STANDARD.encode(certificate),
        certificate_type: "X509",
        chain: chain.iter().map(|der| STANDARD.encode(der)).collect(),
    }))
}

/// A fault of the sandbox itself; the message goes to the client, who is its owner.
pub(super) fn internal(error: Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR).with_detail(error.to_string())
}

fn entry(policy: &Policy, material: &Material) -> Result<Entry, Error> {
    let failed = |reason| Error::crypto(format!("the key of {}", policy.config.name()), reason);
    let (key_type, certificate_type) = types(policy, material);
    let packet = material.key.open_pgp_packet().filter(|_| policy.config.gpg);
    let public_key = match packet {
        Some(packet) => packet,
        None => material.key.public_key_bytes().map_err(failed)?,
    };
    let rsa_parameters = material.key.rsa_parameters().map(|(modulus, exponent)| RsaParameters {
        public_exponent: STANDARD.encode(exponent),
        modulus: STANDARD.encode(modulus),
    });
    Ok(Entry {
        signing_policy_slug: policy.config.slug.clone(),
        project_slug: policy.config.project.clone(),
        key_size_in_bits: policy.config.key.bits(),
        rsa_parameters,
        signing_policy_id: policy.id.to_string(),
        certificate_bytes: material.certificate.as_ref().map(|der| STANDARD.encode(der)),
        key_type,
        public_key_bytes: STANDARD.encode(public_key),
        certificate_type,
        chain: material.chain.iter().map(|der| STANDARD.encode(der)).collect(),
    })
}

/// `keyType` and `certificateType`.
fn types(policy: &Policy, material: &Material) -> (&'static str, Option<&'static str>) {
    match &policy.config {
        config if config.gpg => ("Gpg", Some("Gpg")),
        config if config.key.is_rsa() => ("Rsa", material.certificate.as_ref().map(|_| "X509")),
        _ => ("Ecdsa", material.certificate.as_ref().map(|_| "X509")),
    }
}
