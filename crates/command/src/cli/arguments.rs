//! The command line's words.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use signpath_client::config::Via;
use uuid::Uuid;

use crate::image::{Image, ImageName, check_registry};
use crate::registry::PlainHttp;
use crate::service::PolicyName;
use crate::sign::{Asking, Format};
use crate::trust::{Form, ImagePattern, Verifier};

use super::examples;

/// Signs container images with keys held at SignPath, so that stock cosign verifies them.
#[derive(Parser)]
#[command(name = super::NAME, version, after_help = examples::PROGRAM, max_term_width = 120)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Sign images: make the payload, have it signed, attach the signature
    #[command(after_help = examples::SIGN)]
    Sign(SignArguments),
    /// Print what is signed for an image in simple signing, as `cosign generate` does
    #[command(after_help = examples::PAYLOAD)]
    Payload(PayloadArguments),
    /// Have payloads signed that were made elsewhere, into files
    #[command(after_help = examples::SUBMIT)]
    Submit(SubmitArguments),
    /// Go on with a signing request after its approval
    #[command(after_help = examples::RESUME)]
    Resume(ResumeArguments),
    /// Attach a signature that was made elsewhere
    #[command(after_help = examples::ATTACH)]
    Attach(AttachArguments),
    /// List the signing policies that the token may use
    #[command(after_help = examples::KEYS)]
    Keys(KeysArguments),
    /// Print what those who verify need: the public key, the trusted root, the policy of an admission controller
    #[command(after_help = examples::TRUST)]
    Trust(TrustArguments),
    /// Look for what keeps signing from working
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArguments),
    /// Print the completions for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell that will read them
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    #[command(after_help = examples::MAN_PAGES)]
    ManPages {
        /// The folder, made if it is missing
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Args)]
pub(super) struct SignArguments {
    /// Images, best with their digest: NAME@sha256:…
    #[arg(value_name = "IMAGE", required = true, value_parser = clap::value_parser!(ImageName))]
    pub(super) images: Vec<ImageName>,
    /// The signing policy whose key signs
    #[arg(long, value_name = "PROJECT/POLICY")]
    pub(super) policy: PolicyName,
    /// How the service is asked [default: the setting Cosign.Via, or request]
    #[arg(long, value_enum)]
    pub(super) via: Option<ViaName>,
    /// The form of the signature [default: bundle, refused where it would hide signatures of simple signing]
    #[arg(long, value_enum)]
    pub(super) format: Option<FormatName>,
    /// Sign this with the image (several times if needed)
    #[arg(long = "annotation", short = 'a', value_name = "KEY=VALUE", value_parser = annotation)]
    pub(super) annotations: Vec<(String, String)>,
    /// Sign the manifests that an index lists too
    #[arg(long, short)]
    pub(super) recursive: bool,
    /// Write files into this folder instead of attaching
    #[arg(long, value_name = "DIR")]
    pub(super) output_dir: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) asking: AskingArguments,
    #[command(flatten)]
    pub(super) registry: RegistryArguments,
}

#[derive(Args)]
pub(super) struct AskingArguments {
    /// What a signing request is given [default: the setting Cosign.Form, or raw]
    #[arg(long, value_enum)]
    form: Option<FormName>,
    /// The artifact configuration, by its slug [default: the setting ArtifactConfigurationSlug, or the project's]
    #[arg(long, value_name = "SLUG")]
    artifact_configuration: Option<String>,
    /// What the signing request says about itself
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A user-defined parameter of the artifact configuration (several times if needed)
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// How long to wait for approval and signature
    #[arg(long, value_name = "TIME", default_value = WAIT, value_parser = humantime::parse_duration)]
    wait: Duration,
}

const WAIT: &str = "30m";

impl From<AskingArguments> for Asking {
    fn from(arguments: AskingArguments) -> Self {
        let form = arguments.form.map(|form| form.name().to_owned());
        let settings = [
            ("form", form),
            ("artifact-configuration", arguments.artifact_configuration),
            ("description", arguments.description),
        ];
        let settings = settings.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self {
            settings: settings.collect(),
            parameters: arguments.parameters,
            wait: arguments.wait,
        }
    }
}

