//! `x509CertificateChain` of a signing policy, in every form that it may have.
//!
//! Documentation knows the property from `GET Certificates/{slug}` alone, and no source settles its shape. Read are an
//! array of texts, an array of objects with a text, and one text; a text is Base64 of DER, or PEM.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire::from_base64;

/// What one certificate of the chain is: DER as far as it goes, or the end of a sentence that says why not.
pub(crate) type Link = Result<Vec<u8>, &'static str>;

/// So many certificates of a chain are read; real ones have three at most.
pub(crate) const LONGEST: usize = 10;

/// The certificates in the order in which they are given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    /// The first [`LONGEST`].
    pub(crate) first: Vec<Link>,
    /// Whether there are more.
    pub(crate) are_more: bool,
}

/// Where an object may have its certificate. What has another type counts as missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    certificate_bytes: Option<Box<RawValue>>,
    certificate: Option<Box<RawValue>>,
    bytes: Option<Box<RawValue>>,
}

/// The first elements of an array; the others are passed over.
struct Elements {
    first: Vec<Box<RawValue>>,
    are_more: bool,
}

/// RFC 7468 §5.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Reads the property, whose text is `given`.
pub(crate) fn links(given: &RawValue) -> Links {
    let (elements, are_more) = match serde_json::from_str::<Elements>(given.get()) {
        Ok(elements) => (elements.first, elements.are_more),
        Err(_) if given.get() == "null" => return Links::default(),
        Err(_) => (vec![given.to_owned()], false),
    };
    let mut first: Vec<_> = elements.iter().flat_map(|element| of_element(element)).collect();
    let are_more = are_more || first.len() > LONGEST;
    first.truncate(LONGEST);
    Links { first, are_more }
}

fn of_element(element: &RawValue) -> Vec<Link> {
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    let inside = || {
        // An array would be read as the object's values in their order.
        let braced = Some(element.get()).filter(|text| text.starts_with('{'))?;
        let object = serde_json::from_str::<Object>(braced).ok()?;
        let places = [object.certificate_bytes, object.certificate, object.bytes];
        places.into_iter().flatten().find_map(|raw| text(&raw))
    };
    match text(element).or_else(inside) {
        Some(text) => of_text(text.trim()),
        None => vec![Err("it is neither Base64 nor an object with certificateBytes")],
    }
}

fn of_text(text: &str) -> Vec<Link> {
    if text.is_empty() {
        return Vec::new();
    }
    if !text.contains(BEGIN) {
        return vec![of_base64(text)];
    }
    let blocks = text.split(BEGIN).skip(1).take(LONGEST + 1);
    let content = |block: &str| block.split_once(END).map(|(content, _)| of_base64(content));
    blocks.map(|block| content(block).unwrap_or(Err("its PEM has no end"))).collect()
}

fn of_base64(text: &str) -> Link {
    let text: String = text.split_ascii_whitespace().collect();
    from_base64(&text).ok_or("it is not Base64")
}

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of certificates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Elements, A::Error> {
        let mut first = Vec::new();
        while first.len() < LONGEST {
            match elements.next_element()? {
                Some(element) => first.push(element),
                None => return Ok(Elements { first, are_more: false }),
            }
        }
        let are_more = elements.next_element::<IgnoredAny>()?.is_some();
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Elements { first, are_more })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn links(chain: &Value) -> Vec<Link> {
        super::links(&RawValue::from_string(chain.to_string()).unwrap()).first
    }

    const DER: [u8; 3] = [1, 2, 3];

    #[test]
    fn every_likely_form_is_read() {
        let pem = format!("{BEGIN}\nAQ\r\nID\n{END}\n");
        for chain in [
            json!(["AQID", "AQID"]),
            json!(["AQID", " AQID\n"]),
            json!([{ "certificateBytes": "AQID", "new": 1 }, { "certificate": "AQID" }]),
            json!([{ "bytes": "AQID" }, "AQID"]),
            json!(format!("subject=CN=I\n{pem}\nsubject=CN=R\n{pem}")),
            json!([pem, { "certificate": pem }]),
            json!(["", format!("{pem}{pem}")]),
        ] {
            assert_eq!(links(&chain), [Ok(DER.to_vec()), Ok(DER.to_vec())], "{chain}");
        }
        assert_eq!(links(&json!("AQID")), [Ok(DER.to_vec())]);
    }

    #[test]
    fn nothing_is_no_chain() {
        for chain in [json!(null), json!([]), json!(""), json!(" "), json!([""])] {
            assert!(links(&chain).is_empty(), "{chain}");
        }
    }

    #[test]
    fn what_is_not_understood_says_why_and_hides_nothing() {
        for (wrong, why) in [
            (json!("%"), "not Base64"),
            (json!(7), "neither Base64 nor"),
            (json!({ "subject": "CN=I" }), "neither Base64 nor"),
            (json!(["AQID"]), "neither Base64 nor"),
            (json!(null), "neither Base64 nor"),
            (json!(format!("{BEGIN}\nAQID")), "no end"),
            (json!(format!("{BEGIN}\n?\n{END}")), "not Base64"),
        ] {
            let found = links(&json!([wrong, "AQID"]));
            assert!(found[0].as_ref().unwrap_err().contains(why), "{wrong}: {found:?}");
            assert_eq!(found[1..], [Ok(DER.to_vec())], "{wrong}");
        }
        assert!(links(&json!({ "count": 2 }))[0].is_err());
    }
}
