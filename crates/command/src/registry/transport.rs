//! Requests to one registry: TLS or not, authorization, a few repetitions, bounded answers.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Client, Method, Url};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};

use crate::error::Error;
use crate::image::Repository;

use super::PlainHttp;
use super::authorization::{Given, basic, token_call};
use super::challenge::Challenge;
use super::credentials::{self, Login};
use super::failure::{refused, unreachable};
use crate::terminal;

/// Longest body that is read; the specification lets registries refuse manifests over 4 MiB.
const BODY_MAX: usize = 8 << 20;

const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Attempts of one request, and the pauses between two.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// Answers of a registry, or of a proxy before it, that a later attempt may not get.
const BUSY: [u16; 4] = [429, 502, 503, 504];

const USER_AGENT: &str = concat!("signpath-cosign/", env!("CARGO_PKG_VERSION"));

/// What a request needs to be allowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Pull,
    PullPush,
}

impl Scope {
    pub(super) fn of(self, repository: &Repository) -> String {
        let actions = match self {
            Self::Pull => "pull",
            Self::PullPush => "pull,push",
        };
        format!("repository:{}:{actions}", repository.path())
    }
}

/// A request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    scope: String,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn new(method: Method, url: Url, scope: String) -> Self {
        Self { method, url, scope, headers: HeaderMap::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn with_secret(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn content(mut self, content: &[u8]) -> Self {
        self.body = content.to_vec();
        self
    }
}

/// A whole answer of any status.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}

pub(super) struct Transport {
    registry: String,
    base: Url,
    // Dropped before the runtime that its connections live on.
    http: Client,
    runtime: Runtime,
    login: OnceCell<Option<Login>>,
    /// What was allowed so far, by scope.
    allowed: RefCell<BTreeMap<String, HeaderValue>>,
}

impl Transport {
    pub(super) fn new(registry: &str, plain: PlainHttp) -> Result<Self, Error> {
        if is_loopback(registry) {
            return Self::over("http", registry);
        }
        let secure = Self::over("https", registry)?;
        // What one registry of several needs is nothing for the others, whose logins are at stake.
        if plain == PlainHttp::Everywhere && !secure.answers() {
            terminal::warn(&format!("{registry} does not speak https: it is spoken to without"));
            return Self::over("http", registry);
        }
        Ok(secure)
    }

    fn over(scheme: &str, registry: &str) -> Result<Self, Error> {
        let is_plain = scheme == "http";
        let base = Url::parse(&format!("{scheme}://{registry}/"))
            .map_err(|error| Error::usage(format!("{registry} is no registry")).because(error))?;
        let setup = |error: String| Error::failed("the connection cannot be set up").because(error);
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let builder = Client::builder()
            .tls_backend_preconfigured(tls(!is_plain)?)
            .https_only(!is_plain)
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT);
        // Proxies of the environment, as cosign has them; never for this machine.
        let builder = if is_loopback(registry) { builder.no_proxy() } else { builder };
        Ok(Self {
            registry: registry.to_owned(),
            base,
            http: builder.build().map_err(|error| setup(error.without_url().to_string()))?,
            runtime: runtime.map_err(|error| setup(error.to_string()))?,
            login: OnceCell::new(),
            allowed: RefCell::default(),
        })
    }

    /// Whether somebody is there who speaks this scheme, trusted or not. Nothing of a login is sent.
    fn answers(&self) -> bool {
        let call = Call::new(Method::GET, self.url("/v2/"), String::new());
        match self.runtime.block_on(self.attempt(&call, None)) {
            Err(Broken::Http(error)) => is_untrusted(&error) || !error.is_connect(),
            _ => true,
        }
    }

    /// A path of the registry. Repositories have no character that a URL does not.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Where the registry points to.
    pub(super) fn resolve(&self, location: &str) -> Result<Url, Error> {
        self.base.join(location).map_err(|error| {
            Error::failed(format!("{} points to a place that is none", self.registry))
                .because(error)
        })
    }

    /// Sends; on a 401 once more with what the registry asks for.
    pub(super) fn send(&self, call: Call, asked: &str) -> Result<Answer, Error> {
        let allowed = self.allowed.borrow().get(&call.scope).cloned();
        let answer = self.repeat(&call, allowed.as_ref(), asked)?;
        if answer.status != 401 || !self.is_ours(&call.url) {
            return Ok(answer);
        }
        let offered = answer.headers.get_all(WWW_AUTHENTICATE).iter();
        let challenge = Challenge::read(offered.filter_map(|header| header.to_str().ok()));
        let Some(challenge) = challenge else { return Ok(answer) };
        let Some(header) = self.authorize(&challenge, &call.scope, asked)? else {
            return Ok(answer);
        };
        let answer = self.repeat(&call, Some(&header), asked)?;
        self.allowed.borrow_mut().insert(call.scope, header);
        Ok(answer)
    }

    /// The header that answers a challenge; `None` if there is nothing to answer with.
    fn authorize(
        &self,
        challenge: &Challenge,
        scope: &str,
        asked: &str,
    ) -> Result<Option<HeaderValue>, Error> {
        let login = match self.login.get() {
            Some(login) => login,
            None => {
                let found = credentials::find(&self.registry)?;
                self.login.get_or_init(|| found)
            }
        };
        match (challenge, login) {
            (Challenge::Basic, Some(Login::Password { user, password })) => {
                Ok(Some(basic(user, password)?))
            }
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { realm, service }, login) => {
                let call =
                    token_call(&self.base, realm, service.as_deref(), scope, login.as_ref())?;
                let answer = self.repeat(&call, None, asked)?;
                if answer.status != 200 {
                    return Err(refused(asked, &answer, &self.registry));
                }
                match Given::header(&answer.body)? {
                    Some(header) => Ok(Some(header)),
                    None => Err(Error::failed(format!("{asked} failed"))
                        .because(format!("{realm} gave no token in a form that is known"))),
                }
            }
        }
    }

    fn repeat(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
        asked: &str,
    ) -> Result<Answer, Error> {
        let ended = self.runtime.block_on(self.attempts(call, authorization));
        ended.map_err(|broken| match broken {
            Broken::Http(error) => unreachable(asked, &self.registry, error),
            Broken::TooLong => Error::failed(format!("{asked} failed"))
                .because(format!("the answer has more than {BODY_MAX} bytes")),
        })
    }

    /// Repeats what may succeed a moment later. All that is sent may be sent twice.
    async fn attempts(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Broken> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            let ended = self.attempt(call, authorization).await;
            let wanted = match &ended {
                Ok(answer) if BUSY.contains(&answer.status) => answer.header(&RETRY_AFTER),
                Err(Broken::Http(error)) if error.is_connect() && !is_trust(error) => None,
                _ => return ended,
            };
            let wanted = wanted.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
            tokio::time::sleep(wanted.unwrap_or(pause).min(PAUSE_MAX)).await;
            pause = pause.saturating_mul(2);
        }
        self.attempt(call, authorization).await
    }

    async fn attempt(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Broken> {
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        request = request.headers(call.headers.clone()).body(call.body.clone());
        // What one host allows is nobody else's business.
        if let Some(header) = authorization.filter(|_| self.is_ours(&call.url)) {
            request = request.header(AUTHORIZATION, header.clone());
        }
        let mut response = request.send().await.map_err(Broken::Http)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Broken::Http)? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Broken::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    fn is_ours(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }
}

