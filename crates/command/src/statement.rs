//! The statement in a bundle: in-toto v1, with the predicate type of cosign's signatures. Unlike cosign's own, its subject
//! names the repository, so that whoever signs it can tell which image it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;
use crate::error::Error;
use crate::go_json;
use crate::image::Image;
use crate::payload::Annotations;
use crate::unambiguous;

/// The media type of statements in an envelope.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// What makes a statement a signature of an image for cosign ≥ 3.
pub(crate) const PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

#[derive(Debug, Serialize, Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: SubjectDigest,
    #[serde(default)]
    annotations: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubjectDigest {
    #[serde(default)]
    sha256: String,
}

/// What a statement says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    /// The images, each with the name that it has there.
    pub(crate) subjects: Vec<(String, Digest)>,
    pub(crate) predicate_type: String,
}

/// The statement for an image.
///
/// # Errors
/// None that can happen; see [`go_json::to_string`].
pub(crate) fn of(image: &Image, annotations: &Annotations) -> Result<Vec<u8>, Error> {
    let value = |(key, value): (&String, &String)| (key.clone(), Value::from(value.clone()));
    let statement = Statement {
        kind: STATEMENT_TYPE.to_owned(),
        subject: vec![Subject {
            name: image.repository.to_string(),
            digest: SubjectDigest { sha256: image.digest.hex().to_owned() },
            annotations: annotations.iter().map(value).collect(),
        }],
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Value::Object(Map::new()),
    };
    let text = go_json::to_string(&statement);
    text.map(String::into_bytes)
        .map_err(|error| Error::failed("the statement cannot be written").because(error))
}

/// Reads a statement, whoever made it.
///
/// # Errors
/// What it is not, as the end of a sentence.
pub(crate) fn read(statement: &[u8]) -> Result<Stated, String> {
    unambiguous::check(statement)
        .map_err(|why| format!("its payload is no in-toto statement: {why}"))?;
    let statement: Statement = serde_json::from_slice(statement)
        .map_err(|error| format!("its payload is no in-toto statement: {error}"))?;
    let subject = |subject: Subject| {
        let digest = format!("sha256:{}", subject.digest.sha256).parse();
        digest.map(|digest| (subject.name, digest))
    };
    let subjects = statement.subject.into_iter().map(subject).collect::<Result<_, _>>()?;
    Ok(Stated { subjects, predicate_type: statement.predicate_type })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "2f486ba5910d543fdcbe1bda9a618af2de320c47d5e307235bd72fbb6e0f35e2";

    fn image() -> Image {
        format!("ghcr.io/acme/web@sha256:{DIGEST}").parse().unwrap()
    }

    #[test]
    fn the_subject_names_the_repository() {
        let annotations = [("b".to_owned(), "<2>".to_owned()), ("a".to_owned(), "1".to_owned())];
        let made = String::from_utf8(of(&image(), &annotations.into()).unwrap()).unwrap();
        let expected = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"ghcr.io/acme/web","digest":{{"sha256":"{DIGEST}"}},"annotations":{{"a":"1","b":"\u003c2\u003e"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
        );
        assert_eq!(made, expected);
    }

    proptest! {
        #[test]
        fn what_was_stated_is_read_back(annotations: Annotations) {
            let stated = read(&of(&image(), &annotations).unwrap()).unwrap();
            prop_assert_eq!(stated.subjects, [("ghcr.io/acme/web".to_owned(), image().digest)]);
            prop_assert_eq!(stated.predicate_type, PREDICATE_TYPE);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            read(&bytes).ok();
        }
    }
}
