//! Who we are at a registry: as `docker login` (or `podman login`) left it, their credential helpers included.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use signpath_client::Token;

use crate::bounded::within;
use crate::error::Error;
use crate::image::HUB;

/// The key of Docker Hub in Docker's configuration.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A helper may have a person type a password.
const HELPER_TIME: Duration = Duration::from_secs(60);

/// What a helper says that has nothing for this registry (docker-credential-helpers, `errCredentialsNotFoundMessage`).
const NOT_FOUND: &str = "credentials not found";

/// A login.
#[derive(Debug)]
pub(super) enum Login {
    Password {
        user: String,
        password: Token,
    },
    /// To be exchanged for tokens.
    IdentityToken(Token),
}

impl Login {
    /// All that may not be seen of it, in the forms in which it is sent.
    pub(super) fn secrets(&self) -> Vec<Token> {
        let forms = |secret: &str| [secret.to_owned(), STANDARD.encode(secret)];
        let texts = match self {
            Self::Password { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
                [&[pair][..], &forms(password.expose())].concat()
            }
            Self::IdentityToken(token) => forms(token.expose()).to_vec(),
        };
        texts.into_iter().map(Token::new).collect()
    }
}

/// The login for a registry, if there is one.
///
/// # Errors
/// A helper that is configured and fails, or does not end within this time or [`HELPER_TIME`].
pub(super) fn find(registry: &str, time: Duration) -> Result<Option<Login>, Error> {
    let (time, asked) = (time.min(HELPER_TIME), registry.to_owned());
    // What runs the helpers waits for ever. The helper itself is not ended, and may outlive this program.
    within(time, move || look_up(&asked)).unwrap_or_else(|| {
        Err(unusable_as(
            registry,
            format!("its credential helper has not answered within {} seconds", time.as_secs()),
        ))
    })
}

fn look_up(registry: &str) -> Result<Option<Login>, Error> {
    let key = if registry == HUB { HUB_KEY } else { registry };
    let docker = read(docker_credential::get_credential(key), registry)?;
    match docker {
        Some(login) => Ok(Some(login)),
        None => read(docker_credential::get_podman_credential(key), registry),
    }
}

fn read(
    found: Result<DockerCredential, CredentialRetrievalError>,
    registry: &str,
) -> Result<Option<Login>, Error> {
    use CredentialRetrievalError as E;
    match found {
        Ok(DockerCredential::UsernamePassword(user, _)) if user.is_empty() => Ok(None),
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(Some(Login::Password { user, password: Token::new(password) }))
        }
        Ok(DockerCredential::IdentityToken(token)) => {
            Ok(Some(Login::IdentityToken(Token::new(token))))
        }
        Err(E::NoCredentialConfigured | E::ConfigNotFound | E::ConfigReadError) => Ok(None),
        Err(E::HelperFailure { stdout, stderr, .. })
            if format!("{stdout}{stderr}").to_lowercase().contains(NOT_FOUND) =>
        {
            Ok(None)
        }
        Err(error) => Err(unusable(registry, &error)),
    }
}

/// What a helper wrote to standard output may be a secret, so it is not shown.
fn unusable(registry: &str, error: &CredentialRetrievalError) -> Error {
    let why = match error {
        CredentialRetrievalError::HelperFailure { helper, stderr, .. } => {
            let said = stderr.lines().next().unwrap_or_default();
            format!("{helper} failed: {said}")
        }
        other => other.to_string(),
    };
    unusable_as(registry, why)
}

fn unusable_as(registry: &str, why: String) -> Error {
    Error::failed(format!("the login for {registry} in Docker's configuration cannot be used"))
        .because(why)
        .hint(format!("log in again: docker login {registry}"))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn helper(stdout: &str, stderr: &str) -> Result<DockerCredential, CredentialRetrievalError> {
        Err(CredentialRetrievalError::HelperFailure {
            helper: "docker-credential-x".to_owned(),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        })
    }

    #[test]
    fn a_helper_that_knows_nothing_means_anonymous() {
        let found = read(helper("credentials not found in native keychain\n", ""), "ghcr.io");
        assert!(found.unwrap().is_none());
    }

    #[test]
    fn a_helper_that_fails_is_named_and_its_output_is_not_shown() {
        let error = read(helper("s3cret", "the vault is sealed\n"), "ghcr.io").unwrap_err();
        let shown = error.statement();
        assert!(shown.contains("docker-credential-x failed: the vault is sealed"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
