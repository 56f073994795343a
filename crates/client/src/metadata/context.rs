//! What is told of a signature beside the process that asks for it: what the signed message says, and the run of a CI
//! system. One list of names and values for both generations of the service, which spell names differently.

use serde_json::{Map, Value, json};

use crate::config::CiRun;
use crate::metadata::{MetadataDetail, SourceProcess};
use crate::secret::{Token, redact};

/// What the signed message says, as far as it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// What kind of message it is.
    pub kind: &'static str,
    /// The image's or the file's digest, `sha256:…`.
    pub digest: Option<String>,
    /// The image that the message names.
    pub image: Option<String>,
    /// The predicate's type, of an in-toto statement.
    pub predicate_type: Option<String>,
    /// Names and values, by name.
    pub annotations: Vec<(String, String)>,
}

/// What comes with a signing request beside the hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigningContext {
    /// The process that asks, if it is another one than this.
    pub process: Option<SourceProcess>,
    /// What the signed message says.
    pub payload: Option<Payload>,
    /// The CI run that it is signed in.
    pub ci_run: Option<CiRun>,
    /// `artifactConfigurationSlug`
    pub artifact_configuration: Option<String>,
    /// `description`
    pub description: Option<String>,
}

/// How a generation of the service spells names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `predicateType`
    Camel,
    /// `PredicateType`
    Pascal,
}

impl SigningContext {
    /// What is left of it at this detail: the payload without `none`, the run at `full` alone.
    pub(crate) fn told(&self, detail: MetadataDetail, tokens: &[Token]) -> Told {
        let clean = |text: &str| redact(text, tokens);
        let payload = self.payload.as_ref().filter(|_| detail != MetadataDetail::None);
        let run = self.ci_run.as_ref().filter(|_| detail == MetadataDetail::Full);
        Told {
            payload: payload.map(|payload| Payload {
                kind: payload.kind,
                digest: payload.digest.as_deref().map(clean),
                image: payload.image.as_deref().map(clean),
                predicate_type: payload.predicate_type.as_deref().map(clean),
                annotations: cleaned(&payload.annotations, tokens),
            }),
            ci_run: run.map(|run| CiRun {
                system: run.system,
                facts: run.facts.iter().map(|(name, value)| (*name, clean(value))).collect(),
            }),
        }
    }
}

fn cleaned(annotations: &[(String, String)], tokens: &[Token]) -> Vec<(String, String)> {
    let clean = |text: &String| redact(text, tokens);
    annotations.iter().map(|(name, value)| (clean(name), clean(value))).collect()
}

/// Without secrets, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    payload: Option<Payload>,
    ci_run: Option<CiRun>,
}

impl Told {
    /// The properties beside those of the process.
    pub(crate) fn properties(&self, spelling: Spelling) -> Map<String, Value> {
        let mut all = Map::new();
        if let Some(payload) = &self.payload {
            all.insert(spelling.of("payload"), payload.json(spelling));
        }
        if let Some(run) = &self.ci_run {
            let facts = run.facts.iter();
            let mut object: Map<_, _> =
                facts.map(|(name, value)| (spelling.of(name), json!(value))).collect();
            object.insert(spelling.of("system"), json!(run.system));
            all.insert(spelling.of("ciRun"), Value::Object(object));
        }
        all
    }
}

impl Payload {
    fn json(&self, spelling: Spelling) -> Value {
        let texts = [
            ("kind", Some(self.kind)),
            ("digest", self.digest.as_deref()),
            ("image", self.image.as_deref()),
            ("predicateType", self.predicate_type.as_deref()),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let mut object: Map<_, _> =
            texts.map(|(name, text)| (spelling.of(name), json!(text))).collect();
        if !self.annotations.is_empty() {
            // The names of annotations are not ours to spell.
            let annotations = self.annotations.iter();
            let annotations: Map<_, _> =
                annotations.map(|(name, value)| (name.clone(), json!(value))).collect();
            object.insert(spelling.of("annotations"), Value::Object(annotations));
        }
        Value::Object(object)
    }
}

impl Spelling {
    /// A name that is given in camel case.
    fn of(self, name: &str) -> String {
        let mut letters = name.chars();
        match (self, letters.next()) {
            (Self::Pascal, Some(first)) => {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            }
            _ => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> SigningContext {
        let facts = vec![("commit", "abc".to_owned()), ("actor", "s3cret+/x".to_owned())];
        SigningContext {
            payload: Some(Payload {
                kind: "bundle",
                digest: Some("sha256:00".to_owned()),
                image: Some("unnamed".to_owned()),
                predicate_type: Some("https://example.com/p".to_owned()),
                annotations: vec![("buildUrl".to_owned(), "by s3cret+/x".to_owned())],
            }),
            ci_run: Some(CiRun { system: "GitHub Actions", facts }),
            ..SigningContext::default()
        }
    }

    fn told(detail: MetadataDetail, spelling: Spelling) -> Value {
        let tokens = [Token::new("s3cret+/x".to_owned())];
        Value::Object(context().told(detail, &tokens).properties(spelling))
    }

    #[test]
    fn a_newer_service_is_told_in_camel_case_and_without_the_token() {
        let expected = json!({
            "payload": {
                "kind": "bundle",
                "digest": "sha256:00",
                "image": "unnamed",
                "predicateType": "https://example.com/p",
                "annotations": { "buildUrl": "by ***" },
            },
            "ciRun": { "system": "GitHub Actions", "commit": "abc", "actor": "***" },
        });
        assert_eq!(told(MetadataDetail::Full, Spelling::Camel), expected);
    }

    #[test]
    fn an_older_service_is_told_in_pascal_case_but_for_the_names_of_annotations() {
        let expected = json!({
            "Payload": {
                "Kind": "bundle",
                "Digest": "sha256:00",
                "Image": "unnamed",
                "PredicateType": "https://example.com/p",
                "Annotations": { "buildUrl": "by ***" },
            },
            "CiRun": { "System": "GitHub Actions", "Commit": "abc", "Actor": "***" },
        });
        assert_eq!(told(MetadataDetail::Full, Spelling::Pascal), expected);
    }

    #[test]
    fn basic_leaves_the_run_out_and_none_everything() {
        let basic = told(MetadataDetail::Basic, Spelling::Camel);
        assert_eq!(basic["payload"]["kind"], "bundle");
        assert_eq!(basic.get("ciRun"), None);
        assert_eq!(told(MetadataDetail::None, Spelling::Camel), json!({}));
    }
}