enum Broken {
    Http(reqwest::Error),
    TooLong,
}

/// Roots of the system, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
fn tls(is_needed: bool) -> Result<ClientConfig, Error> {
    let setup = |why: String| Error::failed("TLS cannot be set up").because(why);
    let mut roots = RootCertStore::empty();
    if is_needed {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(setup("this system has no root certificates".to_owned())
                .hint("install its package ca-certificates, or name a PEM file in SSL_CERT_FILE"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut configuration = builder
        .map_err(|error| setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

/// Repeating does not make a certificate trusted, nor a server speak TLS.
fn is_trust(error: &reqwest::Error) -> bool {
    is_untrusted(error) || format!("{error:?}").contains("InvalidContentType")
}

fn is_untrusted(error: &reqwest::Error) -> bool {
    format!("{error:?}").contains("InvalidCertificate")
}

/// Whether the traffic to a registry stays on this machine.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn plain_http_is_for_loopback_unless_it_is_allowed() {
        for (registry, plain, scheme) in [
            ("localhost", PlainHttp::Loopback, "http"),
            ("127.8.0.1:5000", PlainHttp::Loopback, "http"),
            ("[::1]:5000", PlainHttp::Loopback, "http"),
            ("localhost.example.com", PlainHttp::Loopback, "https"),
            ("10.0.0.1:5000", PlainHttp::Loopback, "https"),
            ("127.0.0.1.example.com", PlainHttp::Loopback, "https"),
            ("[::1]:5000", PlainHttp::Everywhere, "http"),
        ] {
            let transport = Transport::new(registry, plain).unwrap();
            assert_eq!(transport.url("/v2/").to_string(), format!("{scheme}://{registry}/v2/"));
        }
    }

    /// As a host that is asked by https first.
    #[test]
    fn a_server_without_tls_is_told_from_one_that_answers() {
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = plain.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for mut visitor in plain.incoming().flatten() {
                visitor.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
            }
        });
        assert!(!Transport::over("https", &address).unwrap().answers());
        assert!(Transport::over("http", &address).unwrap().answers());
    }
}
