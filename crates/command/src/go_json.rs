//! JSON as Go's `encoding/json` writes it, so that payloads and manifests have the bytes, and with them the digest, that
//! cosign's have.

use serde::Serialize;

/// What Go escapes beyond what JSON asks for: what could end a script in HTML, and two line ends of JavaScript. Outside of
/// strings none of them stands in JSON.
const ESCAPES: [(char, &str); 5] = [
    ('<', "\\u003c"),
    ('>', "\\u003e"),
    ('&', "\\u0026"),
    ('\u{2028}', "\\u2028"),
    ('\u{2029}', "\\u2029"),
];

/// The value in one line. Fields stand in the order of their type, keys of maps sorted by bytes, as in Go.
///
/// # Errors
/// A map whose keys are no strings; none of this crate's types has one.
pub(crate) fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    let escaped = |character| ESCAPES.iter().find(|(known, _)| *known == character);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match escaped(character) {
            Some((_, escape)) => out.push_str(escape),
            None => out.push(character),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        let text = "<a href=\"x\">&\u{2028}\u{2029}\n\t\u{1}\u{7f}é/";
        // From json.Marshal of Go 1.26.
        let go =
            r#""\u003ca href=\"x\"\u003e\u0026\u2028\u2029\n\t\u0001"#.to_owned() + "\u{7f}é/\"";
        assert_eq!(to_string(&text).unwrap(), go);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_has_nothing_of_html(map: BTreeMap<String, String>) {
            let text = to_string(&map).unwrap();
            let odd = ESCAPES.iter().find(|(character, _)| text.contains(*character));
            prop_assert_eq!(odd, None);
            prop_assert_eq!(serde_json::from_str::<BTreeMap<String, String>>(&text).unwrap(), map);
        }
    }
}
