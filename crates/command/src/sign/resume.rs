//! Going on with a signing request: what is to be done is known from the run that made it, or, on another machine, from
//! what the request has signed.

use std::time::Duration;

use signpath_client::config::{PayloadForm, Via};
use uuid::Uuid;

use crate::error::Error;
use crate::registry::{PlainHttp, Registries};
use crate::request::archive::Archive;
use crate::request::{Request, Requests, Unusable, file};
use crate::service::{self, PolicyName};
use crate::sign::by_request::{ByRequest, Unchecked, of_parts};
use crate::sign::deliver::Delivery;
use crate::sign::task::Task;
use crate::sign::{Format, Results, returned, submit};
use crate::terminal::{self, Progress};

/// What is given beside the request's id.
pub(crate) struct Resumption {
    pub(crate) id: Uuid,
    /// `None`: the one of the run that made it.
    pub(crate) policy: Option<PolicyName>,
    pub(crate) wait: Duration,
    pub(crate) plain: PlainHttp,
    pub(crate) results: Results,
}

/// Waits on, checks, and attaches or writes.
///
/// # Errors
/// A request that nobody knows; what keeps service or registry from answering; nobody has approved it in time.
pub(crate) fn resume(resumption: Resumption) -> Result<(), Error> {
    let Resumption { id, policy, wait, plain, mut results } = resumption;
    let config = service::configuration()?;
    let client = service::open(&config)?;
    let mut progress = Progress::default();
    let mut requests = Requests::open(&client, &config.folders, &mut progress);
    let mut request = requests.by_id(id);
    let task = request.task.take().and_then(Task::read);
    let name = policy_of(id, policy, task.as_ref().map(|task| &task.policy))?;
    let policy = service::policy(&client, &name, Via::Request)?;
    let registries = Registries::new(plain);
    let key = policy.key().clone();
    let by_request =
        ByRequest { client: &client, policy, name: name.clone(), config: &config, wait };
    match task {
        Some(task) => {
            results.folder = results.folder.or(task.folder);
            let mut delivery = Delivery::new(name, key, &registries, results);
            delivery.may_mix = task.may_mix;
            let read = |zip: &[u8]| of_parts(&task.parts, zip);
            let outcome = by_request.finish(&mut requests, &request, &mut delivery, read);
            delivery.finish(outcome)
        }
        None => {
            let mut delivery = Delivery::new(name, key, &registries, results);
            delivery.may_mix = false;
            // Whoever made it remembers it; what we cannot read, they may.
            let request = Request::named(id);
            let unsigned = requests.unsigned(&request)?;
            let read = |zip: &[u8]| of_zip(zip, unsigned.as_deref()).map_err(Unusable::Now);
            let outcome = by_request.finish(&mut requests, &request, &mut delivery, read);
            delivery.finish(outcome)
        }
    }
}

/// The policy that the run before used, and on another machine the one that is given.
fn policy_of(
    id: Uuid,
    given: Option<PolicyName>,
    known: Option<&PolicyName>,
) -> Result<PolicyName, Error> {
    match (given, known) {
        (Some(given), Some(known)) if given != *known => {
            Err(Error::usage(format!("the signing request {id} is of {known}, not of {given}"))
                .hint("leave --policy away"))
        }
        (Some(name), _) => Ok(name),
        (None, Some(known)) => Ok(known.clone()),
        (None, None) => {
            Err(Error::usage(format!("this machine does not know the signing request {id}"))
                .hint("--policy PROJECT/POLICY says whose key the signature has to verify with"))
        }
    }
}

