//! The signing policies that the token may use.

use signpath_client::Policy;

use super::check::Check;
use super::day;
use super::finding::Finding;

/// Certificates that end within so many days are worth a word.
const SOON: u64 = 30;

pub(super) fn findings(policies: &[Policy]) -> Vec<Finding> {
    let names: Vec<_> = policies.iter().map(Policy::name).collect();
    if names.is_empty() {
        let advice = "make the token's user a submitter of a signing policy in SignPath, or look at SIGNPATH_PROJECT_SLUG and SIGNPATH_SIGNING_POLICY_SLUG";
        let text = "this token may use no signing policy";
        return vec![Finding::error(Check::Policies, text, advice)];
    }
    let listed = Finding::ok(Check::Policies, names.join(", "));
    std::iter::once(listed).chain(policies.iter().filter_map(ending)).collect()
}

fn ending(policy: &Policy) -> Option<Finding> {
    let end = policy.certificate()?.end_date();
    let name = policy.name();
    let (text, advice) = if end < day::digits(0)? {
        let advice = "renew it in SignPath; the key changes with it";
        (format!("the certificate of {name} has expired"), advice)
    } else if end < day::digits(SOON)? {
        let advice = "renew it in SignPath, and give verifiers the new key";
        (format!("the certificate of {name} expires within {SOON} days"), advice)
    } else {
        return None;
    };
    Some(Finding::warning(Check::Policies, text, advice))
}
