//! Which credentials a C_Login stands for: (PIN, configuration) → credentials. Pure.

use signpath_client::{
    config::Config,
    secret::{Credentials, OrganizationId, Token, is_token},
};

use crate::error::{Error, Result};

/// The PIN that SignPath's own module documents for "use the configuration".
const CONFIG: &str = "CONFIG";

/// The credentials of a login, and where they come from.
#[derive(Debug, PartialEq)]
pub(super) enum Choice {
    Configured(Credentials),
    /// The PIN was none of the forms that mean something; the configuration has what is needed.
    ConfiguredInsteadOfPin(Credentials),
    Pin(Credentials),
}

/// | PIN | configured credentials | none |
/// | --- | --- | --- |
/// | NULL, empty, `CONFIG` | used | refused, with what to set |
/// | `organization:token` | wins; another organization than the slot's is refused | used |
/// | an organization and what is no token | refused | refused |
/// | anything else | used, with a warning | refused |
///
/// With a user name (C_LoginUser) that is the organization, the PIN is the token alone.
pub(super) fn choose(pin: &[u8], user_name: &[u8], config: &Config) -> Result<Choice> {
    choose_from(pin, user_name, config.credentials(), config.organization.as_ref())
}

fn choose_from(
    pin: &[u8],
    user_name: &[u8],
    configured: Option<Credentials>,
    organization: Option<&OrganizationId>,
) -> Result<Choice> {
    if let Some(credentials) = given(pin, user_name)? {
        return match organization {
            Some(own) if *own != credentials.organization => Err(refused(&format!(
                "the PIN is for organization {}, this slot for {own}",
                credentials.organization
            ))),
            _ => Ok(Choice::Pin(credentials)),
        };
    }
    let asks_for_configuration = pin.is_empty() || pin == CONFIG.as_bytes();
    match configured {
        Some(credentials) if asks_for_configuration => Ok(Choice::Configured(credentials)),
        Some(credentials) => Ok(Choice::ConfiguredInsteadOfPin(credentials)),
        None if asks_for_configuration => Err(refused(
            "there are no credentials: set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN, \
             or give `organization:token` as PIN",
        )),
        None => Err(refused("the PIN is not of the form `organization:token`")),
    }
}

/// The credentials that the caller gives, if it gives some.
fn given(pin: &[u8], user_name: &[u8]) -> Result<Option<Credentials>> {
    let text = std::str::from_utf8(pin).ok();
    if user_name.is_empty() {
        let credentials = text.and_then(Credentials::from_pin);
        return match credentials {
            None if names_an_organization(pin) => Err(refused(if pin.contains(&b' ') {
                "the PIN has a space in it: a `+` in a token has to be written `%2B` in a pkcs11 URI"
            } else {
                "the PIN names an organization, but what follows is no token: nothing but printable ASCII"
            })),
            credentials => Ok(credentials),
        };
    }
    let organization = std::str::from_utf8(user_name).ok().and_then(|name| name.parse().ok());
    let organization = organization
        .ok_or_else(|| refused("the user name is not the id of an organization, a UUID"))?;
    let token = text.filter(|token| is_token(token)).ok_or_else(|| {
        refused("with the organization's id as user name, the PIN is the API token alone")
    })?;
    Ok(Some(Credentials { organization, token: Token::new(token.to_owned()).into() }))
}

/// Whether a PIN is meant as `organization:token`: then nobody else's credentials may stand in for it.
fn names_an_organization(pin: &[u8]) -> bool {
    let name = pin.split(|byte| *byte == b':').next().filter(|name| name.len() < pin.len());
    let name = name.and_then(|name| std::str::from_utf8(name).ok());
    name.is_some_and(|name| name.parse::<OrganizationId>().is_ok())
}

