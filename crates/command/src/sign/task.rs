//! What is to be done with the signatures of a request, kept with it for `resume`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use signpath_client::config::PayloadForm;

use crate::request::File;
use crate::service::PolicyName;
use crate::sign::{Format, Message};

/// Everything that a later run has to know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    policy: String,
    entries: Vec<Entry>,
    /// Where files go, if they do not go into the registry.
    folder: Option<PathBuf>,
    /// Whether somebody has asked for a first bundle beside signatures of simple signing.
    may_mix: bool,
}

/// A task, as it is carried out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) policy: PolicyName,
    pub(super) parts: Vec<Part>,
    pub(super) folder: Option<PathBuf>,
    pub(super) may_mix: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// In the zip.
    path: String,
    is_envelope: bool,
    image: String,
    format: Format,
    file: String,
    content: String,
}

/// A message and the file of the zip that has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) message: Message,
    pub(super) file: File,
}

impl Part {
    /// What is handed in of a message.
    pub(super) fn new(message: Message, path: String, form: PayloadForm) -> Self {
        let content = match form {
            PayloadForm::Raw => message.to_sign(),
            PayloadForm::Dsse => message.content.clone(),
        };
        Self { message, file: File { path, content, form } }
    }
}

impl Task {
    pub(super) fn of(
        policy: &PolicyName,
        parts: &[Part],
        folder: Option<PathBuf>,
        may_mix: bool,
    ) -> Self {
        let entry = |part: &Part| Entry {
            path: part.file.path.clone(),
            is_envelope: part.file.form == PayloadForm::Dsse,
            image: part.message.image.to_string(),
            format: part.message.format,
            file: part.message.file.clone(),
            content: String::from_utf8_lossy(&part.message.content).into_owned(),
        };
        let entries = parts.iter().map(entry).collect();
        Self { policy: policy.to_string(), entries, folder, may_mix }
    }

    pub(super) fn to_value(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }

    /// `None` for what another version has written.
    pub(super) fn read(value: Value) -> Option<Order> {
        let Self { policy, entries, folder, may_mix } = serde_json::from_value(value).ok()?;
        let part = |entry: Entry| {
            let form = if entry.is_envelope { PayloadForm::Dsse } else { PayloadForm::Raw };
            let message = Message {
                image: entry.image.parse().ok()?,
                format: entry.format,
                content: entry.content.into_bytes(),
                file: entry.file,
            };
            Some(Part::new(message, entry.path, form))
        };
        let parts = entries.into_iter().map(part).collect::<Option<_>>()?;
        Some(Order { policy: policy.parse().ok()?, parts, folder, may_mix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Annotations;

    #[test]
    fn a_task_is_read_as_it_was_written() {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        let policy: PolicyName = "web/release".parse().unwrap();
        let parts = || {
            [
                (Format::Bundle, PayloadForm::Raw),
                (Format::Bundle, PayloadForm::Dsse),
                (Format::SimpleSigning, PayloadForm::Raw),
            ]
            .map(|(format, form)| {
                let message = Message::of(&image, format, &Annotations::new(), "x").unwrap();
                Part::new(message, "a/x.json".to_owned(), form)
            })
        };
        let folder = Some(PathBuf::from("/out"));
        let written = Task::of(&policy, &parts(), folder.clone(), true).to_value().unwrap();
        assert_eq!(
            Task::read(written),
            Some(Order { policy, parts: parts().into(), folder, may_mix: true })
        );
        assert_eq!(Task::read(Value::Null), None);
    }
}
