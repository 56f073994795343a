//! When a failed call is sent again, and after how long: one table, one total budget, exponential backoff with full
//! jitter, `Retry-After` honoured and the jitter added to it. Pure but for the clock that is handed in.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use crate::config::Config;
use crate::error::{Error, Failure, Stop};

/// No pause is longer than this, but for what the service asks for beside it.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Less time than this is none: until a deadline that is so near no answer comes.
const MOMENT: Duration = Duration::from_millis(100);

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Reads; can be repeated without harm.
    Get,
    /// Makes a signature; a repetition may make a second one.
    HashSigning,
    /// Hands in a file: a repetition makes a second signing request, which people may have to approve.
    FileSubmission,
}

/// Why an attempt failed, in the groups of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing of the request was sent, or nothing of it was looked at.
    NotSent,
    /// Nothing was sent, as the proxy makes no connection.
    NoTunnel,
    /// No whole answer in time.
    TimeOut,
    /// The connection ended before the whole answer was there.
    LostAnswer,
    /// 429.
    TooManyRequests,
    /// 500.
    InternalError,
    /// 502, 504.
    Gateway,
    /// 503.
    Unavailable,
    /// The other 5xx.
    OtherServerError,
    /// Cannot succeed: other statuses, TLS, a wrong shape.
    Hopeless,
}

/// How often a call is sent again after a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// As long as there is time.
    Yes,
    /// One time in all, because the first attempt may have been carried out.
    Once,
    /// After the first attempt alone, because it will hardly be otherwise later.
    AtFirst,
    /// Not at all.
    No,
}

struct Row {
    cause: Cause,
    get: Repeat,
    hash_signing: Repeat,
    file_submission: Repeat,
}

const fn row(cause: Cause, get: Repeat, hash_signing: Repeat, file_submission: Repeat) -> Row {
    Row { cause, get, hash_signing, file_submission }
}

#[rustfmt::skip]
const TABLE: [Row; 10] = [
    row(Cause::NotSent,          Repeat::Yes, Repeat::Yes,  Repeat::Yes),
    row(Cause::NoTunnel,         Repeat::AtFirst, Repeat::AtFirst, Repeat::AtFirst),
    row(Cause::TimeOut,          Repeat::Yes, Repeat::Once, Repeat::No),
    row(Cause::LostAnswer,       Repeat::Yes, Repeat::Once, Repeat::No),
    row(Cause::TooManyRequests,  Repeat::Yes, Repeat::Yes,  Repeat::Yes),
    row(Cause::InternalError,    Repeat::Yes, Repeat::Once, Repeat::No),
    row(Cause::Gateway,          Repeat::Yes, Repeat::Yes,  Repeat::No),
    row(Cause::Unavailable,      Repeat::Yes, Repeat::Yes,  Repeat::Yes),
    row(Cause::OtherServerError, Repeat::Yes, Repeat::No,   Repeat::No),
    row(Cause::Hopeless,         Repeat::No,  Repeat::No,   Repeat::No),
];

/// The limits of one call, all its attempts taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Time for everything, pauses included.
    pub(crate) total: Duration,
    /// Time for one attempt.
    pub(crate) attempt: Duration,
    /// Longest first pause; it doubles from there.
    pub(crate) first_pause: Duration,
    /// How often a call is sent again at most.
    pub(crate) repetitions: Option<u32>,
    /// Whether the caller stops waiting before the configured total time is over.
    pub(crate) is_cut_short: bool,
}

/// The time that a call has taken, a way to wait, and chance.
pub(crate) trait Clock {
    /// Since the call began.
    fn elapsed(&self) -> Duration;
    /// Waits on the calling thread; other threads go on.
    fn wait(&self, pause: Duration);
    /// From 0 up to, but not including, 1.
    fn fraction(&self) -> f64;
}

/// The real clock.
pub(crate) struct Wall(Instant);

/// An attempt without a usable answer.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Its group in the table.
    pub(crate) cause: Cause,
    /// What is told if there is no other attempt.
    pub(crate) error: Box<Error>,
    /// `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
}

