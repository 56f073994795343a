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

/// How a search names the objects that it is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Name<'a> {
    Label(&'a [u8]),
    Id(&'a [u8]),
}

/// Whom a search concerns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// No object that this token could have. Clients look for classes that it does not have (secret keys, trust objects)
    /// and for session objects.
    Nothing,
    /// Profiles and mechanisms, which are known without a request.
    Features,
    Everything,
}

const CLASSES: [(Class, Scope); 5] = [
    (Class::Certificate, Scope::Everything),
    (Class::Mechanism, Scope::Features),
    (Class::PrivateKey, Scope::Everything),
    (Class::Profile, Scope::Features),
    (Class::PublicKey, Scope::Everything),
];

impl Template {
    pub(crate) fn new(entries: Vec<TemplateEntry>) -> Self {
        Self { entries }
    }

    pub(crate) fn scope(&self) -> Scope {
        if self.value(CKA_TOKEN).is_some_and(|value| *value != [CK_TRUE]) {
            return Scope::Nothing;
        }
        let Some(wanted) = self.value(CKA_CLASS) else { return Scope::Everything };
        let known = CLASSES.iter().find(|(class, _)| class.ck().to_ne_bytes() == *wanted);
        known.map_or(Scope::Nothing, |(_, scope)| *scope)
    }

    /// 2.40 §4.12: mechanism objects are only for those who ask for their class.
    pub(super) fn matches(&self, object: &Object) -> bool {
        let is_asked_for = object.class() != Class::Mechanism || self.value(CKA_CLASS).is_some();
        is_asked_for
            && self.entries.iter().all(|entry| match object.attribute(entry.kind) {
                Value::Bytes(value) => *value == *entry.value,
                Value::Absent | Value::Sensitive => false,
            })
    }

    pub(super) fn name(&self) -> Option<Name<'_>> {
        let label = self.value(CKA_LABEL).map(Name::Label);
        label.or_else(|| self.value(CKA_ID).map(Name::Id))
    }

    /// The name of the one private key that the caller is looking for, by label or by id.
    pub(crate) fn wanted_key(&self) -> Option<&str> {
        if self.value(CKA_CLASS)? != CKO_PRIVATE_KEY.to_ne_bytes() {
            return None;
        }
        let (Name::Label(name) | Name::Id(name)) = self.name()?;
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    fn value(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<&[u8]> {
        self.entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.value.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::feature::features;

    fn template(entries: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Template {
        let entry =
            |(kind, value): &(_, &[u8])| TemplateEntry { kind: *kind, value: value.to_vec() };
        Template::new(entries.iter().map(entry).collect())
    }

    #[test]
    fn only_a_search_for_what_the_service_has_concerns_it() {
        let class = |class: CK_OBJECT_CLASS| template(&[(CKA_CLASS, &class.to_ne_bytes())]).scope();
        assert_eq!(class(CKO_PRIVATE_KEY), Scope::Everything);
        assert_eq!(class(CKO_PROFILE), Scope::Features);
        assert_eq!(class(CKO_MECHANISM), Scope::Features);
        assert_eq!(class(CKO_HW_FEATURE), Scope::Nothing);
        assert_eq!(class(CKO_SECRET_KEY), Scope::Nothing);
        assert_eq!(template(&[]).scope(), Scope::Everything);
        assert_eq!(template(&[(CKA_TOKEN, &[CK_FALSE])]).scope(), Scope::Nothing);
        assert_eq!(template(&[(CKA_CLASS, &[3])]).scope(), Scope::Nothing);
    }

    #[test]
    fn mechanisms_are_found_by_their_class_alone() {
        let found = |template: &Template| {
            features(true).filter(|object| template.matches(object)).map(|it| it.class()).collect()
        };
        let all: Vec<_> = found(&template(&[]));
        assert_eq!(all, [Class::Profile; 3]);
        let class = CKO_MECHANISM.to_ne_bytes();
        let mechanisms: Vec<_> = found(&template(&[(CKA_CLASS, &class)]));
        assert_eq!(mechanisms.len(), crate::mechanism::MECHANISMS.len());
    }

    proptest! {
        #[test]
        fn no_template_makes_it_panic(entries in prop::collection::vec((0..0x700u64, prop::collection::vec(any::<u8>(), 0..20)), 0..9)) {
            let entries = entries.into_iter().map(|(kind, value)| TemplateEntry { kind, value });
            let template = Template::new(entries.collect());
            let _found = features(false).filter(|object| template.matches(object)).count();
            let _name = (template.scope(), template.wanted_key());
        }
    }
}
