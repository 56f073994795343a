//! Public keys of policies, remembered from one process to the next. cosign starts its plugin several times for one
//! signature, and each process would ask the service for the same key.
//!
//! This must not be a way to plant a key. What is read has been written under the same parent process, which asked the
//! service itself a minute ago at most; and it is sealed with the API token, which whoever has it could use to sign.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tracing::debug;

use crate::config::ApiUrl;
use crate::key::PublicKey;
use crate::private::PrivateFolder;
use crate::process::Parent;
use crate::secret::Credentials;

/// How long a key is believed.
const MAX_AGE: Duration = Duration::from_secs(60);

/// A file is no longer than this.
const FILE_MAX: u64 = 16 << 10;

/// The folder below the user's cache.
const FOLDER: &str = "signpath-pkcs11";

/// The keys that processes with the same parent have asked for.
#[derive(Debug)]
pub struct KnownKeys {
    folder: PrivateFolder,
    parent: String,
    api_url: String,
    organization: String,
    /// HMAC (RFC 2104) with the token as the key.
    keyed: Hmac<Sha256>,
}

/// A file.
#[derive(Serialize, Deserialize)]
struct Entry {
    parent: String,
    /// When the service was asked, in milliseconds since 1970.
    asked: u64,
    /// SubjectPublicKeyInfo.
    key: String,
    seal: String,
}

impl KnownKeys {
    /// `None` wherever the rules do not hold, the system does not tell who the parent is, or the token is not known without
    /// running a program, which may print another one each time: then the service is asked.
    pub fn open(base: &Path, api_url: &ApiUrl, credentials: &Credentials) -> Option<Self> {
        Self::open_under(Parent::current()?.identity()?, base, api_url, credentials)
    }

    fn open_under(
        parent: String,
        base: &Path,
        api_url: &ApiUrl,
        credentials: &Credentials,
    ) -> Option<Self> {
        let opened = PrivateFolder::open(base, FOLDER);
        let unusable = |error: &_| debug!("public keys are not remembered: {error}");
        let folder = opened.inspect_err(unusable).ok()?;
        let api_url = api_url.as_str().to_owned();
        let organization = credentials.organization.to_string();
        let keyed = Hmac::new_from_slice(credentials.token.known()?.expose().as_bytes()).ok()?;
        Some(Self { folder, parent, api_url, organization, keyed })
    }

    /// The key that was asked for under the same parent within the last minute.
    pub fn get(&self, project: &str, policy: &str) -> Option<PublicKey> {
        self.get_at(SystemTime::now(), project, policy)
    }

    /// Remembers what the service has just answered.
    pub fn put(&self, project: &str, policy: &str, key: &PublicKey) {
        self.put_at(SystemTime::now(), project, policy, key);
    }

    /// Forgets a key that has turned out to be another one.
    pub fn forget(&self, project: &str, policy: &str) {
        self.folder.remove(&self.name(project, policy)).ok();
    }

    fn get_at(&self, now: SystemTime, project: &str, policy: &str) -> Option<PublicKey> {
        let name = self.name(project, policy);
        let unusable = |error: &_| debug!("a remembered public key is not used: {error}");
        let content = self.folder.read(&name, FILE_MAX).inspect_err(unusable).ok()??;
        let entry: Entry = serde_json::from_slice(&content).ok()?;
        let age = milliseconds(now)?.checked_sub(entry.asked)?;
        let is_fresh = Duration::from_millis(age) <= MAX_AGE && entry.parent == self.parent;
        let seal = STANDARD.decode(&entry.seal).ok().filter(|_| is_fresh)?;
        self.sealed(&name, &entry).verify_slice(&seal).ok()?;
        PublicKey::from_spki_der(&STANDARD.decode(&entry.key).ok()?).ok()
    }

    fn put_at(&self, now: SystemTime, project: &str, policy: &str, key: &PublicKey) {
        let Some(asked) = milliseconds(now) else { return };
        let name = self.name(project, policy);
        let key = STANDARD.encode(key.spki_der());
        let mut entry = Entry { parent: self.parent.clone(), asked, key, seal: String::new() };
        entry.seal = STANDARD.encode(self.sealed(&name, &entry).finalize().into_bytes());
        let content = serde_json::to_vec(&entry).unwrap_or_default();
        if let Err(error) = self.folder.replace(&name, &content) {
            debug!("a public key is not remembered: {error}");
        }
    }

