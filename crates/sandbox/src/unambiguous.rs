//! JSON that means the same to everybody who reads it.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Whether no object of a JSON text has a name twice. Readers differ in which of two they take; and Go, in which verifiers are
/// written, takes names that differ in their case alone for the same.
pub(crate) fn is_unambiguous(json: &[u8]) -> bool {
    serde_json::from_slice::<Unambiguous>(json).is_ok()
}

struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E: Error>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unambiguous, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, _)) = entries.next_entry::<String, Unambiguous>()? {
            if !names.insert(folded(&name)) {
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        Ok(Unambiguous)
    }
}

/// Both ways, as the Kelvin sign has a small letter and the long s a capital one.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_may_be_there_once_in_each_object() {
        for (json, expected) in [
            (r#"{"a":{"a":[{"a":1},{"a":2.5}]},"b":[null,true,-1,"a"]}"#, true),
            (r#"{"a":1,"a":2}"#, false),
            (r#"{"critical":1,"CRITICAL":2}"#, false),
            (r#"{"x":[{"docker":1,"doc\u212aer":2}]}"#, false),
            (r#"{"subject":1,"\u017fubject":2}"#, false),
            ("{", false),
        ] {
            assert_eq!(is_unambiguous(json.as_bytes()), expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[\\[\\]{}:,\"a1 ]{0,40}") {
            let is_json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
            prop_assert!(!is_unambiguous(&bytes) || is_json(&bytes));
            prop_assert!(!is_unambiguous(text.as_bytes()) || is_json(text.as_bytes()));
        }
    }
}
