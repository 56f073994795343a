//! Signing images: payload → signature → registry or files, in one go or, where somebody has to approve it, in two.

mod by_hash;
mod by_request;
mod deliver;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod plan;
mod resume;
mod returned;
mod submit;
mod task;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use signpath_client::config::{CosignSettings, PayloadForm, Via};

use crate::bundle;
use crate::error::Error;
use crate::image::{Image, ImageName};
use crate::payload::{self, Annotations};
use crate::registry::{PlainHttp, Registries};
use crate::service::{self, PolicyName};
use crate::statement;

use by_hash::ByHash;
use by_request::ByRequest;
use deliver::Delivery;
pub(crate) use plan::messages_of as messages;
pub(crate) use resume::{Resumption, resume};
pub(crate) use submit::submit;

/// A form of signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// A Sigstore bundle, an OCI referrer: what cosign verifies from v3 on.
    Bundle,
    /// A payload under the tag `sha256-….sig`: what every cosign from v2 on verifies.
    SimpleSigning,
}

/// What is to be signed, and how.
pub(crate) struct Order {
    pub(crate) images: Vec<ImageName>,
    pub(crate) policy: PolicyName,
    /// `None`: as the configuration says, or by a file-based signing request.
    pub(crate) via: Option<Via>,
    /// `None`: a bundle, unless that would mix forms.
    pub(crate) formats: Option<Vec<Format>>,
    pub(crate) annotations: Annotations,
    /// The manifests of an index too.
    pub(crate) recursive: bool,
    pub(crate) plain: PlainHttp,
    pub(crate) asking: Asking,
    pub(crate) results: Results,
}

/// How a file-based signing request is made and waited for.
pub(crate) struct Asking {
    /// Settings by their names in key references, over those of the configuration.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// User-defined parameters.
    pub(crate) parameters: Vec<(String, String)>,
    /// How long it is waited for.
    pub(crate) wait: Duration,
}

/// Where results go.
pub(crate) struct Results {
    /// Files there instead of signatures in the registry.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) json: bool,
}

/// What is signed for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) image: Image,
    pub(crate) format: Format,
    /// Payload of simple signing, or statement.
    pub(crate) content: Vec<u8>,
    /// What its file is called.
    pub(crate) file: String,
}

/// A message with its signature. The content is what was signed: a service may hand back more than it was given.
#[derive(Debug)]
struct Signed {
    message: Message,
    /// In cosign's form, and checked.
    signature: Vec<u8>,
    /// What the service put in.
    added: Vec<String>,
}

impl Message {
    /// `stem` is what its file's name begins with.
    fn of(
        image: &Image,
        format: Format,
        annotations: &Annotations,
        stem: &str,
    ) -> Result<Self, Error> {
        let (content, kind) = match format {
            Format::Bundle => (statement::of(image, annotations)?, "statement"),
            Format::SimpleSigning => (payload::of(image, annotations)?, "payload"),
        };
        Ok(Self { image: image.clone(), format, content, file: format!("{stem}.{kind}.json") })
    }

    /// What the files with its signature are called.
    fn files_made(&self) -> Vec<String> {
        let file = &self.file;
        match self.format {
            Format::Bundle => {
                let stem = file.strip_suffix(".json").unwrap_or(file);
                let stem = stem.strip_suffix(".statement").unwrap_or(stem);
                vec![format!("{stem}.bundle.json")]
            }
            Format::SimpleSigning => vec![file.clone(), format!("{file}.sig")],
        }
    }

    /// The bytes under the signature.
    fn to_sign(&self) -> Vec<u8> {
        match self.format {
            Format::Bundle => {
                bundle::pre_authentication_encoding(statement::PAYLOAD_TYPE, &self.content)
            }
            Format::SimpleSigning => self.content.clone(),
        }
    }
}

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::SimpleSigning => "simple-signing",
        }
    }
}

impl Asking {
    /// The settings in force.
    fn settings(&self, configured: &CosignSettings) -> Result<CosignSettings, Error> {
        let mut settings = configured.clone();
        let wrong = |name: &str, why| Error::usage(format!("--{name} cannot be used")).because(why);
        for (name, value) in &self.settings {
            settings.set(name, value).unwrap_or(Ok(())).map_err(|why| wrong(name, why))?;
        }
        for (name, value) in &self.parameters {
            settings.set_parameter(name, value).map_err(|why| wrong("param", why))?;
        }
        Ok(settings)
    }

    /// Hash signing has no place for some of it.
    fn check_for_hash(&self) -> Result<(), Error> {
        let form = self.settings.iter().any(|(name, _)| *name == "form").then_some("form");
        match form.or((!self.parameters.is_empty()).then_some("param")) {
            Some(name) => Err(Error::usage(format!("--{name} is for --via request alone"))
                .hint("hash signing takes --artifact-configuration and --description")),
            None => Ok(()),
        }
    }
}

/// Signs images.
///
/// # Errors
/// The first thing that fails; what was signed before stays. Nobody has approved it in time.
pub(crate) fn run(order: Order) -> Result<(), Error> {
    let config = service::configuration()?;
    let settings = order.asking.settings(&config.cosign)?;
    let via = order.via.or(settings.via).unwrap_or(Via::Request);
    if via == Via::Hash {
        order.asking.check_for_hash()?;
    } else {
        check_form(settings.form, order.formats.iter().flatten())?;
    }
    let registries = Registries::new(order.plain.clone());
    // Before the service is asked, so that nothing is signed of an order that cannot be carried out.
    let messages = plan::messages(&order, &registries)?;
    let client = service::open(&config)?;
    let policy = service::policy(&client, &order.policy, via)?;
    let key = policy.key().clone();
    let mut delivery = Delivery::new(order.policy.clone(), key, &registries, order.results);
    // Looked at when it was planned; somebody may have signed while a request waited.
    delivery.may_mix = order.formats.is_some();
    let outcome = match via {
        Via::Hash => {
            let by_hash =
                ByHash { client: &client, policy: &policy, config: &config, settings: &settings };
            let mut messages = messages.into_iter();
            messages.try_for_each(|message| delivery.take(&by_hash.sign(message)?))
        }
        Via::Request => {
            let (name, wait) = (order.policy, order.asking.wait);
            let by_request = ByRequest { client: &client, policy, name, config: &config, wait };
            by_request.sign(&settings, messages, &mut delivery)
        }
    };
    delivery.finish(outcome)
}

fn check_form<'a>(
    form: PayloadForm,
    mut formats: impl Iterator<Item = &'a Format>,
) -> Result<(), Error> {
    if form == PayloadForm::Raw || formats.all(|format| *format == Format::Bundle) {
        return Ok(());
    }
    Err(Error::usage("a payload of simple signing cannot be signed as DSSE")
        .hint("use --form raw with --format simple-signing, or --format bundle"))
}
