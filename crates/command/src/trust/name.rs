//! Names: of images as a pattern, of policies as Kubernetes has them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::digest::hex;

/// Longest DNS label (RFC 1123 §2.1), which Kyverno allows for the name of a policy.
const LABEL_MAX: usize = 63;

/// Which images: a name with its registry, and `*` or `?` in it as the admission controller reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImagePattern(String);

impl ImagePattern {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ImagePattern {
    type Err = String;

    /// A registry is asked for: what stands for none differs between the controllers (`docker.io`, `index.docker.io`).
    fn from_str(text: &str) -> Result<Self, String> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || "._-/:@*?".contains(c);
        if let Some(other) = text.chars().find(|c| !is_known(*c)) {
            return Err(format!("{other:?} is in no image's name and is no wildcard"));
        }
        let (registry, _) = text.split_once('/').unwrap_or((text, ""));
        let is_all = !text.is_empty() && text.chars().all(|c| c == '*');
        let is_host = registry.contains(['.', ':', '*']) || registry == "localhost";
        if is_all || (is_host && registry.len() < text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err("a pattern begins with the registry, for example ghcr.io/acme/*".to_owned())
    }
}

/// A DNS label for a policy: `project--policy`. Two policies have two labels: where the slugs alone do not see to that, some
/// digits of a hash do, as whoever applies a second policy of the same name would replace the first.
pub(super) fn label(project: &str, policy: &str) -> String {
    let exact = format!("{project}--{policy}");
    let is_plain = |slug: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        slug.chars().all(allowed)
            && !slug.contains("--")
            && !slug.starts_with('-')
            && !slug.ends_with('-')
    };
    if is_plain(project) && is_plain(policy) && exact.len() <= LABEL_MAX {
        return exact;
    }
    let fitting = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let hash: String =
        hex(&Sha256::digest(format!("{project}/{policy}"))).chars().take(8).collect();
    let head: String = exact.chars().map(fitting).take(LABEL_MAX - 1 - hash.len()).collect();
    format!("{}-{hash}", head.trim_matches('-')).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_policy_has_a_label_that_says_its_name() {
        assert_eq!(label("web", "release-signing"), "web--release-signing");
        let shouted = label("Web_1", "Release");
        assert!(shouted.starts_with("web-1--release-"), "{shouted}");
    }

    #[test]
    fn policies_whose_names_look_alike_have_labels_of_their_own() {
        let names =
            [("a", "b-c"), ("a-b", "c"), ("a-", "b"), ("a", "-b"), ("A", "b-c"), ("a_b", "c")];
        let labels: HashSet<_> =
            names.iter().map(|(project, policy)| label(project, policy)).collect();
        assert_eq!(labels.len(), names.len(), "{labels:?}");
    }

    #[test]
    fn a_pattern_names_a_registry() {
        for text in [
            "ghcr.io/acme/*",
            "localhost/web",
            "localhost:5000/a/b:1.?",
            "*",
            "**",
            "*.example.com/x",
            "a.example/b@sha256:*",
        ] {
            assert_eq!(text.parse::<ImagePattern>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "alpine",
            "acme/*",
            "ghcr.io",
            "ghcr.io/a b",
            "ghcr.io/\"",
            "ghcr.io/é",
            "ghcr.io/$KEY",
            "ghcr.io/a\n",
        ] {
            assert!(text.parse::<ImagePattern>().is_err(), "{text:?}");
        }
    }

    proptest! {
        /// RFC 1123 §2.1, and Kubernetes' "DNS label".
        #[test]
        fn every_label_is_one_of_dns(project in "[A-Za-z0-9_-]{1,80}|[^/%?# ]{1,9}", policy in "[A-Za-z0-9_-]{1,80}") {
            let label = label(&project, &policy);
            let is_alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            prop_assert!(label.len() <= LABEL_MAX);
            prop_assert!(is_alphanumeric(label.chars().next()) && is_alphanumeric(label.chars().last()), "{label}");
            prop_assert!(label.chars().all(|c| c == '-' || is_alphanumeric(Some(c))), "{label}");
        }

        #[test]
        fn no_text_makes_a_pattern_panic(text: String) {
            text.parse::<ImagePattern>().ok();
        }
    }
}
