//! Which manifests are signed in which form: tags become digests, indexes their manifests, and an image that has signatures
//! in one form gets no other one by accident.

use std::collections::{BTreeSet, VecDeque};

use crate::attach::{self, Existing};
use crate::digest::Digest;
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
            check_count(targets.len())?;
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
    let mut listing = Listing::of(&found.digest);
    if recursive {
        listing.add(&found)?;
    }
    while let Some((index, digest)) = listing.next() {
        let found = registry.manifest(digest.as_str())?.ok_or_else(|| {
            Error::failed(format!("{index} lists {digest}, which is not there"))
                .hint("push all platforms of the image, or sign it without --recursive")
        })?;
        listing.add(&found)?;
    }
    let image = |digest| Image { repository: name.repository.clone(), digest };
    Ok(listing.digests.into_iter().map(image).collect())
}

/// Most manifests that are signed at once. An index of every platform has some dozens.
const MANIFESTS_MAX: usize = 1000;

/// What an index lists, and what the indexes in it list: digests alone, as the registry says how many manifests there are, and
/// how long.
struct Listing {
    /// In the order in which they were found.
    digests: Vec<Digest>,
    known: BTreeSet<Digest>,
    /// Each with the index that lists it.
    unread: VecDeque<(Digest, Digest)>,
}

impl Listing {
    fn of(first: &Digest) -> Self {
        let known = BTreeSet::from([first.clone()]);
        Self { digests: vec![first.clone()], known, unread: VecDeque::new() }
    }

    fn next(&mut self) -> Option<(Digest, Digest)> {
        self.unread.pop_front()
    }

    /// Takes what a manifest lists, if it is an index.
    fn add(&mut self, manifest: &Manifest) -> Result<(), Error> {
        if !is_index(&manifest.media_type) {
            return Ok(());
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
            if !self.known.insert(entry.digest.clone()) {
                continue;
            }
            check_count(self.known.len())?;
            self.digests.push(entry.digest.clone());
            self.unread.push_back((manifest.digest.clone(), entry.digest));
        }
        Ok(())
    }
}

fn check_count(manifests: usize) -> Result<(), Error> {
    if manifests <= MANIFESTS_MAX {
        return Ok(());
    }
    Err(Error::failed(format!("there are more than {MANIFESTS_MAX} manifests to be signed"))
        .because("that many are not signed at once")
        .hint("name fewer images, or sign an index without --recursive"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::manifest::{Descriptor, INDEX, MANIFEST};

    fn index(entries: impl IntoIterator<Item = usize>) -> Manifest {
        let mut index = Index::empty();
        for entry in entries {
            let entry = Descriptor::of(MANIFEST, &entry.to_le_bytes());
            index.add(&entry).unwrap();
        }
        let bytes = serde_json::to_vec(&index).unwrap();
        let digest = Digest::of(&bytes);
        Manifest { bytes, media_type: INDEX.to_owned(), digest }
    }

    #[test]
    fn what_is_listed_twice_is_read_and_signed_once() {
        let (first, second) = (index([1, 2, 1]), index([2, 3]));
        let mut listing = Listing::of(&first.digest);
        listing.add(&first).unwrap();
        listing.add(&second).unwrap();
        listing.add(&first).unwrap();
        let digest = |entry: usize| Digest::of(&entry.to_le_bytes());
        let expected = [first.digest.clone(), digest(1), digest(2), digest(3)];
        assert_eq!(listing.digests, expected);
        let unread: Vec<_> = std::iter::from_fn(|| listing.next()).collect();
        assert_eq!(unread[0], (first.digest.clone(), digest(1)));
        assert_eq!(unread[2], (second.digest, digest(3)));
        assert_eq!(unread.len(), 3);
    }

    #[test]
    fn an_index_may_not_list_without_end() {
        let most = index(1..MANIFESTS_MAX);
        let mut listing = Listing::of(&most.digest);
        listing.add(&most).unwrap();
        assert_eq!(listing.digests.len(), MANIFESTS_MAX);
        let error = listing.add(&index([MANIFESTS_MAX])).unwrap_err();
        assert!(error.statement().contains("more than 1000 manifests"), "{}", error.statement());
    }
}
