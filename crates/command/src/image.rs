//! Names of images, read as cosign and Docker read them.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;

/// A name that was given: a repository with a tag, a digest, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageName {
    pub(crate) repository: Repository,
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<Digest>,
}

/// An image for good: a repository and the digest of a manifest in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) repository: Repository,
    pub(crate) digest: Digest,
}

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    registry: String,
    path: String,
}

/// Docker Hub as images spell it, and as payloads do.
const HUB_ALIAS: &str = "docker.io";
pub(crate) const HUB: &str = "index.docker.io";
const HUB_LIBRARY: &str = "library/";

const TAG_MAX: usize = 128;
const REPOSITORY_MAX: usize = 255;

impl Repository {
    /// `HOST` or `HOST:PORT`.
    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// Its name at the registry.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn read(text: &str) -> Result<Self, String> {
        // The first part is a registry if it can be nothing else.
        let first = text.split_once('/');
        let host = first.filter(|(host, _)| host.contains(['.', ':']) || *host == "localhost");
        let (registry, path) = host.unwrap_or((HUB, text));
        let registry = if registry == HUB_ALIAS { HUB } else { registry };
        let is_short = registry == HUB && !path.contains('/');
        let path = if is_short { format!("{HUB_LIBRARY}{path}") } else { path.to_owned() };
        let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-./".contains(c);
        if let Some(odd) = path.chars().find(|c| !is_known(*c)) {
            return Err(format!("there is {odd:?} in the repository's name"));
        }
        if path.split('/').any(|part| part.is_empty() || part.chars().all(|c| c == '.')) {
            return Err("a part of the repository's name is empty".to_owned());
        }
        if path.len() > REPOSITORY_MAX {
            return Err(format!("the repository's name has more than {REPOSITORY_MAX} characters"));
        }
        check_registry(registry)?;
        Ok(Self { registry: registry.to_owned(), path })
    }
}

/// What may stand between `//` and `/` of a URL, without user info.
///
/// # Errors
/// The character that may not, as a sentence.
pub(crate) fn check_registry(registry: &str) -> Result<(), String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    match registry.chars().find(|c| !is_known(*c)) {
        Some(odd) => Err(format!("there is {odd:?} in the registry's name")),
        None => Ok(()),
    }
}

impl FromStr for ImageName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon before a slash stands before a port.
        let tagged = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
        let (repository, tag) = match tagged {
            Some((repository, tag)) => (repository, Some(read_tag(tag)?)),
            None => (name, None),
        };
        Ok(Self { repository: Repository::read(repository)?, tag, digest })
    }
}

fn read_tag(tag: &str) -> Result<String, String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if tag.is_empty() || tag.len() > TAG_MAX || !tag.chars().all(is_known) {
        return Err(format!("a tag has 1 to {TAG_MAX} letters, digits, _, - and ."));
    }
    Ok(tag.to_owned())
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ImageName { repository, digest, .. } = text.parse()?;
        match digest {
            Some(digest) => Ok(Self { repository, digest }),
            None => Err("it needs the digest: NAME@sha256:…".to_owned()),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:2f486ba5910d543fdcbe1bda9a618af2de320c47d5e307235bd72fbb6e0f35e2";

    /// What was given, the repository in a payload, the tag. From go-containerregistry's `name.ParseReference`.
    const NAMES: &[(&str, &str, Option<&str>)] = &[
        ("alpine", "index.docker.io/library/alpine", None),
        ("alpine:3.20", "index.docker.io/library/alpine", Some("3.20")),
        ("docker.io/alpine", "index.docker.io/library/alpine", None),
        ("docker.io/library/alpine", "index.docker.io/library/alpine", None),
        ("index.docker.io/alpine", "index.docker.io/library/alpine", None),
        ("grafana/grafana:1", "index.docker.io/grafana/grafana", Some("1")),
        ("ghcr.io/acme/web/api:v1.2_3", "ghcr.io/acme/web/api", Some("v1.2_3")),
        ("localhost/web", "localhost/web", None),
        ("localhost:5000/web:1", "localhost:5000/web", Some("1")),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", None),
        ("[::1]:5000/a:x", "[::1]:5000/a", Some("x")),
    ];

    #[test]
    fn names_are_read_as_cosign_reads_them() {
        for (text, repository, tag) in NAMES {
            let name: ImageName = text.parse().unwrap();
            assert_eq!((&*name.repository.to_string(), name.tag.as_deref()), (*repository, *tag));
            let image: Image = format!("{text}@{DIGEST}").parse().unwrap();
            assert_eq!(image.to_string(), format!("{repository}@{DIGEST}"));
        }
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for text in [
            "",
            "/",
            "a/",
            "/a",
            "A",
            "a b",
            "a:",
            "a:b c",
            "ghcr.io/",
            "ghcr.io/../a",
            "ghcr.io//a",
            "user@host/a",
            "a@sha256:1",
            "https://ghcr.io/a",
            "gh%cr.io/a",
            "a?b",
            "a#b",
            "ghcr.io/a\n",
        ] {
            assert!(text.parse::<ImageName>().is_err(), "{text:?}");
        }
        assert!("alpine:1".parse::<Image>().is_err());
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_so_that_it_is_read_the_same(text in "[a-zA-Z0-9./:@_\\[\\]-]{0,40}|\\PC{0,20}") {
            if let Ok(name) = text.parse::<ImageName>() {
                let again: ImageName = name.repository.to_string().parse().unwrap();
                prop_assert_eq!(again.repository, name.repository);
            }
        }
    }
}
