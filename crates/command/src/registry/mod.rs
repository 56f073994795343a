//! A container registry, as the OCI distribution specification 1.1 has it: manifests, blobs and referrers of one host.
//!
//! It speaks through the workspace's own HTTP stack. The crate oci-client was tried: it would put further features and crates
//! into the module's build (tests/artifact.rs), and it hides the header `OCI-Subject`, without which nobody knows whether
//! the fallback index has to be written.

mod authorization;
mod budget;
mod call;
mod challenge;
mod credentials;
mod failure;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod manifest;
mod tls;
mod transport;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};

use crate::digest::Digest;
use crate::error::Error;
use crate::image::Repository;

use self::budget::{Budget, REGISTRY_TIME};
use self::call::{Answer, Call, Scope};
use self::manifest::{Descriptor, Index, MANIFEST_TYPES, MediaType};
use self::transport::{LoginCell, Transport};

/// Which registries may be spoken to without TLS, beside those on loopback addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlainHttp {
    /// These, with their ports: by http alone, and their logins are sent.
    pub(crate) registries: Vec<String>,
    /// Every one that answers TLS with something else. Whoever is on the way can make it so, so that no login is sent.
    pub(crate) where_no_tls: bool,
}

/// A repository of a registry, with the connection to it.
pub(crate) struct Registry {
    repository: Repository,
    transport: Transport,
}

/// A manifest, its bytes as the registry has them.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
}

/// What the registry said to a manifest.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) digest: Digest,
    /// It lists the manifest among the referrers of its subject by itself (`OCI-Subject`).
    pub(crate) is_listed: bool,
}

/// The repositories of a run, so that each is logged in to once, and a login is looked for once in each registry.
pub(crate) struct Registries {
    plain: PlainHttp,
    budget: Rc<Budget>,
    logins: RefCell<BTreeMap<String, Rc<LoginCell>>>,
    opened: RefCell<Vec<Rc<Registry>>>,
}

impl Registries {
    pub(crate) fn new(plain: PlainHttp) -> Self {
        let budget = Rc::new(Budget::new(REGISTRY_TIME));
        Self { plain, budget, logins: RefCell::default(), opened: RefCell::default() }
    }

    /// Connects nowhere yet, unless it is to be seen whether the registry speaks TLS ([`PlainHttp::where_no_tls`]).
    ///
    /// # Errors
    /// Without TLS roots.
    pub(crate) fn open(&self, repository: &Repository) -> Result<Rc<Registry>, Error> {
        let mut opened = self.opened.borrow_mut();
        if let Some(known) = opened.iter().find(|known| known.repository == *repository) {
            return Ok(known.clone());
        }
        let host = repository.registry();
        let login = self.logins.borrow_mut().entry(host.to_owned()).or_default().clone();
        let transport = Transport::new(host, &self.plain, self.budget.clone(), login)?;
        let registry = Rc::new(Registry { repository: repository.clone(), transport });
        opened.push(registry.clone());
        Ok(registry)
    }
}

impl Registry {
    /// The repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Lets others have their turn.
    pub(crate) fn pause(&self, time: Duration) {
        self.transport.pause(time);
    }

