//! The runtime and the HTTP client that runs on it. Whoever calls drives the runtime; between calls nothing moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Url, redirect, retry};
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

use crate::error::{Error, Failure};
use crate::http::names::Names;
use crate::http::{Answer, Broken, ProxySettings, Settings, exchange, tls};
use crate::secret::Token;
use crate::wire::Request;

/// How long an unused connection is kept; shorter than servers keep theirs, long enough for the next of several images
/// that one program signs.
const IDLE: Duration = Duration::from_secs(20);

/// While an answer is waited for on HTTP/2: after so long without a byte the peer is asked whether it is there …
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(2);

/// … and has so long to say yes. Between requests it is not asked: nobody would hear the answer.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

const USER_AGENT: &str = concat!("signpath-pkcs11/", env!("CARGO_PKG_VERSION"));

/// The client stands first: it is dropped before the runtime that its connections live on.
pub(super) struct Engine {
    http: reqwest::Client,
    runtime: Runtime,
    /// What routes begin with.
    base: Url,
    /// Whether the server wants a client certificate.
    wish: tls::Wish,
    /// Whether it has answered, whatever it wants.
    has_answered: AtomicBool,
}

impl Engine {
    /// Reads certificates for https. Connects nowhere.
    pub(super) fn new(settings: &Settings, names: &Arc<Names>) -> Result<Self, Error> {
        let setup = |why: String| Error::Setup { why };
        let base = Url::parse(&settings.base)
            .map_err(|error| setup(format!("{} is not a URL: {error}", settings.base)))?;
        let mut tls = tls::configuration(settings)?;
        let wish = tls::Wish::noticed_under(&mut tls);
        // Not enable_all: nothing else is needed, and the rest may come to need threads.
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(|error| {
                setup(format!("the operating system gives no event queue: {error}"))
            })?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::clone(names))
            // The environment's proxies are the configuration's business.
            .no_proxy()
            .redirect(redirect::Policy::none())
            // What is sent again, and when, is the table's business.
            .retry(retry::never())
            .user_agent(USER_AGENT)
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_time)
            .pool_idle_timeout(IDLE)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .http2_keep_alive_while_idle(false);
        if let Some(settings) = settings.proxy.as_ref().map_err(Clone::clone)? {
            builder = builder.proxy(proxy(settings).map_err(setup)?);
        }
        let http = builder.build().map_err(|error| setup(error.without_url().to_string()))?;
        Ok(Self { http, runtime, base, wish, has_answered: AtomicBool::new(false) })
    }

    /// Sends and receives within `time`.
    pub(super) fn exchange(
        &self,
        request: &Request,
        token: Option<&Token>,
        time: Duration,
    ) -> Result<Answer, Broken> {
        let outgoing = exchange::outgoing(&self.http, &self.base, request, token)?;
        let answered = self.runtime.block_on(async {
            // The server may have closed a kept connection while nobody drove the runtime. One turn lets it look at
            // its sockets first; without it the request goes out on the dead connection and fails.
            tokio::task::yield_now().await;
            exchange::exchange(outgoing, request, token, time).await
        });
        match answered {
            Err(broken @ (Broken::Setup(_) | Broken::Exchange { .. })) => Err(self.refined(broken)),
            answer => {
                self.has_answered.store(true, Ordering::Relaxed);
                answer
            }
        }
    }

    /// A server that wants a client certificate, and has never answered without one, has refused the connection.
    fn refined(&self, broken: Broken) -> Broken {
        let has_answered = self.has_answered.load(Ordering::Relaxed);
        match broken {
            Broken::Exchange { failure: Failure::Lost, .. }
                if self.wish.is_there() && !has_answered =>
            {
                let detail = "the server asks for a client certificate, and ended the connection";
                Broken::Exchange { failure: Failure::Tls, detail: detail.to_owned() }
            }
            broken => broken,
        }
    }
}

fn proxy(settings: &ProxySettings) -> Result<reqwest::Proxy, String> {
    let proxy = reqwest::Proxy::all(&settings.url)
        .map_err(|error| format!("the proxy {} cannot be used: {error}", settings.url))?;
    let Some(user_info) = &settings.user_info else { return Ok(proxy) };
    // RFC 7617. Not by reqwest's own `basic_auth`, which makes a URL of it.
    let credentials = Zeroizing::new(STANDARD.encode(user_info.expose()));
    let value = exchange::secret_header(format!("Basic {}", *credentials));
    let value = value.ok_or_else(|| "the proxy's password is in no header".to_owned())?;
    Ok(proxy.custom_http_auth(value))
}
