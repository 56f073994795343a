//! Manifests and indexes, with their fields in the order in which go-containerregistry writes them: what is written again
//! gets the digest that cosign would give it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;

pub(crate) type MediaType = &'static str;

pub(crate) const MANIFEST: MediaType = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: MediaType = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: MediaType = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: MediaType = "application/vnd.docker.distribution.manifest.list.v2+json";

/// What is asked for, and what can be signed.
pub(super) const MANIFEST_TYPES: [MediaType; 4] = [MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX];

/// Whether a manifest of this type lists others.
pub(crate) fn is_index(media_type: &str) -> bool {
    [INDEX, DOCKER_INDEX].contains(&media_type)
}

/// Image manifest (OCI image specification 1.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageManifest {
    pub(crate) schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
}

/// Names content by its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) urls: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, content: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            digest: Digest::of(content),
            data: None,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }
}

/// An image index. Its entries stay as others wrote them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    manifests: Vec<Value>,
    /// Annotations and whatever else is there.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

impl Index {
    /// Without entries.
    pub(crate) fn empty() -> Self {
        Self {
            schema_version: 2,
            media_type: Some(INDEX.to_owned()),
            manifests: Vec::new(),
            more: BTreeMap::new(),
        }
    }

    /// # Errors
    /// What it is not, as the end of a sentence.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("it is no image index: {error}"))
    }

    /// The entries that can be read.
    pub(crate) fn descriptors(&self) -> Vec<Descriptor> {
        let read = |entry: &Value| serde_json::from_value(entry.clone()).ok();
        self.manifests.iter().filter_map(read).collect()
    }

    /// How many entries [`Self::descriptors`] leaves out.
    pub(crate) fn unreadable(&self) -> usize {
        self.manifests.len() - self.descriptors().len()
    }

    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.manifests.iter().any(|entry| entry.get("digest") == Some(&digest.as_str().into()))
    }

    /// # Errors
    /// None that can happen.
    pub(crate) fn add(&mut self, entry: &Descriptor) -> serde_json::Result<()> {
        self.manifests.push(serde_json::to_value(entry)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_of_others_stay_as_they_are() {
        let odd = json!({"mediaType": "x", "size": 1, "digest": "sha512:00", "odd": [1]});
        let text =
            json!({"schemaVersion": 2, "manifests": [odd], "annotations": {"a": "b"}, "odd": 1});
        let mut index = Index::read(text.to_string().as_bytes()).unwrap();
        let ours = Descriptor::of(MANIFEST, b"ours");
        index.add(&ours).unwrap();
        assert!(index.has(&ours.digest) && !index.has(&Digest::of(b"other")));
        assert_eq!(index.descriptors(), [ours]);
        let written = serde_json::to_value(&index).unwrap();
        assert_eq!((&written["manifests"][0], &written["odd"]), (&odd, &json!(1)));
        assert_eq!(written["annotations"], json!({"a": "b"}));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
            Index::read(&bytes).map(|index| index.descriptors()).ok();
            serde_json::from_slice::<ImageManifest>(&bytes).ok();
        }
    }
}
