//! What the transport needs to know, taken from the configuration.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{ClientIdentity, Config, KeyPin, ProxyUrl, SystemRoots};
use crate::error::Error;
use crate::http::Seen;
use crate::retry::Limits;
use crate::secret::{OrganizationId, Token};

/// Everything about the way to the service.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What routes begin with: `<ApiUrl>/v1/<organization>`.
    pub(crate) base: String,
    /// Whether that is https.
    pub(crate) https: bool,
    /// Host and port of the service; IPv6 addresses without brackets.
    pub(crate) service: NextHop,
    /// The proxy for that host, if it is reached through one; or why the one that is set cannot be used.
    pub(crate) proxy: Result<Option<ProxySettings>, Error>,
    /// Where the system's roots are, if the environment says so.
    pub(crate) system_roots: SystemRoots,
    /// PEM file with further roots.
    pub(crate) tls_ca_certificate: Option<PathBuf>,
    /// Our certificate, its chain and its key.
    pub(crate) tls_client: Option<ClientIdentity>,
    /// The keys that the server may have, if not any.
    pub(crate) tls_server_keys: Vec<KeyPin>,
    /// Time for one connection, TLS included.
    pub(crate) connect_time: Duration,
    /// Where the server's certificate is noted, for those who ask for it.
    pub(crate) seen: Option<Arc<Seen>>,
}

/// A host to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextHop {
    /// Name, or address without brackets.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
}

/// An HTTP proxy.
#[derive(Clone)]
pub(crate) struct ProxySettings {
    /// `http://host:port`.
    pub(crate) url: String,
    /// Where it is.
    pub(crate) hop: NextHop,
    /// `user:password`.
    pub(crate) user_info: Option<Token>,
}

impl Settings {
    /// For one organization of the configured service.
    pub(crate) fn new(config: &Config, organization: &OrganizationId) -> Self {
        let service = Self::of_service(config);
        Self { base: format!("{}/v1/{organization}", service.base), ..service }
    }

    /// For what the service says to everybody: `base` is `<ApiUrl>`.
    pub(crate) fn of_service(config: &Config) -> Self {
        let url = &config.api_url;
        let proxy = config.proxy.for_host(url.scheme(), url.host());
        let proxy = proxy.map(|proxy| proxy.map(ProxySettings::new));
        Self {
            base: url.as_str().to_owned(),
            https: url.is_https(),
            service: NextHop { host: url.host().to_owned(), port: url.port() },
            proxy,
            system_roots: config.system_roots.clone(),
            tls_ca_certificate: config.tls_ca_certificate.clone(),
            tls_client: config.client_identity(),
            tls_server_keys: config.tls_server_keys.clone(),
            connect_time: Limits::new(config).connect(),
            seen: None,
        }
    }

    /// Whether the token may not leave this machine: plain http.
    pub(crate) fn is_local(&self) -> bool {
        !self.https && matches!(self.proxy, Ok(None))
    }

    /// The host whose name has to be resolved: behind a proxy that is the proxy's; the service's may be known to the
    /// proxy alone.
    pub(crate) fn next_hop(&self) -> NextHop {
        let proxy = self.proxy.as_ref().ok().and_then(Option::as_ref);
        proxy.map_or(&self.service, |proxy| &proxy.hop).clone()
    }
}

impl ProxySettings {
    fn new(proxy: &ProxyUrl) -> Self {
        Self {
            url: proxy.as_str().to_owned(),
            hop: NextHop { host: proxy.host().to_owned(), port: proxy.port() },
            user_info: proxy.user_info().cloned(),
        }
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
