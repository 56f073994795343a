//! Which credentials a C_Login stands for: (PIN, configuration) → credentials. Pure.

use signpath_client::secret::{Credentials, OrganizationId};

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
/// | anything else | used, with a warning | refused |
pub(super) fn choose(
    pin: &[u8],
    configured: Option<Credentials>,
    organization: Option<&OrganizationId>,
) -> Result<Choice> {
    let text = std::str::from_utf8(pin).ok();
    if let Some(credentials) = text.and_then(Credentials::from_pin) {
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
        None if pin.contains(&b' ') => Err(refused(
            "the PIN has a space in it: a `+` in a token has to be written `%2B` in a pkcs11 URI",
        )),
        None => Err(refused("the PIN is not of the form `organization:token`")),
    }
}

fn refused(why: &str) -> Error {
    Error::PinIncorrect(format!("the login was refused: {why}"))
}

#[cfg(test)]
mod tests {
    use signpath_client::secret::Token;

    use super::*;

    const OWN: &str = "11111111-1111-4111-8111-111111111111";
    const OTHER: &str = "22222222-2222-4222-8222-222222222222";

    fn credentials(organization: &str, token: &str) -> Credentials {
        let organization = organization.parse().unwrap();
        Credentials { organization, token: Token::new(token.to_owned()) }
    }

    fn with_configuration(pin: &str) -> Result<Choice> {
        let own = credentials(OWN, "configured");
        choose(pin.as_bytes(), Some(own.clone()), Some(&own.organization))
    }

    #[test]
    fn no_pin_and_config_mean_the_configuration() {
        for pin in ["", "CONFIG"] {
            let chosen = with_configuration(pin).unwrap();
            assert_eq!(chosen, Choice::Configured(credentials(OWN, "configured")));
            let refused = choose(pin.as_bytes(), None, None).unwrap_err().to_string();
            assert!(refused.contains("SIGNPATH_API_TOKEN"), "{refused}");
        }
    }

    #[test]
    fn a_pin_with_a_token_wins_over_the_configuration() {
        let pin = format!("{OWN}:a+b/c");
        assert_eq!(with_configuration(&pin).unwrap(), Choice::Pin(credentials(OWN, "a+b/c")));
        let chosen = choose(pin.as_bytes(), None, None).unwrap();
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
        assert!(choose(pin.as_bytes(), None, Some(&own)).is_err());
    }

    #[test]
    fn another_pin_is_passed_over_where_the_configuration_has_credentials_and_refused_elsewhere() {
        let chosen = with_configuration("1234").unwrap();
        assert_eq!(chosen, Choice::ConfiguredInsteadOfPin(credentials(OWN, "configured")));
        assert!(choose(b"1234", None, None).is_err());
        assert!(choose(b"\xff\xfe", None, None).is_err());
    }

    #[test]
    fn a_space_where_a_plus_was_is_explained_and_the_token_is_not_shown() {
        let pin = format!("{OWN}:se cret");
        let refused = choose(pin.as_bytes(), None, None).unwrap_err().to_string();
        assert!(refused.contains("%2B") && !refused.contains("cret"), "{refused}");
    }
}
