//! The objects that a token shows, by handle.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cryptoki_sys::CK_OBJECT_HANDLE;

use super::{Class, Object, Template, feature::features, template::Name};
use crate::{handles::Counter, warm::Policies};

/// Objects with handles that stay the same from session to session and from one answer of the service to the next, for
/// as long as the object does. An object that is replaced (its key was rotated) keeps its old handle for those who hold
/// it, and its successor gets a new one.
pub(crate) struct Catalog {
    handles: &'static Counter,
    shown: Option<Policies>,
    objects: HashMap<CK_OBJECT_HANDLE, Arc<Object>>,
    /// What is of the signing policies, in their order.
    visible: Vec<CK_OBJECT_HANDLE>,
    /// Profiles and mechanisms.
    features: Vec<CK_OBJECT_HANDLE>,
    /// What is visible, by label and by id: a token may have thousands of keys, and a client wants one.
    labels: HashMap<Vec<u8>, Vec<CK_OBJECT_HANDLE>>,
    ids: HashMap<Vec<u8>, Vec<CK_OBJECT_HANDLE>>,
}

impl Catalog {
    /// With `public_certificates` the token shows certificates to whoever has not logged in.
    pub(crate) fn new(handles: &'static Counter, public_certificates: bool) -> Self {
        let mut catalog = Self {
            handles,
            shown: None,
            objects: HashMap::new(),
            visible: Vec::new(),
            features: Vec::new(),
            labels: HashMap::new(),
            ids: HashMap::new(),
        };
        catalog.features =
            features(public_certificates).map(|object| catalog.add(object)).collect();
        catalog
    }

    /// Shows these policies of an organization from now on.
    pub(crate) fn show(&mut self, policies: &Policies, organization: &str, certificates: bool) {
        if self.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, policies)) {
            return;
        }
        let before: HashMap<_, _> = self
            .visible
            .iter()
            .filter_map(|handle| Some((self.objects.get(handle)?.identity(), *handle)))
            .collect();
        self.hide();
        for object in objects(policies, organization, certificates) {
            let known = before.get(&object.identity());
            let same = known.copied().filter(|handle| self.is_same(*handle, &object));
            let (label, id) = (object.label().as_bytes().to_vec(), object.id().to_vec());
            let handle = same.unwrap_or_else(|| self.handles.next());
            // The same key may have a new certificate, and so a new subject.
            self.objects.insert(handle, Arc::new(object));
            self.visible.push(handle);
            self.labels.entry(label).or_default().push(handle);
            self.ids.entry(id).or_default().push(handle);
        }
        self.shown = Some(Arc::clone(policies));
    }

    /// Forgets every object but profiles and mechanisms; handles that are still held find nothing.
    pub(crate) fn clear(&mut self) {
        self.shown = None;
        self.hide();
        self.objects.retain(|_, object| object.is_feature());
    }

    /// Forgets the handles of the private keys; the next search shows them with new ones.
    pub(crate) fn forget_private_keys(&mut self) {
        self.objects.retain(|_, object| object.class() != Class::PrivateKey);
        let objects = &self.objects;
        self.visible.retain(|handle| objects.contains_key(handle));
        self.shown = None;
    }

    pub(crate) fn find(&self, handle: CK_OBJECT_HANDLE) -> Option<Arc<Object>> {
        self.objects.get(&handle).cloned()
    }

    pub(crate) fn search(&self, template: &Template) -> Vec<CK_OBJECT_HANDLE> {
        let named = match template.name() {
            Some(Name::Label(label)) => self.labels.get(label),
            Some(Name::Id(id)) => self.ids.get(id),
            None => Some(&self.visible),
        };
        let candidates = named.into_iter().flatten().chain(&self.features);
        let matches = |handle: &&CK_OBJECT_HANDLE| {
            self.objects.get(*handle).is_some_and(|object| template.matches(object))
        };
        candidates.filter(matches).copied().collect()
    }

    /// The labels of the private keys that are shown.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let objects = self.visible.iter().filter_map(|handle| self.objects.get(handle));
        objects.filter(|object| object.class() == Class::PrivateKey).map(|object| object.label())
    }

    fn hide(&mut self) {
        self.visible.clear();
        self.labels.clear();
        self.ids.clear();
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

/// The faces of each policy, and the certificates above theirs, each of which is there once.
fn objects(
    policies: &Policies,
    organization: &str,
    certificates: bool,
) -> impl Iterator<Item = Object> {
    let organization: Arc<str> = organization.into();
    let faces = policies.iter().flat_map(move |policy| {
        let certificate = certificates && policy.certificate().is_some();
        let classes = [Class::PrivateKey, Class::PublicKey].into_iter();
        let classes = classes.chain(certificate.then_some(Class::Certificate));
        classes.map(|class| Object::of_policy(class, policy, &organization)).collect::<Vec<_>>()
    });
    let mut seen = HashSet::new();
    let chains = policies.iter().filter(move |_| certificates).flat_map(|policy| policy.chain());
    let authorities = chains.filter(move |certificate| seen.insert(certificate.der()));
    faces.chain(authorities.map(Object::of_authority))
}
