//! What a message that cosign wants signed says: which image, which digest, which kind of statement. Read from the message
//! alone: what is not in it is not told, and never guessed from a command line.

use serde_json::{Map, Value};
use signpath_client::metadata::Payload;

use super::message::{Message, Text};
use crate::bundle::statement_in;
use crate::digest::hex;
use crate::payload::KIND as SIMPLE_SIGNING;
use crate::statement::PREDICATE_TYPE as COSIGN_SIGN;

/// What is told where a statement names no image.
pub(super) const UNNAMED: &str = "unnamed";

/// Most annotations, and most bytes of one, that are told.
const ANNOTATIONS_MAX: usize = 50;
const TEXT_MAX: usize = 1000;

/// The kinds of messages.
pub(super) mod kind {
    pub(in super::super) const BUNDLE: &str = "bundle";
    pub(in super::super) const SIMPLE_SIGNING: &str = "simple signing";
    pub(in super::super) const ATTESTATION: &str = "attestation";
    pub(in super::super) const BLOB: &str = "blob";
    pub(in super::super) const DIGEST: &str = "digest";
}

/// What a message says.
pub(super) fn describe(message: &Message) -> Payload {
    let digest = format!("sha{}:{}", 8 * message.hash.len(), hex(&message.digest));
    let blob = |kind| Payload { kind, digest: Some(digest.clone()), ..Payload::default() };
    let Some(text) = &message.text else { return blob(kind::DIGEST) };
    let described = whole(text).and_then(|text| {
        statement_in(text).and_then(of_statement).or_else(|| of_simple_signing(text))
    });
    described.unwrap_or_else(|| blob(kind::BLOB))
}

fn whole(text: &Text) -> Option<&[u8]> {
    text.is_whole.then_some(text.start.as_slice())
}

fn of_statement(body: &[u8]) -> Option<Payload> {
    let statement: Value = serde_json::from_slice(body).ok()?;
    let predicate_type = text_of(&statement, "predicateType");
    let subject = statement.get("subject").and_then(|subjects| subjects.get(0));
    let is_signature = predicate_type.as_deref() == Some(COSIGN_SIGN);
    let name = subject.and_then(|subject| text_of(subject, "name"));
    let digest = subject.and_then(|subject| subject.get("digest")?.as_object());
    let annotations = subject.and_then(|subject| subject.get("annotations")?.as_object());
    Some(Payload {
        kind: if is_signature { kind::BUNDLE } else { kind::ATTESTATION },
        digest: digest.and_then(digest_of),
        image: Some(name.unwrap_or_else(|| UNNAMED.to_owned())),
        predicate_type,
        annotations: annotations.map(texts).unwrap_or_default(),
    })
}

fn of_simple_signing(text: &[u8]) -> Option<Payload> {
    let payload: Value = serde_json::from_slice(text).ok()?;
    let critical = payload.get("critical")?;
    if critical.get("type")?.as_str()? != SIMPLE_SIGNING {
        return None;
    }
    let image = critical.get("identity").and_then(|it| text_of(it, "docker-reference"));
    let digest = critical.get("image").and_then(|it| text_of(it, "docker-manifest-digest"));
    let optional = payload.get("optional").and_then(Value::as_object);
    Some(Payload {
        kind: kind::SIMPLE_SIGNING,
        digest,
        image: Some(image.unwrap_or_else(|| UNNAMED.to_owned())),
        predicate_type: None,
        annotations: optional.map(texts).unwrap_or_default(),
    })
}

/// SHA-256 before all others, as that is what an image is known by.
fn digest_of(digests: &Map<String, Value>) -> Option<String> {
    let first = digests.get_key_value("sha256").or_else(|| digests.iter().next());
    first.and_then(|(name, value)| Some(cut(&format!("{name}:{}", value.as_str()?))))
}

fn texts(object: &Map<String, Value>) -> Vec<(String, String)> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = object.iter().take(ANNOTATIONS_MAX);
    pairs.map(|(name, value)| (cut(name), cut(&shown(value)))).collect()
}

