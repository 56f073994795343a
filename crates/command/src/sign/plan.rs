//! Which manifests are signed in which form: tags become digests, indexes their manifests, and an image that has signatures
//! in one form gets no other one by accident.

use crate::attach::{self, Existing};
use crate::error::Error;
use crate::image::{Image, ImageName};
use crate::payload::Annotations;
use crate::registry::manifest::{Index, is_index};
use crate::registry::{Manifest, PlainHttp, Registries, Registry};
use crate::sign::{Format, Message, Order};
use crate::terminal;

/// What is signed, in the order in which the images were named; each manifest once.
///
/// # Errors
/// An image that is not there, or that has signatures of another form.
pub(super) fn messages(order: &Order, registries: &Registries) -> Result<Vec<Message>, Error> {
    let mut targets: Vec<Image> = Vec::new();
    let mut messages = Vec::new();
    for name in &order.images {
        let registry = registries.open(&name.repository)?;
        for image in images(&registry, name, order.recursive)? {
            if targets.contains(&image) {
                continue;
            }
            let stem = stem(&image, &targets);
            for format in formats(order, &registry, &image)? {
                messages.push(Message::of(&image, format, &order.annotations, &stem)?);
            }
            targets.push(image);
        }
    }
    Ok(messages)
}

/// The digest, and a number where another repository has an image of the same one.
fn stem(image: &Image, before: &[Image]) -> String {
    let tag = image.digest.as_tag();
    match before.iter().filter(|other| other.digest == image.digest).count() {
        0 => tag,
        others => format!("{tag}.{}", others + 1),
    }
}

fn images(registry: &Registry, name: &ImageName, recursive: bool) -> Result<Vec<Image>, Error> {
    let found = manifest(registry, name)?;
    let mut digests = vec![found.digest.clone()];
    let mut unread = vec![found];
    while let Some(manifest) = unread.pop().filter(|_| recursive) {
        if !is_index(&manifest.media_type) {
            continue;
        }
        let index = Index::read(&manifest.bytes).map_err(|why| {
            Error::failed(format!("{} cannot be read", manifest.digest)).because(why)
        })?;
        if index.unreadable() > 0 {
            terminal::warn(&format!(
                "{} of the manifests that {} lists have a digest that is not SHA-256; they are not signed",
                index.unreadable(),
                manifest.digest
            ));
        }
        for entry in index.descriptors() {
            if digests.contains(&entry.digest) {
                continue;
            }
            let found = registry.manifest(entry.digest.as_str())?.ok_or_else(|| {
                Error::failed(format!(
                    "{} lists {}, which is not there",
                    manifest.digest, entry.digest
                ))
                .hint("push all platforms of the image, or sign it without --recursive")
            })?;
            unread.push(found);
            digests.push(entry.digest);
        }
    }
    let image = |digest| Image { repository: name.repository.clone(), digest };
    Ok(digests.into_iter().map(image).collect())
}

/// The manifest that a name means. Without tag and digest that is the tag `latest`.
fn manifest(registry: &Registry, name: &ImageName) -> Result<Manifest, Error> {
    let tag = name.tag.as_deref().unwrap_or("latest");
    let reference = name.digest.as_ref().map_or(tag, |digest| digest.as_str());
    let found = registry.manifest(reference)?.ok_or_else(|| {
        Error::failed(format!("{} has no {reference}", name.repository))
            .hint("push the image first; a registry may also say this to who may not see it")
    })?;
    if name.digest.is_none() {
        terminal::say(&format!("{}:{tag} is {}", name.repository, found.digest));
    }
    Ok(found)
}

/// What is signed for images in one form. A digest is believed without asking the registry.
///
/// # Errors
/// An image that is not there.
pub(crate) fn messages_of(
    names: &[ImageName],
    format: Format,
    annotations: &Annotations,
    plain: PlainHttp,
) -> Result<Vec<Message>, Error> {
    let registries = Registries::new(plain);
    let mut images: Vec<Image> = Vec::new();
    let mut messages = Vec::new();
    for name in names {
        let repository = name.repository.clone();
        let digest = match &name.digest {
            Some(digest) => digest.clone(),
            None => manifest(&*registries.open(&repository)?, name)?.digest,
        };
        let image = Image { repository, digest };
        let stem = stem(&image, &images);
        messages.push(Message::of(&image, format, annotations, &stem)?);
        images.push(image);
    }
    Ok(messages)
}

/// cosign looks at signatures of simple signing only if an image has no bundle: a first bundle takes the others out of
/// sight, so it has to be asked for.
fn formats(order: &Order, registry: &Registry, image: &Image) -> Result<Vec<Format>, Error> {
    let wanted = order.formats.as_deref();
    if order.results.folder.is_some() {
        return Ok(wanted.unwrap_or(&[Format::Bundle]).to_vec());
    }
    let has = attach::existing(registry, &image.digest)?;
    match wanted {
        None if has == (Existing { simple_signing: true, bundle: false }) => {
            Err(attach::mixed(image).hint(
                "--format simple-signing adds one of their kind; --format bundle or both says that this is meant",
            ))
        }
        None => Ok(vec![Format::Bundle]),
        Some(formats) => {
            if formats == [Format::SimpleSigning] && has.bundle {
                terminal::warn(&format!(
                    "{image} has a bundle, so that cosign from v3 on does not look at other signatures"
                ));
            }
            Ok(formats.to_vec())
        }
    }
}
