//! Takes secrets out of a line that is about to be written or sent.

use super::Token;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// The line without the secrets in it. Hidden are
/// - every given token, also where it is percent-encoded as in a PKCS #11 URI,
/// - what follows `pin-value=`,
/// - what follows a UUID and a colon: a PIN of the form `organization:token`,
/// - what follows `Bearer` or `Authorization: Basic`,
/// - user names and passwords of URLs.
pub fn redact(line: &str, tokens: &[Token]) -> String {
    let mut line = without_tokens(line, tokens);
    for pattern in PATTERNS {
        line = without_pattern(&line, *pattern);
    }
    line
}

/// Finds the first secret of its kind: the range of bytes to hide.
type Pattern = fn(&str) -> Option<(usize, usize)>;

const PATTERNS: &[Pattern] = &[pin_value, pin, bearer, basic, user_info];

/// Hides every place where one of the tokens stands, as [`without_token`] does.
pub(crate) fn without_tokens(line: &str, tokens: &[Token]) -> String {
    tokens.iter().fold(line.to_owned(), |line, token| without_token(&line, token.expose()))
}

/// Hides every place where `token` stands, each of its bytes literally or as `%XX`.
pub(crate) fn without_token(line: &str, token: &str) -> String {
    if token.is_empty() {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = strip_encoded(rest, token) {
            out.push_str(HIDDEN);
            rest = after;
        } else {
            out.push(first);
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    out
}

fn strip_encoded<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let mut rest = text.as_bytes();
    for expected in token.bytes() {
        rest = match rest {
            [byte, tail @ ..] if *byte == expected => tail,
            [b'%', high, low, tail @ ..] if hex(*high, *low) == Some(expected) => tail,
            _ => return None,
        };
    }
    text.get(text.len() - rest.len()..)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? * 16 + digit(low)?)
}

fn without_pattern(line: &str, pattern: Pattern) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((start, end)) = pattern(rest) {
        let (Some(before), Some(after)) = (rest.get(..start), rest.get(end..)) else { break };
        out.push_str(before);
        out.push_str(HIDDEN);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn pin_value(text: &str) -> Option<(usize, usize)> {
    after_word(text, "pin-value=", |c| c.is_whitespace() || "&;\"<>".contains(c))
}

fn bearer(text: &str) -> Option<(usize, usize)> {
    after_word(text, "bearer ", is_end_of_word)
}

fn basic(text: &str) -> Option<(usize, usize)> {
    after_word(text, "authorization: basic ", is_end_of_word)
}

fn is_end_of_word(c: char) -> bool {
    c.is_whitespace() || "\"'<>,;".contains(c)
}

/// The range that follows `word` (in any case) up to where `is_end` holds; an empty one is passed over.
fn after_word(text: &str, word: &str, is_end: fn(char) -> bool) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    for (at, _) in lower.match_indices(word) {
        let start = at + word.len();
        let secret = text.get(start..)?;
        let end = start + secret.find(is_end).unwrap_or(secret.len());
        if end > start {
            return Some((start, end));
        }
    }
    None
}

/// The token of a PIN: `<uuid>:<token>`, the colon possibly written `%3A`.
fn pin(text: &str) -> Option<(usize, usize)> {
    for (start, _) in text.char_indices() {
        let Some(after_id) = text.get(start..).and_then(strip_uuid) else { continue };
        let Some(token) = strip_encoded(after_id, ":") else { continue };
        let end = token.find(is_end_of_word).unwrap_or(token.len());
        if end > 0 {
            let from = text.len() - token.len();
            return Some((from, from + end));
        }
    }
    None
}

fn strip_uuid(text: &str) -> Option<&str> {
    let id = text.get(..uuid::fmt::Hyphenated::LENGTH)?;
    id.parse::<super::OrganizationId>().ok()?;
    text.get(id.len()..)
}

/// `user:password` of `scheme://user:password@host`.
fn user_info(text: &str) -> Option<(usize, usize)> {
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let rest = text.get(start..)?;
        let authority = rest.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c));
        let authority = rest.get(..authority.unwrap_or(rest.len()))?;
        if let Some(length) = authority.rfind('@').filter(|length| *length > 0) {
            return Some((start, start + length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

    #[test]
    fn secrets_of_every_kind_are_hidden() {
        let rows = [
            ("Authorization: Bearer abc+/=", "Authorization: Bearer ***"),
            ("{\"authorization\":\"bearer abc\"}", "{\"authorization\":\"bearer ***\"}"),
            ("proxy-authorization: Basic dTpw, x", "proxy-authorization: Basic ***, x"),
            (
                "pkcs11:object=a/b?pin-value=p%2Bq&module-path=/m.so",
                "pkcs11:object=a/b?pin-value=***&module-path=/m.so",
            ),
            ("PIN-VALUE=x pin-value=y", "PIN-VALUE=*** pin-value=***"),
            ("http://u:p@proxy:8080/x", "http://***@proxy:8080/x"),
            ("http://u:p@w@proxy", "http://***@proxy"),
            (
                "nothing to hide: https://app.signpath.io/Api",
                "nothing to hide: https://app.signpath.io/Api",
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(redact(line, &[]), expected);
        }
        assert_eq!(redact(&format!("pin {ID}:tok'"), &[]), format!("pin {ID}:***'"));
        assert_eq!(redact(&format!("{ID}%3atok%2B"), &[]), format!("{ID}%3a***"));
        assert_eq!(
            redact(&format!("organization {ID}: not found"), &[]),
            format!("organization {ID}: not found")
        );
    }

    #[test]
    fn a_registered_token_is_hidden_in_either_spelling() {
        let tokens = [Token::new("AIk+65/yl".to_owned())];
        assert_eq!(redact("é AIk+65/yl|AIk%2b65%2Fyl|%41Ik+65/yl.", &tokens), "é ***|***|***.");
        assert_eq!(redact("AIk+65/y AIk%2", &tokens), "AIk+65/y AIk%2");
    }

    #[test]
    fn an_empty_token_hides_nothing() {
        assert_eq!(redact("abc", &[Token::new(String::new())]), "abc");
    }

    proptest! {
        #[test]
        fn no_line_shows_a_registered_token(before in ".*", token in "[A-Za-z0-9+/=]{1,40}", after in ".*") {
            let line = redact(&format!("{before}{token}{after}"), &[Token::new(token.clone())]);
            prop_assert!(!line.contains(&token), "{line}");
        }

        #[test]
        fn redacting_again_changes_nothing(line in ".*(Bearer |pin-value=|://).*@.*") {
            let once = redact(&line, &[]);
            prop_assert_eq!(redact(&once, &[]), once);
        }
    }
}
