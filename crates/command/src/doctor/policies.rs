//! The signing policies that the token may use.

use signpath_client::Policy;

use crate::service;

use super::check::Check;
use super::day;
use super::finding::{Finding, State};

/// Certificates that end within so many days are worth a word.
const SOON: u64 = 30;

/// Today is in days after the first of January 1970. None at all is no error: file-based requests need no list.
pub(super) fn findings(policies: &[Policy], today: u64) -> Vec<Finding> {
    let names: Vec<_> = policies.iter().map(Policy::name).collect();
    if names.is_empty() {
        return vec![Finding::warning(Check::Policies, service::NO_POLICY, service::WITHOUT_LIST)];
    }
    let listed = Finding::ok(Check::Policies, names.join(", "));
    let ending = policies
        .iter()
        .filter_map(|policy| ending(&policy.name(), policy.certificate()?.end_date(), today));
    std::iter::once(listed).chain(ending).collect()
}

/// Why there is no list. A refusal may just mean that the organization has no hash signing.
pub(super) fn unlisted(error: signpath_client::Error) -> Finding {
    let is_refusal = service::is_refusal(&error);
    let found = Finding::of(Check::Policies, &service::unlisted(error));
    Finding { state: if is_refusal { State::Warning } else { found.state }, ..found }
}

/// `None` for a certificate whose last day is far away.
fn ending(name: &str, end: [u8; 8], today: u64) -> Option<Finding> {
    let (text, advice) = if end < day::digits(today)? {
        let advice = "renew it in SignPath; the key changes with it";
        (format!("the certificate of {name} has expired"), advice)
    } else if end < day::digits(today + SOON)? {
        let advice = "renew it in SignPath, and give verifiers the new key";
        (format!("the certificate of {name} expires within {SOON} days"), advice)
    } else {
        return None;
    };
    Some(Finding::warning(Check::Policies, text, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_has_ended_or_soon_will_is_a_warning() {
        // 2026-01-01.
        let today = 20_454;
        for (end, said) in [
            (b"20251231", Some("the certificate of p/s has expired")),
            (b"20260101", Some("the certificate of p/s expires within 30 days")),
            (b"20260130", Some("expires within 30 days")),
            (b"20260131", None),
            (b"20270101", None),
        ] {
            let found = ending("p/s", *end, today);
            assert_eq!(found.is_some(), said.is_some(), "{found:?}");
            let (Some(found), Some(said)) = (found, said) else { continue };
            assert_eq!(found.state, State::Warning);
            assert!(found.text.contains(said), "{}", found.text);
            assert!(found.advice.is_some_and(|advice| advice.contains("renew it in SignPath")));
        }
    }
}
