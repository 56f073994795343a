//! Signing requests that were made and may still wait for somebody: kept on disk from before the waiting begins, so that a
//! second run goes on with the same request.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use signpath_client::private::{Lock, PrivateFolder};
use uuid::Uuid;

use crate::digest::hex;
use crate::interruption;

/// The folder below the user's state.
const FOLDER: &str = "signpath-pkcs11";

/// The file whose lock whoever makes a request holds.
const LOCK: &str = "requests.lock";

/// What the names of the files begin with.
const PREFIX: &str = "request-";

/// A file is no longer than this.
const FILE_MAX: u64 = 4 << 20;

/// So long a completed request is remembered.
const COMPLETED_AGE: Duration = Duration::from_secs(3600);

/// So long any request is remembered.
const OPEN_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The requests of this user.
#[derive(Debug)]
pub(super) struct Pending {
    folder: PrivateFolder,
    path: PathBuf,
}

/// What a request is known by: everything that would make it another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity(String);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Its id.
    #[serde(with = "text")]
    pub(super) id: Uuid,
    /// The service and the organization that have it.
    service: String,
    /// Its page.
    pub(super) link: Option<String>,
    /// What is to be done with its signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<serde_json::Value>,
    /// When it was made, in seconds since 1970.
    submitted: u64,
    /// When it was seen to be completed.
    completed: Option<u64>,
}

impl Identity {
    /// Of these parts, in this order; none of them can be read from it.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        Self(format!("{PREFIX}{}", hex(&digest.finalize())))
    }
}

impl Remembered {
    /// One that was made now.
    pub(super) fn new(
        service: &str,
        id: Uuid,
        link: Option<String>,
        task: Option<serde_json::Value>,
    ) -> Self {
        let submitted = seconds(SystemTime::now());
        Self { id, service: service.to_owned(), link, task, submitted, completed: None }
    }

    /// With another run's task, if that has one.
    pub(super) fn with_task(self, task: Option<serde_json::Value>) -> Self {
        Self { task: task.or(self.task), ..self }
    }

    fn is_old(&self, now: u64) -> bool {
        let is_past = |since: u64, age: Duration| now.saturating_sub(since) > age.as_secs();
        is_past(self.submitted, OPEN_AGE)
            || self.completed.is_some_and(|since| is_past(since, COMPLETED_AGE))
    }
}

impl Pending {
    /// # Errors
    /// The folder is not this user's alone.
    pub(super) fn open(base: &Path) -> io::Result<Self> {
        Ok(Self { folder: PrivateFolder::open(base, FOLDER)?, path: base.join(FOLDER) })
    }

    /// Keeps other runs from making the same request meanwhile; waits for one of them up to `time`.
    ///
    /// # Errors
    /// The time is over, or the file cannot be used.
    pub(super) fn lock(&self, time: Duration) -> io::Result<Lock> {
        self.folder.lock_within(LOCK, time)
    }

    /// Where a request is remembered.
    pub(super) fn file(&self, identity: &Identity) -> PathBuf {
        self.path.join(&identity.0)
    }

    /// The request of this identity, if it is remembered.
    pub(super) fn find(&self, identity: &Identity) -> Option<Remembered> {
        self.find_at(seconds(SystemTime::now()), &identity.0)
    }

    /// The request of this id at a service, if it is remembered.
    pub(super) fn find_id(&self, service: &str, id: &Uuid) -> Option<(Identity, Remembered)> {
        let now = seconds(SystemTime::now());
        let names = self.folder.names().unwrap_or_default().into_iter();
        names.filter(|name| name.starts_with(PREFIX)).find_map(|name| {
            let found = self.find_at(now, &name)?;
            let found = Some(found).filter(|found| found.id == *id && found.service == service)?;
            Some((Identity(name), found))
        })
    }

    fn find_at(&self, now: u64, name: &str) -> Option<Remembered> {
        let content = self.folder.read(name, FILE_MAX).ok()??;
        let found: Remembered = serde_json::from_slice(&content).ok()?;
        (!found.is_old(now)).then_some(found)
    }

    /// Remembers a request, on disk when this returns.
    ///
    /// # Errors
    /// The system's; more than can be read again.
    pub(super) fn keep(&self, identity: &Identity, request: &Remembered) -> io::Result<()> {
        let content = serde_json::to_vec(request).unwrap_or_default();
        if u64::try_from(content.len()).is_ok_and(|length| length > FILE_MAX) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        interruption::whole(|| self.folder.replace(&identity.0, &content))
    }

