//! What answers a registry's challenge: a login as it is, or a token that it is exchanged for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use signpath_client::Token;

use crate::error::Error;

use super::credentials::Login;
use super::transport::Call;

/// The request for a token: by GET with a password or anonymously, by POST with an identity token.
pub(super) fn token_call(
    base: &Url,
    realm: &str,
    service: Option<&str>,
    scope: &str,
    login: Option<&Login>,
) -> Result<Call, Error> {
    let mut url = Url::parse(realm).ok().filter(|url| {
        url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http")
    });
    let mut url = url.take().ok_or_else(|| {
        Error::failed(format!("{} asks for a login at {realm:?}", base.authority()))
            .because("which is no address of https")
    })?;
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
            Ok(call.content(form.query().unwrap_or_default().as_bytes()))
        }
        login => {
            url.query_pairs_mut().extend_pairs(&fields);
            let call = Call::new(Method::GET, url, String::new());
            match login {
                Some(Login::Password { user, password }) => {
                    Ok(call.with_secret(AUTHORIZATION, basic(user, password)?))
                }
                _ => Ok(call),
            }
        }
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
            assert!(token_call(&base, realm, None, "s", None).is_err(), "{realm}");
        }
        let call = token_call(&base, "https://x/token?a=b", Some("y z"), "s", None).ok().unwrap();
        assert_eq!(call.url.as_str(), "https://x/token?a=b&scope=s&service=y+z");
    }

    #[test]
    fn an_identity_token_goes_into_a_form() {
        let base = Url::parse("https://ghcr.io/").unwrap();
        let login = Login::IdentityToken(Token::new("a+b".to_owned()));
        let call = token_call(&base, "https://x/token", None, "s", Some(&login)).ok().unwrap();
        let form = String::from_utf8(call.body).unwrap();
        assert_eq!(
            form,
            "scope=s&grant_type=refresh_token&client_id=signpath-cosign&refresh_token=a%2Bb"
        );
        assert_eq!((call.method, call.url.as_str()), (Method::POST, "https://x/token"));
    }
}
