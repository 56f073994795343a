//! `Cryptoki/MySigningPolicies`: the policies that the token's user may sign with.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::retry::Call;
use crate::wire::{Body, POLICIES_MAX, Request, from_base64, if_any};

/// Most entries that are read.
const ENTRIES_MAX: usize = 100_000;

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
    pub(crate) chain: Option<Box<RawValue>>,
}

/// The numbers of an RSA key, Base64, big-endian.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RsaParameters {
    modulus: Option<String>,
    public_exponent: Option<String>,
}

/// An entry that is not even of the expected shape. Both texts may be as long as the answer.
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
        signing_policies: Entries,
    }
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| format!("it is not the expected JSON: {error}"))?;
    Ok(answer.signing_policies.0)
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

/// The entries, each on its own.
struct Entries(Vec<Result<PolicyEntry, BadEntry>>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of signing policies")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(text) = texts.next_element::<&RawValue>()? {
            if entries.len() == ENTRIES_MAX {
                return Err(A::Error::custom(format_args!(
                    "it has more than {ENTRIES_MAX} entries"
                )));
            }
            entries.push(entry(text));
        }
        Ok(Entries(entries))
    }
}

fn entry(text: &RawValue) -> Result<PolicyEntry, BadEntry> {
    serde_json::from_str(text.get()).map_err(|error| BadEntry {
        name: name(text),
        why: format!("its entry cannot be read: {error}"),
    })
}

fn name(text: &RawValue) -> String {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Slugs {
        #[serde(deserialize_with = "if_any")]
        project_slug: Option<String>,
        #[serde(deserialize_with = "if_any")]
        signing_policy_slug: Option<String>,
    }
    let slugs: Slugs = serde_json::from_str(text.get()).unwrap_or_default();
    let [project, policy] = [slugs.project_slug, slugs.signing_policy_slug]
        .map(|slug| slug.unwrap_or_else(|| "?".to_owned()));
    format!("{project}/{policy}")
}
