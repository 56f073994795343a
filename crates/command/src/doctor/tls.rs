//! The server's certificate, and what it is judged by.

use signpath_client::{Certificate, Config};

use crate::error::Error;
use crate::keys::date;

use super::check::Check;
use super::day;
use super::finding::Finding;

/// The certificate that was shown, if any, and why there is no TLS with it, if there is none.
pub(super) fn finding(
    config: &Config,
    shown: Option<&Certificate>,
    broken: Option<&Error>,
) -> Finding {
    match broken {
        None if !config.api_url.is_https() => {
            Finding::ok(Check::Tls, "none: plain http, which stays on this machine")
        }
        None => {
            let shown = shown.map(described).unwrap_or_default();
            Finding::ok(Check::Tls, format!("{shown}trusted by {}", roots(config)))
        }
        Some(error) => {
            let found = Finding::of(Check::Tls, error);
            let Some(certificate) = shown else { return found };
            let text =
                format!("{}; {}judged by {}", found.text, described(certificate), roots(config));
            let found = Finding { text, ..found };
            let (from, to) = (certificate.start_date(), certificate.end_date());
            let is_in_time = is_in_time(from, to, day::days_since_1970());
            if is_in_time { found } else { found.advised(OUT_OF_TIME) }
        }
    }
}

const OUT_OF_TIME: &str =
    "check this machine's clock; if it is right, the server's owner has to renew the certificate";

fn described(certificate: &Certificate) -> String {
    let issuer = certificate.issuer_name().filter(|name| !name.is_empty());
    let issuer = issuer.unwrap_or_else(|| "somebody without a name".to_owned());
    let (from, to) = (date(certificate.start_date()), date(certificate.end_date()));
    format!("a certificate issued by {issuer}, valid from {from} to {to}, ")
}

fn is_in_time(from: [u8; 8], to: [u8; 8], today: u64) -> bool {
    day::digits(today).is_none_or(|today| from <= today && today <= to)
}

/// Those of the system are where the environment says, or in the usual places.
fn roots(config: &Config) -> String {
    let system = &config.system_roots;
    let file = system.file.iter().map(|path| format!("SSL_CERT_FILE ({})", path.display()));
    let folders = &system.directories;
    let folders = folders.iter().map(|path| format!("SSL_CERT_DIR ({})", path.display()));
    let mut places: Vec<_> = file.chain(folders).collect();
    if places.is_empty() {
        places.push("the system".to_owned());
    }
    let own = config.tls_ca_certificate.iter();
    places.extend(own.map(|path| format!("TlsCaCertificate ({})", path.display())));
    format!("the roots of {}", places.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_in_its_time_from_the_first_to_the_last_day() {
        // 2026-01-01.
        let today = 20_454;
        for (from, to, expected) in [
            (b"20260101", b"20260101", true),
            (b"20250101", b"20270101", true),
            (b"20260102", b"20270101", false),
            (b"20250101", b"20251231", false),
        ] {
            assert_eq!(is_in_time(*from, *to, today), expected, "{from:?} {to:?}");
        }
    }
}
