//! What those who verify have to know of a policy: its public key, the trusted root of its certificate, or the policy of an
//! admission controller. The service is asked each time: a key that is trusted should be the one that signs now.

mod admission;
mod certificate;
mod chain;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod name;
mod trusted_root;

use std::path::{Path, PathBuf};

use signpath_client::Error::Status as Answered;
use signpath_client::config::Via;
use signpath_client::{Client, Policy};

use crate::error::Error;
use crate::files;
use crate::service::{self, PolicyName};
use crate::terminal;

use certificate::Certificate;
use trusted_root::TrustedRoot;

pub(crate) use admission::Verifier;
pub(crate) use name::ImagePattern;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The public key, as `cosign public-key` prints it.
    Pem,
    /// Sigstore's trusted root, JSON, for `cosign verify --trusted-root`.
    TrustedRoot,
    /// A policy, YAML.
    Admission(Verifier),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) policy: PolicyName,
    pub(crate) form: Form,
    /// The images that an admission controller looks at.
    pub(crate) images: Option<ImagePattern>,
    /// A PEM file with the certificates above the policy's.
    pub(crate) authorities: Option<PathBuf>,
}

/// Prints what is asked for to standard output, and the command that verifies with it to standard error.
///
/// # Errors
/// Options that do not go together; a policy that the token may not use; no answer; for a trusted root a certificate that
/// cosign would refuse, or one whose issuer nobody names.
pub(crate) fn run(order: &Order) -> Result<(), Error> {
    check(order)?;
    let mut config = service::configuration()?;
    // A placeholder has nobody's signature.
    config.dummy_certificates = false;
    let client = service::open(&config)?;
    let policy = service::policy(&client, &order.policy, Via::Request)?;
    match (order.form, &order.images) {
        (Form::Admission(verifier), Some(images)) => {
            let label = name::label(policy.project(), policy.slug());
            terminal::data(verifier.policy(&label, images, policy.key()).as_bytes())
        }
        (Form::TrustedRoot, _) => print_trusted_root(order, &client, &policy),
        _ => {
            terminal::data(policy.key().to_pem().as_bytes())?;
            by_key(&file_name(&order.policy, "pub")).lines().for_each(terminal::say);
            Ok(())
        }
    }
}

/// What clap cannot say: which options which form needs.
fn check(order: &Order) -> Result<(), Error> {
    match (order.form, &order.images, &order.authorities) {
        (Form::Admission(_), None, _) => {
            Err(Error::usage("an admission controller has to know which images it asks for")
                .hint("--images PATTERN, for example --images 'ghcr.io/acme/*'"))
        }
        (Form::Pem | Form::TrustedRoot, Some(_), _) => {
            Err(Error::usage("--images is for the policies of admission controllers"))
        }
        (Form::Pem | Form::Admission(_), _, Some(_)) => {
            Err(Error::usage("--ca is for a trusted root").hint("--as trusted-root --ca FILE"))
        }
        (Form::Admission(verifier), Some(images), None) => verifier.check(images),
        _ => Ok(()),
    }
}

fn print_trusted_root(order: &Order, client: &Client, policy: &Policy) -> Result<(), Error> {
    let name = &order.policy;
    let own = own_certificate(name, client, policy)?;
    let known = match &order.authorities {
        Some(file) => authorities(file)?,
        None => {
            policy.chain().iter().filter_map(|link| Certificate::from_der(link.der())).collect()
        }
    };
    let root = TrustedRoot::of(&own, &known, &client.api_url().to_string());
    let root = root.map_err(|why| {
        Error::failed(format!("cosign cannot verify signatures of {name} by identity"))
            .because(why.sentence)
            .hint(why.hint)
    })?;
    root.warnings().iter().for_each(|warning| terminal::warn(warning));
    terminal::data(&root.json()?)?;
    root.by_identity(&file_name(name, "trusted-root.json")).lines().for_each(terminal::say);
    Ok(())
}

/// The policy's certificate: from the list of policies, or where the list has none from the policy itself.
fn own_certificate(
    name: &PolicyName,
    client: &Client,
    policy: &Policy,
) -> Result<Certificate, Error> {
    let unusable = |why: &str| {
        Error::failed(format!("{name} has no certificate to verify by")).because(why).hint(format!(
            "verify by its key, `signpath-cosign trust {name}`; a trusted root needs {}",
            certificate::NEEDED
        ))
    };
    let der = match policy.certificate() {
        Some(certificate) => certificate.der().to_vec(),
        None => {
            let found = match client.policy_certificate(policy.project(), policy.slug()) {
                Err(Answered { status: 404, .. }) => return Err(unusable("SignPath has none")),
                found => found?,
            };
            if !found.public_key().is_ok_and(|key| key == *policy.key()) {
                return Err(unusable("the one that the service gives is of another key"));
            }
            found.der().to_vec()
        }
    };
    Certificate::from_der(&der).ok_or_else(|| unusable("it cannot be read"))
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, Error> {
    chain::read(&files::read(file)?).map_err(|why| {
        Error::failed(format!("{} has no certificates to trust", file.display()))
            .because(why)
            .hint("--ca wants a PEM file: the issuer of the policy's certificate, those above it, the root")
    })
}

/// For the commands that are said: the key goes to standard output, and people choose its file.
fn file_name(policy: &PolicyName, ending: &str) -> String {
    format!("{}-{}.{ending}", policy.project, policy.policy)
}

/// Bundles and simple signing are verified by one command from cosign v3 on. v2 finds simple signing with it; v2.6 looks at
/// bundles first, and then wants a trusted root; v2.0 asks for the keys of a public log unless it is told not to
/// (tests/command/trust.rs).
fn by_key(file: &str) -> String {
    format!(
        "\
with the key in {file}, bundles and simple signing with cosign v3, simple signing with v2 (v2.0 wants --insecure-ignore-sct=true too):
  cosign verify --key {file} --insecure-ignore-tlog=true IMAGE"
    )
}
