//! What a sandbox serves: organization, tokens and signing policies, by default or from a JSON file.
//! The README describes the file.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs,
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Error, Generation};

pub(crate) mod artifact;
mod file;

pub use artifact::{
    ArtifactConfiguration, ArtifactHash, DEFAULT_ARTIFACT_CONFIGURATION, RsaPadding, SignatureForm,
};

/// Everything that can be chosen about a sandbox's content.
#[derive(Clone, Debug)]
pub struct Config {
    /// The organization's id; chosen at random, and kept in the state folder, when absent.
    pub organization_id: Option<Uuid>,
    /// The tokens that are accepted; one is made at random, and kept in the state folder, when empty.
    pub tokens: Vec<ApiToken>,
    /// The generation of the service.
    pub generation: Generation,
    /// The signing policies, in the order of their names.
    pub policies: Vec<PolicyConfig>,
}

/// A bearer token and the user it stands for.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// The token, as it stands after `Bearer `.
    pub token: String,
    /// The user's name, as the audit log shows it.
    pub user: String,
}

/// A signing policy: which key it has and what it is like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyConfig {
    /// The project's slug.
    pub project: String,
    /// The signing policy's slug.
    pub slug: String,
    /// The kind of its key.
    pub key: KeyType,
    /// Whether it has an X.509 certificate.
    pub certificate: bool,
    /// Whether its certificate comes from an authority below the root, and the list has the certificates above it.
    pub chain: bool,
    /// Whether its certificate is issued by its own key, as SignPath does for test signing.
    pub self_signed: bool,
    /// An e-mail address, a URI or a DNS name for the certificate.
    pub subject_alternative_name: Option<String>,
    /// Whether signing needs an approval: hash signing is refused, file-based requests wait.
    pub approval: bool,
    /// Whether its key is for GnuPG: RSA, and without an X.509 certificate.
    pub gpg: bool,
    /// What file-based requests do, by slug; `initial`, `dsse` and `several` when empty.
    pub artifact_configurations: BTreeMap<String, ArtifactConfiguration>,
    /// The repositories whose images file-based requests may sign; a `*` stands for anything but a `/`.
    pub allowed_repositories: Option<Vec<String>>,
    /// What file-based requests put into `optional` of a simple-signing payload before they sign it.
    pub inject: Map<String, Value>,
}

/// A kind of key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
    /// The curve P-256.
    P256,
    /// The curve P-384.
    P384,
    /// The curve P-521.
    P521,
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiToken").field("token", &"***").field("user", &self.user).finish()
    }
}

impl KeyType {
    /// `keySizeInBits` of the service's answers.
    #[must_use]
    pub fn bits(self) -> usize {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    pub(crate) fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }
}

impl PolicyConfig {
    /// A signing policy `project/slug` without a certificate and without approvals.
    ///
    /// A name without a `/` is refused when the sandbox starts.
    #[must_use]
    pub fn new(name: &str, key: KeyType) -> Self {
        let (project, slug) = name.split_once('/').unwrap_or((name, ""));
        Self {
            project: project.to_owned(),
            slug: slug.to_owned(),
            key,
            certificate: false,
            chain: false,
            self_signed: false,
            subject_alternative_name: None,
            approval: false,
            gpg: false,
            artifact_configurations: BTreeMap::new(),
            allowed_repositories: None,
            inject: Map::new(),
        }
    }

    /// With a certificate.
    #[must_use]
    pub fn certificate(mut self) -> Self {
        self.certificate = true;
        self
    }

    /// With a certificate from an authority below the root, and with the certificates above it.
    #[must_use]
    pub fn chain(mut self) -> Self {
        self.certificate = true;
        self.chain = true;
        self
    }

    /// With a certificate that its own key has issued.
    #[must_use]
    pub fn self_signed(mut self) -> Self {
        self.certificate = true;
        self.self_signed = true;
        self
    }

    /// With a certificate that carries this e-mail address, URI or DNS name.
    #[must_use]
    pub fn subject_alternative_name(mut self, name: &str) -> Self {
        self.certificate = true;
        self.subject_alternative_name = Some(name.to_owned());
        self
    }

    /// With an approval process.
    #[must_use]
    pub fn approval(mut self) -> Self {
        self.approval = true;
        self
    }

    /// With a key for GnuPG, which is RSA and has no X.509 certificate.
    #[must_use]
    pub fn gpg(mut self) -> Self {
        self.gpg = true;
        self
    }

    /// With this artifact configuration; the first one replaces the default ones.
    #[must_use]
    pub fn artifact_configuration(
        mut self,
        slug: &str,
        configuration: ArtifactConfiguration,
    ) -> Self {
        self.artifact_configurations.insert(slug.to_owned(), configuration);
        self
    }

