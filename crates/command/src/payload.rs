//! The payload of a simple-signing signature: byte for byte what `cosign generate` prints (containers-signature(5), "JSON
//! data format").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::Error;
use crate::go_json;
use crate::image::Image;
use crate::unambiguous;

/// `key=value` pairs that are signed with an image, sorted by key.
pub(crate) type Annotations = BTreeMap<String, String>;

/// What cosign writes as `critical.type`.
pub(crate) const KIND: &str = "cosign container image signature";

// Go takes `Critical` for `critical`: what is neither of these names is refused rather than read otherwise than by cosign.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SimpleSigning {
    critical: Critical,
    /// `null` when there is nothing in it.
    optional: Option<BTreeMap<String, serde_json::Value>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: ImageDigest,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageDigest {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

/// The image that a payload speaks of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) repository: String,
    pub(crate) digest: Digest,
}

/// The payload for an image. No newline ends it.
///
/// # Errors
/// None that can happen; see [`go_json::to_string`].
pub(crate) fn of(image: &Image, annotations: &Annotations) -> Result<Vec<u8>, Error> {
    let optional =
        annotations.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    let payload = SimpleSigning {
        critical: Critical {
            identity: Identity { docker_reference: image.repository.to_string() },
            image: ImageDigest { docker_manifest_digest: image.digest.to_string() },
            kind: KIND.to_owned(),
        },
        optional: Some(optional).filter(|_| !annotations.is_empty()),
    };
    let text = go_json::to_string(&payload);
    text.map(String::into_bytes)
        .map_err(|error| Error::failed("the payload cannot be written").because(error))
}

/// What a payload, whoever made it, says about its image.
///
/// # Errors
/// What it is not, as the end of a sentence.
pub(crate) fn read(payload: &[u8]) -> Result<Named, String> {
    unambiguous::check(payload)
        .map_err(|why| format!("it is no payload of simple signing: {why}"))?;
    let payload: SimpleSigning = serde_json::from_slice(payload)
        .map_err(|error| format!("it is no payload of simple signing: {error}"))?;
    if payload.critical.kind != KIND {
        return Err(format!("its type is {:?} instead of {KIND:?}", payload.critical.kind));
    }
    let digest = payload.critical.image.docker_manifest_digest.parse();
    Ok(Named { repository: payload.critical.identity.docker_reference, digest: digest? })
}

/// The annotations in a payload or a statement of ours, as texts.
pub(crate) fn annotations_in(content: &[u8]) -> Vec<(String, String)> {
    let content: serde_json::Value = serde_json::from_slice(content).unwrap_or_default();
    let places = ["/optional", "/subject/0/annotations"];
    let found = places.iter().find_map(|place| content.pointer(place)?.as_object());
    let text =
        |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    found.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:2f486ba5910d543fdcbe1bda9a618af2de320c47d5e307235bd72fbb6e0f35e2";

    fn image(name: &str) -> Image {
        format!("{name}@{DIGEST}").parse().unwrap()
    }

    /// Printed by cosign v3.1.2 for `cosign generate -a b=2 -a 'a=<x>&y' …`.
    #[test]
    fn annotations_are_sorted_and_escaped_as_cosign_does() {
        let annotations = [("b", "2"), ("a", "<x>&y")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let made = of(&image("127.0.0.1:5917/hello/x"), &annotations.into()).unwrap();
        let cosign = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"127.0.0.1:5917/hello/x"}},"image":{{"docker-manifest-digest":"{DIGEST}"}},"type":"cosign container image signature"}},"optional":{{"a":"\u003cx\u003e\u0026y","b":"2"}}}}"#
        );
        assert_eq!(String::from_utf8(made).unwrap(), cosign);
    }

    #[test]
    fn without_annotations_optional_is_null() {
        let made = String::from_utf8(of(&image("alpine"), &Annotations::new()).unwrap()).unwrap();
        assert!(
            made.ends_with(r#""type":"cosign container image signature"},"optional":null}"#),
            "{made}"
        );
        assert!(made.contains(r#""docker-reference":"index.docker.io/library/alpine""#), "{made}");
    }

    #[test]
    fn other_json_is_no_payload() {
        let made = String::from_utf8(of(&image("alpine"), &Annotations::new()).unwrap()).unwrap();
        for (from, to) in [
            (KIND, "atomic container signature"),
            ("sha256:", "md5:"),
            ("critical", "x"),
            (r#"{"critical""#, r#"{"Critical":{},"critical""#),
            (
                r#"{"docker-manifest-digest""#,
                r#"{"Docker-Manifest-Digest":"sha256:0","docker-manifest-digest""#,
            ),
            (r#""optional":null"#, r#""optional":{"a":"1","a":"2"}"#),
        ] {
            assert!(read(made.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn a_payload_names_its_image(annotations: Annotations) {
            let image = image("ghcr.io/acme/web");
            let named = read(&of(&image, &annotations).unwrap()).unwrap();
            prop_assert_eq!(named, Named { repository: "ghcr.io/acme/web".to_owned(), digest: image.digest });
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            read(&bytes).ok();
        }
    }
}
