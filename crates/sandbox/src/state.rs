//! The state folder: what has to be the same at the next start, and where the audit log is written.
//!
//! ```text
//! sandbox.json                        organization id and tokens
//! keys/PROJECT/POLICY.pem             private keys, PKCS #8
//! certificates/PROJECT/POLICY.pem     the policies' certificates
//! code-signing-root.pem  -key.pem     the root of the policies' certificates
//! code-signing-intermediate.pem  -key.pem    the authority below it that issues those with a chain
//! tls-root.pem           -key.pem     the root of the TLS server's certificate
//! audit.jsonl                         one line per request to sign
//! client.env                          the settings of a client, while a sandbox serves
//! requests/ID.json                    file-based signing requests
//! lock                                held while a sandbox uses the folder
//! ```

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions, TryLockError},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::rand_core::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error,
    certificates::Authority,
    config::{ApiToken, Config},
    keys, private_file,
};

/// The audit log's name inside a state folder.
pub(crate) const AUDIT_FILE: &str = "audit.jsonl";
/// The folder of the file-based signing requests inside a state folder.
pub(crate) const REQUESTS_FOLDER: &str = "requests";
/// The settings of a client inside a state folder.
pub(crate) const CLIENT_FILE: &str = "client.env";
const IDENTITY_FILE: &str = "sandbox.json";
const LOCK_FILE: &str = "lock";

/// What a sandbox puts into its folder, `sandbox.json` first.
const OURS: &[&str] = &[
    IDENTITY_FILE,
    LOCK_FILE,
    AUDIT_FILE,
    CLIENT_FILE,
    REQUESTS_FOLDER,
    "keys",
    "certificates",
    "code-signing-root.pem",
    "code-signing-root-key.pem",
    "code-signing-intermediate.pem",
    "code-signing-intermediate-key.pem",
    "tls-root.pem",
    "tls-root-key.pem",
];

/// A state folder that this process has for itself.
pub(crate) struct StateFolder {
    folder: PathBuf,
    /// Locked; the lock goes with the file.
    lock: File,
}