    /// For images of these repositories only; a `*` stands for anything but a `/`.
    #[must_use]
    pub fn allowed_repositories<'r>(mut self, names: impl IntoIterator<Item = &'r str>) -> Self {
        self.allowed_repositories = Some(names.into_iter().map(str::to_owned).collect());
        self
    }

    /// Puts a value into `optional` of the simple-signing payloads that file-based requests sign.
    #[must_use]
    pub fn inject(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inject.insert(name.to_owned(), value.into());
        self
    }

    /// The artifact configurations that it has, given or by default.
    pub(crate) fn effective_artifact_configurations(
        &self,
    ) -> BTreeMap<String, ArtifactConfiguration> {
        match self.artifact_configurations.is_empty() {
            true => artifact::defaults(),
            false => self.artifact_configurations.clone(),
        }
    }

    /// `project/slug`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.project, self.slug)
    }
}

impl Default for Config {
    /// Project `demo` with the policies `approval`, `ec`, `ec384`, `ec521`, `nocert` and `rsa`.
    fn default() -> Self {
        Self {
            organization_id: None,
            tokens: Vec::new(),
            generation: Generation::Both,
            policies: vec![
                PolicyConfig::new("demo/approval", KeyType::P256).certificate().approval(),
                PolicyConfig::new("demo/ec", KeyType::P256)
                    .subject_alternative_name("release@example.com"),
                PolicyConfig::new("demo/ec384", KeyType::P384).certificate(),
                PolicyConfig::new("demo/ec521", KeyType::P521).certificate(),
                PolicyConfig::new("demo/nocert", KeyType::P256),
                PolicyConfig::new("demo/rsa", KeyType::Rsa3072).certificate(),
            ],
        }
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// When the file cannot be read, is not JSON of the documented form, or says something that cannot be.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
        Self::from_json(&text)
            .map_err(|reason| Error::Config { origin: path.display().to_string(), reason })
    }

    fn from_json(text: &str) -> Result<Self, String> {
        let file: file::FileForm = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let config = file.into_config()?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what no service could be: wrong slugs, doubled policies or tokens, unusable names.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut names = HashSet::new();
        for policy in &self.policies {
            check_slug("project", &policy.project)?;
            check_slug("signing policy", &policy.slug)?;
            check_needs_certificate(policy)?;
            check_gpg(policy)?;
            check_alternative_name(policy)?;
            check_artifact_configurations(policy)?;
            if !names.insert(policy.name()) {
                return Err(format!("the signing policy {} is there twice", policy.name()));
            }
        }
        let mut tokens = HashSet::new();
        for entry in &self.tokens {
            check_token(entry)?;
            if !tokens.insert(&entry.token) {
                return Err(format!("the token of {} is there twice", entry.user));
            }
        }
        Ok(())
    }
}

fn check_slug(what: &str, slug: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if slug.is_empty() || !slug.chars().all(allowed) {
        return Err(format!("'{slug}' is no slug of a {what}; allowed: letters, digits, - and _"));
    }
    Ok(())
}

fn check_needs_certificate(policy: &PolicyConfig) -> Result<(), String> {
    let properties = [
        ("chain", policy.chain),
        ("selfSigned", policy.self_signed),
        ("subjectAlternativeName", policy.subject_alternative_name.is_some()),
    ];
    match properties.iter().find(|(_, is_set)| *is_set && !policy.certificate) {
        Some((name, _)) => Err(format!("{}: {name} needs \"certificate\": true", policy.name())),
        None if policy.chain && policy.self_signed => {
            Err(format!("{}: nothing is above a certificate that is selfSigned", policy.name()))
        }
        None => Ok(()),
    }
}

fn check_gpg(policy: &PolicyConfig) -> Result<(), String> {
    let problem = match policy {
        PolicyConfig { gpg: false, .. } => return Ok(()),
        PolicyConfig { certificate: true, .. } => "a gpg key has no certificate",
        policy if policy.key.is_rsa() => return Ok(()),
        _ => "a gpg key is rsa2048, rsa3072 or rsa4096",
    };
    Err(format!("{}: {problem}", policy.name()))
}

fn check_alternative_name(policy: &PolicyConfig) -> Result<(), String> {
    let Some(name) = &policy.subject_alternative_name else { return Ok(()) };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!(
            "{}: subjectAlternativeName '{name}' is no e-mail address, URI or DNS name",
            policy.name()
        ));
    }
    Ok(())
}

fn check_artifact_configurations(policy: &PolicyConfig) -> Result<(), String> {
    for (slug, configuration) in &policy.artifact_configurations {
        check_slug("artifact configuration", slug)?;
        configuration.check(policy.key).map_err(|reason| {
            format!("{}: artifact configuration {slug}: {reason}", policy.name())
        })?;
    }
    Ok(())
}

fn check_token(entry: &ApiToken) -> Result<(), String> {
    if entry.token.is_empty() || !entry.token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!(
            "the token of '{}' cannot stand in a header; allowed: printable ASCII without spaces",
            entry.user
        ));
    }
    if entry.user.is_empty() {
        return Err("a token has an empty user name".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
