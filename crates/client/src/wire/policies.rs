//! `Cryptoki/MySigningPolicies`: the policies that the token's user may sign with.

use serde::Deserialize;
use serde_json::Value;

use crate::error::shown;
use crate::retry::Call;
use crate::wire::{Body, POLICIES_MAX, Request, from_base64, if_any};

/// One policy as the service writes it. Everything can be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PolicyEntry {
    pub(crate) project_slug: Option<String>,
    pub(crate) signing_policy_slug: Option<String>,
    #[serde(deserialize_with = "if_any")]
    pub(crate) signing_policy_id: Option<String>,
    /// "Rsa" in samples; the words for other keys are not public.
    #[serde(deserialize_with = "if_any")]
    pub(crate) key_type: Option<String>,
    pub(crate) rsa_parameters: Option<RsaParameters>,
    /// Base64. RSA: PKCS #1. Others: not documented.
    pub(crate) public_key_bytes: Option<String>,
    /// Base64 of DER.
    pub(crate) certificate_bytes: Option<String>,
    /// "X509" in samples.
    pub(crate) certificate_type: Option<String>,
    /// Of any shape ([`super::chain`]); not documented for the list.
    #[serde(rename = "x509CertificateChain")]
    pub(crate) chain: Value,
}

/// The numbers of an RSA key, Base64, big-endian.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RsaParameters {
    modulus: Option<String>,
    public_exponent: Option<String>,
}

/// An entry that is not even of the expected shape.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadEntry {
    /// `project/policy` as far as it can be seen.
    pub(crate) name: String,
    /// What is wrong, as the end of a sentence.
    pub(crate) why: String,
}

/// The request, with what narrows the list.
pub(crate) fn request(project: Option<&str>, policy: Option<&str>) -> Request {
    let filters = [("projectSlug", project), ("signingPolicySlug", policy)];
    Request {
        route: "/Cryptoki/MySigningPolicies".into(),
        query: filters
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value.to_owned())))
            .collect(),
        body: Body::None,
        call: Call::Get,
        answer_max: POLICIES_MAX,
    }
}

/// Reads the answer. Entries are read one by one, so that a bad one does not hide the others.
///
/// # Errors
/// What is wrong with the answer as a whole, as the end of a sentence.
pub(crate) fn decode(body: &[u8]) -> Result<Vec<Result<PolicyEntry, BadEntry>>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        signing_policies: Vec<Value>,
    }
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| format!("it is not the expected JSON: {error}"))?;
    Ok(answer.signing_policies.into_iter().map(entry).collect())
}

impl PolicyEntry {
    /// Modulus and exponent where both are stated; the inner `None` if they are not Base64.
    pub(crate) fn rsa_numbers(&self) -> Option<Option<(Vec<u8>, Vec<u8>)>> {
        let stated = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let parameters = self.rsa_parameters.as_ref()?;
        let (modulus, exponent) =
            stated(&parameters.modulus).zip(stated(&parameters.public_exponent))?;
        Some(from_base64(&modulus).zip(from_base64(&exponent)))
    }

    /// `publicKeyBytes`; the inner `None` if it is not Base64.
    pub(crate) fn public_key(&self) -> Option<Option<Vec<u8>>> {
        self.public_key_bytes.as_deref().filter(|text| !text.is_empty()).map(from_base64)
    }

    /// Whether its key is for GnuPG. The service's words for that are not public.
    pub(crate) fn is_gpg(&self) -> bool {
        let words = [&self.key_type, &self.certificate_type].into_iter().flatten();
        let mut words = words.map(|word| word.to_ascii_lowercase());
        words.any(|word| word.contains("gpg") || word.contains("pgp"))
    }

    /// `certificateBytes` where they are X.509; the inner `None` if they are not Base64.
    pub(crate) fn certificate(&self) -> Option<Option<Vec<u8>>> {
        let x509 = |kind: &str| kind.is_empty() || kind.eq_ignore_ascii_case("X509");
        self.certificate_type.as_deref().is_none_or(x509).then_some(())?;
        self.certificate_bytes.as_deref().filter(|text| !text.is_empty()).map(from_base64)
    }
}

fn entry(value: Value) -> Result<PolicyEntry, BadEntry> {
    let part =
        |name: &str| value.get(name).and_then(Value::as_str).map_or_else(|| "?".to_owned(), shown);
    let name = format!("{}/{}", part("projectSlug"), part("signingPolicySlug"));
    serde_json::from_value(value).map_err(|error| BadEntry {
        name,
        why: shown(&format!("its entry cannot be read: {error}")),
    })
}
