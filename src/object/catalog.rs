//! The objects that a token shows, by handle.

use std::{collections::HashMap, sync::Arc};

use cryptoki_sys::CK_OBJECT_HANDLE;
use signpath_client::policy::Policy;

use super::{Class, Object, Template};
use crate::{handles::Counter, warm::Policies};

/// Objects with handles that stay the same from session to session and from one answer of the service to the next, for
/// as long as the object does. An object that is replaced (its key was rotated) keeps its old handle for those who hold
/// it, and its successor gets a new one.
pub(crate) struct Catalog {
    handles: &'static Counter,
    shown: Option<Policies>,
    objects: HashMap<CK_OBJECT_HANDLE, Arc<Object>>,
    visible: Vec<CK_OBJECT_HANDLE>,
}

impl Catalog {
    pub(crate) fn new(handles: &'static Counter) -> Self {
        Self { handles, shown: None, objects: HashMap::new(), visible: Vec::new() }
    }

    /// Shows these policies of an organization from now on.
    pub(crate) fn show(&mut self, policies: &Policies, organization: &str, certificates: bool) {
        if self.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, policies)) {
            return;
        }
        let before: HashMap<_, _> = self
            .visible
            .iter()
            .filter_map(|handle| Some((self.objects.get(handle)?, *handle)))
            .map(|(object, handle)| ((object.class(), object.name().to_owned()), handle))
            .collect();
        let organization: Arc<str> = organization.into();
        self.visible.clear();
        for object in
            policies.iter().flat_map(|policy| objects(policy, &organization, certificates))
        {
            let known = before.get(&(object.class(), object.name().to_owned()));
            let same = known.copied().filter(|handle| self.is_same(*handle, &object));
            let handle = same.unwrap_or_else(|| self.add(object));
            self.visible.push(handle);
        }
        self.shown = Some(Arc::clone(policies));
    }

    /// Forgets every object; handles that are still held find nothing.
    pub(crate) fn clear(&mut self) {
        self.shown = None;
        self.objects.clear();
        self.visible.clear();
    }

    pub(crate) fn find(&self, handle: CK_OBJECT_HANDLE) -> Option<Arc<Object>> {
        self.objects.get(&handle).cloned()
    }

    pub(crate) fn search(&self, template: &Template) -> Vec<CK_OBJECT_HANDLE> {
        let matches = |handle: &&CK_OBJECT_HANDLE| {
            self.objects.get(*handle).is_some_and(|object| template.matches(object))
        };
        self.visible.iter().filter(matches).copied().collect()
    }

    /// The names of the private keys that are shown.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = &str> {
        let objects = self.visible.iter().filter_map(|handle| self.objects.get(handle));
        objects.filter(|object| object.class() == Class::PrivateKey).map(|object| object.name())
    }

    fn is_same(&self, handle: CK_OBJECT_HANDLE, object: &Object) -> bool {
        self.objects.get(&handle).is_some_and(|known| known.is_same_as(object))
    }

    fn add(&mut self, object: Object) -> CK_OBJECT_HANDLE {
        let handle = self.handles.next();
        self.objects.insert(handle, Arc::new(object));
        handle
    }
}

/// The faces of a policy.
fn objects(
    policy: &Arc<Policy>,
    organization: &Arc<str>,
    certificates: bool,
) -> impl Iterator<Item = Object> {
    let certificate = certificates && policy.certificate().is_some();
    [Class::PrivateKey, Class::PublicKey]
        .into_iter()
        .chain(certificate.then_some(Class::Certificate))
        .map(|class| Object::new(class, Arc::clone(policy), Arc::clone(organization)))
}
