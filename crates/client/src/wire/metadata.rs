//! What the service is told about the program that signs. It ends up in the service's audit trail.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::metadata::{SourceProcess, Spelling, Told};

/// Facts about this process, as far as the settings let them out, and the id that all attempts of one signature share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The facts.
    pub(crate) process: Option<SourceProcess>,
    /// What else is told.
    pub(crate) told: Told,
    /// A UUID of our own. The service does not know it: it is there for whoever compares log and audit trail.
    pub(crate) correlation_id: String,
}

/// `hashSigningData.metadata` of `SignHash`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Newer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source_process: Option<&'a SourceProcess>,
    correlation_id: &'a str,
    #[serde(flatten)]
    told: Map<String, Value>,
}

/// `Metadata` of the older form, which has no operating system.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Older<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    creating_process: Option<CreatingProcess<'a>>,
    correlation_id: &'a str,
    #[serde(flatten)]
    told: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreatingProcess<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command_line: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

impl Metadata {
    pub(super) fn newer(&self) -> Newer<'_> {
        Newer {
            source_process: self.process.as_ref(),
            correlation_id: &self.correlation_id,
            told: self.told.properties(Spelling::Camel),
        }
    }

    pub(super) fn older(&self) -> Older<'_> {
        let creating_process = self.process.as_ref().map(|process| CreatingProcess {
            command_line: process.command_line.as_deref(),
            user: process.user.as_deref(),
        });
        let told = self.told.properties(Spelling::Pascal);
        Older { creating_process, correlation_id: &self.correlation_id, told }
    }
}
