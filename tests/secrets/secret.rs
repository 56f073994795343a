//! A text that may be nowhere, and the ways in which it could have been written.

use std::{fmt::Write, iter};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// Parts shorter than this are in other texts by chance.
const PART: usize = 8;

/// What may not be found, and what to call it instead of showing it.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) what: String,
    pub(super) text: String,
}

impl Secret {
    pub(super) fn new(what: &str, text: &str) -> Self {
        assert!(text.len() >= PART, "{what} would be found by chance");
        Self { what: what.to_owned(), text: text.to_owned() }
    }

    /// How the secret is written there, if it is.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let text = String::from_utf8_lossy(bytes);
        let mut spellings = self.spellings().into_iter();
        spellings.find_map(|(how, spelling)| text.contains(&spelling).then_some(how))
    }

    /// Each spelling, by its name.
    pub(super) fn spellings(&self) -> Vec<(&'static str, String)> {
        let text = &self.text;
        let json = serde_json::to_string(text).expect("a text is JSON");
        let mut all = vec![
            ("as it is", text.clone()),
            ("percent-encoded", percent(text, |byte| !byte.is_ascii_alphanumeric())),
            ("percent-encoded throughout", percent(text, |_| true)),
            ("as JSON", json.trim_matches('"').to_owned()),
            ("as JSON with slashes escaped", json.trim_matches('"').replace('/', "\\/")),
            ("as JSON in hexadecimal", escaped(text)),
            ("in hexadecimal", text.bytes().map(|byte| format!("{byte:02x}")).collect()),
            ("backwards", text.chars().rev().collect()),
        ];
        let lower = |(how, text): &(_, String)| (*how, text.replace("%2B", "%2b"));
        all.extend(
            all.clone().iter().map(lower).map(|(how, text)| (how, text.replace("%2F", "%2f"))),
        );
        all.extend((0..3).flat_map(|before| base64(text, before)).map(|text| ("in Base64", text)));
        let parts = text.split(|sign: char| !sign.is_ascii_alphanumeric());
        let parts = parts.filter(|part| part.len() >= PART);
        all.extend(parts.map(|part| ("in part", part.to_owned())));
        all
    }
}

fn percent(text: &str, is_encoded: fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if is_encoded(byte) {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        } else {
            out.push(char::from(byte));
        }
        out
    })
}

fn escaped(text: &str) -> String {
    let escape = |sign: char| match sign.is_ascii_alphanumeric() {
        true => sign.to_string(),
        false => format!("\\u{:04x}", u32::from(sign)),
    };
    text.chars().map(escape).collect()
}

/// The characters of Base64 that depend on nothing but the secret, if so many bytes stand before it in its group of three.
fn base64(text: &str, before: usize) -> [String; 2] {
    let bytes: Vec<_> = iter::repeat_n(0, before).chain(text.bytes()).collect();
    let (first, whole) = ([0, 2, 3][before], bytes.len() / 3 * 4);
    [&STANDARD, &URL_SAFE].map(|engine| engine.encode(&bytes)[first..whole].to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_secret_is_found_in_base64_wherever_it_stands(
            before in proptest::collection::vec(any::<u8>(), 0..9),
            text in "[ -~]{8,40}",
            after in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let secret = Secret::new("it", &text);
            let whole = [&before[..], text.as_bytes(), &after].concat();
            for engine in [&STANDARD, &URL_SAFE] {
                prop_assert!(secret.found_in(engine.encode(&whole).as_bytes()).is_some());
            }
        }

        #[test]
        fn a_secret_is_found_in_every_spelling(text in "[ -~]{8,40}") {
            let secret = Secret::new("it", &text);
            for (how, spelling) in secret.spellings() {
                prop_assert!(secret.found_in(format!("é\n{spelling}\"").as_bytes()).is_some(), "{}", how);
            }
        }

        #[test]
        fn nothing_is_found_where_there_is_none(other in "[0-9 ]{0,200}") {
            prop_assert_eq!(Secret::new("it", "AIk+65/ylMnopqrs=").found_in(other.as_bytes()), None);
        }
    }
}