#[derive(Args)]
pub(super) struct SubmitArguments {
    /// Payloads (of `payload` or `cosign generate`) or statements, - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The signing policy whose key signs
    #[arg(long, value_name = "PROJECT/POLICY")]
    pub(super) policy: PolicyName,
    /// Write what was signed and its signature into this folder
    #[arg(long, value_name = "DIR", default_value = "signed")]
    pub(super) output_dir: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) asking: AskingArguments,
}

#[derive(Args)]
pub(super) struct ResumeArguments {
    /// The signing request's id
    #[arg(value_name = "ID", value_parser = Uuid::try_parse)]
    pub(super) id: Uuid,
    /// The signing policy, on another machine than the one that made the request
    #[arg(long, value_name = "PROJECT/POLICY")]
    pub(super) policy: Option<PolicyName>,
    /// How long to wait for approval and signature
    #[arg(long, value_name = "TIME", default_value = WAIT, value_parser = humantime::parse_duration)]
    pub(super) wait: Duration,
    /// Write files into this folder instead of attaching
    #[arg(long, value_name = "DIR")]
    pub(super) output_dir: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) registry: RegistryArguments,
}

#[derive(Args)]
pub(super) struct PayloadArguments {
    /// Images; a tag is looked up, and the digest said
    #[arg(value_name = "IMAGE", required = true, value_parser = clap::value_parser!(ImageName))]
    pub(super) images: Vec<ImageName>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = ContentName::SimpleSigning)]
    pub(super) format: ContentName,
    /// Put this into the payload (several times if needed)
    #[arg(long = "annotation", short = 'a', value_name = "KEY=VALUE", value_parser = annotation)]
    pub(super) annotations: Vec<(String, String)>,
    /// Write files sha256-….payload.json or sha256-….statement.json into this folder instead
    #[arg(long, value_name = "DIR")]
    pub(super) output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) registry: RegistryArguments,
}

/// What is said if neither is given.
pub(super) const WHAT_TO_ATTACH: &str = "give --payload and --signature, or --bundle";

#[derive(Args)]
#[command(override_usage = examples::ATTACH_USAGE)]
#[command(group(ArgGroup::new("what").required(true).args(["payload", "bundle"])))]
#[command(group(ArgGroup::new("verification").required(true).args(["key", "policy", "unchecked"])))]
pub(super) struct AttachArguments {
    /// The image, with its digest
    #[arg(value_name = "IMAGE@DIGEST", value_parser = clap::value_parser!(Image))]
    pub(super) image: Image,
    /// The payload that was signed, - for standard input
    #[arg(long, value_name = "FILE", requires = "signature")]
    pub(super) payload: Option<PathBuf>,
    /// The signature over it, Base64
    #[arg(long, value_name = "FILE", requires = "payload")]
    pub(super) signature: Option<PathBuf>,
    /// A Sigstore bundle with a DSSE envelope instead, - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["payload", "signature"])]
    pub(super) bundle: Option<PathBuf>,
    /// The public key that it has to verify with, PEM, as `trust` prints it
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// The signing policy that it has to be of: its key is asked for at the service
    #[arg(long, value_name = "PROJECT/POLICY")]
    pub(super) policy: Option<PolicyName>,
    /// Attach it whether it verifies or not
    #[arg(long)]
    pub(super) unchecked: bool,
    #[command(flatten)]
    pub(super) registry: RegistryArguments,
}

