//! Signatures into registries, beside the images they are for.

mod referrer;
mod simple_signing;
mod verification;

use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::error::Error;
use crate::image::Image;
use crate::registry::manifest::{Index, MediaType};
use crate::registry::{Manifest, Registry};
use crate::statement;

pub(crate) use referrer::bundle;
pub(crate) use simple_signing::signature;
pub(crate) use verification::Verification;

/// How often a tag that others write too is tried.
const ATTEMPTS: u32 = 12;

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was attached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attached {
    /// The manifest that has it.
    pub(crate) manifest: Digest,
    /// It was there before; nothing was written.
    pub(crate) was_there: bool,
}

/// The forms of signatures that an image has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing {
    pub(crate) simple_signing: bool,
    pub(crate) bundle: bool,
}

/// Why an image that has signatures of simple signing alone gets no bundle unless that is asked for: cosign looks at these
/// only if an image has no bundle.
pub(crate) fn mixed(image: &Image) -> Error {
    Error::failed(format!("{image} has signatures of simple signing and no bundle"))
        .because("with a bundle beside them cosign would no longer look at them")
}

/// Looks for signatures of an image, whoever made them.
///
/// # Errors
/// What keeps the registry from answering.
pub(crate) fn existing(registry: &Registry, image: &Digest) -> Result<Existing, Error> {
    let simple_signing = registry.manifest(&simple_signing::tag(image))?.is_some();
    let listed = match registry.referrers(image)? {
        Some(listed) => listed,
        None => match registry.manifest(&image.as_tag())? {
            Some(index) => {
                Index::read(&index.bytes).map(|index| index.descriptors()).unwrap_or_default()
            }
            None => Vec::new(),
        },
    };
    let mut predicate_types =
        listed.iter().filter_map(|found| found.annotations.get(referrer::PREDICATE_TYPE));
    let bundle = predicate_types.any(|kind| kind == statement::PREDICATE_TYPE);
    Ok(Existing { simple_signing, bundle })
}

/// The manifest that is signed.
fn subject(registry: &Registry, image: &Image) -> Result<Manifest, Error> {
    registry.manifest(image.digest.as_str())?.ok_or_else(|| {
        Error::failed(format!("{image} is not in the registry"))
            .hint("push the image before its signature; a registry may also say this to who may not see it")
    })
}

/// Changes what a tag names. Registries know no conditional writing: who read before we wrote, and writes after that, takes
/// ours away without knowing. So it is looked at again when such a writer must have ended, and made anew if it is gone.
fn change_tag(
    registry: &Registry,
    tag: &str,
    media_type: MediaType,
    change: impl Fn(Option<&Manifest>) -> Result<Option<Vec<u8>>, Error>,
) -> Result<Attached, Error> {
    let mut has_written = false;
    for _ in 0..ATTEMPTS {
        let start = Instant::now();
        let found = registry.manifest(tag)?;
        let Some(content) = change(found.as_ref())? else {
            // It is in there: from before, or as it was written in the round before.
            let manifest = found.map_or_else(|| Digest::of(b""), |found| found.digest);
            return Ok(Attached { manifest, was_there: !has_written });
        };
        registry.push_manifest(tag, media_type, &content)?;
        has_written = true;
        registry.pause(pause(start.elapsed()));
    }
    Err(Error::failed(format!("{}:{tag} could not be written", registry.repository()))
        .because("others write to it at the same time")
        .hint("run the command again"))
}

/// Others take about as long as we did from reading to writing. The rest is chance, so that two do not go on in step.
fn pause(took: Duration) -> Duration {
    let took = took.max(SHORTEST_PAUSE);
    let chance = getrandom::u32().unwrap_or_default() % 1024;
    took.saturating_add(took.saturating_mul(chance) / 512).min(LONGEST_PAUSE)
}
