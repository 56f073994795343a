//! Signatures of simple signing: an image under the tag `sha256-….sig` with a layer per signature, as
//! `cosign attach signature` leaves it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attach::{Attached, Verification, change_tag, subject};
use crate::digest::Digest;
use crate::error::Error;
use crate::go_json;
use crate::image::Image;
use crate::payload;
use crate::registry::manifest::{Descriptor, ImageManifest, MANIFEST};
use crate::registry::{Manifest, Registry};
use crate::terminal;

const LAYER: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// The zero time of Go, which cosign leaves as the time of everything.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// The tag that has the signatures of an image.
pub(super) fn tag(image: &Digest) -> String {
    format!("{}.sig", image.as_tag())
}

/// Attaches a signature to an image, after those that it has. The payload is not written anew, and the signature (Base64) only
/// where cosign could not read its form.
///
/// # Errors
/// A payload for another image, a signature that is no Base64 or does not verify; what keeps the registry from answering.
pub(crate) fn signature(
    registry: &Registry,
    image: &Image,
    payload: &[u8],
    signature: &str,
    verification: &Verification,
) -> Result<Attached, Error> {
    let signature = check(image, payload, signature, verification)?;
    subject(registry, image)?;
    registry.push_blob(payload)?;
    let mut layer = Descriptor::of(LAYER, payload);
    layer.annotations.insert(SIGNATURE.to_owned(), signature);
    change_tag(registry, &tag(&image.digest), MANIFEST, |found| {
        let (manifest, config) = match found {
            Some(found) => read(registry, found)?,
            None => (None, Config::empty()),
        };
        with(registry, manifest, config, &layer)
    })
}

/// The signature, Base64, as it is attached.
fn check(
    image: &Image,
    payload: &[u8],
    signature: &str,
    verification: &Verification,
) -> Result<String, Error> {
    let named = payload::read(payload).map_err(|why| {
        Error::failed("the payload cannot be attached")
            .because(why)
            .hint("`signpath-cosign payload IMAGE` or `cosign generate IMAGE` makes one")
    })?;
    if named.digest != image.digest {
        return Err(Error::failed(format!("the payload is for {}, not for {image}", named.digest))
            .hint("attach it to the image that it was made for"));
    }
    if named.repository != image.repository.to_string() {
        terminal::warn(&format!(
            "the payload names {}, not {}",
            named.repository, image.repository
        ));
    }
    // As Go: other white space is not Base64.
    let text: String = signature.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match STANDARD.decode(&text) {
        Ok(bytes) if !bytes.is_empty() => {
            let encoded = verification.of_signature(payload, bytes.clone())?;
            let is_same = encoded == bytes;
            Ok(if is_same { signature.to_owned() } else { STANDARD.encode(encoded) })
        }
        _ => Err(Error::failed("the signature is not Base64")
            .hint("a raw signature becomes one by: base64 -w 0 payload.json.sig")),
    }
}

/// The manifest and configuration that a tag has.
fn read(registry: &Registry, found: &Manifest) -> Result<(Option<ImageManifest>, Config), Error> {
    let odd = |error: serde_json::Error| {
        Error::failed(format!("{} has something else than signatures", registry.repository()))
            .because(format!("{} cannot be read: {error}", found.digest))
    };
    let manifest: ImageManifest = serde_json::from_slice(&found.bytes).map_err(odd)?;
    let config = registry.blob(&manifest.config.digest)?;
    let config = serde_json::from_slice(&config).map_err(odd)?;
    Ok((Some(manifest), config))
}

/// The manifest with one more layer; `None` if it has the layer.
fn with(
    registry: &Registry,
    manifest: Option<ImageManifest>,
    mut config: Config,
    layer: &Descriptor,
) -> Result<Option<Vec<u8>>, Error> {
    let written = |error| Error::failed("the manifest cannot be written").because(error);
    let mut manifest = manifest.unwrap_or_else(|| ImageManifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: Descriptor::of(CONFIG, b""),
        layers: Vec::new(),
        annotations: BTreeMap::new(),
        subject: None,
        artifact_type: None,
    });
    if manifest.layers.contains(layer) {
        return Ok(None);
    }
    manifest.layers.push(layer.clone());
    config.add(&layer.digest);
    let config = go_json::to_string(&config).map_err(written)?;
    registry.push_blob(config.as_bytes())?;
    manifest.config = Descriptor {
        annotations: manifest.config.annotations,
        ..Descriptor::of(CONFIG, config.as_bytes())
    };
    go_json::to_string(&manifest).map(|text| Some(text.into_bytes())).map_err(written)
}

/// An image's configuration, its fields in the order of go-containerregistry's `v1.ConfigFile`.
#[derive(Debug, Serialize, Deserialize)]
struct Config {
    architecture: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    container: String,
    #[serde(default = "no_time")]
    created: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    docker_version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<History>,
    os: String,
    rootfs: RootFs,
    #[serde(default)]
    config: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: String,
    diff_ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct History {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(default = "no_time")]
    created: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    created_by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    comment: String,
}

fn no_time() -> String {
    NO_TIME.to_owned()
}

impl Config {
    fn empty() -> Self {
        Self {
            architecture: String::new(),
            author: String::new(),
            container: String::new(),
            created: no_time(),
            docker_version: String::new(),
            history: Vec::new(),
            os: String::new(),
            rootfs: RootFs { kind: "layers".to_owned(), diff_ids: Vec::new() },
            config: Map::new(),
        }
    }

    fn add(&mut self, layer: &Digest) {
        let nothing = String::new;
        self.history.push(History {
            author: nothing(),
            created: no_time(),
            created_by: nothing(),
            comment: nothing(),
        });
        self.rootfs.diff_ids.push(layer.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left by `cosign attach signature` of v3.1.2 after three signatures.
    #[test]
    fn a_configuration_is_written_as_cosign_writes_it() {
        let layer = Digest::of(b"x");
        let mut config = Config::empty();
        (0..3).for_each(|_| config.add(&layer));
        let time = r#"{"created":"0001-01-01T00:00:00Z"}"#;
        let expected = format!(
            r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{time},{time},{time}],"os":"","rootfs":{{"type":"layers","diff_ids":["{layer}","{layer}","{layer}"]}},"config":{{}}}}"#
        );
        assert_eq!(go_json::to_string(&config).unwrap(), expected);
        let read: Config = serde_json::from_str(&expected).unwrap();
        assert_eq!(go_json::to_string(&read).unwrap(), expected);
    }
}
