//! The audit log: a line per request to sign, whether it was signed or refused.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use x509_cert::der::DateTime;

use crate::{
    Error,
    archive::Archive,
    artifact::signed_files,
    private_file,
    record::{Memory, Newest},
    routes::Route,
    signing_request::{SigningRequest, SigningRequestStatus},
    state::{AUDIT_FILE, StateFolder, has_identity},
    visible,
};

/// Where the metadata has the command line: of `SignHash`, of the multipart form.
const COMMAND_LINES: &[&str] = &["/sourceProcess/commandLine", "/CreatingProcess/CommandLine"];

/// How many characters of a command line are shown to people.
const COMMAND_LINE_LENGTH: usize = 60;

/// How many bytes of payloads are kept of one request; what is beyond is in its artifact alone.
const MOST_PAYLOADS: usize = 64 * 1024;

/// One request to sign.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When the request was answered, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// The user of the token, or `unknown`.
    pub user: String,
    /// Which way the request came.
    pub route: Route,
    /// `project/slug` as the client wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// As in `Rsa Pkcs1 Sha256` or `Ecdsa Ieee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The digest, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// SHA-256 of the zip of a file-based request, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// What a file-based request wants signed, or, once it is, what was signed: the text of each file by its path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub payloads: BTreeMap<String, String>,
    /// What the client said about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// What came of it.
    #[serde(flatten)]
    pub result: AuditResult,
}

/// What came of a request to sign.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "result")]
pub enum AuditResult {
    /// A signature was made.
    Signed {
        /// The signing request's id, as the client was told.
        signing_request_id: String,
    },
    /// A file-based request waits for an approval, or is still being signed.
    Waiting {
        /// The signing request's id.
        signing_request_id: String,
    },
    /// A file-based request cannot be signed.
    Failed {
        /// The signing request's id.
        signing_request_id: String,
        /// Why.
        reason: String,
    },
    /// Somebody has denied a file-based request.
    Denied {
        /// The signing request's id.
        signing_request_id: String,
    },
    /// The submitter has taken a file-based request back.
    Canceled {
        /// The signing request's id.
        signing_request_id: String,
    },
    /// The request was refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: String,
    },
}

impl AuditEntry {
    /// The entry of a request that nothing is known about yet.
    pub(crate) fn begin(route: Route, user: &str) -> Self {
        let nothing_yet = AuditResult::Refused { status: 500, reason: String::new() };
        Self {
            time: String::new(),
            user: user.to_owned(),
            route,
            policy: None,
            algorithm: None,
            digest: None,
            artifact: None,
            payloads: BTreeMap::new(),
            metadata: None,
            result: nothing_yet,
        }
    }

    /// What is known from a file-based request.
    pub(crate) fn about(&mut self, request: &SigningRequest) {
        let configuration = &request.artifact_configuration;
        self.policy = Some(request.policy_name());
        self.algorithm = Some(configuration.describe());
        self.artifact = Some(request.artifact.sha256());
        self.payloads = payloads(request);
        self.result = AuditResult::of(request);
    }

    /// One line for people: time, user, policy, algorithm, digest (or the artifact's), result, and the beginning of the client's command
    /// line, two spaces between them and `-` for what is not known. Control characters that a client sent are shown,
    /// not obeyed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let known = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
        let result = match &self.result {
            AuditResult::Signed { signing_request_id } => format!("signed {signing_request_id}"),
            AuditResult::Waiting { signing_request_id } => format!("waiting {signing_request_id}"),
            AuditResult::Failed { signing_request_id, reason } => {
                format!("failed {signing_request_id} {reason}")
            }
            AuditResult::Denied { signing_request_id } => format!("denied {signing_request_id}"),
            AuditResult::Canceled { signing_request_id } => {
                format!("canceled {signing_request_id}")
            }
            AuditResult::Refused { status, reason } => format!("refused {status} {reason}"),
        };
        let columns = [
            self.time.clone(),
            self.user.clone(),
            known(&self.policy),
            known(&self.algorithm),
            known(self.digest.as_ref().map_or(&self.artifact, |_| &self.digest)),
            result,
            self.command_line().map_or_else(|| "-".to_owned(), beginning),
        ];
        visible::line(&columns.join("  "))
    }

    /// The payloads for people, a line each: path and text, with control characters shown.
    pub fn payload_lines(&self) -> impl Iterator<Item = String> {
        self.payloads.iter().map(|(path, text)| visible::line(&format!("{path}: {text}")))
    }

    /// What the client said it was started with, in the words of whichever route it used.
    fn command_line(&self) -> Option<&str> {
        let metadata = self.metadata.as_ref()?;
        COMMAND_LINES.iter().find_map(|path| metadata.pointer(path)?.as_str())
    }
}

impl AuditResult {
    pub(crate) fn of(request: &SigningRequest) -> Self {
        let signing_request_id = request.id.0.to_string();
        match request.status {
            SigningRequestStatus::Completed => Self::Signed { signing_request_id },
            SigningRequestStatus::Failed => Self::Failed {
                signing_request_id,
                reason: request.reason.clone().unwrap_or_default(),
            },
            SigningRequestStatus::Denied => Self::Denied { signing_request_id },
            SigningRequestStatus::Canceled => Self::Canceled { signing_request_id },
            SigningRequestStatus::WaitingForApproval | SigningRequestStatus::InProgress => {
                Self::Waiting { signing_request_id }
            }
        }
    }
}

