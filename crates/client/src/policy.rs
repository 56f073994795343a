//! Signing policies: what the service says about each, turned into a key that can be used, or a reason why not.

use std::fmt;

use tracing::{debug, warn};

use crate::certificate::Certificate;
use crate::error::{is_invisible, shown};
use crate::key::{PublicKey, Unreadable};
use crate::wire::PolicyEntry;

mod chain;

/// Longest name or id of the service that is taken over, in characters.
const NAME_MAX: usize = 200;

/// A signing policy that the token may use, with its key as it was when the policies were read. After a certificate is
/// renewed the same policy signs with another key.
#[derive(Clone, PartialEq, Eq)]
pub struct Policy {
    project: String,
    slug: String,
    id: Option<String>,
    key: PublicKey,
    certificate: Option<Certificate>,
    chain: Vec<Certificate>,
}

/// A policy that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// `project/policy`, as far as it is known.
    pub name: String,
    /// The reason, as the end of a sentence.
    pub why: String,
}

impl Policy {
    /// A policy of which no more is known than its key.
    pub fn known(project: &str, slug: &str, key: PublicKey) -> Self {
        let (project, slug) = (project.to_owned(), slug.to_owned());
        Self { project, slug, id: None, key, certificate: None, chain: Vec::new() }
    }

    /// `project/policy`: CKA_ID and CKA_LABEL of its objects.
    pub fn name(&self) -> String {
        format!("{}/{}", self.project, self.slug)
    }

    /// The slug of the project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The slug of the signing policy.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The signing policy's UUID.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its public key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its X.509 certificate, whose key is [`Self::key`]; a placeholder where the service gives none and the configuration
    /// asks for one ([`crate::Config::dummy_certificates`]).
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The certificates above [`Self::certificate`], as far as the service gives them and they can be read: nearest
    /// first, each once.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Makes sense of an entry of the list.
    ///
    /// With `placeholders` every policy for which the service gives no X.509 certificate gets one, whatever it says of its
    /// key: the service's word for GPG keys is not public, and a program that knows keys by their certificates finds no
    /// other way to them. One whose certificate cannot be read gets none, because that fault should not be hidden.
    ///
    /// # Errors
    /// Without a usable key, or with statements about the key that contradict each other: then nobody knows which is
    /// right, and the policy is left out.
    pub(crate) fn from_entry(entry: &PolicyEntry, placeholders: bool) -> Result<Self, LeftOut> {
        let project = entry.project_slug.as_deref().unwrap_or_default();
        let slug = entry.signing_policy_slug.as_deref().unwrap_or_default();
        let left_out = |why: String| {
            let part = |text: &str| if text.is_empty() { "?".to_owned() } else { shown(text) };
            LeftOut { name: format!("{}/{}", part(project), part(slug)), why }
        };
        for (text, property) in [(project, "projectSlug"), (slug, "signingPolicySlug")] {
            if !is_slug(text) {
                return Err(left_out(format!("its {property} is missing or unusable")));
            }
        }
        let name = format!("{project}/{slug}");
        let (key, stated) =
            key_and_certificate(entry, &name).map_err(|reason| left_out(reason.0))?;
        let (certificate, chain) = match stated {
            None if placeholders => (Certificate::placeholder(&name, &key), Vec::new()),
            stated => {
                let own = stated.and_then(Result::ok).filter(|own| own.public_key().is_ok());
                let given = own.as_ref().zip(entry.chain.as_deref());
                let chain = given.map(|(leaf, given)| chain::above(leaf, given, &name));
                (own, chain.unwrap_or_default())
            }
        };
        Ok(Self {
            project: project.to_owned(),
            slug: slug.to_owned(),
            id: entry.signing_policy_id.as_deref().map(shown),
            key,
            certificate,
            chain,
        })
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({}/{}, {:?})", self.project, self.slug, self.key)
    }
}

/// Letters, digits, `-` and `_` are what the service allows; a little more is taken, as long as it can stand in a
/// name, in a line and in a URL.
fn is_slug(text: &str) -> bool {
    let odd = |character: char| {
        is_invisible(character) || character.is_whitespace() || "/%?#".contains(character)
    };
    !text.is_empty() && text.chars().count() <= NAME_MAX && !text.chars().any(odd)
}

/// What one property says about the key.
struct Statement {
    property: &'static str,
    key: Result<PublicKey, Unreadable>,
}

/// The certificate is `None` if there is none, and an error if it cannot be read.
fn key_and_certificate(
    entry: &PolicyEntry,
    name: &str,
) -> Result<(PublicKey, Option<Result<Certificate, Unreadable>>), Unreadable> {
    // GnuPG's form of a certificate is none of X.509.
    let is_certificate = |read: &Result<_, _>| read.is_ok() || !entry.is_gpg();
    let certificate = entry.certificate().map(read_certificate).filter(is_certificate);
    let statements = statements(entry, certificate.as_ref());
    let readable =
        || statements.iter().filter_map(|said| Some((said.property, said.key.as_ref().ok()?)));
    let Some((source, key)) = readable().next() else {
        return Err(no_key(entry, &statements));
    };
    if let Some((other, _)) = readable().find(|(_, other)| *other != key) {
        return Err(Unreadable(format!("its {source} and its {other} are different keys")));
    }
    let key = key.clone();
    for said in &statements {
        match &said.key {
            Ok(_) => {}
            // No wonder: it may be in GnuPG's form.
            Err(reason) if entry.is_gpg() => {
                debug!("{} of {name} is not used: {reason}", said.property);
            }
            Err(reason) => warn!("{} of {name} is not used: {reason}", said.property),
        }
    }
    Ok((key, certificate))
}

/// In the order in which they are believed.
fn statements(
    entry: &PolicyEntry,
    certificate: Option<&Result<Certificate, Unreadable>>,
) -> Vec<Statement> {
    let not_base64 = || Unreadable::because("it is not Base64");
    let numbers = entry.rsa_numbers().map(|numbers| {
        let (modulus, exponent) = numbers.ok_or_else(not_base64)?;
        PublicKey::from_rsa_numbers(&modulus, &exponent)
    });
    let bytes = entry.public_key().map(|bytes| PublicKey::from_any(&bytes.ok_or_else(not_base64)?));
    let certified =
        certificate.map(|certificate| certificate.as_ref().map_err(Clone::clone)?.public_key());
    [("rsaParameters", numbers), ("publicKeyBytes", bytes), ("certificate", certified)]
        .into_iter()
        .filter_map(|(property, key)| key.map(|key| Statement { property, key }))
        .collect()
}

fn read_certificate(bytes: Option<Vec<u8>>) -> Result<Certificate, Unreadable> {
    let bytes = bytes.ok_or_else(|| Unreadable::because("its certificate is not Base64"))?;
    Certificate::from_der(&bytes)
}

/// `keyType` is only told here: its words for other keys than RSA are not public, and a key that can be read is a key.
fn no_key(entry: &PolicyEntry, statements: &[Statement]) -> Unreadable {
    let fault = statements.iter().find_map(|said| Some((said.property, said.key.as_ref().err()?)));
    let why = fault.map_or_else(
        || "the service tells no RSA or EC public key for it".to_owned(),
        |(said, reason)| format!("its {said} cannot be used: {reason}"),
    );
    Unreadable(match entry.key_type.as_deref().filter(|kind| !kind.is_empty()) {
        Some(kind) => format!("{why} (its key type is {})", shown(kind)),
        None => why,
    })
}

#[cfg(test)]
mod tests;
