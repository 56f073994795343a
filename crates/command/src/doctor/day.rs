//! Days in UTC as certificates are compared by: the digits YYYYMMDD.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Today, in days after the first of January 1970; that day with a clock before it.
pub(super) fn days_since_1970() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() / SECONDS_PER_DAY)
}

/// The day so many days after the first of January 1970. `None` after the year 9999.
pub(super) fn digits(mut days: u64) -> Option<[u8; 8]> {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}{month:02}{:02}", days + 1).into_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d @SECONDS`.
        for (days, date) in [
            (0, "19700101"),
            (58, "19700228"),
            (59, "19700301"),
            (11_016, "20000229"),
            (20_453, "20251231"),
            (20_454, "20260101"),
            (47_540, "21000228"),
            (47_541, "21000301"),
        ] {
            assert_eq!(
                digits(days).as_ref().map(|digits| &digits[..]),
                Some(date.as_bytes()),
                "{days}"
            );
        }
    }
}
