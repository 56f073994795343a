//! SignPath, as the configuration says.

use std::fmt;

use signpath_client::config::Via;
use signpath_client::error::Class;
use signpath_client::key::{HashAlgorithm, Scheme};
use signpath_client::{Client, Config, HashToSign, Log, Policy, Process, PublicKey, process};

use crate::error::Error;

/// Opens the log, so that what is odd is said even if the rest of the configuration cannot be read. Of several organizations
/// it is the first one's that has credentials.
///
/// # Errors
/// A setting that is not allowed, a file that cannot be read.
pub(crate) fn configuration() -> Result<Config, Error> {
    let mut slots = slots()?;
    Ok(slots.swap_remove(used(&slots)))
}

/// As [`configuration`], of each organization: one at least.
///
/// # Errors
/// As [`configuration`].
pub(crate) fn slots() -> Result<Vec<Config>, Error> {
    Ok(configuration_of(&open_log())?.into_slots())
}

/// The place of the one that is used.
pub(crate) fn used(slots: &[Config]) -> usize {
    slots.iter().position(|slot| slot.credentials().is_some()).unwrap_or_default()
}

/// Refuses a process with more rights than its user, who could lead it by environment, configuration, logins and programs of
/// the path. Nothing is left to be done without these.
///
/// # Errors
/// It is one.
pub(crate) fn refuse_privileges() -> Result<(), Error> {
    if !process::is_privileged() {
        return Ok(());
    }
    Err(Error::failed("this program does not run with more rights than its user")
        .because("its file is set-uid or set-gid or has capabilities, or it was started into another security domain")
        .hint(
            "take them from the file (chmod ug-s, setcap -r); where neither is set, SELinux or AppArmor cleans the environment \
             as it starts: let the policy start it without (noatsecure, px instead of Px)",
        ))
}

/// The log of this process.
pub(crate) fn open_log() -> Log {
    Log::install(&Config::log_settings(Process::Ordinary))
}

/// The configuration as it stands, its warnings logged, and its tokens hidden for as long as the process is there: what went
/// wrong is told when the client is gone that hides them.
///
/// # Errors
/// As [`configuration`].
pub(crate) fn configuration_of(log: &Log) -> Result<Config, Error> {
    let config = Config::load(Process::Ordinary)?;
    log.configure(&config.log);
    let slots = config.clone().into_slots();
    let tokens = slots.iter().filter_map(|slot| slot.token.as_ref()?.known());
    tokens.for_each(|token| log.protect(token));
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(config)
}

/// The service, narrowed to what the configuration says. Its tokens, from a program too, are hidden also when it is gone: what
/// went wrong is told then.
///
/// # Errors
/// Without credentials.
pub(crate) fn open(config: &Config) -> Result<Client, Error> {
    let credentials = config.credentials().ok_or_else(|| {
        let error = Error::failed("there are no credentials for SignPath");
        let error = match config.missing_credentials() {
            Some(missing) => error.because(missing),
            None => error,
        };
        error.hint("set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN")
    })?;
    // The log is there already; this is how to get hold of it.
    Ok(Client::new(config, credentials).hiding_tokens_for_good_in(&Log::install(&config.log)))
}

/// What an empty list of policies means.
pub(crate) const NO_POLICY: &str = "this token may use no signing policy for hash signing";

/// What to do without the list.
pub(crate) const WITHOUT_LIST: &str = "for hash signing make the token's user a submitter of a signing policy in SignPath, and look at \
     SIGNPATH_PROJECT_SLUG and SIGNPATH_SIGNING_POLICY_SLUG; where the organization has no hash signing name the policy: file-based \
     signing requests and `signpath-cosign trust` go by its certificate";

/// Whether the service does not list policies for this token, as it does where the organization has no hash signing.
pub(crate) fn is_refusal(error: &signpath_client::Error) -> bool {
    matches!(error, signpath_client::Error::Status { status: 403, .. })
}

/// Why there is no list of policies, with what to do without it.
pub(crate) fn unlisted(error: signpath_client::Error) -> Error {
    let advice = is_refusal(&error).then_some(WITHOUT_LIST);
    let error = Error::from(error);
    match advice {
        Some(advice) => error.also(advice),
        None => error,
    }
}

/// A signing policy by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyName {
    pub(crate) project: String,
    pub(crate) policy: String,
}

impl std::str::FromStr for PolicyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_slug = |slug: &str| {
            !slug.is_empty()
                && slug.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        match text.split_once('/') {
            Some((project, policy)) if is_slug(project) && is_slug(policy) => {
                Ok(Self { project: project.to_owned(), policy: policy.to_owned() })
            }
            _ => {
                Err("a policy is named PROJECT/POLICY, with the slugs that SignPath shows"
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.policy)
    }
}

/// What a digest is signed as for cosign, which knows PKCS #1 v1.5 alone for RSA keys.
pub(crate) fn hash_to_sign(key: &PublicKey, algorithm: HashAlgorithm, hash: Vec<u8>) -> HashToSign {
    let scheme = match key {
        PublicKey::Rsa(_) => Scheme::RsaPkcs1(algorithm),
        PublicKey::Ec(_) => Scheme::Ecdsa,
    };
    HashToSign { scheme, hash }
}

/// A policy. Where the organization has no hash signing, its certificate says what its key is: that is enough to check what
/// a file-based signing request has signed.
///
/// # Errors
/// A policy that the token may not use; no answer.
pub(crate) fn policy(client: &Client, name: &PolicyName, via: Via) -> Result<Policy, Error> {
    let PolicyName { project, policy } = name;
    let refused = match client.policy(project, policy) {
        Ok(Some(found)) => return Ok(found),
        Ok(None) => {
            let what = format!("this token cannot sign with {name}");
            let cause =
                "the service knows no such signing policy that its user may use for hash signing";
            Error::failed(what).because(cause).hint(
                "check the spelling of the slugs (`signpath-cosign keys` lists those of the token), and that the token's \
                 user is a submitter of it",
            )
        }
        Err(error) if error.class() == Class::Refused => error.into(),
        Err(error) => return Err(error.into()),
    };
    if via == Via::Hash {
        return Err(refused);
    }
    let unknown = |why: &str| {
        Error::failed(format!("{}; and {why}", refused.statement()))
            .hint(refused.advice().unwrap_or("check the spelling of the slugs"))
    };
    let certificate = client.policy_certificate(project, policy);
    let certificate = certificate.map_err(|error| unknown(&Error::from(error).statement()))?;
    let key = certificate.public_key().map_err(|why| {
        unknown(&format!("the public key in the certificate of {name} cannot be used: {why}"))
    })?;
    Ok(Policy::known(project, policy, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_a_project_and_a_slug() {
        let name: PolicyName = "Web_1/release-signing".parse().unwrap();
        assert_eq!((&*name.project, &*name.policy), ("Web_1", "release-signing"));
        for text in ["", "a", "a/", "/b", "a/b/c", "a b/c", "a/b?"] {
            assert!(text.parse::<PolicyName>().is_err(), "{text}");
        }
    }
}
