//! A file-based signing request: what was submitted, where it stands, what came of it.

use std::{collections::BTreeMap, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{config::ArtifactConfiguration, fault::Tamper, visible::hex};

pub(crate) mod ledger;
pub(crate) mod process;

/// Where a signing request stands, as `status` says it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum SigningRequestStatus {
    /// It is being signed.
    InProgress,
    /// Somebody has to approve it.
    WaitingForApproval,
    /// The signed artifact is there.
    Completed,
    /// It cannot be signed.
    Failed,
    /// Somebody has denied it.
    Denied,
    /// The submitter has taken it back.
    Canceled,
}

/// What somebody decides about a request that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It is signed.
    Approve,
    /// It is not.
    Deny,
}

/// A signing request, for tests to read back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SigningRequestInfo {
    /// Its id.
    pub id: Uuid,
    /// The user of the token that submitted it.
    pub user: String,
    /// `project/slug`.
    pub policy: String,
    /// The slug of its artifact configuration.
    pub artifact_configuration: String,
    /// What the submitter said about it.
    pub description: Option<String>,
    /// The `parameters.<name>` fields.
    pub parameters: BTreeMap<String, String>,
    /// Where it stands.
    pub status: SigningRequestStatus,
    /// Why it failed.
    pub reason: Option<String>,
    /// The zip that was submitted.
    pub artifact: Vec<u8>,
    /// The zip that came of it.
    pub signed_artifact: Option<Vec<u8>>,
    /// Its page, with the secret that its buttons need.
    pub web_link: String,
}

/// As it is kept, in memory and in a state folder.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningRequest {
    pub(crate) id: RequestId,
    /// Of the page.
    pub(crate) secret: String,
    /// RFC 3339.
    pub(crate) submitted: String,
    pub(crate) user: String,
    pub(crate) project: String,
    pub(crate) policy: String,
    pub(crate) artifact_configuration_slug: String,
    /// As it was when the request was submitted.
    pub(crate) artifact_configuration: ArtifactConfiguration,
    pub(crate) description: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) status: SigningRequestStatus,
    pub(crate) reason: Option<String>,
    pub(crate) artifact: Base64,
    pub(crate) signed_artifact: Option<Base64>,
    #[serde(skip)]
    pub(crate) tamper: Option<Tamper>,
    /// Until then it is said to be in progress.
    #[serde(skip)]
    pub(crate) ready_at: Option<Instant>,
}

/// An id that reads and writes itself as text.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RequestId(pub(crate) Uuid);

/// Bytes that are Base64 in JSON.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl SigningRequestStatus {
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::InProgress | Self::WaitingForApproval => false,
            Self::Completed | Self::Failed | Self::Denied | Self::Canceled => true,
        }
    }

    /// `workflowStatus`, which goes into more detail.
    pub(crate) fn workflow(self) -> &'static str {
        match self {
            Self::InProgress => "Processing",
            Self::WaitingForApproval => "WaitingForApproval",
            Self::Completed => "Completed",
            Self::Failed => "ProcessingFailed",
            Self::Denied => "Denied",
            Self::Canceled => "Canceled",
        }
    }
}

impl Decision {
    /// The last word of the routes.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Deny => "Deny",
        }
    }
}

impl SigningRequest {
    pub(crate) fn policy_name(&self) -> String {
        format!("{}/{}", self.project, self.policy)
    }

    /// As the service shows it: one that still takes its time is in progress, whatever will come of it.
    fn as_seen(&self) -> Self {
        let mut seen = self.clone();
        if self.ready_at.is_some_and(|ready_at| Instant::now() < ready_at) {
            seen.status = SigningRequestStatus::InProgress;
            seen.reason = None;
            seen.signed_artifact = None;
        }
        seen
    }

    /// How much memory it takes, about.
    fn size(&self) -> usize {
        self.artifact.0.len() + self.signed_artifact.as_ref().map_or(0, |signed| signed.0.len())
    }
}

impl Base64 {
    /// Hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }
}

impl TryFrom<String> for RequestId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Uuid::parse_str(&text).map(Self).map_err(|_| format!("'{text}' is no UUID"))
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<String> for Base64 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        STANDARD.decode(text).map(Self).map_err(|error| format!("it is no Base64: {error}"))
    }
}

impl From<Base64> for String {
    fn from(bytes: Base64) -> Self {
        STANDARD.encode(bytes.0)
    }
}