/// What comes after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt.
    Again {
        /// After this.
        pause: Duration,
        /// The failed one may have been carried out.
        possible_duplicate: bool,
    },
    /// The end.
    Stop(Stop),
}

/// What a decision is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    /// What was asked.
    pub(crate) call: Call,
    /// How it failed.
    pub(crate) cause: Cause,
    /// Attempts so far, this one included.
    pub(crate) attempts: u32,
    /// Whether the one repetition of [`Repeat::Once`] is used up.
    pub(crate) once_used: bool,
    /// Time since the call began.
    pub(crate) elapsed: Duration,
    /// `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    /// Chance, from 0 to 1.
    pub(crate) fraction: f64,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            total: config.total_timeout,
            attempt: config.request_timeout.min(config.total_timeout),
            first_pause: config.first_retry_delay,
            repetitions: config.retry_count,
            is_cut_short: false,
        }
    }

    /// No longer than `left` from now on, for a call that began `elapsed` ago.
    pub(crate) fn within(self, elapsed: Duration, left: Duration) -> Self {
        let end = elapsed.saturating_add(left);
        let (total, is_cut_short) = (self.total.min(end), end < self.total);
        Self { total, attempt: self.attempt.min(left), is_cut_short, ..self }
    }

    /// The time for one connection, TLS included: shorter than every attempt, so that a connection that cannot be made
    /// is told apart from an answer that does not come. The first can be repeated without a doubt.
    pub(crate) fn connect(&self) -> Duration {
        self.attempt / 3
    }

    /// Why nothing is sent any more in a call that has taken so long; `None` if there is time for an attempt.
    pub(crate) fn exhausted(&self, elapsed: Duration) -> Option<Stop> {
        let is_over = self.total.saturating_sub(elapsed) < self.least().max(self.moment());
        is_over.then(|| self.end())
    }

    /// Of a time that is configured, half is the least; what a caller leaves may be short, and is tried.
    fn moment(&self) -> Duration {
        if self.is_cut_short { MOMENT } else { Duration::ZERO }
    }

    /// What sets the end.
    fn end(&self) -> Stop {
        if self.is_cut_short { Stop::Deadline } else { Stop::Budget { total: self.total } }
    }

    /// The least time of an attempt. No other one is started when less is left.
    fn least(&self) -> Duration {
        self.attempt / 2
    }
}

