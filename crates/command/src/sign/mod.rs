//! Signing images: payload → signature → registry or files. How a payload becomes a signature is [`Signer`]'s business alone.

mod by_hash;
mod plan;

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use signpath_client::PublicKey;

use crate::attach;
use crate::bundle;
use crate::error::Error;
use crate::files;
use crate::image::{Image, ImageName};
use crate::payload::{self, Annotations};
use crate::registry::PlainHttp;
use crate::service::{self, PolicyName};
use crate::statement;
use crate::terminal;

use plan::Target;
pub(crate) use plan::resolve;

/// A form of signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// `None`: a bundle, unless that would mix forms.
    pub(crate) formats: Option<Vec<Format>>,
    pub(crate) annotations: Annotations,
    /// The manifests of an index too.
    pub(crate) recursive: bool,
    pub(crate) plain: PlainHttp,
    /// Files there instead of signatures in the registry.
    pub(crate) output: Option<PathBuf>,
    pub(crate) json: bool,
}

/// What is signed for an image.
pub(crate) struct Message {
    pub(crate) format: Format,
    /// Payload of simple signing, or statement.
    pub(crate) content: Vec<u8>,
}

impl Message {
    fn of(image: &Image, format: Format, annotations: &Annotations) -> Result<Self, Error> {
        let content = match format {
            Format::Bundle => statement::of(image, annotations)?,
            Format::SimpleSigning => payload::of(image, annotations)?,
        };
        Ok(Self { format, content })
    }

    /// The bytes under the signature.
    pub(crate) fn to_sign(&self) -> Vec<u8> {
        match self.format {
            Format::Bundle => {
                bundle::pre_authentication_encoding(statement::PAYLOAD_TYPE, &self.content)
            }
            Format::SimpleSigning => self.content.clone(),
        }
    }
}

/// A message with its signature. The content is what was signed: a signer may hand back more than it was given.
pub(crate) struct Signed {
    pub(crate) message: Message,
    /// In cosign's form.
    pub(crate) signature: Vec<u8>,
}

/// Makes signatures that verify with its key.
pub(crate) trait Signer {
    fn key(&self) -> &PublicKey;
    fn sign(&self, message: Message) -> Result<Signed, Error>;
}

/// A signature that was made, for `--json`.
#[derive(Serialize)]
struct Made {
    image: String,
    format: Format,
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

/// Signs.
///
/// # Errors
/// The first thing that fails; what was signed before stays.
pub(crate) fn run(order: &Order) -> Result<(), Error> {
    // First, so that nothing is signed of an order that cannot be carried out.
    let targets = plan::targets(order)?;
    let config = service::configuration()?;
    let (client, policy) = service::open_policy(config, &order.policy)?;
    let signer = by_hash::ByHash { client, policy };
    let mut made = Vec::new();
    for target in &targets {
        for format in &target.formats {
            let signed = signer.sign(Message::of(&target.image, *format, &order.annotations)?)?;
            let one = deliver(order, target, &signed, signer.key())?;
            if !order.json {
                terminal::line(&summary(&one))?;
            }
            made.push(one);
        }
    }
    if order.json {
        let text = serde_json::to_string_pretty(&made)
            .map_err(|error| Error::failed("the result cannot be written").because(error))?;
        terminal::line(&text)?;
    }
    Ok(())
}

/// `IMAGE FORMAT RESULT…`
fn summary(made: &Made) -> String {
    let format = made.format.name();
    let results = made.manifest.iter().chain(&made.files);
    results.fold(format!("{} {format}", made.image), |line, result| format!("{line} {result}"))
}

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::SimpleSigning => "simple-signing",
        }
    }
}

fn deliver(
    order: &Order,
    target: &Target,
    signed: &Signed,
    key: &PublicKey,
) -> Result<Made, Error> {
    let Signed { message, signature } = signed;
    let encoded = STANDARD.encode(signature);
    let mut made = Made {
        image: target.image.to_string(),
        format: message.format,
        policy: order.policy.to_string(),
        manifest: None,
        files: Vec::new(),
    };
    let bundle = match message.format {
        Format::Bundle => Some(bundle::of(&message.content, signature, key)?),
        Format::SimpleSigning => None,
    };
    if let Some(folder) = &order.output {
        let stem = target.image.digest.as_tag();
        let contents = match &bundle {
            Some(bundle) => vec![(format!("{stem}.bundle.json"), bundle.as_slice())],
            None => vec![
                (format!("{stem}.payload.json"), message.content.as_slice()),
                (format!("{stem}.sig"), encoded.as_bytes()),
            ],
        };
        for (name, content) in contents {
            files::write(folder, &name, content)?;
            made.files.push(folder.join(name).display().to_string());
        }
        return Ok(made);
    }
    let attached = match &bundle {
        Some(bundle) => attach::bundle(&target.registry, &target.image, bundle)?,
        None => attach::signature(&target.registry, &target.image, &message.content, &encoded)?,
    };
    made.manifest = Some(format!("{}@{}", target.image.repository, attached.manifest));
    Ok(made)
}
