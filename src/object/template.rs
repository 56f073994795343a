//! The template of a search (2.40 §5.7, C_FindObjectsInit).

use cryptoki_sys::*;

use super::{Class, Object, Value};

/// What the objects of a search have to be. The empty template matches every object.
#[derive(Debug)]
pub(crate) struct Template {
    entries: Vec<TemplateEntry>,
}

/// One attribute with the value that it has to have.
#[derive(Debug)]
pub(crate) struct TemplateEntry {
    pub(crate) kind: CK_ATTRIBUTE_TYPE,
    pub(crate) value: Vec<u8>,
}

impl Template {
    pub(crate) fn new(entries: Vec<TemplateEntry>) -> Self {
        Self { entries }
    }

    /// Whether a token like this can have such an object at all. Clients look for classes that it does not have
    /// (secret keys, trust objects, profiles) and for session objects; none of these is worth a request.
    pub(crate) fn can_match(&self) -> bool {
        let classes = [Class::Certificate, Class::PrivateKey, Class::PublicKey];
        self.entries.iter().all(|entry| match entry.kind {
            CKA_CLASS => classes.iter().any(|class| entry.value == class.ck().to_ne_bytes()),
            CKA_TOKEN => entry.value == [CK_TRUE],
            _ => true,
        })
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        self.entries.iter().all(|entry| match object.attribute(entry.kind) {
            Value::Bytes(value) => *value == *entry.value,
            Value::Absent | Value::Sensitive => false,
        })
    }

    /// The name of the one private key that the caller is looking for, by label or by id.
    pub(crate) fn wanted_key(&self) -> Option<&str> {
        if self.value(CKA_CLASS)? != CKO_PRIVATE_KEY.to_ne_bytes() {
            return None;
        }
        let name = self.value(CKA_LABEL).or_else(|| self.value(CKA_ID))?;
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    fn value(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<&[u8]> {
        self.entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.value.as_slice())
    }
}
