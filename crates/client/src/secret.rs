//! What may not be seen: the API token, where it comes from, the credentials that hold it, and [`redact()`], the last net
//! under every line that is written anywhere.

mod command;
pub(crate) mod file;
mod redact;
mod source;

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

pub use command::{COMMAND_TIME, TokenCommand};
pub use redact::{HIDDEN, redact};
pub(crate) use redact::{without_token, without_tokens};
pub use source::TokenSource;

/// An API token of SignPath. Shows itself as `***` and is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// The token with exactly this text.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text, for the one header that carries it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// The id of an organization at SignPath: a UUID, kept in lower case with hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(String);

/// The text is not a UUID of the form `8-4-4-4-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAUuid;

impl OrganizationId {
    /// The id as it stands in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationId {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        // Uuid also reads forms that no PIN and no URL of SignPath has: bare, in braces, as an URN.
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(NotAUuid);
        }
        let id = Uuid::try_parse(text).map_err(|_| NotAUuid)?;
        Ok(Self(id.hyphenated().to_string()))
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NotAUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a UUID such as 94b2c3d4-0000-4000-8000-aabbccddeeff")
    }
}

impl std::error::Error for NotAUuid {}

/// Who asks: an organization and the token of one of its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The organization whose keys are used.
    pub organization: OrganizationId,
    /// Where the token of a user comes from who may submit signing requests there.
    pub token: TokenSource,
}

impl Credentials {
    /// Reads `organization:token`, as a PIN carries it. The token is taken literally: nothing is decoded, and
    /// neither `file:` nor another prefix means anything. `None` if the text has not this form or the token
    /// cannot stand in a header (see [`is_token`]).
    pub fn from_pin(pin: &str) -> Option<Self> {
        let (organization, token) = pin.split_once(':')?;
        let organization = organization.parse().ok()?;
        is_token(token).then(|| Self { organization, token: Token::new(token.to_owned()).into() })
    }
}

/// What to say of a text that cannot be one.
pub(crate) const NOT_A_TOKEN: &str = "a token has no spaces and nothing but printable ASCII";

/// Whether a text can be a token: printable ASCII without spaces (RFC 6750, section 2.1, is stricter still).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

    #[test]
    fn a_token_never_shows_itself() {
        let credentials = Credentials::from_pin(&format!("{ID}:AIk+65/yl")).unwrap();
        let token = credentials.token.known().unwrap();
        assert_eq!(token.expose(), "AIk+65/yl");
        let shown = format!("{credentials:?} {token} {token:#?}");
        assert!(!shown.contains("AIk"), "{shown}");
        assert!(shown.contains("***"));
    }

    #[test]
    fn an_organization_is_kept_in_lower_case() {
        let id: OrganizationId = ID.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), ID);
        assert_eq!(id, ID.parse().unwrap());
    }

    #[test]
    fn other_forms_of_a_uuid_are_not_an_organization() {
        let bare = ID.replace('-', "");
        for text in [
            bare.as_str(),
            "",
            "urn:uuid:x",
            &format!("{{{ID}}}"),
            "{94b2c3d4-0000-4000-8000-aabbccddee}",
        ] {
            assert_eq!(text.parse::<OrganizationId>(), Err(NotAUuid), "{text}");
        }
    }

    #[test]
    fn a_pin_is_literal() {
        for token in ["file:/etc/passwd", "exec:id", "a:b", "x%2By", "+/="] {
            let credentials = Credentials::from_pin(&format!("{ID}:{token}")).unwrap();
            assert_eq!(credentials.token.known().unwrap().expose(), token);
        }
    }

    #[test]
    fn a_pin_of_another_form_is_no_credentials() {
        for pin in [
            "",
            "CONFIG",
            ID,
            "x:token",
            &format!("{ID}:"),
            &format!("{ID}:a b"),
            &format!(" {ID}:a"),
        ] {
            assert_eq!(Credentials::from_pin(pin), None, "{pin}");
        }
    }
}
