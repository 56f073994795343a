//! The service's address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// SignPath's own service.
pub(super) const DEFAULT: &str = "https://app.signpath.io/Api";

/// The base of every route: an https URL, or an http URL of this machine, without user, query, fragment, and slash
/// at the end.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiUrl {
    text: String,
    host: String,
    port: u16,
    https: bool,
}

impl ApiUrl {
    /// The URL, without a slash at the end: routes begin with one.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Name or address of the host; IPv6 addresses without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, by default that of the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Default for ApiUrl {
    /// SignPath's own service.
    fn default() -> Self {
        let host = "app.signpath.io".to_owned();
        Self { text: DEFAULT.to_owned(), host, port: 443, https: true }
    }
}

impl FromStr for ApiUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(format!("it begins with {other}:")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("there is a user in it; the token is a setting of its own".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("there is a ? or # in it".to_owned());
        }
        let host = unbracketed(url.host_str().unwrap_or_default()).to_owned();
        if !https && !is_loopback(&host) {
            return Err(format!("plain http to {host} would show the token to the network"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), host, port, https })
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether the host is this machine: `localhost`, 127.0.0.0/8 or ::1.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = unbracketed(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

pub(super) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_its_text_says() {
        assert_eq!(DEFAULT.parse(), Ok(ApiUrl::default()));
    }

    #[test]
    fn slashes_at_the_end_are_ignored() {
        for text in
            ["https://sp.example/API", "https://sp.example/API/", "https://sp.example:443/API//"]
        {
            assert_eq!(text.parse::<ApiUrl>().unwrap().as_str(), "https://sp.example/API");
        }
        assert_eq!("https://sp.example".parse::<ApiUrl>().unwrap().as_str(), "https://sp.example");
    }

    #[test]
    fn http_is_for_this_machine_alone() {
        for (text, host, port) in [
            ("http://127.0.0.1:8420/Api", "127.0.0.1", 8420),
            ("http://127.9.9.9", "127.9.9.9", 80),
            ("http://[::1]:1/Api", "::1", 1),
            ("HTTP://LocalHost:8", "localhost", 8),
        ] {
            let url: ApiUrl = text.parse().unwrap();
            assert_eq!((url.host(), url.port(), url.scheme()), (host, port, "http"));
        }
        for text in [
            "http://example.com",
            "http://localhost.example.com",
            "http://128.0.0.1",
            "http://[::2]",
        ] {
            assert!(text.parse::<ApiUrl>().unwrap_err().contains("plain http"), "{text}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for (text, expected) in [
            ("ftp://example.com", "ftp:"),
            ("example.com/Api", "not a URL"),
            ("https://u@example.com", "user"),
            ("https://u:p@example.com", "user"),
            ("https://example.com/?a", "?"),
            ("https://example.com/#a", "#"),
            ("https://", "not a URL"),
            ("", "not a URL"),
        ] {
            let error = text.parse::<ApiUrl>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