fn refused(why: &str) -> Error {
    Error::PinIncorrect(format!("the login was refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "11111111-1111-4111-8111-111111111111";
    const OTHER: &str = "22222222-2222-4222-8222-222222222222";

    fn credentials(organization: &str, token: &str) -> Credentials {
        let organization = organization.parse().unwrap();
        Credentials { organization, token: Token::new(token.to_owned()).into() }
    }

    fn with_configuration(pin: &str) -> Result<Choice> {
        let own = credentials(OWN, "configured");
        choose_from(pin.as_bytes(), b"", Some(own.clone()), Some(&own.organization))
    }

    #[test]
    fn no_pin_and_config_mean_the_configuration() {
        for pin in ["", "CONFIG"] {
            let chosen = with_configuration(pin).unwrap();
            assert_eq!(chosen, Choice::Configured(credentials(OWN, "configured")));
            let refused = choose_from(pin.as_bytes(), b"", None, None).unwrap_err().to_string();
            assert!(refused.contains("SIGNPATH_API_TOKEN"), "{refused}");
        }
    }

    #[test]
    fn a_pin_with_a_token_wins_over_the_configuration() {
        let pin = format!("{OWN}:a+b/c");
        assert_eq!(with_configuration(&pin).unwrap(), Choice::Pin(credentials(OWN, "a+b/c")));
        let chosen = choose_from(pin.as_bytes(), b"", None, None).unwrap();
        assert_eq!(chosen, Choice::Pin(credentials(OWN, "a+b/c")));
    }

    #[test]
    fn a_pin_for_another_organization_is_refused() {
        let refused = with_configuration(&format!("{OTHER}:token")).unwrap_err();
        assert!(matches!(refused, Error::PinIncorrect(_)));
    }

    #[test]
    fn an_organization_without_a_token_still_decides_whose_slot_it_is() {
        let own = credentials(OWN, "").organization;
        let pin = format!("{OTHER}:token");
        assert!(choose_from(pin.as_bytes(), b"", None, Some(&own)).is_err());
    }

    #[test]
    fn another_pin_is_passed_over_where_the_configuration_has_credentials_and_refused_elsewhere() {
        let chosen = with_configuration("1234").unwrap();
        assert_eq!(chosen, Choice::ConfiguredInsteadOfPin(credentials(OWN, "configured")));
        assert!(choose_from(b"1234", b"", None, None).is_err());
        assert!(choose_from(b"\xff\xfe", b"", None, None).is_err());
    }

    #[test]
    fn a_pin_that_names_an_organization_never_becomes_another_login() {
        for (token, why) in [
            ("se cret", "%2B"),
            ("secret\n", "no token"),
            ("secret\0", "no token"),
            ("", "no token"),
        ] {
            let refused =
                [OWN, OTHER].map(|id| with_configuration(&format!("{id}:{token}")).unwrap_err());
            for text in refused.map(|error| error.to_string()) {
                assert!(text.contains(why) && !text.contains("cret"), "{token:?}: {text}");
            }
        }
        let pin = [OWN.as_bytes(), b":\xff"].concat();
        assert!(choose_from(&pin, b"", Some(credentials(OWN, "configured")), None).is_err());
    }

    #[test]
    fn a_space_where_a_plus_was_is_explained_and_the_token_is_not_shown() {
        let pin = format!("{OWN}:se cret");
        let refused = choose_from(pin.as_bytes(), b"", None, None).unwrap_err().to_string();
        assert!(refused.contains("%2B") && !refused.contains("cret"), "{refused}");
    }

    #[test]
    fn a_user_name_is_the_organization_and_the_pin_the_token() {
        let chosen = choose_from(b"a+b/c", OWN.as_bytes(), None, None).unwrap();
        assert_eq!(chosen, Choice::Pin(credentials(OWN, "a+b/c")));
        let own = credentials(OWN, "configured");
        for (pin, name) in [("token", OTHER), ("token", "ci"), ("", OWN), ("a b", OWN)] {
            let (pin, name) = (pin.as_bytes(), name.as_bytes());
            let refused = choose_from(pin, name, Some(own.clone()), Some(&own.organization));
            assert!(matches!(refused, Err(Error::PinIncorrect(_))), "{name:?}");
        }
    }
}
