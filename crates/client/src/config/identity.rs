//! The settings of our own certificate: `TlsClientCertificate` and what belongs to it.

use std::path::PathBuf;

use super::Config;
use super::token::{FILE, absolute, exposure};
use super::value::{self, Parsed};
use crate::secret::{Token, file};

const PASSWORD: &str = "TlsClientCertificatePassword";

/// Our certificate, and where its private key is. The files are read when the first https connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM or PKCS #12, with the chain.
    pub certificate: PathBuf,
    /// PEM; `None` if the key is in the same file.
    pub key: Option<PathBuf>,
    /// For what is encrypted in either.
    pub password: Option<Token>,
}

impl Config {
    /// Our certificate towards the service, if one is configured.
    pub fn client_identity(&self) -> Option<ClientIdentity> {
        Some(ClientIdentity {
            certificate: self.tls_client_certificate.clone()?,
            key: self.tls_client_key.clone(),
            password: self.tls_client_password.clone(),
        })
    }
}

/// Takes the password from the text, or from the file that `file:/path` names.
pub(super) fn apply_password(config: &mut Config, text: &str) -> Parsed<()> {
    value::not_foreign(text)?;
    let password = match text.strip_prefix(FILE) {
        Some(path) => {
            let path = absolute(path)?;
            config.warnings.extend(exposure(PASSWORD, path));
            file::read(path).map_err(|why| format!("{}: {why}", path.display()))?
        }
        None => Token::new(text.to_owned()),
    };
    config.tls_client_password = Some(password);
    Ok(())
}

/// What to say of settings that need a certificate to be of any use.
pub(super) fn without_certificate(config: &Config) -> Option<String> {
    let key = config.tls_client_key.is_some().then_some("TlsClientKey");
    let password = config.tls_client_password.is_some().then_some(PASSWORD);
    let name = key.or(password).filter(|_| config.tls_client_certificate.is_none())?;
    Some(format!("{name} has no effect: TlsClientCertificate is not set"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HostProgram;

    #[test]
    fn a_password_is_a_text_or_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "two words\n").unwrap();
        for text in ["two words", &format!("file:{}", path.display())] {
            let mut config = Config::blank(HostProgram::default());
            apply_password(&mut config, text).unwrap();
            assert_eq!(config.tls_client_password.as_ref().unwrap().expose(), "two words");
            assert_eq!(config.client_identity(), None);
            let said = without_certificate(&config).unwrap();
            assert!(said.contains(PASSWORD) && !said.contains("two words"), "{said}");
        }
        for text in ["file:relative", "file:/nonexistent/password", "encrypted:x"] {
            assert!(apply_password(&mut Config::blank(HostProgram::default()), text).is_err());
        }
    }

    #[test]
    fn key_and_password_belong_to_a_certificate() {
        let mut config = Config::blank(HostProgram::default());
        config.tls_client_key = Some("/key.pem".into());
        assert!(without_certificate(&config).unwrap().contains("TlsClientKey has no effect"));
        config.tls_client_certificate = Some("/me.pem".into());
        assert_eq!(without_certificate(&config), None);
        assert_eq!(config.client_identity().unwrap().key, Some("/key.pem".into()));
    }
}
