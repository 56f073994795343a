//! Why a call was not repeated again, in words that name the setting.

use std::fmt;
use std::time::Duration;

/// Why a failed call was not repeated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// What failed like this cannot succeed, or must not be sent again.
    Final,
    /// What is left of the configured total time is too short for another attempt.
    Budget {
        /// `ServiceUnavailableTimeoutInSeconds`.
        total: Duration,
    },
    /// What is left until the caller stops waiting is too short for another attempt.
    Deadline,
    /// The configured number of repetitions is used up.
    Attempts,
    /// The service asks for a pause that is longer than the time that is left.
    PauseTooLong {
        /// `Retry-After`, as a duration.
        wanted: Duration,
    },
}

/// The settings that end a call, as both generations of the configuration have them in the environment.
const TOTAL_TIME: &str = "SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS";
const REPETITIONS: &str = "SIGNPATH_TIMEOUTS_RETRY_COUNT";

impl Stop {
    /// Attempts and time, and why there was no further attempt, in brackets.
    pub(super) fn after(
        self,
        f: &mut fmt::Formatter<'_>,
        attempts: u32,
        elapsed: Duration,
    ) -> fmt::Result {
        let plural = if attempts == 1 { "" } else { "s" };
        write!(f, " ({attempts} attempt{plural} in {:.1} s", elapsed.as_secs_f64())?;
        if self != Self::Final {
            f.write_str("; ")?;
            self.statement(f, "another one")?;
        }
        f.write_str(")")
    }

    /// Why there was no further attempt, as a clause; nothing where the failure itself says it.
    pub(super) fn statement(self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        match self {
            Self::Final => Ok(()),
            Self::Budget { total } => {
                write!(f, "no time is left for {what}: {TOTAL_TIME} is {} s", total.as_secs_f64())
            }
            Self::Deadline => {
                write!(f, "no time is left for {what} before the caller stops waiting")
            }
            Self::Attempts => write!(f, "{REPETITIONS} allows no more"),
            Self::PauseTooLong { wanted } => write!(
                f,
                "the service asks for a pause of {} s, longer than the time that is left",
                wanted.as_secs()
            ),
        }
    }
}
