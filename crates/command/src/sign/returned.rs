//! What came back from a signing request, held against what was handed in: the same image, and everything that was asked
//! for. The service may put something in, and that is shown.

use serde_json::{Map, Value};
use signpath_client::config::PayloadForm;

use crate::bundle::statement_in;
use crate::payload;
use crate::sign::{Format, Message};
use crate::statement;
use crate::terminal::visible;

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
    // They refuse a name that is there twice, of which the values below have only one.
    let open = match asked.format {
        Format::SimpleSigning => payload::read(content).map(|_| OPEN_IN_PAYLOADS),
        Format::Bundle => statement::read(content).map(|_| OPEN_IN_STATEMENTS),
    }?;
    let unreadable = |error: serde_json::Error| format!("cannot be read: {error}");
    let asked: Value = serde_json::from_slice(&asked.content).map_err(unreadable)?;
    let came: Value = serde_json::from_slice(content).map_err(unreadable)?;
    let mut comparison = Comparison { open, place: Vec::new(), added: Vec::new() };
    comparison.value(&asked, &came)?;
    Ok(comparison.added)
}

/// Below these places something may be put in.
const OPEN_IN_PAYLOADS: &[&[&str]] = &[&["optional"]];
const OPEN_IN_STATEMENTS: &[&[&str]] = &[&["subject", "0", "annotations"], &["predicate"]];

struct Comparison {
    open: &'static [&'static [&'static str]],
    /// Where it is, from the top.
    place: Vec<String>,
    added: Vec<String>,
}

impl Comparison {
    fn value(&mut self, asked: &Value, came: &Value) -> Result<(), String> {
        match (asked, came) {
            _ if asked == came => Ok(()),
            (Value::Object(asked), Value::Object(came)) => self.object(asked, came),
            (Value::Null, Value::Object(came)) if self.is_open() => self.object(&Map::new(), came),
            (Value::Array(asked), Value::Array(came)) if asked.len() == came.len() => {
                let mut pairs = asked.iter().zip(came).enumerate();
                pairs.try_for_each(|(at, (asked, came))| self.member(&at.to_string(), asked, came))
            }
            _ => Err(format!("came back with {} {came} instead of {asked}", self.path())),
        }
    }

    fn object(
        &mut self,
        asked: &Map<String, Value>,
        came: &Map<String, Value>,
    ) -> Result<(), String> {
        for (name, value) in asked {
            match came.get(name) {
                Some(came) => self.member(name, value, came)?,
                None => return Err(format!("came back without {} in {}", name, self.path())),
            }
        }
        for (name, value) in came.iter().filter(|(name, _)| !asked.contains_key(*name)) {
            if !self.is_open() {
                let path = self.path();
                return Err(format!(
                    "came back with {name} in {path}, where nothing may be put in"
                ));
            }
            self.added.push(visible(&format!("{}.{name}: {value}", self.path())));
        }
        Ok(())
    }

    fn member(&mut self, name: &str, asked: &Value, came: &Value) -> Result<(), String> {
        self.place.push(name.to_owned());
        let compared = self.value(asked, came);
        self.place.pop();
        compared
    }

    fn is_open(&self) -> bool {
        let is_below = |open: &&[&str]| {
            open.len() <= self.place.len() && open.iter().zip(&self.place).all(|(a, b)| *a == b)
        };
        self.open.iter().any(is_below)
    }

    fn path(&self) -> String {
        if self.place.is_empty() { "its top level".to_owned() } else { self.place.join(".") }
    }
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
            (r#""by":"us""#, r#""by":"them","by":"us""#),
            (r#"{"critical""#, r#"{"more":1,"critical""#),
            (r#"{"critical""#, r#"{"optional.x":1,"critical""#),
            (r#"{"critical""#, r#"{"critical":{},"critical""#),
            (r#"{"identity""#, r#"{"more":1,"identity""#),
            (r#"{"_type""#, r#"{"more":1,"_type""#),
            (r#"{"_type""#, r#"{"predicate.x":1,"_type""#),
            (r#"{"_type""#, r#"{"subject.0.annotations.x":1,"_type""#),
            (r#""annotations""#, r#""annotations.x":1,"annotations""#),
            (r#""predicate":{}"#, r#""predicate":null"#),
            (r#""predicate":{}"#, r#""predicate":{"a":1,"a":1}"#),
            ("/sign/v1", "/sign/v2"),
            ("}}]", r#"}},{"name":"x","digest":{}}]"#),
        ] {
            let forms = [Format::SimpleSigning, Format::Bundle].map(asked);
            let changed = forms.iter().filter(|asked| text(asked).contains(from));
            assert!(changed.clone().count() > 0, "{from}");
            for asked in changed {
                let came = text(asked).replacen(from, to, 1);
                assert!(added(asked, came.as_bytes()).is_err(), "{came}");
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

    /// Puts a member into the object that is the `at`th from the front. Gives its place.
    fn put(value: &mut Value, at: &mut usize, place: &[&str], name: &str) -> Option<Vec<String>> {
        let members: Vec<(String, &mut Value)> = match value {
            Value::Object(object) if *at == 0 => {
                let is_new = !object.contains_key(name);
                object.entry(name).or_insert(Value::Bool(true));
                return is_new.then(|| place.iter().map(|&part| part.to_owned()).collect());
            }
            Value::Object(object) => {
                *at -= 1;
                object.iter_mut().map(|(name, value)| (name.clone(), value)).collect()
            }
            Value::Array(items) => {
                items.iter_mut().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
            }
            _ => return None,
        };
        members
            .into_iter()
            .find_map(|(part, value)| put(value, at, &[place, &[part.as_str()]].concat(), name))
    }

    proptest! {
        #[test]
        fn something_can_be_put_in_at_the_open_places_alone(
            is_bundle: bool,
            mut at in 0usize..6,
            name in "[a-z]{1,3}|optional[.]x|predicate[.]x|annotations[.]x|Critical",
        ) {
            let asked = asked(if is_bundle { Format::Bundle } else { Format::SimpleSigning });
            let mut came: Value = serde_json::from_slice(&asked.content).unwrap();
            if let Some(place) = put(&mut came, &mut at, &[], &name) {
                let place: Vec<_> = place.iter().map(String::as_str).collect();
                let is_open = [&["optional"][..], &["predicate"], &["subject", "0", "annotations"]].contains(&&*place);
                let added = added(&asked, came.to_string().as_bytes());
                prop_assert_eq!(added.is_ok(), is_open, "{} {:?}", came, added);
            }
        }

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