#[derive(Args)]
pub(super) struct KeysArguments {
    /// Print command lines of cosign for each
    #[arg(long)]
    pub(super) cosign: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "cosign")]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct TrustArguments {
    /// The signing policy whose key verifies
    #[arg(value_name = "PROJECT/POLICY")]
    pub(super) policy: PolicyName,
    /// What is printed
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = TrustName::Pem)]
    pub(super) form: TrustName,
    /// For an admission controller: its images, as ghcr.io/acme/* (for policy-controller one level; ** is all below)
    #[arg(long, value_name = "PATTERN")]
    pub(super) images: Option<ImagePattern>,
    /// For a trusted root: the certificates above the policy's, PEM, instead of those that the service gives
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct DoctorArguments {
    /// Really sign a digest with this policy by hash signing; SignPath's audit log keeps it
    #[arg(long, value_name = "PROJECT/POLICY")]
    pub(super) dry_run: Option<PolicyName>,
    /// The PKCS #11 module to look at [default: COSIGN_PKCS11_MODULE_PATH, or where it is installed]
    #[arg(long, value_name = "FILE")]
    pub(super) module: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// A command of cosign: would it write to the public log?
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

#[derive(Args)]
pub(super) struct RegistryArguments {
    /// Speak plain http to this registry, and send it its login (several times if needed)
    #[arg(long = "http-registry", value_name = "HOST[:PORT]", value_parser = host)]
    http_registries: Vec<String>,
    /// Speak plain http to registries that do not speak TLS, without a login
    #[arg(long)]
    allow_insecure_registry: bool,
}

impl RegistryArguments {
    pub(super) fn plain(&self) -> PlainHttp {
        let registries = self.http_registries.clone();
        PlainHttp { registries, where_no_tls: self.allow_insecure_registry }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ViaName {
    /// A signing request that is given the whole message, and that people may have to approve
    Request,
    /// Hash signing: the digest, and what it is of
    Hash,
}

impl From<ViaName> for Via {
    fn from(name: ViaName) -> Self {
        match name {
            ViaName::Request => Self::Request,
            ViaName::Hash => Self::Hash,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormName {
    /// The exact bytes, of which the artifact configuration makes a raw signature
    Raw,
    /// The statement, of which it makes a DSSE envelope
    Dsse,
}

impl FormName {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Dsse => "dsse",
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatName {
    /// A Sigstore bundle, attached as an OCI referrer
    Bundle,
    /// A payload under the tag sha256-….sig
    SimpleSigning,
    /// Both of them
    Both,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ContentName {
    /// The payload of simple signing, as cosign generate prints it
    SimpleSigning,
    /// The statement that a bundle holds, for submit
    Bundle,
}

impl From<ContentName> for Format {
    fn from(name: ContentName) -> Self {
        match name {
            ContentName::SimpleSigning => Self::SimpleSigning,
            ContentName::Bundle => Self::Bundle,
        }
    }
}

impl FormatName {
    pub(super) fn formats(self) -> Vec<Format> {
        match self {
            Self::Bundle => vec![Format::Bundle],
            Self::SimpleSigning => vec![Format::SimpleSigning],
            Self::Both => vec![Format::SimpleSigning, Format::Bundle],
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum TrustName {
    /// The public key
    Pem,
    /// Sigstore's trusted root with the authority of the policy's certificate, to verify by identity
    TrustedRoot,
    /// A ClusterPolicy of Kyverno
    Kyverno,
    /// A ClusterImagePolicy of sigstore's policy-controller
    PolicyController,
    /// A KeyManagementProvider and a Verifier of Ratify
    Ratify,
}

impl TrustName {
    pub(super) fn form(self) -> Form {
        match self {
            Self::Pem => Form::Pem,
            Self::TrustedRoot => Form::TrustedRoot,
            Self::Kyverno => Form::Admission(Verifier::Kyverno),
            Self::PolicyController => Form::Admission(Verifier::PolicyController),
            Self::Ratify => Form::Admission(Verifier::Ratify),
        }
    }
}

fn host(text: &str) -> Result<String, String> {
    check_registry(text).map(|()| text.to_owned())
}

fn annotation(text: &str) -> Result<(String, String), String> {
    pair(text, "an annotation is KEY=VALUE")
}

fn parameter(text: &str) -> Result<(String, String), String> {
    pair(text, "a parameter is NAME=VALUE")
}

fn pair(text: &str, form: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(form)?;
    Ok((name.to_owned(), value.to_owned()))
}