/// All that a signed zip has, for which images it says itself. What was handed in shows what was put in.
pub(super) fn of_zip(zip: &[u8], unsigned: Option<&[u8]>) -> Result<Vec<Unchecked>, String> {
    let reason = |unusable: Unusable| unusable.why().to_owned();
    let mut zip = Archive::open(zip).map_err(reason)?;
    let mut unsigned = unsigned.map(Archive::open).transpose().map_err(reason)?;
    let paths = zip.paths().map_err(reason)?;
    let forms = [PayloadForm::Raw, PayloadForm::Dsse];
    let signed = paths.iter().filter_map(|path| {
        forms.iter().find_map(|form| Some((path.strip_suffix(file::suffix(*form))?, *form)))
    });
    let mut found = Vec::new();
    for (path, form) in signed {
        let one = signed_file(path, form, &mut zip, unsigned.as_mut())
            .map_err(|why| terminal::visible(&format!("{path} in it: {why}")))?;
        terminal::say(&format!("{path} is for {}", one.message.image));
        found.push(one);
    }
    let messages: Vec<_> = found.iter().map(|one| one.message.clone()).collect();
    submit::check_names(&messages).map_err(|error| error.statement())?;
    if found.is_empty() {
        return Err("there is no signature in it".to_owned());
    }
    // Of both forms the bundle comes first: it may be refused beside signatures of simple signing, ours among them.
    found.sort_by_key(|one| one.message.format != Format::Bundle);
    Ok(found)
}

fn signed_file(
    path: &str,
    form: PayloadForm,
    zip: &mut Archive<'_>,
    unsigned: Option<&mut Archive<'_>>,
) -> Result<Unchecked, String> {
    // A file beside others, whatever the folder in the zip.
    let name = path.replace('/', "-");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(is_plain) || name.starts_with('.') {
        return Err("its name is not one for a file here".to_owned());
    }
    let reason = |unusable: Unusable| unusable.why().to_owned();
    let file::SignedFile { content, signature } = file::found(zip, path, form).map_err(reason)?;
    let format = format_of(form, &content);
    let content = returned::content(format, form, content)?;
    let message = submit::read(content, name.clone())?;
    let handed_in = match unsigned {
        Some(unsigned) => unsigned.unpacked(path, file::FOUND_MAX).map_err(reason)?,
        None => None,
    };
    let added = match handed_in {
        Some(content) => {
            let content = returned::content(format_of(form, &content), form, content)?;
            returned::added(&submit::read(content, name)?, &message.content)?
        }
        None => Vec::new(),
    };
    Ok(Unchecked { message, signature, added })
}

fn format_of(form: PayloadForm, content: &[u8]) -> Format {
    let is_encoded = form == PayloadForm::Raw && content.starts_with(b"DSSEv1 ");
    if is_encoded { Format::Bundle } else { Format::SimpleSigning }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::Annotations;
    use crate::request::archive;
    use crate::sign::Message;

    #[test]
    fn what_a_zip_has_is_read_in_every_form() {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        let message = |format| Message::of(&image, format, &Annotations::new(), "x").unwrap();
        let (bundle, simple) = (message(Format::Bundle), message(Format::SimpleSigning));
        let encoded = bundle.to_sign();
        let zip = archive::packed([
            ("a/x.statement.json", encoded.as_slice()),
            ("a/x.statement.json.sig", b"s1"),
            ("x.payload.json", &simple.content),
            ("x.payload.json.sig", b"s2"),
            ("other.txt", b""),
        ]);
        let found = of_zip(&zip.unwrap(), None).unwrap();
        let part = |message: Message, file: &str, signature: &[u8]| Unchecked {
            message: Message { file: file.to_owned(), ..message },
            signature: signature.to_vec(),
            added: Vec::new(),
        };
        let expected =
            [part(bundle, "a-x.statement.json", b"s1"), part(simple, "x.payload.json", b"s2")];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_zip_without_a_signature_of_an_image_is_refused() {
        for files in [&[("payload.json", &b"{}"[..])][..], &[("a", b"{}"), ("a.sig", b"s")]] {
            assert!(of_zip(&archive::packed(files.iter().copied()).unwrap(), None).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_zip_makes_it_panic(bytes: Vec<u8>, name in "[a-z./]{1,9}", content: Vec<u8>) {
            of_zip(&bytes, Some(&bytes)).ok();
            let signature = format!("{name}.sig");
            if let Ok(zip) = archive::packed([(&*name, &*content), (&*signature, b"s")]) {
                of_zip(&zip, Some(&zip)).ok();
            }
        }
    }
}
