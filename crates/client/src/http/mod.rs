//! The way to the service: one connection pool, driven by the threads that call. Not for the meaning of requests and
//! answers, and not for repetitions.
//!
//! Guards that the HTTP stack needs inside of somebody else's process, each in one place:
//! - a kept connection that the server has closed is noticed before it is used, and a dead one while it is waited on
//!   ([`engine`]);
//! - names are resolved by the calling thread, outside of the runtime ([`names`]);
//! - HTTP/2 is offered, ring is the provider, roots are read when the first https connection is made, and a server that
//!   refuses a client without a certificate is told apart from a lost connection ([`tls`]);
//! - no thread is started: the runtime has one thread's worth of scheduler and nothing that needs a pool ([`engine`]).
//!
//! Writing to a connection that the peer has closed raises SIGPIPE. Programs written in Rust ignore it; a C host does
//! not, and whoever calls this crate from one has to block the signal around the call.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tracing::debug;

use crate::error::{Error, Failure, ServiceMessage};
use crate::secret::Token;
use crate::wire::Request;

use self::engine::Engine;
use self::names::Names;

pub(crate) use self::settings::{NextHop, ProxySettings, Settings};
pub(crate) use self::tls::Seen;

mod engine;
mod exchange;
mod failure;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod names;
mod retry_after;
mod settings;
mod tls;

/// The connection to one service.
pub(crate) struct Transport {
    settings: Settings,
    names: Arc<Names>,
    engine: Mutex<Option<Arc<Engine>>>,
}

/// A whole answer with a status of success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    /// `Location` as it came: an address is taken from it, and never gone to.
    pub(crate) location: Option<String>,
    /// `Date`: the server's time when it answered.
    pub(crate) date: Option<SystemTime>,
}

/// Why there is no such answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing was sent: the settings cannot be used.
    Setup(Error),
    /// No whole answer.
    Exchange { failure: Failure, detail: String },
    /// An error status.
    Status { status: u16, message: ServiceMessage, retry_after: Option<Duration> },
    /// A redirection, and the host that it names.
    Redirect { status: u16, host: Option<String> },
    /// An answer of more bytes than are read.
    TooLong { max: usize },
}

impl Transport {
    /// Notes the settings. Reads nothing, resolves nothing, connects nowhere.
    pub(crate) fn new(settings: Settings) -> Self {
        let names = Names::of_system(settings.next_hop()).loopback_only(settings.is_local());
        Self { settings, names: Arc::new(names), engine: Mutex::new(None) }
    }

    /// One attempt: from connecting, where that is needed, to the last byte of the answer within `time`. Resolving the
    /// name comes on top; nothing can interrupt it. Without a token the request has no `Authorization`.
    pub(crate) fn send<'t>(
        &self,
        request: &Request,
        token: impl Into<Option<&'t Token>>,
        time: Duration,
    ) -> Result<Answer, Broken> {
        let start = Instant::now();
        let answered = self.attempt(request, token.into(), time);
        let (method, route) = (request.method(), &request.route);
        debug!("{method} {route}: {} in {} ms", outcome(&answered), start.elapsed().as_millis());
        if let Err(Broken::Exchange { failure: Failure::Connect, .. }) = &answered {
            self.names.forget();
        }
        answered.map_err(|broken| self.with_proxy(broken))
    }

    /// Where the proxy is at fault, its address says more than the HTTP stack's words.
    fn with_proxy(&self, broken: Broken) -> Broken {
        match (broken, &self.settings.proxy) {
            (
                Broken::Exchange { failure: failure @ (Failure::Proxy | Failure::Tunnel), .. },
                Ok(Some(proxy)),
            ) => Broken::Exchange { failure, detail: proxy.url.clone() },
            (broken, _) => broken,
        }
    }

    fn attempt(
        &self,
        request: &Request,
        token: Option<&Token>,
        time: Duration,
    ) -> Result<Answer, Broken> {
        #[cfg(feature = "fuzzing")]
        if let Some(answered) = crate::fuzzing::answered(request) {
            return answered;
        }
        let engine = self.engine()?;
        self.names.refresh(Instant::now())?;
        let _broken = LeftAfterAPanic { transport: self, engine: Arc::clone(&engine) };
        engine.exchange(request, token, time)
    }

    /// Made at the first request. The lock is held while certificates are read, never while waiting for the network.
    fn engine(&self) -> Result<Arc<Engine>, Broken> {
        let mut kept = self.engine.lock();
        if let Some(engine) = kept.as_ref() {
            return Ok(Arc::clone(engine));
        }
        let engine = Engine::new(&self.settings, &self.names).map_err(Broken::Setup)?;
        let engine = Arc::new(engine);
        *kept = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

/// While requests are made. The stack panics where its descriptors are no longer its own: a host, or a daemon in it, has closed
/// all that it does not know. It would panic for ever, so the next request makes a new one.
struct LeftAfterAPanic<'t> {
    transport: &'t Transport,
    engine: Arc<Engine>,
}

impl Drop for LeftAfterAPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let is_this = |kept: &mut Arc<Engine>| Arc::ptr_eq(kept, &self.engine);
            let engine = self.transport.engine.lock().take_if(is_this);
            // Never dropped: that would close descriptors which may be others' by now.
            Box::leak(Box::new(engine));
        }
    }
}

fn outcome(answered: &Result<Answer, Broken>) -> String {
    match answered {
        Ok(answer) => format!("answered with {} bytes", answer.body.len()),
        Err(Broken::Setup(_)) => "not sent".to_owned(),
        Err(Broken::Exchange { failure, .. }) => format!("failed ({failure:?})"),
        Err(Broken::Status { status, .. } | Broken::Redirect { status, .. }) => {
            format!("status {status}")
        }
        Err(Broken::TooLong { max }) => format!("answered with more than {max} bytes"),
    }
}

#[cfg(test)]
pub(crate) mod responder;
#[cfg(test)]
mod tests;