    /// Notes that a request is completed: from then on it is remembered for an hour.
    pub(super) fn completed(&self, identity: &Identity, id: &Uuid) {
        let now = seconds(SystemTime::now());
        let found = self.find(identity).filter(|found| found.id == *id);
        let Some(mut request) = found.filter(|found| found.completed.is_none()) else { return };
        request.completed = Some(now);
        self.keep(identity, &request).ok();
    }

    /// Forgets a request that comes to nothing, if another run has not made a new one meanwhile.
    pub(super) fn forget(&self, identity: &Identity, id: &Uuid) {
        if self.find(identity).is_some_and(|found| found.id == *id) {
            self.folder.remove(&identity.0).ok();
        }
    }

    /// Forgets what is old. Under the lock.
    pub(super) fn forget_old(&self) {
        let now = seconds(SystemTime::now());
        let names = self.folder.names().unwrap_or_default();
        for name in names.iter().filter(|name| name.starts_with(PREFIX)) {
            if self.find_at(now, name).is_none() {
                self.folder.remove(name).ok();
            }
        }
    }
}

/// An id as text: with its own serde feature the crate would be another one in the module.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        Uuid::try_parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Identity {
        Identity::of([text.as_bytes()])
    }

    fn request() -> Remembered {
        Remembered::new("here", Uuid::from_u128(7), Some("https://w".to_owned()), None)
    }

    #[test]
    fn a_request_is_found_by_its_identity_alone_and_can_be_forgotten() {
        let base = tempfile::tempdir().unwrap();
        let pending = Pending::open(base.path()).unwrap();
        assert_eq!(pending.find(&identity("a")), None);
        pending.keep(&identity("a"), &request()).unwrap();
        let again = Pending::open(base.path()).unwrap();
        assert_eq!(again.find(&identity("a")), Some(request()));
        assert_eq!(again.find(&identity("b")), None);
        let (id, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        assert_eq!(again.find_id("here", &id), Some((identity("a"), request())));
        assert_eq!((again.find_id("here", &other), again.find_id("there", &id)), (None, None));
        again.forget(&identity("a"), &other);
        assert_eq!(again.find(&identity("a")), Some(request()));
        again.forget(&identity("a"), &id);
        assert_eq!(pending.find(&identity("a")), None);
    }

    #[test]
    fn where_one_part_ends_and_the_next_begins_counts() {
        assert_ne!(Identity::of([&b"ab"[..], b"c"]), Identity::of([&b"a"[..], b"bc"]));
        assert_eq!(Identity::of([&b"ab"[..], b"c"]), Identity::of([&b"ab"[..], b"c"]));
    }

    #[test]
    fn a_completed_request_is_forgotten_after_an_hour_and_an_open_one_after_a_month() {
        let base = tempfile::tempdir().unwrap();
        let pending = Pending::open(base.path()).unwrap();
        let (open, done) = (identity("open"), identity("done"));
        pending.keep(&open, &request()).unwrap();
        pending.keep(&done, &request()).unwrap();
        pending.completed(&done, &request().id);
        let now = seconds(SystemTime::now());
        for (name, age) in [(&open, OPEN_AGE), (&done, COMPLETED_AGE)] {
            assert!(pending.find_at(now + age.as_secs() - 1, &name.0).is_some());
            assert_eq!(pending.find_at(now + age.as_secs() + 2, &name.0), None);
        }
    }

    #[test]
    fn what_is_old_or_unreadable_is_cleared_away() {
        let base = tempfile::tempdir().unwrap();
        let pending = Pending::open(base.path()).unwrap();
        pending.keep(&identity("new"), &request()).unwrap();
        let old = Remembered { submitted: 0, ..request() };
        pending.keep(&identity("old"), &old).unwrap();
        pending.folder.replace(&identity("odd").0, b"{").unwrap();
        drop(pending.lock(Duration::ZERO).unwrap());
        pending.forget_old();
        let mut names = pending.folder.names().unwrap();
        names.sort();
        assert_eq!(names, [identity("new").0, LOCK.to_owned()]);
    }

    #[test]
    fn who_does_not_get_the_lock_in_time_is_told() {
        let base = tempfile::tempdir().unwrap();
        let pending = Pending::open(base.path()).unwrap();
        let held = pending.lock(Duration::ZERO).unwrap();
        assert!(Pending::open(base.path()).unwrap().lock(Duration::ZERO).is_err());
        drop(held);
        Pending::open(base.path()).unwrap().lock(Duration::ZERO).unwrap();
    }
}
