//! What came back from a signing request, held against what was handed in: the same image, and everything that was asked
//! for. The service may put something in, and that is shown.

use serde_json::{Map, Value};
use signpath_client::config::PayloadForm;

use crate::bundle::statement_in;
use crate::payload;
use crate::sign::{Format, Message};
use crate::statement;

/// The payload or statement in a file that came back.
///
/// # Errors
/// The file is no statement's encoding where it has to be one, as a sentence.
pub(super) fn content(format: Format, form: PayloadForm, file: Vec<u8>) -> Result<Vec<u8>, String> {
    match (format, form) {
        (Format::Bundle, PayloadForm::Raw) => statement_in(&file)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| "what came back is no DSSE encoding of a statement".to_owned()),
        _ => Ok(file),
    }
}

/// What the service put into a message, as `path: value`.
///
/// # Errors
/// The content is for another image, or lacks what was asked for: what it does, as the end of a sentence.
pub(super) fn added(asked: &Message, content: &[u8]) -> Result<Vec<String>, String> {
    if asked.content == content {
        return Ok(Vec::new());
    }
    // With types, as those refuse a name that is there twice.
    let open = match asked.format {
        Format::SimpleSigning => payload::read(content).map(|_| OPEN_IN_PAYLOADS),
        Format::Bundle => statement::read(content).map(|_| OPEN_IN_STATEMENTS),
    }?;
    let unreadable = |error: serde_json::Error| format!("cannot be read: {error}");
    let asked: Value = serde_json::from_slice(&asked.content).map_err(unreadable)?;
    let came: Value = serde_json::from_slice(content).map_err(unreadable)?;
    let mut comparison = Comparison { open, added: Vec::new() };
    comparison.value("", &asked, &came)?;
    Ok(comparison.added)
}

/// Below these paths something may be put in.
const OPEN_IN_PAYLOADS: &[&str] = &["optional"];
const OPEN_IN_STATEMENTS: &[&str] = &["subject.0.annotations", "predicate"];

struct Comparison {
    open: &'static [&'static str],
    added: Vec<String>,
}

impl Comparison {
    fn value(&mut self, path: &str, asked: &Value, came: &Value) -> Result<(), String> {
        match (asked, came) {
            _ if asked == came => Ok(()),
            (Value::Object(asked), Value::Object(came)) => self.object(path, asked, came),
            (Value::Null, Value::Object(came)) if self.is_open(path) => {
                self.object(path, &Map::new(), came)
            }
            (Value::Array(asked), Value::Array(came)) if asked.len() == came.len() => {
                let mut pairs = asked.iter().zip(came).enumerate();
                pairs.try_for_each(|(at, (asked, came))| {
                    self.value(&below(path, &at.to_string()), asked, came)
                })
            }
            _ => Err(visible(&format!("came back with {path} {came} instead of {asked}"))),
        }
    }

    fn object(
        &mut self,
        path: &str,
        asked: &Map<String, Value>,
        came: &Map<String, Value>,
    ) -> Result<(), String> {
        for (name, value) in asked {
            let path = below(path, name);
            match came.get(name) {
                Some(came) => self.value(&path, value, came)?,
                None => return Err(visible(&format!("came back without {path}"))),
            }
        }
        for (name, value) in came.iter().filter(|(name, _)| !asked.contains_key(*name)) {
            let path = below(path, name);
            if !self.is_open(&path) {
                return Err(visible(&format!(
                    "came back with {path}, where nothing may be put in"
                )));
            }
            self.added.push(visible(&format!("{path}: {value}")));
        }
        Ok(())
    }

