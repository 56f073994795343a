//! Which request goes through which proxy.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;
use zeroize::Zeroizing;

use super::api_url::{is_loopback, unbracketed};
use crate::error::Error;
use crate::secret::{HIDDEN, Token};

pub use route::Route;

mod route;

/// The proxies that are set, and the hosts that are reached without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    pub(super) configured: Option<ProxyUrl>,
    /// With what is wrong with it, as the variable may be set for programs that know other proxies.
    pub(super) https: Option<Result<ProxyUrl, Error>>,
    /// As `https`.
    pub(super) http: Option<Result<ProxyUrl, Error>>,
    pub(super) bypass: Vec<Bypass>,
}

impl Proxy {
    /// The proxy for a request to `host` (a name, or an address with or without brackets), `None` to go there
    /// directly. For https it is `HttpProxy`, then `https_proxy`, then `http_proxy`; for http `HttpProxy`, then
    /// `http_proxy`. This machine and what `no_proxy` names are reached directly.
    ///
    /// # Errors
    /// [`Error::Setting`] if it is one of the variables that holds, and its value cannot be used.
    pub fn for_host(&self, scheme: &str, host: &str) -> Result<Option<&ProxyUrl>, Error> {
        match self.route(scheme, host) {
            Route::Proxy { url, .. } => Ok(Some(url)),
            Route::Unusable(error) => Err(error.clone()),
            Route::ThisMachine | Route::Bypassed(_) | Route::NoProxySet => Ok(None),
        }
    }
}

/// The address of an HTTP proxy. Shows itself without its user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    url: String,
    host: String,
    port: u16,
    user_info: Option<Token>,
}

impl ProxyUrl {
    /// `http://host:port`, without user and password.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Name or address of the proxy; IPv6 addresses without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `user:password` for `Proxy-Authorization: Basic`, percent-decoded, not yet Base64.
    pub fn user_info(&self) -> Option<&Token> {
        self.user_info.as_ref()
    }
}

impl FromStr for ProxyUrl {
    type Err = String;

    /// Reads `host:port` or `http://host:port`, either with `user:password@`. The port may be left out after
    /// `http://` (80).
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("only http:// proxies are supported".to_owned());
        }
        // The password is no business of the URL's, whose copies nobody wipes.
        let (user_info, address) = split_user_info(rest);
        let url = Url::parse(&format!("http://{address}"));
        let url = url.map_err(|error| format!("it is not a proxy ({error})"))?;
        let has_port = text.contains("://") || names_a_port(address);
        let port = url.port_or_known_default().filter(|port| has_port && *port != 0);
        let port = port.ok_or_else(|| "it has no port".to_owned())?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("there is something after the port".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            url: format!("http://{host}:{port}"),
            host: unbracketed(host).to_owned(),
            port,
            user_info: user_info.map(decoded).transpose()?,
        })
    }
}

/// `user:password` of an address without its scheme, as it is written, and the rest; `None` if both are empty.
fn split_user_info(rest: &str) -> (Option<&str>, &str) {
    let authority = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let at = rest.get(..authority).and_then(|authority| authority.rfind('@'));
    let split = at.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)));
    let Some((user_info, address)) = split else { return (None, rest) };
    (Some(user_info).filter(|text| !matches!(*text, "" | ":")), address)
}

/// Whether `host:port` has its port; the URL itself forgets a port 80.
fn names_a_port(address: &str) -> bool {
    let host = address.trim_end_matches('/');
    let port = host.rsplit(']').next().unwrap_or(host).rsplit_once(':');
    port.is_some_and(|(_, port)| !port.is_empty())
}

