//! The configuration: every setting in one table ([`SETTINGS`]), read from the environment over a JSON file over
//! the defaults, typed, checked, and able to say where each value came from.
//!
//! This is the one room that reads the environment. It never touches the network, and it reads no file but the
//! configuration file and the token's (`file:/path`).

mod api_url;
mod ci;
mod cosign;
mod cosign_variables;
mod file;
mod folders;
mod host;
mod identity;
mod organizations;
mod pin;
mod proxy;
mod roots;
mod setting;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::log::LogSettings;
use crate::metadata::MetadataDetail;
use crate::secret::{Credentials, OrganizationId, Token, TokenSource};

pub use api_url::ApiUrl;
pub use ci::{CI_SYSTEMS, CiRun, CiSystem};
pub use cosign::{CosignSettings, PayloadForm, Via, percent_decoded};
pub use cosign_variables::CosignVariables;
pub use folders::PersonalFolders;
pub use host::HostProgram;
pub use identity::ClientIdentity;
pub use pin::KeyPin;
pub use proxy::{Proxy, ProxyUrl, Route};
pub use roots::SystemRoots;
pub use setting::{Form, LeftOut, Secrecy, Setting};
pub use source::{Origin, Place};
pub use table::{CONFIG_FILE, SETTINGS};

use source::{Section, Sources};

/// Whether the process may be led by whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It runs with the rights of its user.
    Ordinary,
    /// It has more rights than its user (set-uid, set-gid, file capabilities; AT_SECURE in its auxiliary vector):
    /// environment and configuration file are not looked at, and so no token file and no command either.
    Privileged,
}

/// Whether certificates are shown to the host program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// To everybody but cosign.
    #[default]
    Auto,
    /// To everybody.
    Always,
    /// To nobody.
    Never,
}

/// The settings in force, checked. [`Config::load`] and [`Config::from_sources`] make it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The organization whose keys are used without a PIN.
    pub organization: Option<OrganizationId>,
    /// Where the token comes from that is used without a PIN.
    pub token: Option<TokenSource>,
    /// Where the service is.
    pub api_url: ApiUrl,
    /// The label of the token towards PKCS #11 clients, 1 to 32 bytes of UTF-8.
    pub token_label: String,
    /// Whether certificates are shown; [`Config::shows_certificates`] decides.
    pub certificates: Certificates,
    /// Whether policies without an X.509 certificate are shown with a placeholder.
    pub dummy_certificates: bool,
    /// Only policies of the project with this slug.
    pub project: Option<String>,
    /// Only policies with this slug.
    pub signing_policy: Option<String>,
    /// Where the environment says that the system's roots are.
    pub system_roots: SystemRoots,
    /// A PEM file with roots that are trusted beside the system's.
    pub tls_ca_certificate: Option<PathBuf>,
    /// Our certificate; [`Config::client_identity`] has it with what belongs to it.
    pub tls_client_certificate: Option<PathBuf>,
    /// A PEM file with the private key of that certificate, where it is not in the same file.
    pub tls_client_key: Option<PathBuf>,
    /// The password of that file, or of the PKCS #12 file with both.
    pub tls_client_password: Option<Token>,
    /// The keys that the server may have; any that the roots vouch for if there are none.
    pub tls_server_keys: Vec<KeyPin>,
    /// Which requests go through which proxy.
    pub proxy: Proxy,
    /// The time one attempt may take, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// The time one call may take over all its attempts and the pauses between them.
    pub total_timeout: Duration,
    /// The pause after the first failed attempt, at most; it doubles from there.
    pub first_retry_delay: Duration,
    /// How often a call is repeated at most; without it only `total_timeout` ends it.
    pub retry_count: Option<u32>,
    /// How much of this process the service is told with each signature.
    pub metadata: MetadataDetail,
    /// What concerns cosign's KMS plugin alone.
    pub cosign: CosignSettings,
    /// The run of a CI system that this process belongs to.
    pub ci_run: Option<CiRun>,
    /// Where files of this user's alone may lie.
    pub folders: PersonalFolders,
    /// What is logged where.
    pub log: LogSettings,
    /// The slots of the entries of `Organizations`; [`Config::into_slots`] takes them out.
    organizations: Vec<Self>,
    host: HostProgram,
    missing_credentials: Option<String>,
    warnings: Vec<String>,
    origins: Vec<Origin>,
}

impl Config {
    /// Reads the configuration of this process: environment over file over default.
    ///
    /// # Errors
    /// [`Error::Setting`] if a value is not allowed, [`Error::ConfigFile`] if the file cannot be read.
    pub fn load(process: Process) -> Result<Self, Error> {
        if process == Process::Privileged {
            let mut config = Self::from_sources(|_| None, HostProgram::current())?;
            config.warnings.push(PRIVILEGED.to_owned());
            return Ok(config);
        }
        #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
        Self::from_sources(|name| std::env::var_os(name), HostProgram::current())
    }

