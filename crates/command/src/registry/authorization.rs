//! What answers a registry's challenge: a login as it is, or a token that it is exchanged for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use signpath_client::Token;

use crate::error::Error;

use super::call::Call;
use super::credentials::Login;
use super::transport::is_loopback;

/// The request for a token: by GET with a password or anonymously, by POST with an identity token. `None` if the registry
/// names a place where none is asked for.
pub(super) fn token_call(
    base: &Url,
    realm: &str,
    service: Option<&str>,
    scope: &str,
    login: Option<&Login>,
) -> Result<Option<Call>, Error> {
    let url = Url::parse(realm).ok().filter(|url| may_be_asked(url, base, login.is_some()));
    let Some(mut url) = url else { return Ok(None) };
    let mut fields = vec![("scope", scope)];
    fields.extend(service.map(|service| ("service", service)));
    match login {
        Some(Login::IdentityToken(token)) => {
            fields.extend([
                ("grant_type", "refresh_token"),
                ("client_id", "signpath-cosign"),
                ("refresh_token", token.expose()),
            ]);
            let mut form = base.clone();
            form.query_pairs_mut().clear().extend_pairs(&fields);
            let call = Call::new(Method::POST, url, String::new());
            let call = call.with(CONTENT_TYPE, "application/x-www-form-urlencoded");
            Ok(Some(call.content(form.query().unwrap_or_default().as_bytes())))
        }
        login => {
            url.query_pairs_mut().extend_pairs(&fields);
            let call = Call::new(Method::GET, url, String::new());
            match login {
                Some(Login::Password { user, password }) => {
                    Ok(Some(call.with_secret(AUTHORIZATION, basic(user, password)?)))
                }
                _ => Ok(Some(call)),
            }
        }
    }
}

/// By plain http only if the registry is spoken to so; a login goes then to that very host, or stays on this machine.
fn may_be_asked(url: &Url, base: &Url, has_login: bool) -> bool {
    let is_near = url.origin() == base.origin() || url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" => true,
        "http" => base.scheme() == "http" && (is_near || !has_login),
        _ => false,
    }
}

/// The answer of a token service.
#[derive(Deserialize)]
pub(super) struct Given {
    token: Option<String>,
    access_token: Option<String>,
}

pub(super) fn basic(user: &str, password: &Token) -> Result<HeaderValue, Error> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))))
}

fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::failed("the registry's token cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl Given {
    /// The header of a token service's answer; `None` if it holds no token.
    pub(super) fn header(answer: &[u8]) -> Result<Option<HeaderValue>, Error> {
        let given = serde_json::from_slice::<Self>(answer).ok();
        let token = given.and_then(|given| given.token.or(given.access_token));
        token.map(|token| sensitive(&format!("Bearer {token}"))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_not_sent_to_a_token_service_without_tls() {
        let base = Url::parse("https://ghcr.io/").unwrap();
        for realm in ["http://ghcr.io/token", "ftp://ghcr.io", "nonsense"] {
            assert!(matches!(token_call(&base, realm, None, "s", None), Ok(None)), "{realm}");
        }
        let call = token_call(&base, "https://x/token?a=b", Some("y z"), "s", None);
        let call = call.ok().flatten().unwrap();
        assert_eq!(call.url.as_str(), "https://x/token?a=b&scope=s&service=y+z");
    }

    #[test]
    fn over_plain_http_a_login_goes_to_the_registry_s_own_host_alone() {
        let login = Login::IdentityToken(Token::new("a+b".to_owned()));
        for (base, realm, is_safe) in [
            ("http://r.example:5000/", "http://r.example:5000/token", true),
            ("http://r.example:5000/", "http://r.example/token", false),
            ("http://r.example:5000/", "http://other.example/token", false),
            ("http://127.0.0.1:5000/", "http://other.example/token", false),
            ("http://127.0.0.1:5000/", "http://[::1]:5001/token", true),
            ("http://127.0.0.1:5000/", "https://other.example/token", true),
        ] {
            let base = Url::parse(base).unwrap();
            let asked = |login| matches!(token_call(&base, realm, None, "s", login), Ok(Some(_)));
            assert_eq!(asked(Some(&login)), is_safe, "{realm}");
            assert!(asked(None), "{realm}");
        }
    }

    #[test]
    fn an_identity_token_goes_into_a_form() {
        let base = Url::parse("https://ghcr.io/").unwrap();
        let login = Login::IdentityToken(Token::new("a+b".to_owned()));
        let call = token_call(&base, "https://x/token", None, "s", Some(&login));
        let call = call.ok().flatten().unwrap();
        let form = String::from_utf8(call.body).unwrap();
        assert_eq!(
            form,
            "scope=s&grant_type=refresh_token&client_id=signpath-cosign&refresh_token=a%2Bb"
        );
        assert_eq!((call.method, call.url.as_str()), (Method::POST, "https://x/token"));
    }
}