    /// A manifest by tag or digest; `None` if there is none.
    ///
    /// # Errors
    /// No answer, a refusal, or content that has not the digest that was asked for.
    pub(crate) fn manifest(&self, reference: &str) -> Result<Option<Manifest>, Error> {
        let asked = format!("reading {}", self.name_of(reference));
        let call = self.call(Method::GET, &format!("manifests/{reference}"), Scope::Pull);
        let accept = MANIFEST_TYPES.join(", ");
        let answer = self.transport.send(call.with(ACCEPT, &accept), &asked)?;
        match answer.status {
            404 => return Ok(None),
            200 => {}
            _ => return Err(self.transport.refused(&asked, &answer)),
        }
        let digest = Digest::of(&answer.body);
        if reference.parse::<Digest>().is_ok_and(|wanted| wanted != digest) {
            return Err(Error::failed(format!("{asked} failed"))
                .because(format!("the registry's answer has the digest {digest}")));
        }
        let media_type = answer.header(&CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        Ok(Some(Manifest { bytes: answer.body, media_type, digest }))
    }

    /// A small blob, its content checked.
    ///
    /// # Errors
    /// As [`Self::manifest`]; also if there is none.
    pub(crate) fn blob(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let asked = format!("reading {}", self.name_of(digest.as_str()));
        let call = self.call(Method::GET, &format!("blobs/{digest}"), Scope::Pull);
        let answer = self.transport.send(call, &asked)?;
        if answer.status != 200 {
            return Err(self.transport.refused(&asked, &answer));
        }
        if Digest::of(&answer.body) != *digest {
            return Err(
                Error::failed(format!("{asked} failed")).because("its content has another digest")
            );
        }
        Ok(answer.body)
    }

    /// Uploads a blob, unless it is there.
    ///
    /// # Errors
    /// No answer or a refusal.
    pub(crate) fn push_blob(&self, content: &[u8]) -> Result<Digest, Error> {
        let digest = Digest::of(content);
        let asked = format!("writing {}", self.name_of(digest.as_str()));
        let head = self.call(Method::HEAD, &format!("blobs/{digest}"), Scope::PullPush);
        if self.transport.send(head, &asked)?.status == 200 {
            return Ok(digest);
        }
        let begin = self.call(Method::POST, "blobs/uploads/", Scope::PullPush);
        let begun = self.expect(202, self.transport.send(begin, &asked)?, &asked)?;
        let location = begun.header(&LOCATION).ok_or_else(|| {
            Error::failed(format!("{asked} failed"))
                .because("the registry names no place to upload to")
        })?;
        let mut url = self.transport.resolve(&location)?;
        url.query_pairs_mut().append_pair("digest", digest.as_str());
        let put = Call::new(Method::PUT, url, Scope::PullPush.of(&self.repository))
            .with(CONTENT_TYPE, "application/octet-stream")
            .content(content);
        self.expect(201, self.transport.send(put, &asked)?, &asked)?;
        Ok(digest)
    }

    /// Writes a manifest under a tag or its own digest.
    ///
    /// # Errors
    /// No answer or a refusal.
    pub(crate) fn push_manifest(
        &self,
        reference: &str,
        media_type: MediaType,
        content: &[u8],
    ) -> Result<Pushed, Error> {
        let asked = format!("writing {}", self.name_of(reference));
        let put = self
            .call(Method::PUT, &format!("manifests/{reference}"), Scope::PullPush)
            .with(CONTENT_TYPE, media_type)
            .content(content);
        let answer = self.expect(201, self.transport.send(put, &asked)?, &asked)?;
        let is_listed = answer.header(&OCI_SUBJECT).is_some();
        Ok(Pushed { digest: Digest::of(content), is_listed })
    }

    /// What refers to a manifest, by the referrers API; `None` if the registry does not have it.
    ///
    /// # Errors
    /// No answer, a refusal, or a list that cannot be read.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let asked = format!("listing what refers to {}", self.name_of(subject.as_str()));
        let call = self.call(Method::GET, &format!("referrers/{subject}"), Scope::Pull);
        let answer = self.transport.send(call.with(ACCEPT, manifest::INDEX), &asked)?;
        let is_index =
            answer.header(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with(manifest::INDEX));
        match answer.status {
            200 if is_index => {}
            // Older registries know no such route; what they say to it differs.
            200 | 400 | 404 | 405 | 406 => return Ok(None),
            _ => return Err(self.transport.refused(&asked, &answer)),
        }
        let index = Index::read(&answer.body)
            .map_err(|why| Error::failed(format!("{asked} failed")).because(why))?;
        Ok(Some(index.descriptors()))
    }

    fn call(&self, method: Method, route: &str, scope: Scope) -> Call {
        let path = format!("/v2/{}/{route}", self.repository.path());
        Call::new(method, self.transport.url(&path), scope.of(&self.repository))
    }

    fn expect(&self, status: u16, answer: Answer, asked: &str) -> Result<Answer, Error> {
        if answer.status == status {
            return Ok(answer);
        }
        Err(self.transport.refused(asked, &answer))
    }

    fn name_of(&self, reference: &str) -> String {
        let mark = if reference.contains(':') { '@' } else { ':' };
        format!("{}{mark}{reference}", self.repository)
    }
}

/// Distribution specification 1.1, "Pushing Manifests with Subject".
const OCI_SUBJECT: reqwest::header::HeaderName =
    reqwest::header::HeaderName::from_static("oci-subject");
