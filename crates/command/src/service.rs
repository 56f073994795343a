//! SignPath, as the configuration says.

use signpath_client::{Client, Config, Log, Policy, Process};

use crate::error::Error;

/// Opens the log, so that what is odd is said even if the rest of the configuration cannot be read.
///
/// # Errors
/// A setting that is not allowed, a file that cannot be read.
pub(crate) fn configuration() -> Result<Config, Error> {
    let log = Log::install(&Config::log_settings(Process::Ordinary));
    let config = Config::load(Process::Ordinary)?;
    log.configure(&config.log);
    if let Some(token) = &config.token {
        log.protect(token);
    }
    Ok(config)
}

/// The service, narrowed to what the configuration says.
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
    Ok(Client::new(config, credentials))
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

impl std::fmt::Display for PolicyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.project, self.policy)
    }
}

/// The service and one of its policies.
///
/// # Errors
/// A policy that the token may not use; no answer.
pub(crate) fn open_policy(
    mut config: Config,
    name: &PolicyName,
) -> Result<(Client, Policy), Error> {
    config.project = Some(name.project.clone());
    config.signing_policy = Some(name.policy.clone());
    let client = open(&config)?;
    // The service's spelling of the slugs may differ in case; the client asks it for exactly this policy.
    let policy = client.policies()?.into_iter().next().ok_or_else(|| {
        Error::failed(format!("this token cannot sign with {name}"))
            .hint("`signpath-cosign keys` lists the policies that it can; slugs, not display names, are asked for")
    })?;
    Ok((client, policy))
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