    /// Reads the configuration from the given environment (and the file that it names) for the given program.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_sources(
        environment: impl Fn(&str) -> Option<OsString>,
        host: HostProgram,
    ) -> Result<Self, Error> {
        let mut config = Self::blank(host);
        let file = Section::open(&environment)?;
        let sources = Sources { environment: &environment, file: file.as_ref() };
        source::apply_all(&mut config, &sources)?;
        config.system_roots = SystemRoots::read(&environment);
        config.folders = PersonalFolders::read(&environment);
        config.ci_run = CiRun::read(&environment);
        organizations::apply(&mut config, file.as_ref())?;
        config.missing_credentials = config.find_missing(&environment);
        config.warnings.extend(identity::without_certificate(&config));
        Ok(config)
    }

    /// What is to be logged where, also when [`Config::load`] fails: only the settings of the log are read, and of
    /// those that cannot be used the default holds. What is wrong is for `load` to say.
    pub fn log_settings(process: Process) -> LogSettings {
        if process == Process::Privileged {
            return Self::log_settings_from(|_| None);
        }
        #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
        Self::log_settings_from(|name| std::env::var_os(name))
    }

    fn log_settings_from(environment: impl Fn(&str) -> Option<OsString>) -> LogSettings {
        let mut config = Self::blank(HostProgram::default());
        source::apply_log(&mut config, &environment);
        config.log
    }

    /// What is used without a PIN; `None` unless organization and token are both set.
    pub fn credentials(&self) -> Option<Credentials> {
        let (organization, token) = (self.organization.clone()?, self.token.clone()?);
        Some(Credentials { organization, token })
    }

    /// What to say if credentials were meant to be there and are not: a variable for them is set, but empty, as a secret
    /// is that a pipeline may not have; or there is a token without its organization. To be logged as an error. An
    /// organization alone is nothing to speak of: its token may come as a PIN.
    pub fn missing_credentials(&self) -> Option<&str> {
        self.missing_credentials.as_deref()
    }

    fn find_missing(&self, environment: &dyn Fn(&str) -> Option<OsString>) -> Option<String> {
        if self.organization.is_some() && self.token.is_some() {
            return None;
        }
        let is_empty = |name: &&&str| {
            environment(name).is_some_and(|text| text.to_string_lossy().trim().is_empty())
        };
        let empty = CREDENTIALS.iter().find(is_empty);
        let missing = match (empty, &self.token) {
            (Some(name), _) => format!("{name} is set, but empty"),
            (None, Some(_)) => "ApiToken is set, but OrganizationId is not".to_owned(),
            (None, None) => return None,
        };
        Some(format!("{missing}: {SET_BOTH}"))
    }

    /// What the user should know: unknown keys, settings without effect. To be logged when the log is up.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every setting with its value and where that came from, in the order of [`SETTINGS`].
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.origins.iter()
    }

    /// The program that this process runs.
    pub fn host(&self) -> &HostProgram {
        &self.host
    }

    /// Whether certificates are shown to the host program, and the sentence that says why, for the log.
    ///
    /// cosign v3 writes a visible certificate into its bundles, which `cosign verify --key` then rejects; every
    /// other client needs the certificate.
    pub fn shows_certificates(&self) -> (bool, String) {
        self.shows_certificates_to(&self.host)
    }

    /// As [`Self::shows_certificates`], for another program under the same settings.
    pub fn shows_certificates_to(&self, program: &HostProgram) -> (bool, String) {
        match (self.certificates, program.is_cosign()) {
            (Certificates::Always, _) => {
                (true, "certificates are shown: Cryptoki.Certificates is always".to_owned())
            }
            (Certificates::Never, _) => {
                (false, "certificates are hidden: Cryptoki.Certificates is never".to_owned())
            }
            (Certificates::Auto, true) => (
                false,
                format!(
                    "certificates are hidden: the program is {program}, and cosign would put them into signatures \
                     that its verify --key rejects (Cryptoki.Certificates=always shows them)"
                ),
            ),
            (Certificates::Auto, false) => {
                (true, format!("certificates are shown: the program is {program}, not cosign"))
            }
        }
    }

    /// Nothing set yet. The defaults stand in [`SETTINGS`] and are applied like any other value.
    fn blank(host: HostProgram) -> Self {
        Self {
            organization: None,
            token: None,
            api_url: ApiUrl::default(),
            token_label: String::new(),
            certificates: Certificates::default(),
            dummy_certificates: false,
            project: None,
            signing_policy: None,
            system_roots: SystemRoots::default(),
            tls_ca_certificate: None,
            tls_client_certificate: None,
            tls_client_key: None,
            tls_client_password: None,
            tls_server_keys: Vec::new(),
            proxy: Proxy::default(),
            request_timeout: Duration::ZERO,
            total_timeout: Duration::ZERO,
            first_retry_delay: Duration::ZERO,
            retry_count: None,
            metadata: MetadataDetail::default(),
            cosign: CosignSettings::default(),
            ci_run: None,
            folders: PersonalFolders::default(),
            log: LogSettings::default(),
            organizations: Vec::new(),
            host,
            missing_credentials: None,
            warnings: Vec::new(),
            origins: Vec::new(),
        }
    }
}

const PRIVILEGED: &str = "this process has more rights than its user: environment and configuration file are ignored, \
     the defaults hold, and credentials have to be given as a PIN";

const CREDENTIALS: [&str; 2] = ["SIGNPATH_API_TOKEN", "SIGNPATH_ORGANIZATION_ID"];

const SET_BOTH: &str = "set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN, or give a PIN of the form organization:token";
