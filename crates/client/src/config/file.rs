//! The configuration file: JSON, nested objects, read into a flat list of keys.

use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use super::source::kind;
use super::table::ORGANIZATIONS;
use crate::error::Error;
use crate::process::{UserIds, distrust, read_known};

/// A configuration has a few hundred bytes.
const FILE_MAX: usize = 1 << 20;

/// The values of a file by their dotted keys. Objects are gone into; nothing else is.
#[derive(Debug, Default)]
pub(super) struct Entries(Vec<(String, Value)>);

impl Entries {
    /// Reads the file, and whether it may say what is run ([`distrust`]).
    pub(super) fn read(path: &Path) -> Result<(Self, Option<String>), Error> {
        let fault = |problem: String| Error::ConfigFile { path: path.to_owned(), problem };
        let (bytes, metadata) =
            read_known(path, FILE_MAX).map_err(|error| fault(error.to_string()))?;
        let entries = Self::parse(&bytes).map_err(fault)?;
        Ok((entries, distrust(&metadata, UserIds::current())))
    }

    /// Reads the text of a file; the error says what is wrong, and where.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            format!("line {}, column {}: {}", error.line(), error.column(), what(&error))
        })?;
        let Value::Object(map) = value else {
            return Err("line 1, column 1: the file is not a JSON object ({…})".to_owned());
        };
        Ok(Self::of(map))
    }

    /// The values of an object.
    pub(super) fn of(map: Map<String, Value>) -> Self {
        let mut entries = Self::default();
        entries.add(map, "");
        entries
    }

    fn add(&mut self, map: Map<String, Value>, prefix: &str) {
        for (key, value) in map {
            let key = format!("{prefix}{key}");
            match value {
                // A list's place: that it is an object has to be seen.
                Value::Object(inner) if key != ORGANIZATIONS => self.add(inner, &format!("{key}.")),
                Value::Null => {}
                other => self.0.push((key, other)),
            }
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// A sentence for each key that is not among the known ones; `prefix` stands before it in the file.
    pub(super) fn unknown(&self, path: &Path, prefix: &str, known: &[&str]) -> Vec<String> {
        let path = path.display();
        let is_known = |key: &str| key.starts_with('$') || known.contains(&key);
        let sentence = |(key, value): &(String, Value)| {
            let shown = format!("{prefix}{key}");
            if known.iter().any(|name| is_object(name, key)) {
                let kind = kind(value);
                return format!(
                    "the configuration file {path} has {kind} for {shown:?}, where an object ({{…}}) is expected"
                );
            }
            let hint = nearest(key, known.iter().copied())
                .map_or(String::new(), |name| format!("; did you mean {name}?"));
            format!("the configuration file {path} has an unknown key {shown:?}{hint}")
        };
        self.0.iter().filter(|(key, _)| !is_known(key)).map(sentence).collect()
    }
}

/// There may be a token among the values.
impl Drop for Entries {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| wipe(value));
    }
}

/// Overwrites every text in a value.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether the known name stands inside an object with this key.
fn is_object(name: &str, key: &str) -> bool {
    name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
}

/// serde_json's words without the place, which is said already.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned()
}

/// The known name that a typing error could have come from.
fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer keys are not worth the time: no known name has half that length.
    if key.len() > 100 {
        return None;
    }
    let key = key.to_ascii_lowercase();
    known
        .map(|name| (distance(&key, &name.to_ascii_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 4)
        .map(|(_, name)| name)
}

/// How many letters have to be put in, taken out or changed (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, a) in (1..).zip(from.chars()) {
        let mut diagonal = line - 1;
        let mut left = line;
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let above = *cell;
            *cell = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            (diagonal, left) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = line;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::table::keys;

    fn unknown(entries: &Entries) -> Vec<String> {
        entries.unknown(Path::new("f"), "", &keys())
    }

    #[test]
    fn nested_objects_become_dotted_keys() {
        let text = br#"{"ApiUrl":"x","Log":{"Console":{"Level":"info"}},"Timeouts":null,"Log.File.Level":"none"}"#;
        let entries = Entries::parse(text).unwrap();
        assert_eq!(entries.value("Log.Console.Level").unwrap(), "info");
        assert_eq!(entries.value("Log.File.Level").unwrap(), "none");
        assert!(entries.value("Timeouts").is_none());
        assert!(unknown(&entries).is_empty());
    }

    #[test]
    fn bad_json_is_named_by_line_and_column() {
        let error = Entries::parse(b"{\n  \"ApiUrl\": \"secret\",\n}").unwrap_err();
        assert_eq!(error, "line 3, column 1: trailing comma");
        for (text, expected) in [
            ("", "line 1, column 0"),
            ("[]", "not a JSON object"),
            ("{\"a\": x", "line 1, column 7"),
        ] {
            let error = Entries::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(Entries::parse(b"\xef\xbb\xbf{}").is_ok());
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let text = br#"{"OrganisationId":"","apitoken":"x","Log":{"Consol":{"Level":""}},"Zebra":1,"$schema":""}"#;
        let warnings = unknown(&Entries::parse(text).unwrap());
        let all = warnings.join("\n");
        for expected in [
            "\"OrganisationId\"; did you mean OrganizationId?",
            "\"apitoken\"; did you mean ApiToken?",
            "\"Log.Consol.Level\"; did you mean Log.Console.Level?",
            "f has an unknown key \"Zebra\"",
        ] {
            assert!(all.contains(expected), "{all}");
        }
        assert_eq!(warnings.len(), 4);
        assert!(!all.contains("\"Zebra\";"));
    }

    #[test]
    fn a_key_of_an_object_with_another_value_is_not_called_unknown() {
        let text = br#"{"Cryptoki":5,"Log":{"File":"info"},"Time":1}"#;
        let all = unknown(&Entries::parse(text).unwrap()).join("\n");
        assert!(all.contains("has a number for \"Cryptoki\", where an object"), "{all}");
        assert!(all.contains("has a string for \"Log.File\", where an object"), "{all}");
        assert!(all.contains("unknown key \"Time\""), "{all}");
    }

    #[test]
    fn every_text_of_a_value_is_wiped() {
        let mut value = serde_json::json!({ "a": ["hunter2", { "b": "hunter2" }], "c": 5 });
        wipe(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["", { "b": "" }], "c": 5 }));
    }

    #[test]
    fn the_distance_counts_letters() {
        for (from, to, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("abc", "", 3)]
        {
            assert_eq!(distance(from, to), expected);
        }
    }

    fn unknown_keys_of(bytes: &[u8]) -> usize {
        Entries::parse(bytes).map_or(0, |entries| unknown(&entries).len())
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes: Vec<u8>) {
            prop_assert!(unknown_keys_of(&bytes) <= bytes.len());
        }

        #[test]
        fn any_text_can_be_read(text in r#"[{}\[\]":,a-zA-Z0-9.$ \n]{0,200}"#) {
            prop_assert!(unknown_keys_of(text.as_bytes()) <= text.len());
        }

        #[test]
        fn any_keys_can_be_compared(keys in prop::collection::hash_map(".{0,30}", "[a-z]{0,3}", 0..9)) {
            let text = serde_json::to_vec(&keys).unwrap();
            prop_assert!(unknown_keys_of(&text) <= keys.len());
        }
    }
}