/// `user:password` without percent-encoding, the colon there also without a password.
fn decoded(user_info: &str) -> Result<Token, String> {
    // All of the room at once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(user_info.len() + 1));
    let mut rest = user_info.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = tail
            .first_chunk::<2>()
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    if !user_info.contains(':') {
        bytes.push(b':');
    }
    let text = str::from_utf8(&bytes).map_err(|_| "its user or password is not UTF-8")?;
    Ok(Token::new(text.to_owned()))
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user_info, self.url.strip_prefix("http://")) {
            (Some(_), Some(address)) => write!(f, "http://{HIDDEN}@{address}"),
            _ => f.write_str(&self.url),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One entry of `no_proxy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bypass {
    /// `*`
    All,
    /// This name and what is below it.
    Domain(String),
    /// An address, or the first bits of one.
    Range(IpAddr, u32),
}

/// Reads `no_proxy`. A port in an entry is ignored: the host is reached directly on every port. What is no entry is
/// taken as a name, which then matches nothing.
pub(super) fn bypass_list(text: &str) -> Vec<Bypass> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).map(Bypass::read).collect()
}

impl Bypass {
    fn read(entry: &str) -> Self {
        if entry == "*" {
            return Self::All;
        }
        let (address, bits) = entry.split_once('/').unwrap_or((entry, ""));
        if let Ok(address) = unbracketed(address).parse::<IpAddr>() {
            let all = if address.is_ipv4() { 32 } else { 128 };
            return Self::Range(address, bits.parse().map_or(all, |bits: u32| bits.min(all)));
        }
        let host = entry.rsplit_once(':').map_or(entry, |(host, _port)| host);
        if let Ok(address) = unbracketed(host).parse::<IpAddr>() {
            return Self::Range(address, if address.is_ipv4() { 32 } else { 128 });
        }
        let name = host.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
        Self::Domain(name.to_ascii_lowercase())
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(name) => host.strip_suffix(name.as_str()).is_some_and(|before| {
                !name.is_empty() && (before.is_empty() || before.ends_with('.'))
            }),
            Self::Range(address, bits) => {
                host.parse().is_ok_and(|host| same_bits(*address, host, *bits))
            }
        }
    }
}

/// Whether two addresses of one family have the first `bits` bits in common.
fn same_bits(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let (difference, length) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    difference.checked_shr(length - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxy(configured: &str, https: &str, http: &str, no_proxy: &str) -> Proxy {
        Proxy {
            configured: configured.parse().ok(),
            https: https.parse().ok().map(Ok),
            http: http.parse().ok().map(Ok),
            bypass: bypass_list(no_proxy),
        }
    }

    fn chosen(proxy: &Proxy, scheme: &str, host: &str) -> Option<String> {
        proxy.for_host(scheme, host).unwrap().map(|url| url.host().to_owned())
    }

    #[test]
    fn the_setting_wins_over_https_proxy_and_that_over_http_proxy() {
        let all = proxy("a:1", "b:1", "c:1", "");
        assert_eq!(chosen(&all, "https", "x.example").as_deref(), Some("a"));
        assert_eq!(chosen(&proxy("", "b:1", "c:1", ""), "https", "x").as_deref(), Some("b"));
        assert_eq!(chosen(&proxy("", "", "c:1", ""), "https", "x").as_deref(), Some("c"));
        assert_eq!(chosen(&proxy("", "b:1", "c:1", ""), "http", "x").as_deref(), Some("c"));
        assert_eq!(chosen(&proxy("", "b:1", "", ""), "http", "x"), None);
    }

    #[test]
    fn this_machine_is_reached_directly() {
        let proxy = proxy("a:1", "", "", "");
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"] {
            assert_eq!(chosen(&proxy, "https", host), None, "{host}");
        }
    }

    #[test]
    fn no_proxy_names_hosts_domains_and_ranges() {
        let list = "sp.example, .corp.example,*.star.example 10.0.0.0/8,192.168.1.7,fd00::/8 [2001:db8::1]:443,port.example:8443";
        let proxy = proxy("a:1", "", "", list);
        for host in [
            "sp.example",
            "SP.example.",
            "api.sp.example",
            "corp.example",
            "x.corp.example",
            "y.star.example",
            "10.200.3.4",
            "192.168.1.7",
            "fd12::1",
            "[fd12::1]",
            "2001:db8::1",
            "port.example",
        ] {
            assert_eq!(chosen(&proxy, "https", host), None, "{host}");
        }
        for host in
            ["notsp.example", "example", "11.0.0.1", "192.168.1.8", "fe00::1", "2001:db8::2"]
        {
            assert!(chosen(&proxy, "https", host).is_some(), "{host}");
        }
    }

    #[test]
    fn a_star_stands_for_every_host() {
        assert_eq!(chosen(&proxy("a:1", "", "", "*"), "https", "x.example"), None);
        assert_eq!(chosen(&proxy("a:1", "", "", "0.0.0.0/0"), "https", "8.8.8.8"), None);
        assert!(chosen(&proxy("a:1", "", "", ", ,."), "https", "x.example").is_some());
    }

    #[test]
    fn a_proxy_is_read_in_both_forms() {
        for (text, url, host, port) in [
            ("proxy:8080", "http://proxy:8080", "proxy", 8080),
            ("http://proxy:8080/", "http://proxy:8080", "proxy", 8080),
            ("proxy:80", "http://proxy:80", "proxy", 80),
            ("HTTP://proxy", "http://proxy:80", "proxy", 80),
            ("[::1]:3128", "http://[::1]:3128", "::1", 3128),
            ("u:p@proxy:1", "http://proxy:1", "proxy", 1),
        ] {
            let proxy: ProxyUrl = text.parse().unwrap();
            assert_eq!((proxy.as_str(), proxy.host(), proxy.port()), (url, host, port), "{text}");
        }
    }

    #[test]
    fn other_proxies_are_refused() {
        for text in [
            "proxy",
            "u:p@proxy",
            "[::1]",
            "socks5://p:1",
            "https://p:1",
            "p:1/path",
            "p:x",
            "p:0",
            ":1",
            "",
            "http://",
        ] {
            assert!(text.parse::<ProxyUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_password_of_a_proxy_is_never_shown() {
        let proxy: ProxyUrl = "http://us%65r:p%40ss@proxy:8080".parse().unwrap();
        assert_eq!(proxy.user_info().unwrap().expose(), "user:p@ss");
        assert_eq!(format!("{proxy} {proxy:?}"), "http://***@proxy:8080 http://***@proxy:8080");
    }

    proptest! {
        #[test]
        fn any_text_can_be_asked(list in ".*", host in ".*", url in ".*") {
            let proxy = proxy(&url, "", "b:1", &list);
            prop_assert!(proxy.for_host("https", &host).is_ok());
        }
    }
}