    fn is_open(&self, path: &str) -> bool {
        let is_below = |open: &&str| match path.strip_prefix(*open) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        };
        self.open.iter().any(is_below)
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Others wrote it, and a terminal is to show it.
fn visible(text: &str) -> String {
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let shown = |c: char| match c {
        _ if is_plain(c) => c.to_string(),
        _ => c.escape_unicode().to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::Annotations;

    fn asked(format: Format) -> Message {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        let annotations = Annotations::from([("by".to_owned(), "us".to_owned())]);
        Message::of(&image, format, &annotations, "x").unwrap()
    }

    fn text(message: &Message) -> String {
        String::from_utf8(message.content.clone()).unwrap()
    }

    #[test]
    fn what_is_put_into_the_open_places_is_shown() {
        for (format, from, to, shown) in [
            (
                Format::SimpleSigning,
                r#""by":"us""#,
                r#""by":"us","approved":"Eve\u001b[1m""#,
                r#"optional.approved: "Eve\u001b[1m""#,
            ),
            (
                Format::Bundle,
                r#""by":"us""#,
                r#""by":"us","ok":true"#,
                "subject.0.annotations.ok: true",
            ),
            (Format::Bundle, r#""predicate":{}"#, r#""predicate":{"run":7}"#, "predicate.run: 7"),
        ] {
            let asked = asked(format);
            let came = text(&asked).replace(from, to);
            assert_eq!(added(&asked, came.as_bytes()), Ok(vec![shown.to_owned()]));
            assert_eq!(
                added(
                    &asked,
                    text(&asked)
                        .replace(':', ": ")
                        .replace("sha256: ", "sha256:")
                        .replace("https: ", "https:")
                        .as_bytes()
                ),
                Ok(Vec::new())
            );
        }
        let plain = Message {
            content: text(&asked(Format::SimpleSigning))
                .replace(r#"{"by":"us"}"#, "null")
                .into_bytes(),
            ..asked(Format::SimpleSigning)
        };
        let came = text(&plain).replace("null", r#"{"a":1}"#);
        assert_eq!(added(&plain, came.as_bytes()), Ok(vec!["optional.a: 1".to_owned()]));
    }

    #[test]
    fn another_image_and_lost_or_changed_annotations_are_refused() {
        for (from, to) in [
            ("acme/web", "acme/wob"),
            ("00000000", "00000001"),
            (r#""by":"us""#, ""),
            (r#""by":"us""#, r#""by":"them""#),
            (r#"{"critical""#, r#"{"more":1,"critical""#),
            (r#"{"_type""#, r#"{"more":1,"_type""#),
            (r#"{"critical""#, r#"{"critical":{},"critical""#),
            (r#"{"identity""#, r#"{"more":1,"identity""#),
            (r#""predicate":{}"#, r#""predicate":null"#),
            (r#"/sign/v1"#, r#"/sign/v2"#),
            (r#"}}]"#, r#"}},{"name":"x","digest":{}}]"#),
        ] {
            for format in [Format::SimpleSigning, Format::Bundle] {
                let asked = asked(format);
                let came = text(&asked).replacen(from, to, 1);
                let added = added(&asked, came.as_bytes());
                assert!(added.is_err() || came == text(&asked), "{came}: {added:?}");
            }
        }
    }

    #[test]
    fn a_bundle_s_file_is_the_encoding_of_its_statement() {
        let asked = asked(Format::Bundle);
        let file = asked.to_sign();
        assert_eq!(content(Format::Bundle, PayloadForm::Raw, file), Ok(asked.content.clone()));
        let bare = asked.content.clone();
        assert!(content(Format::Bundle, PayloadForm::Raw, bare).is_err());
        let envelope = asked.content.clone();
        assert_eq!(content(Format::Bundle, PayloadForm::Dsse, envelope), Ok(asked.content));
    }

    proptest! {
        #[test]
        fn no_content_makes_it_panic(bytes: Vec<u8>, text in "\\PC*") {
            for format in [Format::SimpleSigning, Format::Bundle] {
                added(&asked(format), &bytes).ok();
                content(format, PayloadForm::Raw, bytes.clone()).ok();
            }
            visible(&text);
        }
    }
}
