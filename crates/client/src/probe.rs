//! The way to the service, tried without a token: for those who look for what is broken.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::certificate::Certificate;
use crate::client::failed;
use crate::config::{ApiUrl, Config};
use crate::error::{Error, shown};
use crate::http::{Answer, Seen, Settings, Transport};
use crate::retry::Call;
use crate::wire::{Body, Request};

/// Longest answer that is read: 64 KiB.
const ANSWER_MAX: usize = 64 << 10;

/// A look at the service from where this process is, by the same settings and the same TLS as every other request, but
/// with no credentials in it. Each call is one attempt.
pub struct Probe {
    transport: Transport,
    seen: Arc<Seen>,
    api_url: ApiUrl,
    time: Duration,
}

/// What an answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// How this machine's clock stands against the server's; `None` if the answer has no `Date`.
    pub clock: Option<ClockDifference>,
    /// The service's version, if that was asked for and given.
    pub version: Option<String>,
}

/// The least by which two clocks differ, as `Date` has whole seconds and the answer took its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockDifference {
    /// None that can be told.
    None,
    /// This machine's clock is behind by so much.
    Behind(Duration),
    /// This machine's clock is ahead by so much.
    Ahead(Duration),
}

#[derive(Deserialize)]
struct SystemInfo {
    version: Option<String>,
}

impl Probe {
    /// Notes the settings; reads no file and connects nowhere.
    pub fn new(config: &Config) -> Self {
        let seen = Arc::new(Seen::default());
        let settings = Settings { seen: Some(Arc::clone(&seen)), ..Settings::of_service(config) };
        Self {
            transport: Transport::new(settings),
            seen,
            api_url: config.api_url.clone(),
            time: config.request_timeout,
        }
    }

    /// Whether the service is there (`GET <ApiUrl>/healthz`).
    ///
    /// # Errors
    /// Everything that keeps an answer from coming, an error status among it.
    pub fn health(&self) -> Result<Reached, Error> {
        let (_, clock) = self.ask("/healthz", "asking for the health of")?;
        Ok(Reached { clock, version: None })
    }

    /// Which version it has (`GET <ApiUrl>/v1/Meta/SystemInfo`).
    ///
    /// # Errors
    /// As [`Self::health`]; an answer in another shape.
    pub fn version(&self) -> Result<Reached, Error> {
        let asking = "asking for the version of";
        let (answer, clock) = self.ask("/v1/Meta/SystemInfo", asking)?;
        let read = serde_json::from_slice::<SystemInfo>(&answer.body);
        let info = read.map_err(|error| Error::Answer {
            asked: format!("{asking} {}", self.api_url),
            why: error.to_string(),
        })?;
        Ok(Reached { clock, version: info.version.as_deref().map(shown) })
    }

    /// The certificate that the server showed, whether it was trusted or not. `None` before the first call, without
    /// https, if the handshake did not come so far, and if it cannot be read.
    pub fn certificate(&self) -> Option<Certificate> {
        Certificate::from_der(&self.seen.certificate()?).ok()
    }

    fn ask(
        &self,
        route: &'static str,
        asking: &str,
    ) -> Result<(Answer, Option<ClockDifference>), Error> {
        let request = Request {
            route: route.into(),
            query: Vec::new(),
            body: Body::None,
            call: Call::Get,
            answer_max: ANSWER_MAX,
        };
        let before = SystemTime::now();
        let answered = self.transport.send(&request, None, self.time);
        let answer = answered
            .map_err(|broken| *failed(broken, &format!("{asking} {}", self.api_url)).error)?;
        let clock = answer.date.map(|date| difference(before, date, SystemTime::now()));
        Ok((answer, clock))
    }
}

/// The server wrote `date`, cut to the second, between the two times of ours.
fn difference(before: SystemTime, date: SystemTime, after: SystemTime) -> ClockDifference {
    let end_of_second = date + Duration::from_secs(1);
    match (date.duration_since(after), before.duration_since(end_of_second)) {
        (Ok(behind), _) if !behind.is_zero() => ClockDifference::Behind(behind),
        (_, Ok(ahead)) if !ahead.is_zero() => ClockDifference::Ahead(ahead),
        _ => ClockDifference::None,
    }
}

#[cfg(test)]
mod tests;
