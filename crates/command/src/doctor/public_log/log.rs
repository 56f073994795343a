//! The addresses of logs.

use signpath_client::secret::redact;

/// The host of cosign's own value of `--rekor-url`.
const PUBLIC: &str = "rekor.sigstore.dev";

/// Whether it is Sigstore's public log, however its address is written.
pub(super) fn is_public(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    host.trim_end_matches('.').eq_ignore_ascii_case(PUBLIC)
}

/// Without a user's name and password.
pub(super) fn shown(url: &str) -> String {
    redact(url, &[])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_public_log_is_known_by_its_host() {
        for (url, expected) in [
            ("https://rekor.sigstore.dev", true),
            ("https://rekor.sigstore.dev/", true),
            ("https://rekor.sigstore.dev:443", true),
            ("https://user:word@Rekor.Sigstore.dev./api?x", true),
            ("rekor.sigstore.dev", true),
            ("https://rekor.sigstore.dev.example", false),
            ("https://log.example/rekor.sigstore.dev", false),
            ("https://rekor.sigstore.dev@log.example", false),
            ("", false),
        ] {
            assert_eq!(is_public(url), expected, "{url}");
        }
    }

    #[test]
    fn user_and_password_are_not_shown() {
        let shown = shown("https://user:w0rd@log.example/x");
        assert!(shown.contains("log.example/x"), "{shown}");
        assert!(!shown.contains("w0rd") && !shown.contains("user"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(url: String) {
            is_public(&url);
            shown(&url);
        }
    }
}
