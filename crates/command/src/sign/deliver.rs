//! Where signatures go: into the registry, or into files.

use std::path::{self, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use signpath_client::PublicKey;

use crate::attach::{self, Existing, Verification};
use crate::bundle;
use crate::error::Error;
use crate::files;
use crate::image::Image;
use crate::registry::{Registries, Registry};
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
    /// Whether somebody has asked for a first bundle beside signatures of simple signing.
    pub(super) may_mix: bool,
    report: Report,
}

/// What happened, for `--json`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_request: Option<String>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// Its status, while it is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    signatures: Vec<Made>,
}

/// A signature that was made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    image: String,
    format: Format,
    policy: String,
    /// What the service put in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    added: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        policy: PolicyName,
        key: PublicKey,
        registries: &'a Registries,
        results: Results,
    ) -> Self {
        Self { policy, key, registries, results, may_mix: true, report: Report::default() }
    }

    /// Signatures come from this request.
    pub(super) fn begin(&mut self, request: &Request) {
        self.report.signing_request = Some(request.id.to_string());
        self.report.link.clone_from(&request.link);
    }

    /// It is waited for no longer.
    pub(super) fn stays(&mut self, status: &str) {
        self.report.status = Some(status.to_owned());
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
        self.report.signatures.push(made);
        Ok(())
    }

    fn write(&self, folder: &path::Path, signed: &Signed) -> Result<Vec<String>, Error> {
        let Signed { message, signature, .. } = signed;
        let contents = match message.format {
            Format::Bundle => vec![bundle::of(&message.content, signature, &self.key)?],
            Format::SimpleSigning => {
                vec![message.content.clone(), STANDARD.encode(signature).into_bytes()]
            }
        };
        let mut written = Vec::new();
        for (name, content) in message.files_made().into_iter().zip(contents) {
            files::write(folder, &name, &content)?;
            written.push(folder.join(name).display().to_string());
        }
        Ok(written)
    }

    fn attach(&self, signed: &Signed) -> Result<String, Error> {
        let Signed { message, signature, .. } = signed;
        let image = &message.image;
        let registry = self.registries.open(&image.repository)?;
        // It was checked when it came.
        let checked = Verification::Nothing;
        let attached = match message.format {
            Format::Bundle => {
                self.check_forms(&registry, image)?;
                let bundle = bundle::of(&message.content, signature, &self.key)?;
                attach::bundle(&registry, image, &bundle, &checked)?
            }
            Format::SimpleSigning => {
                let encoded = STANDARD.encode(signature);
                attach::signature(&registry, image, &message.content, &encoded, &checked)?
            }
        };
        Ok(format!("{}@{}", image.repository, attached.manifest))
    }

    /// A first bundle takes signatures of simple signing out of cosign's sight.
    fn check_forms(&self, registry: &Registry, image: &Image) -> Result<(), Error> {
        if self.may_mix {
            return Ok(());
        }
        let has = attach::existing(registry, &image.digest)?;
        if has != (Existing { simple_signing: true, bundle: false }) {
            return Ok(());
        }
        Err(attach::mixed(image).hint(
            "--output-dir DIR writes the bundle; `attach --bundle` attaches it if that is meant",
        ))
    }

    /// Prints what happened as JSON, if that was asked for. Where nothing did, an error says enough.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn finish(&self, outcome: Result<(), Error>) -> Result<(), Error> {
        let is_empty = self.report.signing_request.is_none() && self.report.signatures.is_empty();
        if self.results.json && !(is_empty && outcome.is_err()) {
            let text = serde_json::to_string_pretty(&self.report);
            terminal::line(
                &text.map_err(|error| {
                    Error::failed("the result cannot be written").because(error)
                })?,
            )?;
        }
        outcome
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
