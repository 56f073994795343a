//! What a payload says about itself: the forms that cosign signs, their images, and what may be put into them.

use serde_json::{Map, Value};

use crate::{pattern, unambiguous::is_unambiguous};

/// What is known about the content of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Payload {
    pub(crate) kind: Kind,
    /// One for each image or subject.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) predicate_type: Option<String>,
    /// The JSON in it, for people.
    pub(crate) json: Option<Value>,
    /// Whether others read the same in it.
    is_unambiguous: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    SimpleSigning,
    Statement,
    Other,
}

/// An image, or whatever else is signed for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Subject {
    pub(crate) name: Option<String>,
    pub(crate) digest: Option<String>,
}

impl Payload {
    pub(crate) fn read(content: &[u8]) -> Self {
        let inner = pre_authentication_encoding(content).unwrap_or(content);
        let json: Option<Value> = serde_json::from_slice(inner).ok();
        let (kind, subjects) = match &json {
            Some(json) if json.pointer("/critical/image").is_some() => {
                (Kind::SimpleSigning, vec![image(json)])
            }
            Some(json) if json.get("predicateType").is_some() => (Kind::Statement, subjects(json)),
            _ => (Kind::Other, Vec::new()),
        };
        let predicate_type = json.as_ref().and_then(|json| text(json, "/predicateType"));
        let is_unambiguous = is_unambiguous(inner);
        Self { kind, subjects, predicate_type, json, is_unambiguous }
    }

    /// Whether a policy for these repositories may sign it, and if not, why.
    pub(crate) fn check(&self, allowed: &[String]) -> Result<(), String> {
        if self.subjects.is_empty() {
            return Err(self.names_nothing());
        }
        if !self.is_unambiguous {
            return Err(
                "it has a name twice in one object, so that it can be read as another".to_owned()
            );
        }
        for subject in &self.subjects {
            let Some(name) = &subject.name else { return Err(self.names_nothing()) };
            if !allowed.iter().any(|pattern| pattern::matches(pattern, name)) {
                return Err(format!(
                    "it is for the repository '{name}', and the signing policy allows {}",
                    allowed.join(", ")
                ));
            }
        }
        Ok(())
    }

    fn names_nothing(&self) -> String {
        match self.kind {
            Kind::Statement => "it is a statement that names no repository, which the signing policy has to know: \
                let its subject[0].name be the repository, as `signpath-cosign sign` does, \
                or sign in the old format (cosign sign --new-bundle-format=false)"
                .to_owned(),
            Kind::SimpleSigning => "it names no repository: critical.identity.docker-reference is missing or empty"
                .to_owned(),
            Kind::Other => "it is neither a simple-signing payload nor an in-toto statement, so it names no repository, \
                which the signing policy has to know"
                .to_owned(),
        }
    }
}

/// A simple-signing payload with these values in its `optional`; anything else as it was.
pub(crate) fn inject(content: &[u8], values: &Map<String, Value>) -> Vec<u8> {
    let unchanged = || content.to_vec();
    if values.is_empty() || Payload::read(content).kind != Kind::SimpleSigning {
        return unchanged();
    }
    let Ok(Value::Object(mut payload)) = serde_json::from_slice(content) else {
        return unchanged();
    };
    let mut optional = match payload.remove("optional") {
        Some(Value::Object(optional)) => optional,
        _ => Map::new(),
    };
    optional.extend(values.clone());
    payload.insert("optional".to_owned(), Value::Object(optional));
    serde_json::to_vec(&payload).unwrap_or_else(|_| unchanged())
}

/// What DSSE signs instead of the payload (DSSE protocol, "PAE").
pub(crate) fn encode_for_dsse(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    [head.as_slice(), payload].concat()
}

/// The payload inside such an encoding.
fn pre_authentication_encoding(content: &[u8]) -> Option<&[u8]> {
    let rest = content.strip_prefix(b"DSSEv1 ")?;
    let (payload_type, rest) = counted(rest)?;
    let (payload, rest) = counted(rest.strip_prefix(b" ")?)?;
    (std::str::from_utf8(payload_type).is_ok() && rest.is_empty()).then_some(payload)
}

/// Bytes after their count, and what follows them.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b' ')?;
    let count: usize = std::str::from_utf8(bytes.get(..end)?).ok()?.parse().ok()?;
    bytes.get(end.checked_add(1)?..)?.split_at_checked(count)
}