/// The texts among the files that the artifact configuration names, as far as there is room for them.
fn payloads(request: &SigningRequest) -> BTreeMap<String, String> {
    let bytes = request.signed_artifact.as_ref().unwrap_or(&request.artifact);
    let Ok(archive) = Archive::read(&bytes.0) else { return BTreeMap::new() };
    let mut room = MOST_PAYLOADS;
    let files = signed_files(&request.artifact_configuration, &archive);
    let texts = files.filter_map(|file| {
        let text = std::str::from_utf8(&file.content).ok()?;
        room = room.checked_sub(text.len())?;
        Some((file.path.clone(), text.to_owned()))
    });
    texts.collect()
}

/// A command line, cut where it gets longer than a line for people bears.
fn beginning(line: &str) -> String {
    match line.char_indices().nth(COMMAND_LINE_LENGTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}

/// The audit log of a running sandbox.
pub(crate) struct AuditLog {
    file: Option<Mutex<AuditFile>>,
    /// Those of this run, for [`crate::Sandbox::audit`].
    entries: Newest<AuditEntry>,
}

struct AuditFile {
    path: PathBuf,
    file: File,
}

impl AuditLog {
    pub(crate) fn open(state: Option<&StateFolder>, memory: Memory) -> Result<Self, Error> {
        let file = match state {
            Some(state) => {
                let path = state.path().join(AUDIT_FILE);
                let file = private_file::append(&path)?;
                Some(Mutex::new(AuditFile { path, file }))
            }
            None => None,
        };
        Ok(Self { file, entries: Newest::new(memory) })
    }

    /// Writes an entry, in one write, before the client is answered.
    pub(crate) fn append(&self, mut entry: AuditEntry) -> Result<(), Error> {
        entry.time = now();
        if let Some(log) = &self.file {
            log.lock().write(&entry)?;
        }
        self.entries.keep(|| entry);
        Ok(())
    }

    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        self.entries.all()
    }
}

impl AuditFile {
    fn write(&mut self, entry: &AuditEntry) -> Result<(), Error> {
        let line = serde_json::to_string(entry).map_err(io::Error::from);
        let written = line.and_then(|line| self.file.write_all(format!("{line}\n").as_bytes()));
        written.map_err(Error::file("write", &self.path))
    }
}

/// The lines of a state folder's audit log, oldest first; none when it has no log yet.
///
/// # Errors
/// [`Error::NoStateFolder`] when there is no log and the folder is not a sandbox's, [`Error::File`] when the log cannot
/// be read.
pub fn read_audit_lines(folder: &Path) -> Result<Vec<String>, Error> {
    let path = folder.join(AUDIT_FILE);
    let Some(text) = private_file::read_if_there(&path)? else {
        let folder = folder.to_owned();
        return if has_identity(&folder) {
            Ok(Vec::new())
        } else {
            Err(Error::NoStateFolder { folder })
        };
    };
    Ok(text.lines().map(str::to_owned).collect())
}

/// The current time, RFC 3339 in UTC with milliseconds.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = DateTime::from_unix_duration(since).map(|date| date.to_string());
    let seconds = seconds.unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_time_is_rfc_3339_in_utc() {
        let time = now();
        let shape: String =
            time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z");
    }

    #[test]
    fn a_line_reads_back_as_the_entry_it_was() {
        let mut entry = AuditEntry::begin(Route::SubmitWithArtifact, "ci");
        entry.metadata = Some(serde_json::json!({ "a": [1, null] }));
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<AuditEntry>(&line).unwrap(), entry);
    }

    #[test]
    fn a_line_for_people_has_the_beginning_of_the_command_line_in_either_spelling() {
        let long = "é".repeat(COMMAND_LINE_LENGTH + 1);
        let cut = format!("  {}…", "é".repeat(COMMAND_LINE_LENGTH));
        for (metadata, end) in [
            (
                serde_json::json!({ "sourceProcess": { "commandLine": "cosign sign" } }),
                "  cosign sign",
            ),
            (serde_json::json!({ "CreatingProcess": { "CommandLine": long } }), &*cut),
            (serde_json::json!({ "sourceProcess": { "commandLine": 1 } }), "  -"),
        ] {
            let mut entry = AuditEntry::begin(Route::SignHash, "ci");
            entry.metadata = Some(metadata);
            assert!(entry.to_text().ends_with(end), "{}", entry.to_text());
        }
    }

    proptest! {
        #[test]
        fn a_line_for_people_is_one_line_without_control_characters(text in any::<String>()) {
            let mut entry = AuditEntry::begin(Route::SignHash, &text);
            entry.policy = Some(text.clone());
            entry.metadata = Some(serde_json::json!({ "sourceProcess": { "commandLine": text } }));
            entry.payloads.insert(text.clone(), text);
            for line in entry.payload_lines().chain([entry.to_text()]) {
                prop_assert!(!line.chars().any(|c| c.is_control() || visible::is_directional(c)));
            }
        }

        #[test]
        fn any_line_is_an_entry_or_an_error(line in ".{0,200}") {
            prop_assert!(serde_json::from_str::<AuditEntry>(&line).is_err());
        }
    }
}
