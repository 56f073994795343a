//! What a registry asks for with a 401 (RFC 9110 §11.6.1, and the "Token Authentication" of the distribution project).

/// How to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password.
    Basic,
    /// A token that this service gives.
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// The best of what the headers offer.
    pub(super) fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let offered: Vec<_> = headers.filter_map(Self::read_one).collect();
        let bearer = offered.iter().find(|challenge| **challenge != Self::Basic);
        bearer.or(offered.first()).cloned()
    }

    fn read_one(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let value = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        Some(Self::Bearer { realm: value("realm")?, service: value("service") })
    }
}

/// `name="value"` or `name=value`, separated by commas (RFC 9110 §11.2).
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_owned(), after)
            }
        };
        found.push((name.trim_matches([' ', '\t', ',']).to_owned(), value));
        rest = after;
    }
    found
}

/// The value up to its closing quote, and what comes behind.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
    }

    #[test]
    fn challenges_of_registries_are_read() {
        for (headers, expected) in [
            (
                vec![
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="a:b:pull,push""#,
                ],
                bearer("https://auth.docker.io/token", Some("registry.docker.io")),
            ),
            (vec!["bearer realm=https://x , service=y"], bearer("https://x", Some("y"))),
            (vec![r#"Bearer scope="a,b=c", realm="q\"r""#], bearer("q\"r", None)),
            (vec![r#"Basic realm="x""#], Some(Challenge::Basic)),
            (vec!["Basic", r#"Bearer realm="x""#], bearer("x", None)),
            (vec!["Negotiate"], None),
            (vec!["Bearer"], None),
            (vec![], None),
        ] {
            assert_eq!(Challenge::read(headers.iter().copied()), expected, "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(header in "(Bearer )?\\PC{0,60}") {
            Challenge::read(std::iter::once(&*header));
        }

        #[test]
        fn a_quoted_realm_is_read_back(realm in "[^\"\\\\]{0,30}") {
            let header = format!("Bearer service=\"s\",realm=\"{realm}\"");
            prop_assert_eq!(Challenge::read(std::iter::once(&*header)), bearer(&realm, Some("s")));
        }
    }
}