/// Who the sandbox is: the organization and the tokens it accepts.
pub(crate) struct Identity {
    pub(crate) organization_id: Uuid,
    pub(crate) tokens: Vec<ApiToken>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptIdentity {
    organization_id: Option<KeptId>,
    #[serde(default)]
    tokens: Vec<ApiToken>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
struct KeptId(Uuid);

impl StateFolder {
    /// Makes or opens a state folder and locks it.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        private_file::create_folder(folder)?;
        if !is_sandbox(folder).map_err(Error::file("read", folder))? {
            return Err(Error::NotASandbox { folder: folder.to_owned() });
        }
        let owner_only = Permissions::from_mode(0o700);
        fs::set_permissions(folder, owner_only).map_err(Error::file("protect", folder))?;
        let lock = private_file::append(&folder.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => Self { folder: folder.to_owned(), lock }.with_identity_file(),
            Err(TryLockError::WouldBlock) => Err(Error::StateInUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => {
                Err(Error::File { action: "lock", path: folder.join(LOCK_FILE), source })
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// `keys` or `certificates`, the file of one policy.
    pub(crate) fn policy_file(&self, kind: &str, project: &str, slug: &str) -> PathBuf {
        self.folder.join(kind).join(project).join(format!("{slug}.pem"))
    }

    /// Reads the root of this name, or makes and keeps it.
    pub(crate) fn authority(&self, name: &str) -> Result<Authority, Error> {
        match self.kept_authority(name)? {
            Some(kept) => Ok(kept),
            None => self.keep_authority(name, Authority::create(&authority_name(name), None)?),
        }
    }

    /// Reads the authority of this name below a root, or makes and keeps it; also when the root is another one by now.
    pub(crate) fn authority_below(&self, name: &str, root: &Authority) -> Result<Authority, Error> {
        match self.kept_authority(name)?.filter(|kept| root.is_above(kept)) {
            Some(kept) => Ok(kept),
            None => {
                self.keep_authority(name, Authority::create(&authority_name(name), Some(root))?)
            }
        }
    }

    fn kept_authority(&self, name: &str) -> Result<Option<Authority>, Error> {
        let (key_path, certificate_path) = self.authority_files(name);
        let key = private_file::read_secret_if_there(&key_path)?;
        let certificate = private_file::read_if_there(&certificate_path)?;
        let Some((key, certificate)) = key.zip(certificate) else { return Ok(None) };
        let damaged = |reason| Error::Damaged { path: certificate_path, reason };
        Authority::from_pem(&key, &certificate).map(Some).map_err(damaged)
    }

    fn keep_authority(&self, name: &str, authority: Authority) -> Result<Authority, Error> {
        let (key_path, certificate_path) = self.authority_files(name);
        let failed = |reason| Error::crypto(authority_name(name), reason);
        let (key, certificate) =
            (authority.key_pem().map_err(failed)?, authority.certificate_pem().map_err(failed)?);
        private_file::write(&key_path, key.as_bytes())?;
        private_file::write(&certificate_path, certificate.as_bytes())?;
        Ok(authority)
    }

    fn authority_files(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.folder.join(format!("{name}-key.pem")), self.folder.join(format!("{name}.pem")))
    }

    /// The file is what a state folder is known by: it is there from the first moment on, whoever chooses what it keeps.
    fn with_identity_file(self) -> Result<Self, Error> {
        if !has_identity(&self.folder) {
            self.keep_identity(&KeptIdentity::default())?;
        }
        Ok(self)
    }

    fn kept_identity(&self) -> Result<KeptIdentity, Error> {
        let path = self.folder.join(IDENTITY_FILE);
        let Some(text) = private_file::read_secret_if_there(&path)? else {
            return Ok(KeptIdentity::default());
        };
        serde_json::from_str(&text)
            .map_err(|error| Error::Damaged { path, reason: error.to_string() })
    }

    fn keep_identity(&self, kept: &KeptIdentity) -> Result<(), Error> {
        let path = self.folder.join(IDENTITY_FILE);
        let text = serde_json::to_string_pretty(kept).map_err(io::Error::from);
        let text = text.map_err(Error::file("write", &path))?;
        private_file::write(&path, format!("{text}\n").as_bytes())
    }
}

impl Drop for StateFolder {
    /// At once, although a process that another thread is starting may have a copy of the descriptor until it runs its program.
    fn drop(&mut self) {
        // What cannot be unlocked is when the descriptor is closed.
        drop(self.lock.unlock());
    }
}

/// Whether a folder has the file that a state folder is known by.
pub(crate) fn has_identity(folder: &Path) -> bool {
    folder.join(IDENTITY_FILE).exists()
}

/// Whether a sandbox is using a state folder.
pub(crate) fn is_in_use(folder: &Path) -> Result<bool, Error> {
    let lock = private_file::append(&folder.join(LOCK_FILE))?;
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => {
            Err(Error::File { action: "lock", path: folder.join(LOCK_FILE), source })
        }
    }
}

/// Whether a folder is empty or a sandbox's: it has a `sandbox.json`, or lost it and holds nothing but what is ours.
fn is_sandbox(folder: &Path) -> io::Result<bool> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let names = entries.collect::<io::Result<Vec<_>>>()?;
    let has = |file: &str| names.iter().any(|name| name == file);
    let is_all_ours = || names.iter().all(|name| is_ours(name));
    Ok(names.is_empty() || has(IDENTITY_FILE) || (has(LOCK_FILE) && is_all_ours()))
}

fn is_ours(name: &OsStr) -> bool {
    OURS.iter().any(|ours| name == *ours || private_file::is_temporary(name, ours))
}

/// The common name of an authority, from the name of its files.
pub(crate) fn authority_name(file: &str) -> String {
    format!("signpath-sandbox {}", file.replace('-', " "))
}

impl Identity {
    /// The configuration first, then what the state folder has kept, then chance.
    pub(crate) fn resolve(config: &Config, state: Option<&StateFolder>) -> Result<Self, Error> {
        let mut kept = match state {
            Some(state) => state.kept_identity()?,
            None => KeptIdentity::default(),
        };
        let before = (kept.organization_id.is_some(), kept.tokens.len());
        let organization_id = config.organization_id.unwrap_or_else(|| {
            kept.organization_id.get_or_insert_with(|| KeptId(Uuid::new_v4())).0
        });
        let tokens = if config.tokens.is_empty() {
            if kept.tokens.is_empty() {
                kept.tokens.push(random_token());
            }
            kept.tokens.clone()
        } else {
            config.tokens.clone()
        };
        if let Some(state) = state
            && before != (kept.organization_id.is_some(), kept.tokens.len())
        {
            state.keep_identity(&kept)?;
        }
        Ok(Self { organization_id, tokens })
    }
}

impl TryFrom<String> for KeptId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Uuid::parse_str(&text).map(Self).map_err(|_| format!("organizationId '{text}' is no UUID"))
    }
}

impl From<KeptId> for String {
    fn from(id: KeptId) -> Self {
        id.0.to_string()
    }
}

/// Real tokens are Base64 and have `+` and `/` in them, which is what clients trip over: so has this one.
fn random_token() -> ApiToken {
    loop {
        let mut bytes = [0_u8; 33];
        keys::random().fill_bytes(&mut bytes);
        let token = STANDARD.encode(bytes);
        if token.contains('+') && token.contains('/') {
            return ApiToken { token, user: "submitter".to_owned() };
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_folder_is_free_at_once_though_a_process_being_started_has_a_copy_of_the_descriptor() {
        let folder = TempDir::new().unwrap();
        let state = StateFolder::open(folder.path()).unwrap();
        let copy = state.lock.try_clone().unwrap();
        assert!(is_in_use(folder.path()).unwrap());
        drop(state);
        assert!(!is_in_use(folder.path()).unwrap());
        drop(copy);
    }
}
