//! Artifact configurations: what a file-based signing request does with the files of its zip.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::KeyType;
use crate::pattern;

/// The artifact configuration of a request that names none.
pub const DEFAULT_ARTIFACT_CONFIGURATION: &str = "initial";

/// What happens to the files of a zip. Files that no path names stay as they are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ArtifactConfiguration {
    /// What is made of each file.
    pub form: SignatureForm,
    /// Which files are signed; a `*` stands for anything but a `/`. Each path has to name a file of the zip.
    #[serde(default = "payload_json")]
    pub paths: Vec<String>,
    /// The digest of the signature.
    #[serde(default)]
    pub hash_algorithm: ArtifactHash,
    /// The padding of RSA signatures: mandatory for RSA keys, ignored otherwise.
    #[serde(default)]
    pub rsa_padding: Option<RsaPadding>,
    /// The payload type of DSSE envelopes.
    #[serde(default = "in_toto")]
    pub payload_type: String,
}

/// What a signature is and where it goes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureForm {
    /// The signature alone, in `<file>.sig`; of an EC key as DER.
    Raw,
    /// A DSSE envelope around the file, in `<file>.dsse`.
    Dsse,
}

/// `hash-algorithm` of an artifact configuration.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactHash {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// `rsa-padding` of an artifact configuration.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RsaPadding {
    /// PKCS #1 v1.5.
    Pkcs1,
    /// PSS, with a salt as long as the digest.
    Pss,
}

impl ArtifactConfiguration {
    /// Signs `payload.json` in this form, with SHA-256 and, for an RSA key, PKCS #1 v1.5.
    #[must_use]
    pub fn new(form: SignatureForm) -> Self {
        Self {
            form,
            paths: payload_json(),
            hash_algorithm: ArtifactHash::Sha256,
            rsa_padding: Some(RsaPadding::Pkcs1),
            payload_type: in_toto(),
        }
    }

    /// Signs these files instead of `payload.json`.
    #[must_use]
    pub fn paths<'p>(mut self, paths: impl IntoIterator<Item = &'p str>) -> Self {
        self.paths = paths.into_iter().map(str::to_owned).collect();
        self
    }

    /// Signs with this digest.
    #[must_use]
    pub fn hash_algorithm(mut self, hash: ArtifactHash) -> Self {
        self.hash_algorithm = hash;
        self
    }

    /// Signs with this padding where the key is RSA.
    #[must_use]
    pub fn rsa_padding(mut self, padding: RsaPadding) -> Self {
        self.rsa_padding = Some(padding);
        self
    }

    /// What is appended to a file's path.
    pub(crate) fn suffix(&self) -> &'static str {
        match self.form {
            SignatureForm::Raw => ".sig",
            SignatureForm::Dsse => ".dsse",
        }
    }

    /// As the audit log shows it: `Raw Sha256`.
    pub(crate) fn describe(&self) -> String {
        format!("{:?} {:?}", self.form, self.hash_algorithm)
    }

    /// Whether one of the paths names this file.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern::matches(pattern, path))
    }

    pub(crate) fn check(&self, key: KeyType) -> Result<(), String> {
        if self.paths.is_empty() || self.paths.iter().any(String::is_empty) {
            return Err("paths names no file".to_owned());
        }
        if key.is_rsa() && self.rsa_padding.is_none() {
            return Err("rsaPadding is mandatory for an RSA key; allowed: pkcs1, pss".to_owned());
        }
        if self.payload_type.is_empty() {
            return Err("payloadType is empty".to_owned());
        }
        Ok(())
    }
}

/// What a signing policy has whose configuration names none: one payload in either form, and several raw.
pub(crate) fn defaults() -> BTreeMap<String, ArtifactConfiguration> {
    let raw = ArtifactConfiguration::new(SignatureForm::Raw);
    [
        (DEFAULT_ARTIFACT_CONFIGURATION, raw.clone()),
        ("dsse", ArtifactConfiguration::new(SignatureForm::Dsse)),
        ("several", raw.paths(["*.json"])),
    ]
    .map(|(slug, configuration)| (slug.to_owned(), configuration))
    .into()
}

fn payload_json() -> Vec<String> {
    vec!["payload.json".to_owned()]
}

fn in_toto() -> String {
    "application/vnd.in-toto+json".to_owned()
}