fn image(json: &Value) -> Subject {
    Subject {
        name: text(json, "/critical/identity/docker-reference"),
        digest: text(json, "/critical/image/docker-manifest-digest"),
    }
}

fn subjects(json: &Value) -> Vec<Subject> {
    let subjects = json.get("subject").and_then(Value::as_array);
    subjects.into_iter().flatten().map(subject).collect()
}

fn subject(json: &Value) -> Subject {
    let digests = json.get("digest").and_then(Value::as_object);
    let digest = digests.and_then(|digests| {
        digests.iter().find_map(|(name, value)| Some(format!("{name}:{}", value.as_str()?)))
    });
    Subject { name: text(json, "/name"), digest }
}

fn text(json: &Value, path: &str) -> Option<String> {
    json.pointer(path)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIMPLE: &str = r#"{"critical":{"identity":{"docker-reference":"r.example/a"},"image":{"docker-manifest-digest":"sha256:00"},"type":"cosign container image signature"},"optional":null}"#;
    const UNNAMED: &str = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"},"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#;

    fn check(content: &[u8], allowed: &str) -> Result<(), String> {
        Payload::read(content).check(&[allowed.to_owned()])
    }

    #[test]
    fn each_form_names_its_repository() {
        let named = UNNAMED.replace(r#"{"digest""#, r#"{"name":"r.example/a","digest""#);
        let encoded = encode_for_dsse("application/vnd.in-toto+json", named.as_bytes());
        for content in [SIMPLE.as_bytes(), named.as_bytes(), &encoded] {
            assert_eq!(check(content, "r.example/a"), Ok(()));
            let refused = check(content, "r.example/b").unwrap_err();
            assert!(refused.contains("'r.example/a'") && refused.contains("r.example/b"));
            let digest = Payload::read(content).subjects[0].digest.clone();
            assert_eq!(digest.as_deref(), Some("sha256:00"));
        }
    }

    #[test]
    fn what_names_none_is_told_how_to() {
        for (content, text) in [
            (UNNAMED, "subject[0].name"),
            (&*SIMPLE.replace("r.example/a", ""), "docker-reference"),
            ("{}", "neither"),
            ("DSSEv1 3 a/b 9 {}", "neither"),
        ] {
            let refused = check(content.as_bytes(), "*").unwrap_err();
            assert!(refused.contains(text), "{refused}");
        }
    }

    #[test]
    fn one_foreign_subject_is_enough_to_refuse() {
        let two = r#"{"predicateType":"p","subject":[{"name":"a"},{"name":"b"}]}"#;
        assert!(check(two.as_bytes(), "a").unwrap_err().contains("'b'"));
    }

    #[test]
    fn a_payload_that_can_be_read_as_another_is_refused() {
        let second = r#","Critical":{"identity":{"docker-reference":"evil.example/a"}},"optional""#;
        let two = SIMPLE.replace(r#","optional""#, second);
        assert!(check(two.as_bytes(), "r.example/a").unwrap_err().contains("twice"));
    }

    #[test]
    fn values_go_into_optional_of_simple_signing_alone() {
        let values: Map<String, Value> = [("run".to_owned(), Value::from(7))].into_iter().collect();
        let changed: Value = serde_json::from_slice(&inject(SIMPLE.as_bytes(), &values)).unwrap();
        assert_eq!(changed["optional"], serde_json::json!({ "run": 7 }));
        assert_eq!(changed["critical"]["image"]["docker-manifest-digest"], "sha256:00");
        assert_eq!(inject(UNNAMED.as_bytes(), &values), UNNAMED.as_bytes());
        assert_eq!(inject(SIMPLE.as_bytes(), &Map::new()), SIMPLE.as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content in prop::collection::vec(any::<u8>(), 0..200), text in "DSSEv1 [0-9 a]{0,30}") {
            for content in [content.as_slice(), text.as_bytes()] {
                let payload = Payload::read(content);
                prop_assert!(payload.check(&["*".to_owned()]).is_err());
            }
        }

        #[test]
        fn an_encoding_holds_its_payload(kind in "[a-z/ ]{0,20}", payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let encoded = encode_for_dsse(&kind, &payload);
            prop_assert_eq!(pre_authentication_encoding(&encoded), Some(payload.as_slice()));
        }
    }
}
