//! Where signatures go: into the registry, or into files.

use std::path::{self, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use signpath_client::PublicKey;
use uuid::Uuid;

use crate::attach;
use crate::bundle;
use crate::error::Error;
use crate::files;
use crate::registry::Registries;
use crate::request::Request;
use crate::service::PolicyName;
use crate::sign::{Format, Results, Signed};
use crate::terminal;

/// Takes signatures, and says what became of them.
pub(super) struct Delivery<'a> {
    policy: PolicyName,
    key: PublicKey,
    registries: &'a Registries,
    results: Results,
    /// The signing request that they come from.
    pub(super) request: Option<Uuid>,
    made: Vec<Made>,
}

/// A signature that was made, for `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    image: String,
    format: Format,
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_request: Option<String>,
    /// What the service put in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    added: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

/// A request that is not decided yet, for `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open<'a> {
    signing_request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    status: &'a str,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        policy: PolicyName,
        key: PublicKey,
        registries: &'a Registries,
        results: Results,
    ) -> Self {
        Self { policy, key, registries, results, request: None, made: Vec::new() }
    }

    /// The folder for files, for a later run that may be started elsewhere.
    ///
    /// # Errors
    /// There is no current folder.
    pub(super) fn folder(&self) -> Result<Option<PathBuf>, Error> {
        let folder = self.results.folder.as_ref().map(path::absolute).transpose();
        folder.map_err(|error| Error::failed("the folder for files is unknown").because(error))
    }

    /// # Errors
    /// What keeps the registry from answering, or a file from being written.
    pub(super) fn take(&mut self, signed: &Signed) -> Result<(), Error> {
        for line in &signed.added {
            terminal::say(&format!("SignPath put into {}: {line}", signed.message.file));
        }
        let mut made = Made {
            image: signed.message.image.to_string(),
            format: signed.message.format,
            policy: self.policy.to_string(),
            signing_request: self.request.map(|id| id.to_string()),
            added: signed.added.clone(),
            manifest: None,
            files: Vec::new(),
        };
        match &self.results.folder {
            Some(folder) => made.files = self.write(folder, signed)?,
            None => made.manifest = Some(self.attach(signed)?),
        }
        if !self.results.json {
            terminal::line(&made.summary())?;
        }
        self.made.push(made);
        Ok(())
    }

    fn write(&self, folder: &path::Path, signed: &Signed) -> Result<Vec<String>, Error> {
        let Signed { message, signature, .. } = signed;
        let file = &message.file;
        let contents = match message.format {
            Format::Bundle => {
                let stem = file.strip_suffix(".json").unwrap_or(file);
                let stem = stem.strip_suffix(".statement").unwrap_or(stem);
                let bundle = bundle::of(&message.content, signature, &self.key)?;
                vec![(format!("{stem}.bundle.json"), bundle)]
            }
            Format::SimpleSigning => vec![
                (file.clone(), message.content.clone()),
                (format!("{file}.sig"), STANDARD.encode(signature).into_bytes()),
            ],
        };
        let mut written = Vec::new();
        for (name, content) in contents {
            files::write(folder, &name, &content)?;
            written.push(folder.join(name).display().to_string());
        }
        Ok(written)
    }

    fn attach(&self, signed: &Signed) -> Result<String, Error> {
        let Signed { message, signature, .. } = signed;
        let image = &message.image;
        let registry = self.registries.open(&image.repository)?;
        let attached = match message.format {
            Format::Bundle => {
                let bundle = bundle::of(&message.content, signature, &self.key)?;
                attach::bundle(&registry, image, &bundle)?
            }
            Format::SimpleSigning => {
                let encoded = STANDARD.encode(signature);
                attach::signature(&registry, image, &message.content, &encoded)?
            }
        };
        Ok(format!("{}@{}", image.repository, attached.manifest))
    }

    /// Says which request is waited for no longer.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn is_open(&self, request: &Request, status: &str) -> Result<(), Error> {
        let (signing_request, link) = (request.id.to_string(), request.link.as_deref());
        self.json(&Open { signing_request, link, status })
    }

    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn finish(&self) -> Result<(), Error> {
        self.json(&self.made)
    }

    fn json(&self, value: &impl Serialize) -> Result<(), Error> {
        if !self.results.json {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(value);
        let text =
            text.map_err(|error| Error::failed("the result cannot be written").because(error))?;
        terminal::line(&text)
    }
}

impl Made {
    /// `IMAGE FORMAT RESULT…`
    fn summary(&self) -> String {
        let head = format!("{} {}", self.image, self.format.name());
        let results = self.manifest.iter().chain(&self.files);
        results.fold(head, |line, result| format!("{line} {result}"))
    }
}
