//! Which way a request takes, and what decided it.

use super::{Bypass, Proxy, ProxyUrl, is_loopback, unbracketed};
use crate::error::Error;

/// The way to a host. [`Proxy::route`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// To the host itself: it is this machine.
    ThisMachine,
    /// To the host itself: `no_proxy` has this entry.
    Bypassed(String),
    /// To the host itself: no proxy is set.
    NoProxySet,
    /// Through a proxy.
    Proxy {
        /// Its address.
        url: &'a ProxyUrl,
        /// The setting in [`crate::SETTINGS`] that names it.
        setting: &'static str,
    },
    /// The variable that holds has a value that cannot be used.
    Unusable(&'a Error),
}

impl Proxy {
    /// The way of a request to `host` (a name, or an address with or without brackets): through the proxy that
    /// [`Self::for_host`] chooses, or to the host itself.
    pub fn route(&self, scheme: &str, host: &str) -> Route<'_> {
        let host = unbracketed(host).trim_end_matches('.').to_ascii_lowercase();
        if is_loopback(&host) {
            return Route::ThisMachine;
        }
        if let Some(bypass) = self.bypass.iter().find(|bypass| bypass.covers(&host)) {
            return Route::Bypassed(bypass.to_string());
        }
        if let Some(url) = &self.configured {
            return Route::Proxy { url, setting: "HttpProxy" };
        }
        let https = self.https.as_ref().filter(|_| scheme == "https");
        let https = https.map(|variable| (variable, "https_proxy"));
        match https.or(self.http.as_ref().map(|variable| (variable, "http_proxy"))) {
            None => Route::NoProxySet,
            Some((Ok(url), setting)) => Route::Proxy { url, setting },
            Some((Err(error), _)) => Route::Unusable(error),
        }
    }
}

impl std::fmt::Display for Bypass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Domain(name) => f.write_str(name),
            Self::Range(address, bits) => write!(f, "{address}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bypass_list;
    use super::*;
    use crate::SETTINGS;

    #[test]
    fn a_route_says_what_decided_it() {
        let bypass = bypass_list("corp.example,10.0.0.0/8");
        let url: ProxyUrl = "p:1".parse().unwrap();
        let proxy = Proxy { https: Some(Ok(url.clone())), bypass, ..Proxy::default() };
        let bypassed = |entry: &str| Route::Bypassed(entry.to_owned());
        for (scheme, host, expected) in [
            ("https", "localhost", Route::ThisMachine),
            ("https", "x.corp.example", bypassed("corp.example")),
            ("https", "10.1.2.3", bypassed("10.0.0.0/8")),
            ("https", "x.example", Route::Proxy { url: &url, setting: "https_proxy" }),
            ("http", "x.example", Route::NoProxySet),
        ] {
            assert_eq!(proxy.route(scheme, host), expected, "{host}");
        }
        let all = Proxy { bypass: bypass_list("*"), ..proxy.clone() };
        assert_eq!(all.route("https", "x.example"), bypassed("*"));
    }

    #[test]
    fn the_settings_that_name_proxies_are_settings() {
        let url: ProxyUrl = "p:1".parse().unwrap();
        let [configured, https, http] = [0, 1, 2].map(|chosen| Proxy {
            configured: Some(url.clone()).filter(|_| chosen == 0),
            https: Some(Ok(url.clone())).filter(|_| chosen == 1),
            http: Some(Ok(url.clone())).filter(|_| chosen == 2),
            bypass: Vec::new(),
        });
        for proxy in [&configured, &https, &http] {
            let Route::Proxy { setting, .. } = proxy.route("https", "x.example") else {
                panic!("{proxy:?}");
            };
            assert!(SETTINGS.iter().any(|row| row.name() == setting), "{setting}");
        }
    }
}
