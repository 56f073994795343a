//! Bundles as OCI referrers: an artifact whose `subject` is the image. Registries that do not list referrers themselves get
//! the index under the tag `sha256-…` that the specification has for them (distribution 1.1, "Referrers Tag Schema").

use crate::attach::{Attached, Verification, change_tag, subject};
use crate::bundle::{self, MEDIA_TYPE};
use crate::error::Error;
use crate::go_json;
use crate::image::Image;
use crate::registry::manifest::{Descriptor, INDEX, ImageManifest, Index, MANIFEST};
use crate::registry::{Manifest, Registry};
use crate::statement::Stated;
use crate::terminal;

pub(super) const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const CONTENT: &str = "dev.sigstore.bundle.content";
const ENVELOPE: &str = "dsse-envelope";

/// OCI image specification 1.1, "Guidance for an Empty Descriptor".
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const EMPTY_CONTENT: &[u8] = b"{}";

/// Attaches a bundle to an image. The bundle is not written anew. The same bundle has the same manifest, so that doing it
/// twice changes nothing.
///
/// # Errors
/// A bundle for another image, or one that does not verify; what keeps the registry from answering.
pub(crate) fn bundle(
    registry: &Registry,
    image: &Image,
    content: &[u8],
    verification: &Verification,
) -> Result<Attached, Error> {
    let stated = check(image, content, verification)?;
    let subject = subject(registry, image)?;
    registry.push_blob(EMPTY_CONTENT)?;
    registry.push_blob(content)?;
    let manifest = manifest(&subject, content, &stated);
    let written = |error| Error::failed("the manifest cannot be written").because(error);
    let bytes = go_json::to_string(&manifest).map_err(written)?.into_bytes();
    let mut entry = Descriptor::of(MANIFEST, &bytes);
    entry.artifact_type = manifest.artifact_type;
    entry.annotations = manifest.annotations;

    let was_there = registry.manifest(entry.digest.as_str())?.is_some();
    let pushed = registry.push_manifest(entry.digest.as_str(), MANIFEST, &bytes)?;
    if !pushed.is_listed && registry.referrers(&image.digest)?.is_none() {
        list(registry, image, &entry)?;
    }
    Ok(Attached { manifest: pushed.digest, was_there })
}

fn check(image: &Image, content: &[u8], verification: &Verification) -> Result<Stated, Error> {
    let bundle = bundle::read(content)
        .map_err(|why| Error::failed("the bundle cannot be attached").because(why))?;
    let subjects = &bundle.stated.subjects;
    let Some((name, _)) = subjects.iter().find(|(_, digest)| *digest == image.digest) else {
        return Err(Error::failed(format!("the bundle is not for {image}"))
            .hint("attach it to the image that it was made for"));
    };
    // cosign's own statements have no name.
    if !name.is_empty() && *name != image.repository.to_string() {
        terminal::warn(&format!("the bundle names {name}, not {}", image.repository));
    }
    verification.of_bundle(&bundle)?;
    Ok(bundle.stated)
}

fn manifest(subject: &Manifest, content: &[u8], stated: &Stated) -> ImageManifest {
    let annotations = [(CONTENT, ENVELOPE), (PREDICATE_TYPE, &stated.predicate_type)];
    ImageManifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: Descriptor::of(EMPTY, EMPTY_CONTENT),
        layers: vec![Descriptor::of(MEDIA_TYPE, content)],
        annotations: annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        subject: Some(Descriptor::of(&subject.media_type, &subject.bytes)),
        artifact_type: Some(MEDIA_TYPE.to_owned()),
    }
}

/// Puts an entry into the image's fallback index.
fn list(registry: &Registry, image: &Image, entry: &Descriptor) -> Result<Attached, Error> {
    let tag = image.digest.as_tag();
    change_tag(registry, &tag, INDEX, |found| {
        let mut index = match found {
            None => Index::empty(),
            Some(found) => Index::read(&found.bytes).map_err(|why| {
                let what = format!("{}:{tag} cannot list the signature", registry.repository());
                Error::failed(what).because(why)
            })?,
        };
        if index.has(&entry.digest) {
            return Ok(None);
        }
        let written = |error| Error::failed("the index cannot be written").because(error);
        index.add(entry).map_err(written)?;
        go_json::to_string(&index).map(|text| Some(text.into_bytes())).map_err(written)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::digest::Digest;

    #[test]
    fn the_manifest_is_a_referrer_of_the_image() {
        let subject = Manifest {
            bytes: b"image".to_vec(),
            media_type: MANIFEST.to_owned(),
            digest: Digest::of(b"image"),
        };
        let stated = Stated { subjects: Vec::new(), predicate_type: "https://x".to_owned() };
        let manifest = serde_json::to_value(manifest(&subject, b"bundle", &stated)).unwrap();
        assert_eq!(manifest["subject"]["digest"], Digest::of(b"image").as_str());
        assert_eq!(manifest["subject"]["size"], 5);
        assert_eq!(manifest["artifactType"], MEDIA_TYPE);
        assert_eq!(manifest["layers"][0]["mediaType"], MEDIA_TYPE);
        // OCI image specification 1.1: the digest of `{}`.
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(
            (manifest["config"]["digest"].as_str(), manifest["config"]["size"].as_u64()),
            (Some(empty), Some(2))
        );
        let annotations: BTreeMap<String, String> =
            serde_json::from_value(manifest["annotations"].clone()).unwrap();
        assert_eq!(annotations[PREDICATE_TYPE], "https://x");
        assert_eq!(annotations[CONTENT], "dsse-envelope");
    }
}
