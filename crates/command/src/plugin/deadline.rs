//! How long cosign waits. v2 kills a plugin that is still running then, v3 lets it finish and pushes nothing, so the plugin
//! has to be done earlier.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So long before cosign's own deadline the waiting for an approval ends: cosign asks for the public key again, and pushes.
pub(super) const SPARE_AFTER_WAITING: Duration = Duration::from_secs(15);

/// So long before it everything else ends, so that there is time to say why.
pub(super) const SPARE: Duration = Duration::from_secs(2);

/// The time that is left now until `spare` before the earliest deadline; `None` without one.
pub(super) fn time_left<'a>(
    deadlines: impl Iterator<Item = &'a str>,
    spare: Duration,
) -> Option<Duration> {
    let end = deadlines.filter_map(parse).min()?.checked_sub(spare)?;
    Some(end.duration_since(SystemTime::now()).unwrap_or_default())
}

/// RFC 3339, as Go writes it: `2026-04-01T02:47:00.123456789+02:00`.
fn parse(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let is_date =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(seconds - offset(zone)?).ok()?;
    Some(UNIX_EPOCH + Duration::from_secs(seconds) + nanoseconds(fraction)?)
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn nanoseconds(fraction: &str) -> Option<Duration> {
    number(fraction)?;
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().ok().map(Duration::from_nanos)
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let (sign, zone) = zone.strip_prefix('-').map_or((1, zone), |zone| (-1, zone));
    let (hours, minutes) = zone.trim_start_matches('+').split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar, whose year is taken to begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_deadline_of_go_is_read() {
        for (text, seconds, nanoseconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T12:00:00Z", 951_825_600, 0),
            ("2025-04-01T02:47:00Z", 1_743_475_620, 0),
            ("2025-04-01T04:47:00.5+02:00", 1_743_475_620, 500_000_000),
            ("2025-03-31T21:17:00.123456789-05:30", 1_743_475_620, 123_456_789),
        ] {
            let expected = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2025-04-01",
            "2025-13-01T00:00:00Z",
            "2025-04-01T24:00:00Z",
            "2025-04-01T00:00:00",
            "-1-1-1T1:1:1Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_earliest_counts_and_what_is_past_leaves_no_time() {
        assert_eq!(time_left([].into_iter(), SPARE), None);
        let texts = ["9999-01-01T00:00:00Z", "1970-01-02T00:00:00Z"];
        assert_eq!(time_left(texts.into_iter(), SPARE), Some(Duration::ZERO));
        assert!(
            time_left(texts.into_iter().take(1), SPARE).unwrap() > Duration::from_secs(1 << 30)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", time in "[0-9T:Z.+-]{0,40}") {
            parse(&text);
            parse(&time);
        }
    }
}
