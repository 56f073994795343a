//! The middle one of the three steps: files that were made elsewhere are handed in, and what was signed is written beside
//! each other, for `attach` or `cosign attach signature`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use signpath_client::config::Via;

use crate::error::Error;
use crate::files;
use crate::image::Image;
use crate::payload;
use crate::registry::{PlainHttp, Registries};
use crate::service::{self, PolicyName};
use crate::sign::by_request::ByRequest;
use crate::sign::deliver::Delivery;
use crate::sign::{Asking, Format, Message, Results, check_form};
use crate::statement;

/// Has files signed: payloads of simple signing, or statements.
///
/// # Errors
/// A file that is neither; what keeps the service from answering; nobody has approved it in time.
pub(crate) fn submit(
    paths: &[PathBuf],
    name: PolicyName,
    asking: &Asking,
    results: Results,
) -> Result<(), Error> {
    let messages = paths.iter().map(|path| message(path)).collect::<Result<Vec<_>, _>>()?;
    check_names(&messages)?;
    let config = service::configuration()?;
    let settings = asking.settings(&config.cosign)?;
    check_form(settings.form, messages.iter().map(|message| &message.format))?;
    let client = service::open(&config)?;
    let policy = service::policy(&client, &name, Via::Request)?;
    // Files are all that comes of it, so that no registry is asked.
    let registries = Registries::new(PlainHttp::default());
    let mut delivery = Delivery::new(name.clone(), policy.key().clone(), &registries, results);
    let wait = asking.wait;
    let by_request = ByRequest { client: &client, policy, name, config: &config, wait };
    let outcome = by_request.sign(&settings, messages, &mut delivery);
    delivery.finish(outcome)
}

fn message(path: &Path) -> Result<Message, Error> {
    let content = files::read(path)?;
    let named = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = named.filter(|name| name != "-").unwrap_or_else(|| "payload.json".to_owned());
    read(content, file).map_err(|why| {
        Error::failed(format!("{} cannot be submitted", path.display()))
            .because(why)
            .hint("`signpath-cosign payload IMAGE` or `cosign generate IMAGE` makes a payload; `attach` and cosign take what comes of it")
    })
}

/// A message of which the content is known alone.
///
/// # Errors
/// It names no image, as a sentence.
pub(super) fn read(content: Vec<u8>, file: String) -> Result<Message, String> {
    let (format, named) = match payload::read(&content) {
        Ok(named) => (Format::SimpleSigning, (named.repository, named.digest)),
        Err(why) => match statement::read(&content) {
            Ok(stated) => (Format::Bundle, one(stated)?),
            Err(_) => return Err(why),
        },
    };
    let (repository, digest) = named;
    let image: Image = format!("{repository}@{digest}")
        .parse()
        .map_err(|why| format!("its image {repository:?} cannot be: {why}"))?;
    Ok(Message { image, format, content, file })
}

fn one(stated: statement::Stated) -> Result<(String, crate::digest::Digest), String> {
    if stated.predicate_type != statement::PREDICATE_TYPE {
        return Err(format!("it is a statement of the type {:?}", stated.predicate_type));
    }
    match <[_; 1]>::try_from(stated.subjects) {
        Ok([(name, digest)]) if !name.is_empty() => Ok((name, digest)),
        Ok(_) => Err("it is a statement that does not name its image's repository".to_owned()),
        Err(subjects) => Err(format!("it is a statement about {} images", subjects.len())),
    }
}

/// Nothing is written over something else.
pub(super) fn check_names(messages: &[Message]) -> Result<(), Error> {
    let mut names = HashSet::new();
    let mut twice =
        messages.iter().flat_map(Message::files_made).filter(|name| !names.insert(name.clone()));
    match twice.next() {
        Some(name) => Err(Error::usage(format!("two files would be called {name}"))
            .hint("give them different names, or submit them one after the other")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::Annotations;

    #[test]
    fn payloads_and_statements_name_their_image() {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        for format in [Format::SimpleSigning, Format::Bundle] {
            let message = Message::of(&image, format, &Annotations::new(), "x").unwrap();
            assert_eq!(read(message.content.clone(), message.file.clone()), Ok(message));
        }
    }

    #[test]
    fn a_statement_without_a_name_or_of_another_kind_is_refused() {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        let message = Message::of(&image, Format::Bundle, &Annotations::new(), "x").unwrap();
        let text = String::from_utf8(message.content).unwrap();
        for (from, to) in [
            ("ghcr.io/acme/web", ""),
            ("sign/v1", "sign/v2"),
            ("\"subject\":[", "\"subject\":[],\"x\":["),
        ] {
            assert!(read(text.replace(from, to).into_bytes(), "x".to_owned()).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            read(bytes, "x".to_owned()).ok();
        }
    }
}
