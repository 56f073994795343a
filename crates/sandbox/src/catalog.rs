//! The organization's signing policies at run time, each with its current key.

use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::{
    Error,
    config::PolicyConfig,
    fault::Tamper,
    store::{Material, Store},
};

/// All signing policies of the organization.
pub(crate) struct Catalog {
    policies: Vec<Policy>,
    store: Store,
}

/// A signing policy; its key is made or read at its first use.
pub(crate) struct Policy {
    pub(crate) config: PolicyConfig,
    pub(crate) id: Uuid,
    /// Locked while the key is made, which takes a while for RSA: other policies go on.
    material: Mutex<Option<Arc<Material>>>,
}

impl Catalog {
    pub(crate) fn new(organization: Uuid, policies: &[PolicyConfig], store: Store) -> Self {
        let policies = policies.iter().map(|config| Policy {
            config: config.clone(),
            id: policy_id(organization, config),
            material: Mutex::new(None),
        });
        Self { policies: policies.collect(), store }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    pub(crate) fn find(&self, project: &str, slug: &str) -> Option<&Policy> {
        let mut policies = self.policies.iter();
        policies.find(|policy| policy.config.project == project && policy.config.slug == slug)
    }

    /// A policy by its name `project/slug`.
    pub(crate) fn named(&self, name: &str) -> Result<&Policy, Error> {
        let found = name.split_once('/').and_then(|(project, slug)| self.find(project, slug));
        found.ok_or_else(|| Error::UnknownPolicy { name: name.to_owned() })
    }

    /// The policy's current key and certificate.
    pub(crate) fn material(&self, policy: &Policy) -> Result<Arc<Material>, Error> {
        let mut material = policy.material.lock();
        if let Some(material) = &*material {
            return Ok(Arc::clone(material));
        }
        let made = Arc::new(self.store.material(&policy.config)?);
        *material = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The key that signs, which a fault may have chosen.
    pub(crate) fn signing_material(
        &self,
        policy: &Policy,
        tamper: Option<&Tamper>,
    ) -> Result<Arc<Material>, Error> {
        match tamper {
            Some(Tamper::OtherKey) => Ok(Arc::new(Material::of_nobody(&policy.config)?)),
            Some(Tamper::RotatedKey) => {
                self.rotate(policy)?;
                self.material(policy)
            }
            _ => self.material(policy),
        }
    }

    pub(crate) fn rotate(&self, policy: &Policy) -> Result<(), Error> {
        let rotated = self.store.rotate(&policy.config)?;
        *policy.material.lock() = Some(Arc::new(rotated));
        Ok(())
    }

    /// Makes all keys now, side by side.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        std::thread::scope(|scope| {
            let making: Vec<_> = self
                .policies
                .iter()
                .map(|policy| scope.spawn(move || self.material(policy).map(drop)))
                .collect();
            making.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(_) => Err(Error::crypto("a key", "its thread ended early")),
            })
        })
    }
}

/// The same organization, project and slug have the same id at every start, without a file to keep it in.
fn policy_id(organization: Uuid, policy: &PolicyConfig) -> Uuid {
    let digest = Sha256::digest(format!("{organization}/{}", policy.name()));
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    Builder::from_random_bytes(bytes).into_uuid()
}
