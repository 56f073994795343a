//! Requests to one registry: TLS or not, authorization, a few repetitions, bounded answers.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{Client, Method, Url};
use signpath_client::Token;
use tokio::runtime::{Builder, Runtime};

use crate::error::Error;
use crate::terminal;

use super::PlainHttp;
use super::authorization::{Given, basic, token_call};
use super::budget::{Budget, spent};
use super::call::{Answer, Call};
use super::challenge::Challenge;
use super::credentials::{self, Login};
use super::failure::{hidden, refused, unreachable};
use super::tls::{self, is_no_tls, is_trust};

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

pub(super) struct Transport {
    registry: String,
    base: Url,
    budget: Rc<Budget>,
    // Dropped before the runtime that its connections live on.
    http: Client,
    runtime: Runtime,
    login: Rc<LoginCell>,
    /// Not where plain http is what somebody on the way may have brought about.
    sends_login: bool,
    /// What was allowed so far, by scope.
    allowed: RefCell<BTreeMap<String, HeaderValue>>,
}

/// The login of a registry, once it has been looked for.
pub(super) type LoginCell = OnceCell<Option<Login>>;

impl Transport {
    /// `login` is that of all transports to this registry.
    pub(super) fn new(
        registry: &str,
        plain: &PlainHttp,
        budget: Rc<Budget>,
        login: Rc<LoginCell>,
    ) -> Result<Self, Error> {
        Ok(Self { login, ..Self::speaking(registry, plain, budget)? })
    }

    fn speaking(registry: &str, plain: &PlainHttp, budget: Rc<Budget>) -> Result<Self, Error> {
        let is_named = plain.registries.iter().any(|named| named.eq_ignore_ascii_case(registry));
        if is_named || is_loopback(registry) {
            return Self::over("http", registry, budget);
        }
        let secure = Self::over("https", registry, budget.clone())?;
        if plain.where_no_tls && secure.meets_no_tls() {
            terminal::warn(&format!(
                "{registry} does not speak TLS: it is spoken to without, and its login is not sent"
            ));
            return Ok(Self { sends_login: false, ..Self::over("http", registry, budget)? });
        }
        Ok(secure)
    }

    fn over(scheme: &str, registry: &str, budget: Rc<Budget>) -> Result<Self, Error> {
        let is_plain = scheme == "http";
        let base = Url::parse(&format!("{scheme}://{registry}/"))
            .map_err(|error| Error::usage(format!("{registry} is no registry")).because(error))?;
        let setup = |error: String| Error::failed("the connection cannot be set up").because(error);
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let builder = Client::builder()
            .tls_backend_preconfigured(tls::configuration(!is_plain)?)
            .https_only(!is_plain)
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT);
        // Proxies of the environment, as cosign has them; never for this machine.
        let builder = if is_loopback(registry) { builder.no_proxy() } else { builder };
        Ok(Self {
            registry: registry.to_owned(),
            base,
            budget,
            http: builder.build().map_err(|error| setup(error.without_url().to_string()))?,
            runtime: runtime.map_err(|error| setup(error.to_string()))?,
            login: Rc::default(),
            sends_login: true,
            allowed: RefCell::default(),
        })
    }

    /// Whether somebody is there who speaks something else than TLS.
    fn meets_no_tls(&self) -> bool {
        let call = Call::new(Method::GET, self.url("/v2/"), String::new());
        let ended = self.in_time(self.attempt(&call, None));
        matches!(ended, Err(Broken::Http(error)) if is_no_tls(&error))
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

    /// An answer that is none of those that help, in this registry's words.
    pub(super) fn refused(&self, asked: &str, answer: &Answer) -> Error {
        let error = refused(asked, answer, &self.registry, &self.secrets());
        match answer.status {
            401 | 403 if !self.sends_login => error.hint(format!(
                "its login is not sent without TLS, unless --http-registry {} allows that",
                self.registry
            )),
            _ => error,
        }
    }

    /// What was sent, and what was given for it: a registry may repeat it, and nobody should see it.
    fn secrets(&self) -> Vec<Token> {
        let login = self.login.get().and_then(Option::as_ref);
        let allowed = self.allowed.borrow();
        let given = allowed.values().filter_map(|header| header.to_str().ok()?.split_once(' '));
        let given = given.map(|(_, given)| Token::new(given.to_owned()));
        login.map(Login::secrets).unwrap_or_default().into_iter().chain(given).collect()
    }

    fn login(&self) -> Result<Option<&Login>, Error> {
        if !self.sends_login {
            return Ok(None);
        }
        if self.login.get().is_none() {
            let found = self.budget.spend(|left| credentials::find(&self.registry, left));
            self.login.set(found?).ok();
        }
        Ok(self.login.get().and_then(Option::as_ref))
    }

    /// The header that answers a challenge; `None` if there is nothing to answer with.
    fn authorize(
        &self,
        challenge: &Challenge,
        scope: &str,
        asked: &str,
    ) -> Result<Option<HeaderValue>, Error> {
        match (challenge, self.login()?) {
            (Challenge::Basic, Some(Login::Password { user, password })) => {
                Ok(Some(basic(user, password)?))
            }
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { realm, service }, login) => {
                let call = token_call(&self.base, realm, service.as_deref(), scope, login)?;
                let realm = hidden(realm, &self.secrets());
                let call = call.ok_or_else(|| {
                    Error::failed(format!("{} asks for a login at {realm:?}", self.registry))
                        .because("which is no address of https")
                })?;
                let answer = self.repeat(&call, None, asked)?;
                if answer.status != 200 {
                    return Err(self.refused(asked, &answer));
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
        let ended = self.in_time(self.attempts(call, authorization));
        ended.map_err(|broken| match broken {
            Broken::Http(error) => unreachable(asked, &self.registry, error),
            Broken::TooLate => spent(asked, &self.registry),
            Broken::TooLong => Error::failed(format!("{asked} failed"))
                .because(format!("the answer has more than {BODY_MAX} bytes")),
        })
    }

    fn in_time<T>(&self, exchange: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
        self.budget.spend(|left| {
            let ended = async { tokio::time::timeout(left, exchange).await };
            self.runtime.block_on(ended).unwrap_or(Err(Broken::TooLate))
        })
    }

    pub(super) fn pause(&self, time: Duration) {
        self.budget.spend(|left| std::thread::sleep(time.min(left)));
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
    /// The time for registries is over.
    TooLate,
}

/// Whether the traffic to a host, with or without a port, stays on this machine.
pub(super) fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests;
