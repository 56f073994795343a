//! Hash signing: `SignHash` of the newer service, the multipart form ("fast signing request") of the older one.

use serde::{Deserialize, Serialize};

use crate::key::{HashToSign, Scheme};
use crate::retry::Call;
use crate::wire::metadata::{Newer, Older};
use crate::wire::{ANSWER_MAX, Body, File, Metadata, Request, from_base64, if_any, to_base64};

/// The ways to ask for a signature, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON, since service version 1.196.
    SignHash,
    /// The multipart form of the versions before.
    SubmitWithArtifact,
    /// The multipart form of still older ones.
    SigningRequests,
}

/// What is signed, with which policy, and what is told about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignRequest<'a> {
    /// `projectSlug`.
    pub(crate) project: &'a str,
    /// `signingPolicySlug`.
    pub(crate) policy: &'a str,
    /// The digest.
    pub(crate) what: &'a HashToSign,
    /// Told along.
    pub(crate) metadata: &'a Metadata,
    /// `artifactConfigurationSlug`
    pub(crate) artifact_configuration: Option<&'a str>,
    /// `description`
    pub(crate) description: Option<&'a str>,
}

/// The answer to both forms.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    /// As it came: RSA, r‖s or DER.
    pub(crate) signature: Vec<u8>,
    /// The signing request's page.
    pub(crate) link: Option<String>,
    /// The signing request's id.
    pub(crate) id: Option<String>,
}

impl Form {
    /// In the order in which they are tried.
    pub(crate) const ALL: [Self; 3] =
        [Self::SignHash, Self::SubmitWithArtifact, Self::SigningRequests];

    /// The route below the organization.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Self::SignHash => "/SigningRequests/SignHash",
            Self::SubmitWithArtifact => "/SigningRequests/SubmitWithArtifact",
            Self::SigningRequests => "/SigningRequests",
        }
    }
}

impl SignRequest<'_> {
    /// The request in one of the forms.
    pub(crate) fn encode(&self, form: Form) -> Request {
        let body = match form {
            Form::SignHash => Body::Json(json(&self.sign_hash())),
            Form::SubmitWithArtifact | Form::SigningRequests => self.multipart(),
        };
        let route = form.route();
        let route = route.into();
        Request { route, query: Vec::new(), body, call: Call::HashSigning, answer_max: ANSWER_MAX }
    }

    fn sign_hash(&self) -> SignHash<'_> {
        let (algorithm, rsa_options, ecdsa_options) = match self.what.scheme {
            Scheme::RsaPkcs1(hash) => ("Rsa", Some((hash, "Pkcs1")), None),
            Scheme::RsaPss(hash) => ("Rsa", Some((hash, "Pss")), None),
            Scheme::Ecdsa => ("Ecdsa", None, Some(EcdsaOptions { signature_format: IEEE })),
        };
        SignHash {
            project_slug: self.project,
            signing_policy_slug: self.policy,
            artifact_configuration_slug: self.artifact_configuration,
            description: self.description,
            hash_signing_data: HashSigningData {
                hash: to_base64(&self.what.hash),
                signature_algorithm: algorithm,
                rsa_options: rsa_options.map(|(hash, padding_mode)| RsaOptions {
                    hash_algorithm_name: hash.service_name(),
                    padding_mode,
                }),
                ecdsa_options,
                metadata: self.metadata.newer(),
            },
        }
    }

    fn multipart(&self) -> Body {
        let (algorithm, hash, format) = match self.what.scheme {
            Scheme::RsaPkcs1(hash) => ("RsaPkcs1", Some(hash), None),
            Scheme::RsaPss(hash) => ("RsaPss", Some(hash), None),
            Scheme::Ecdsa => ("Ecdsa", None, Some(IEEE)),
        };
        let payload = Payload {
            signature_algorithm: algorithm,
            rsa_hash_algorithm: hash.map(|hash| hash.oid()),
            ecdsa_signature_format: format,
            base64_encoded_hash: to_base64(&self.what.hash),
            metadata: self.metadata.older(),
        };
        let fields = [
            ("ProjectSlug", Some(self.project)),
            ("SigningPolicySlug", Some(self.policy)),
            ("IsFastSigningRequest", Some("true")),
            ("ArtifactConfigurationSlug", self.artifact_configuration),
            ("Description", self.description),
        ];
        let fields =
            fields.into_iter().filter_map(|(name, text)| Some((name.into(), text?.into())));
        Body::Form {
            fields: fields.collect(),
            file: File {
                field: "Artifact",
                name: "payload.json",
                media_type: "application/json",
                content: json(&payload),
            },
        }
    }
}

/// Reads the answer to either form.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(crate) fn decode(body: &[u8]) -> Result<Signed, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| format!("it is not the expected JSON: {error}"))?;
    let signature = answer
        .hash_signing_result
        .and_then(|result| result.signature)
        .or(answer.signature)
        .ok_or("there is no signature in it")?;
    let signature = from_base64(&signature).ok_or("its signature is not Base64")?;
    Ok(Signed { signature, link: answer.web_link, id: answer.signing_request_id })
}

/// r‖s of fixed length, as PKCS #11 wants it.
const IEEE: &str = "Ieee";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignHash<'a> {
    project_slug: &'a str,
    signing_policy_slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_configuration_slug: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    hash_signing_data: HashSigningData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HashSigningData<'a> {
    hash: String,
    signature_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rsa_options: Option<RsaOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecdsa_options: Option<EcdsaOptions>,
    metadata: Newer<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RsaOptions {
    hash_algorithm_name: &'static str,
    padding_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EcdsaOptions {
    signature_format: &'static str,
}

/// `payload.json` of the multipart form.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Payload<'a> {
    signature_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rsa_hash_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecdsa_signature_format: Option<&'static str>,
    base64_encoded_hash: String,
    metadata: Older<'a>,
}

/// Both answers at once; the names of the older one are shown in either case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    hash_signing_result: Option<HashSigningResult>,
    #[serde(alias = "Signature")]
    signature: Option<String>,
    #[serde(default, alias = "SigningRequestId", deserialize_with = "if_any")]
    signing_request_id: Option<String>,
    #[serde(default, alias = "WebLink", deserialize_with = "if_any")]
    web_link: Option<String>,
}

#[derive(Deserialize)]
struct HashSigningResult {
    signature: Option<String>,
}

/// The shapes above hold nothing that JSON cannot say, so there is no error to pass on.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
