//! `x509CertificateChain` of a signing policy, in every form that it may have.
//!
//! Documentation knows the property from `GET Certificates/{slug}` alone, and no source settles its shape. Read are an
//! array of texts, an array of objects with a text, and one text; a text is Base64 of DER, or PEM.

use serde_json::Value;

use crate::wire::from_base64;

/// What one certificate of the chain is: DER as far as it goes, or the end of a sentence that says why not.
pub(crate) type Link = Result<Vec<u8>, &'static str>;

/// Where an object may have its certificate.
const PROPERTIES: [&str; 3] = ["certificateBytes", "certificate", "bytes"];

/// RFC 7468 §5.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates in the order in which they are given.
pub(crate) fn links(chain: &Value) -> Vec<Link> {
    match chain {
        Value::Null => Vec::new(),
        Value::Array(elements) => elements.iter().flat_map(of_element).collect(),
        other => of_element(other),
    }
}

fn of_element(element: &Value) -> Vec<Link> {
    let inside = |name: &&str| element.get(*name).and_then(Value::as_str);
    match element.as_str().or_else(|| PROPERTIES.iter().find_map(inside)) {
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
    let blocks = text.split(BEGIN).skip(1);
    let content = |block: &str| block.split_once(END).map(|(content, _)| of_base64(content));
    blocks.map(|block| content(block).unwrap_or(Err("its PEM has no end"))).collect()
}

fn of_base64(text: &str) -> Link {
    let text: String = text.split_ascii_whitespace().collect();
    from_base64(&text).ok_or("it is not Base64")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