/// Sends until it works, must not be sent again, or the time is over. `attempt` gets the time it may take: what is left,
/// but never so little that it could not succeed. `once_used` is that of all requests which may do the same thing: whether
/// the one repetition of [`Repeat::Once`] is used up.
///
/// # Errors
/// The last attempt's error, with the number of attempts and the reason to stop if there was more than one.
pub(crate) fn run<T>(
    call: Call,
    limits: &Limits,
    clock: &impl Clock,
    once_used: &Cell<bool>,
    mut attempt: impl FnMut(Duration) -> Result<T, Failed>,
) -> Result<T, Error> {
    let mut attempts = 0u32;
    loop {
        attempts = attempts.saturating_add(1);
        let left = limits.total.saturating_sub(clock.elapsed());
        let failed = match attempt(left.clamp(limits.least(), limits.attempt)) {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let next = decide(
            limits,
            Situation {
                call,
                cause: failed.cause,
                attempts,
                once_used: once_used.get(),
                elapsed: clock.elapsed(),
                retry_after: failed.retry_after,
                fraction: clock.fraction(),
            },
        );
        match next {
            Next::Stop(because) => {
                return Err(given_up(failed.error, attempts, clock.elapsed(), because));
            }
            Next::Again { pause, possible_duplicate } => {
                once_used.set(once_used.get() || possible_duplicate);
                announce(&failed.error, pause, possible_duplicate);
                clock.wait(pause);
            }
        }
    }
}

/// What comes after a failed attempt.
pub(crate) fn decide(limits: &Limits, now: Situation) -> Next {
    let repeat = repeat(now.call, now.cause);
    let allowed = match repeat {
        Repeat::Yes => true,
        Repeat::Once => !now.once_used,
        Repeat::AtFirst => now.attempts == 1,
        Repeat::No => false,
    };
    if !allowed {
        return Next::Stop(Stop::Final);
    }
    if limits.repetitions.is_some_and(|most| now.attempts > most) {
        return Next::Stop(Stop::Attempts);
    }
    let left = limits.total.saturating_sub(now.elapsed).saturating_sub(limits.least());
    let longest = backoff(limits.first_pause, now.attempts);
    let pause = match now.retry_after {
        Some(wanted) => wanted.saturating_add(after_wanted(wanted, longest, left, now.fraction)),
        None => jittered(longest, now.fraction),
    };
    if pause < left {
        return Next::Again { pause, possible_duplicate: repeat == Repeat::Once };
    }
    match now.retry_after {
        Some(wanted) if wanted >= left => Next::Stop(Stop::PauseTooLong { wanted }),
        _ => Next::Stop(limits.end()),
    }
}

/// The table's answer.
pub(crate) fn repeat(call: Call, cause: Cause) -> Repeat {
    let row = TABLE.iter().find(|row| row.cause == cause);
    row.map_or(Repeat::No, |row| match call {
        Call::Get => row.get,
        Call::HashSigning => row.hash_signing,
        Call::FileSubmission => row.file_submission,
    })
}

impl Cause {
    /// The group of a failure without an answer.
    pub(crate) fn of_failure(failure: Failure) -> Self {
        match failure {
            Failure::Lookup | Failure::Connect | Failure::NotTaken => Self::NotSent,
            Failure::Tunnel => Self::NoTunnel,
            Failure::Timeout => Self::TimeOut,
            Failure::Lost => Self::LostAnswer,
            Failure::Proxy
            | Failure::Trust
            | Failure::Pin
            | Failure::CertificateTime
            | Failure::CertificateName
            | Failure::Tls => Self::Hopeless,
        }
    }

    /// The group of an error status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            429 => Self::TooManyRequests,
            500 => Self::InternalError,
            502 | 504 => Self::Gateway,
            503 => Self::Unavailable,
            501..=599 => Self::OtherServerError,
            _ => Self::Hopeless,
        }
    }
}

impl Wall {
    /// The call begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Wall {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait(&self, pause: Duration) {
        std::thread::sleep(pause);
    }

    fn fraction(&self) -> f64 {
        // Without random numbers of the system the pauses are merely less spread.
        getrandom::u32().map_or(0.5, |random| f64::from(random) / (f64::from(u32::MAX) + 1.0))
    }
}

/// The longest pause after so many attempts.
fn backoff(first: Duration, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    first.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

fn jittered(longest: Duration, fraction: f64) -> Duration {
    longest.mul_f64(fraction.clamp(0.0, 1.0))
}

/// What is added to `Retry-After`: the service says the same to all whom it refuses in a moment, so that they would come back
/// in one moment as well. They are spread over as long a time again, as far as the total time goes.
fn after_wanted(wanted: Duration, longest: Duration, left: Duration, fraction: f64) -> Duration {
    let spread = longest.max(wanted.min(PAUSE_MAX));
    jittered(spread.min(left.saturating_sub(wanted)), fraction)
}

fn given_up(error: Box<Error>, attempts: u32, elapsed: Duration, because: Stop) -> Error {
    if attempts == 1 && because == Stop::Final {
        return *error;
    }
    Error::GaveUp { last: error, attempts, elapsed, because }
}

fn announce(error: &Error, pause: Duration, possible_duplicate: bool) {
    let seconds = pause.as_secs_f64();
    if possible_duplicate {
        warn!(
            "the request is sent again after {seconds:.1} s although it may have been carried out (a possible \
             duplicate): {error}"
        );
    } else {
        debug!("the request is sent again after {seconds:.1} s: {error}");
    }
}

#[cfg(test)]
mod tests;