    /// The name says nothing to whoever does not have the token.
    fn name(&self, project: &str, policy: &str) -> String {
        let mac = self.mac("name", &[&self.api_url, &self.organization, project, policy]);
        let bytes = mac.finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn sealed(&self, name: &str, entry: &Entry) -> Hmac<Sha256> {
        self.mac("seal", &[name, &entry.parent, &entry.asked.to_string(), &entry.key])
    }

    fn mac(&self, purpose: &str, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        for part in [&[FOLDER, purpose], parts].concat() {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }
}

fn milliseconds(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok()?.as_millis().try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::key::vectors;

    const ORGANIZATION: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";
    const OTHER_ORGANIZATION: &str = "94b2c3d4-0000-4000-8000-aabbccddee00";

    fn under(base: &TempDir, parent: &str, url: &str, pin: &str) -> KnownKeys {
        let credentials = Credentials::from_pin(pin).unwrap();
        let url = url.parse().unwrap();
        KnownKeys::open_under(parent.to_owned(), base.path(), &url, &credentials).unwrap()
    }

    fn keys(base: &TempDir) -> KnownKeys {
        under(base, "parent", "https://a.example/Api", &format!("{ORGANIZATION}:token+/"))
    }

    fn key() -> PublicKey {
        key_of(vectors::P256.spki)
    }

    fn key_of(spki: &str) -> PublicKey {
        PublicKey::from_spki_der(&STANDARD.decode(spki).unwrap()).unwrap()
    }

    fn file(base: &TempDir) -> std::path::PathBuf {
        let mut files = fs::read_dir(base.path().join(FOLDER)).unwrap();
        files.next().unwrap().unwrap().path()
    }

    #[test]
    fn a_key_is_remembered_for_a_minute() {
        let base = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let keys = keys(&base);
        assert_eq!(keys.get("a", "b"), None);
        keys.put_at(now, "a", "b", &key());
        assert_eq!(keys.get_at(now + MAX_AGE, "a", "b"), Some(key()));
        assert_eq!(keys.get_at(now + MAX_AGE + Duration::from_millis(1), "a", "b"), None);
        assert_eq!(keys.get_at(now - Duration::from_secs(1), "a", "b"), None, "from the future");
        assert_eq!(keys.get_at(now, "a", "c"), None);
        keys.forget("a", "b");
        assert_eq!(keys.get_at(now, "a", "b"), None);
    }

    #[test]
    fn another_parent_organization_address_or_token_knows_nothing() {
        let base = tempfile::tempdir().unwrap();
        keys(&base).put("a", "b", &key());
        let (url, pin) = ("https://a.example/Api", format!("{ORGANIZATION}:token+/"));
        assert!(under(&base, "parent", url, &pin).get("a", "b").is_some());
        let [other_organization, other_token] =
            [format!("{OTHER_ORGANIZATION}:token+/"), format!("{ORGANIZATION}:other")];
        for (parent, url, pin) in [
            ("another", url, &pin),
            ("parent", "https://b.example/Api", &pin),
            ("parent", url, &other_organization),
            ("parent", url, &other_token),
        ] {
            assert_eq!(under(&base, parent, url, pin).get("a", "b"), None, "{parent} {url}");
        }
    }

    #[test]
    fn a_planted_key_is_not_believed() {
        let base = tempfile::tempdir().unwrap();
        let keys = keys(&base);
        keys.put("a", "b", &key());
        let path = file(&base);
        let mut entry: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let earlier = entry["asked"].as_u64().unwrap() - 1;
        for (name, value) in [
            ("key", vectors::RSA_2048.spki.into()),
            ("asked", earlier.into()),
            ("seal", String::new().into()),
        ] {
            let original = std::mem::replace(&mut entry[name], value);
            fs::write(&path, entry.to_string()).unwrap();
            assert_eq!(keys.get("a", "b"), None, "{name}");
            entry[name] = original;
        }
        fs::write(&path, entry.to_string()).unwrap();
        assert!(keys.get("a", "b").is_some());
        fs::write(&path, "{").unwrap();
        assert_eq!(keys.get("a", "b"), None);
    }

    #[test]
    fn neither_name_nor_content_tells_the_token_or_the_policy() {
        let base = tempfile::tempdir().unwrap();
        keys(&base).put("project", "policy", &key());
        let path = file(&base);
        let text = format!("{} {}", path.display(), fs::read_to_string(&path).unwrap());
        for part in ["token", "project", "policy", ORGANIZATION, "a.example"] {
            assert!(!text.replace(FOLDER, "").contains(part), "{text}");
        }
    }

    #[test]
    fn where_the_folder_cannot_be_trusted_nothing_is_remembered() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let credentials = Credentials::from_pin(&format!("{ORGANIZATION}:t")).unwrap();
        assert!(KnownKeys::open(base.path(), &ApiUrl::default(), &credentials).is_none());
    }
}
