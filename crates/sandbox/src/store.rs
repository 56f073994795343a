//! Where keys and certificates come from: the state folder, a cache that tests share, or chance.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Error,
    certificates::{self, Authority, Usage},
    config::PolicyConfig,
    keys::{self, KeyPair},
    private_file,
    state::{StateFolder, authority_name},
};

/// Where the policies' private keys come from when the state folder has none.
#[derive(Clone, Debug, Default)]
pub enum KeyMaterial {
    /// Each sandbox makes its own, a key at its first use.
    #[default]
    Fresh,
    /// Keys are taken from this folder and made there once. For tests that start many sandboxes: two sandboxes with
    /// the same policies then have the same keys.
    Cached(PathBuf),
}

/// A policy's current key, and its certificate in DER with those above it.
pub(crate) struct Material {
    pub(crate) key: KeyPair,
    pub(crate) certificate: Option<Vec<u8>>,
    /// Nearest first; empty unless the policy gives its chain.
    pub(crate) chain: Vec<Vec<u8>>,
}

/// The files behind a sandbox's keys, and the authorities of its policies' certificates.
pub(crate) struct Store {
    state: Option<Arc<StateFolder>>,
    material: KeyMaterial,
    root: Authority,
    /// Issues the certificates that come with a chain; the root issues the others.
    intermediate: Authority,
}

impl Material {
    /// A key of the policy's kind that is not the policy's.
    pub(crate) fn of_nobody(policy: &PolicyConfig) -> Result<Self, Error> {
        Ok(Self { key: generate(policy)?, certificate: None, chain: Vec::new() })
    }
}

impl Store {
    pub(crate) fn new(
        state: Option<Arc<StateFolder>>,
        material: KeyMaterial,
    ) -> Result<Self, Error> {
        const ROOT: &str = "code-signing-root";
        const INTERMEDIATE: &str = "code-signing-intermediate";
        let root = match &state {
            Some(state) => state.authority(ROOT)?,
            None => Authority::create(&authority_name(ROOT), None)?,
        };
        let intermediate = match &state {
            Some(state) => state.authority_below(INTERMEDIATE, &root)?,
            None => Authority::create(&authority_name(INTERMEDIATE), Some(&root))?,
        };
        Ok(Self { state, material, root, intermediate })
    }

    pub(crate) fn root(&self) -> &Authority {
        &self.root
    }

    pub(crate) fn root_der(&self) -> Result<Vec<u8>, Error> {
        let der = self.root.certificate_der();
        der.map_err(|reason| Error::crypto("the code signing root", reason))
    }

    /// Reads a policy's key and certificate, making what is not there.
    pub(crate) fn material(&self, policy: &PolicyConfig) -> Result<Material, Error> {
        let key = match self.kept_key(policy)? {
            Some(key) => key,
            None => self.keep_key(policy, self.first_key(policy)?)?,
        };
        self.certified(policy, key)
    }

    /// Gives a policy another key, and a certificate for it.
    pub(crate) fn rotate(&self, policy: &PolicyConfig) -> Result<Material, Error> {
        let key = self.keep_key(policy, generate(policy)?)?;
        self.certified(policy, key)
    }

    fn certified(&self, policy: &PolicyConfig, key: KeyPair) -> Result<Material, Error> {
        let certificate = self.certificate(policy, &key)?;
        let chain = if policy.chain { self.chain()? } else { Vec::new() };
        Ok(Material { key, certificate, chain })
    }

    fn chain(&self) -> Result<Vec<Vec<u8>>, Error> {
        let der = |authority: &Authority| authority.certificate_der();
        let chain = [&self.intermediate, &self.root].into_iter().map(der).collect();
        Result::map_err(chain, |reason| Error::crypto("the certificate chain", reason))
    }

    fn kept_key(&self, policy: &PolicyConfig) -> Result<Option<KeyPair>, Error> {
        let Some(path) = self.policy_file("keys", policy) else { return Ok(None) };
        read_key(&path, policy)
    }

