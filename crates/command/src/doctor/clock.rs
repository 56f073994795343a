//! This machine's clock against the service's.

use std::time::Duration;

use signpath_client::probe::ClockDifference;

use super::check::Check;
use super::finding::Finding;

/// A difference that breaks something sooner or later.
const WARNING: Duration = Duration::from_secs(60);

/// One that breaks certificates and tokens for certain.
const ERROR: Duration = Duration::from_secs(86_400);

const ADVICE: &str = "set this machine's clock (NTP): with a wrong one certificates seem expired or not yet valid, tokens and \
     logins of registries are refused, and times in attestations are wrong";

/// The units that a difference is shown in: seconds in one, and its name.
const UNITS: [(u64, &str); 4] =
    [(86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds")];

/// `None`: no answer has told the server's time.
pub(super) fn finding(difference: Option<ClockDifference>) -> Finding {
    let (by, side) = match difference {
        None => return Finding::skipped(Check::Clock, "not known, as the answer has no Date"),
        Some(ClockDifference::None) => (Duration::ZERO, ""),
        Some(ClockDifference::Behind(by)) => (by, "behind"),
        Some(ClockDifference::Ahead(by)) => (by, "ahead of"),
    };
    if by < Duration::from_secs(1) {
        return Finding::ok(Check::Clock, "it agrees with the service's to the second");
    }
    let text = format!("this machine's is {} {side} the service's", shown(by));
    if by >= ERROR {
        Finding::error(Check::Clock, text, ADVICE)
    } else if by >= WARNING {
        Finding::warning(Check::Clock, text, ADVICE)
    } else {
        Finding::ok(Check::Clock, text)
    }
}

/// In the largest unit of which there are two at least.
fn shown(by: Duration) -> String {
    let seconds = by.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds >= 2 * length);
    let (length, name) = unit.copied().unwrap_or((1, "second"));
    format!("{} {name}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_difference_matters_by_its_size() {
        use ClockDifference::{Ahead, Behind};
        let seconds = Duration::from_secs;
        for (difference, state, said) in [
            (None, State::Skipped, "no Date"),
            (Some(ClockDifference::None), State::Ok, "to the second"),
            (Some(Behind(Duration::from_millis(900))), State::Ok, "to the second"),
            (Some(Behind(seconds(1))), State::Ok, "is 1 second behind"),
            (Some(Ahead(seconds(59))), State::Ok, "59 seconds ahead of"),
            (Some(Ahead(seconds(60))), State::Warning, "60 seconds"),
            (Some(Behind(seconds(150))), State::Warning, "2 minutes behind"),
            (Some(Behind(seconds(86_399))), State::Warning, "23 hours"),
            (Some(Behind(seconds(86_400))), State::Error, "24 hours behind"),
            (Some(Ahead(seconds(400 * 86_400))), State::Error, "400 days ahead of"),
        ] {
            let found = finding(difference);
            assert_eq!(found.state, state, "{difference:?}");
            assert!(found.text.contains(said), "{}", found.text);
        }
    }
}