fn text_of(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().filter(|text| !text.is_empty()).map(cut)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use signpath_client::key::HashAlgorithm;

    use super::*;
    use crate::statement::PAYLOAD_TYPE as IN_TOTO;

    const DIGEST: &str = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

    fn described(text: &[u8]) -> Payload {
        let text = Some(Text { start: text.to_vec(), is_whole: true });
        describe(&Message { hash: HashAlgorithm::Sha256, digest: vec![0xab; 32], text })
    }

    fn encoded(statement: &Value) -> Vec<u8> {
        let body = statement.to_string();
        format!("DSSEv1 {} {IN_TOTO} {} {body}", IN_TOTO.len(), body.len()).into_bytes()
    }

    #[test]
    fn a_bundle_of_v3_does_not_name_its_image() {
        let payload = described(&encoded(&json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "digest": { "sha256": &DIGEST[7..] }, "annotations": { "by": "me" } }],
            "predicateType": COSIGN_SIGN,
            "predicate": {},
        })));
        let expected = Payload {
            kind: "bundle",
            digest: Some(DIGEST.to_owned()),
            image: Some("unnamed".to_owned()),
            predicate_type: Some(COSIGN_SIGN.to_owned()),
            annotations: vec![("by".to_owned(), "me".to_owned())],
        };
        assert_eq!(payload, expected);
    }

    #[test]
    fn a_statement_that_names_an_image_is_told_with_its_name_and_type() {
        let payload = described(&encoded(&json!({
            "subject": [{ "name": "registry.example/app", "digest": { "sha256": &DIGEST[7..] } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": { "buildType": "x" },
        })));
        assert_eq!(payload.kind, "attestation");
        assert_eq!(payload.image.as_deref(), Some("registry.example/app"));
        assert_eq!(payload.digest.as_deref(), Some(DIGEST));
        assert_eq!(payload.predicate_type.as_deref(), Some("https://slsa.dev/provenance/v1"));
    }

    #[test]
    fn simple_signing_names_its_image_and_its_annotations() {
        let payload = described(
            json!({
                "critical": {
                    "identity": { "docker-reference": "registry.example/app" },
                    "image": { "docker-manifest-digest": DIGEST },
                    "type": SIMPLE_SIGNING,
                },
                "optional": { "commit": "abc", "count": 2 },
            })
            .to_string()
            .as_bytes(),
        );
        assert_eq!(payload.kind, "simple signing");
        assert_eq!(payload.image.as_deref(), Some("registry.example/app"));
        assert_eq!(payload.digest.as_deref(), Some(DIGEST));
        let annotations = [("commit", "abc"), ("count", "2")];
        assert_eq!(payload.annotations, annotations.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn anything_else_is_a_blob_and_a_bare_digest_is_a_digest() {
        for text in [b"#!/bin/sh".as_slice(), b"{}", b"DSSEv1 3 x", b"", b"\xff"] {
            let payload = described(text);
            assert_eq!((payload.kind, payload.image), ("blob", None));
            assert_eq!(payload.digest, Some(format!("sha256:{}", "ab".repeat(32))));
        }
        let message = Message { hash: HashAlgorithm::Sha384, digest: vec![1; 48], text: None };
        let payload = describe(&message);
        assert_eq!(payload.kind, "digest");
        assert_eq!(payload.digest, Some(format!("sha384:{}", "01".repeat(48))));
    }

    #[test]
    fn a_message_that_was_not_kept_whole_is_a_blob() {
        let text = Some(Text { start: encoded(&json!({})), is_whole: false });
        let message = Message { hash: HashAlgorithm::Sha256, digest: vec![0; 32], text };
        assert_eq!(describe(&message).kind, "blob");
    }

    #[test]
    fn a_statement_is_only_read_from_a_whole_encoding() {
        let whole = encoded(&json!({ "a": 1 }));
        assert_eq!(statement_in(&whole), Some(br#"{"a":1}"#.as_slice()));
        let shorter = &whole[..whole.len() - 1];
        let longer = [&whole[..], b"x"].concat();
        let other = b"DSSEv1 10 text/plain 1 x".as_slice();
        for text in [shorter, &longer, other, b"DSSEv1 +1 x 1 x", b"DSSEv1  1"] {
            assert_eq!(statement_in(text), None);
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            described(&text);
            described(&[b"DSSEv1 ", &text[..]].concat());
        }

        #[test]
        fn a_statement_comes_back_as_it_was(body in "\\PC{0,60}") {
            let length = body.len();
            let text = format!("DSSEv1 {} {IN_TOTO} {length} {body}", IN_TOTO.len());
            prop_assert_eq!(statement_in(text.as_bytes()), Some(body.as_bytes()));
        }
    }
}