    fn keep_key(&self, policy: &PolicyConfig, key: KeyPair) -> Result<KeyPair, Error> {
        if let Some(path) = self.policy_file("keys", policy) {
            write_key(&path, policy, &key)?;
        }
        Ok(key)
    }

    fn first_key(&self, policy: &PolicyConfig) -> Result<KeyPair, Error> {
        match &self.material {
            KeyMaterial::Fresh => generate(policy),
            KeyMaterial::Cached(folder) => cached_key(folder, policy),
        }
    }

    fn certificate(&self, policy: &PolicyConfig, key: &KeyPair) -> Result<Option<Vec<u8>>, Error> {
        if !policy.certificate {
            return Ok(None);
        }
        let failed = |reason| Error::crypto(format!("the key of {}", policy.name()), reason);
        let spki = key.spki_der().map_err(failed)?;
        let name = policy.subject_alternative_name.as_deref();
        let issuer = match policy {
            PolicyConfig { self_signed: true, .. } => None,
            PolicyConfig { chain: true, .. } => Some(&self.intermediate),
            _ => Some(&self.root),
        };
        let path = self.policy_file("certificates", policy);
        if let Some(kept) = path.as_deref().map(read_certificate).transpose()?.flatten()
            && certificates::fits(&kept, &spki, name, issuer)
        {
            return Ok(Some(kept));
        }
        let name = policy.subject_alternative_name.clone();
        let der = match issuer {
            Some(issuer) => issuer.issue(&policy.name(), &spki, Usage::CodeSigning(name))?,
            None => certificates::self_signed(&policy.name(), key, name)?,
        };
        if let Some(path) = path {
            write_in_folder(&path, keys::pem("CERTIFICATE", &der).as_bytes())?;
        }
        Ok(Some(der))
    }

    fn policy_file(&self, kind: &str, policy: &PolicyConfig) -> Option<PathBuf> {
        let state = self.state.as_ref()?;
        Some(state.policy_file(kind, &policy.project, &policy.slug))
    }
}

fn generate(policy: &PolicyConfig) -> Result<KeyPair, Error> {
    KeyPair::generate(policy.key)
        .map_err(|reason| Error::crypto(format!("the key of {}", policy.name()), reason))
}

/// One lock per key, so that a test run with an empty cache makes each key once, and different keys side by side.
fn cached_key(folder: &Path, policy: &PolicyConfig) -> Result<KeyPair, Error> {
    let file = format!("{}.{:?}.pem", policy.slug, policy.key);
    let path = folder.join(&policy.project).join(file);
    if let Some(key) = read_key(&path, policy)? {
        return Ok(key);
    }
    private_file::create_folder(path.parent().unwrap_or(folder))?;
    let lock = private_file::append(&path.with_extension("lock"))?;
    lock.lock().map_err(Error::file("lock", &path))?;
    if let Some(key) = read_key(&path, policy)? {
        return Ok(key);
    }
    let key = generate(policy)?;
    write_key(&path, policy, &key)?;
    Ok(key)
}

fn read_key(path: &Path, policy: &PolicyConfig) -> Result<Option<KeyPair>, Error> {
    let Some(pem) = private_file::read_secret_if_there(path)? else { return Ok(None) };
    let key = KeyPair::from_pem(policy.key, &pem);
    key.map(Some).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
}

fn write_key(path: &Path, policy: &PolicyConfig, key: &KeyPair) -> Result<(), Error> {
    let failed = |reason| Error::crypto(format!("the key of {}", policy.name()), reason);
    write_in_folder(path, key.to_pem().map_err(failed)?.as_bytes())
}

fn read_certificate(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let Some(pem) = private_file::read_if_there(path)? else { return Ok(None) };
    certificates::der_of_pem(&pem)
        .map(Some)
        .map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
}

fn write_in_folder(path: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder)?;
    }
    private_file::write(path, content)
}
