//! A folder of this user's alone, and its files.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::process::UserIds;
use crate::replacement::Replacement;
use crate::system;

/// How long is waited before each look at a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A folder that only this user can use.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    owner: u32,
}

/// A lock over processes. It ends when it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl PrivateFolder {
    /// The folder of this name in `base`; both are made if they are missing.
    ///
    /// # Errors
    /// One of them is somebody else's, can be used by others, or is a link; or the system does not tell, as Windows does not. As a
    /// sentence.
    pub fn open(base: &Path, name: &str) -> io::Result<Self> {
        let ids = UserIds::current().ok_or_else(|| io::Error::other("this user is not known"))?;
        Self::open_for(ids.effective, base, name)
    }

    fn open_for(owner: u32, base: &Path, name: &str) -> io::Result<Self> {
        system::own_folders().recursive(true).create(base)?;
        // What may be a link is the way to the base, which the user has chosen; what counts is who can change it.
        check_folder(base, &fs::metadata(base)?, owner, system::others_may_write)?;
        let path = base.join(name);
        match system::own_folders().create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        check_folder(&path, &fs::symlink_metadata(&path)?, owner, system::others_may_use)?;
        Ok(Self { path, owner })
    }

    /// The content of a file; `None` if there is none.
    ///
    /// # Errors
    /// It is no regular file of ours alone, or longer than `max`.
    pub fn read(&self, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let path = self.path.join(name);
        let file = match system::open_itself(OpenOptions::new().read(true), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        self.check_file(&file.metadata()?)?;
        let mut content = Vec::new();
        file.take(max.saturating_add(1)).read_to_end(&mut content)?;
        if u64::try_from(content.len()).is_ok_and(|length| length > max) {
            return Err(io::Error::other(format!("{name} is longer than {max} bytes")));
        }
        Ok(Some(content))
    }

    /// Puts a file in place of the one of this name, whole or not at all.
    ///
    /// # Errors
    /// The system's.
    pub fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let replacement = Replacement::begin(&self.path, 0o600)?;
        self.check_file(&replacement.file().metadata()?)?;
        replacement.finish(name, content)
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// The names of the files.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Waits up to `time` until no other process holds the lock of this name, and takes it.
    ///
    /// # Errors
    /// The time is over, the file is not ours alone, or the system's.
    pub fn lock_within(&self, name: &str, time: Duration) -> io::Result<Lock> {
        let file = self.lock_file(name)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < time => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other(format!("{name} is locked by another process")));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        system::with_rights(options.write(true).create(true).truncate(false), 0o600);
        let file = system::open_itself(&mut options, &self.path.join(name))?;
        self.check_file(&file.metadata()?)?;
        Ok(file)
    }

    fn check_file(&self, found: &Metadata) -> io::Result<()> {
        let fault = if !found.is_file() {
            "is not a regular file"
        } else if system::owner(found) != Some(self.owner) {
            "belongs to another user"
        } else if system::others_may_use(found) != Some(false) {
            "can be used by other users"
        } else if system::names(found).is_none_or(|names| names > 1) {
            "has more than one name"
        } else {
            return Ok(());
        };
        Err(io::Error::other(format!("a file in {} {fault}", self.path.display())))
    }
}

/// What the system does not tell is refused.
fn check_folder(
    path: &Path,
    found: &Metadata,
    owner: u32,
    refused: fn(&Metadata) -> Option<bool>,
) -> io::Result<()> {
    let fault = if !found.is_dir() {
        "is not a folder"
    } else if system::owner(found) != Some(owner) {
        "belongs to another user"
    } else if refused(found) != Some(false) {
        "can be used by other users"
    } else {
        return Ok(());
    };
    Err(io::Error::other(format!("{} {fault}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    fn place() -> (TempDir, PrivateFolder) {
        let base = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(base.path(), "signpath").unwrap();
        (base, folder)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(base: &Path) -> String {
        PrivateFolder::open(base, "signpath").unwrap_err().to_string()
    }

    #[test]
    fn the_folder_is_made_for_its_owner_alone() {
        let (base, folder) = place();
        let mode = fs::metadata(base.path().join("signpath")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        folder.replace("a", b"1").unwrap();
        assert_eq!(fs::metadata(folder.path.join("a")).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_base_is_made() {
        let base = tempfile::tempdir().unwrap();
        PrivateFolder::open(&base.path().join("a/b"), "signpath").unwrap();
        let mode = fs::metadata(base.path().join("a")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_can_use_is_refused() {
        let (base, folder) = place();
        for mode in [0o710, 0o740, 0o701, 0o777] {
            set_mode(&folder.path, mode);
            assert!(refusal(base.path()).contains("can be used by other users"));
        }
    }

    #[test]
    fn a_base_that_others_can_write_to_is_refused_and_the_shared_one_for_temporary_files_too() {
        let base = tempfile::tempdir().unwrap();
        for mode in [0o770, 0o707, 0o1777] {
            set_mode(base.path(), mode);
            assert!(refusal(base.path()).contains("can be used by other users"));
        }
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let other = UserIds::current().unwrap().effective + 1;
        let error = PrivateFolder::open_for(other, base.path(), "signpath").unwrap_err();
        assert!(error.to_string().contains("belongs to another user"));
    }

    #[test]
    fn a_file_of_somebody_else_is_refused() {
        let (_base, folder) = place();
        folder.replace("a", b"1").unwrap();
        let other = PrivateFolder { owner: folder.owner + 1, path: folder.path.clone() };
        assert!(other.read("a", 9).unwrap_err().to_string().contains("belongs to another user"));
        assert!(
            other
                .lock_within("a", Duration::ZERO)
                .unwrap_err()
                .to_string()
                .contains("belongs to another user")
        );
    }

    #[test]
    fn a_link_in_place_of_the_folder_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), base.path().join("signpath")).unwrap();
        assert!(refusal(base.path()).contains("is not a folder"));
    }

    #[test]
    fn a_link_in_place_of_a_file_is_not_followed() {
        let (base, folder) = place();
        let target = base.path().join("target");
        fs::write(&target, "planted").unwrap();
        set_mode(&target, 0o600);
        symlink(&target, folder.path.join("a")).unwrap();
        assert_eq!(folder.read("a", 99).unwrap_err().raw_os_error(), Some(libc::ELOOP));
        assert_eq!(
            folder.lock_within("a", Duration::ZERO).unwrap_err().raw_os_error(),
            Some(libc::ELOOP)
        );
        folder.replace("a", b"ours").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"planted");
        assert_eq!(folder.read("a", 99).unwrap().unwrap(), b"ours");
    }

    #[test]
    fn a_second_name_of_another_file_is_refused() {
        let (base, folder) = place();
        let target = base.path().join("target");
        fs::write(&target, "planted").unwrap();
        set_mode(&target, 0o600);
        fs::hard_link(&target, folder.path.join("a")).unwrap();
        assert!(folder.read("a", 99).unwrap_err().to_string().contains("more than one name"));
    }

    #[test]
    fn a_file_that_others_can_use_is_refused() {
        let (_base, folder) = place();
        folder.replace("a", b"1").unwrap();
        set_mode(&folder.path.join("a"), 0o640);
        assert!(folder.read("a", 9).unwrap_err().to_string().contains("by other users"));
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let (_base, folder) = place();
        fs::create_dir(folder.path.join("a")).unwrap();
        assert!(folder.read("a", 9).is_err());
        let pipe = folder.path.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(folder.read("pipe", 9).unwrap_err().to_string().contains("not a regular file"));
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let (_base, folder) = place();
        assert_eq!(folder.read("a", 9).unwrap(), None);
        folder.replace("a", b"12345").unwrap();
        assert_eq!(folder.read("a", 5).unwrap().unwrap(), b"12345");
        assert!(folder.read("a", 4).is_err());
        folder.remove("a").unwrap();
        folder.remove("a").unwrap();
        assert_eq!(folder.read("a", 9).unwrap(), None);
    }

    #[test]
    fn many_writers_leave_one_whole_file_and_nothing_else() {
        let (_base, folder) = place();
        let write = &|letter: u8| {
            for _ in 0..20 {
                folder.replace("x", &[letter; 4096]).unwrap();
                let read = folder.read("x", 4096).unwrap().unwrap();
                assert!(read.len() == 4096 && read.iter().all(|byte| *byte == read[0]));
            }
        };
        std::thread::scope(|scope| {
            (b'a'..=b'h').for_each(|letter| drop(scope.spawn(move || write(letter))));
        });
        assert_eq!(folder.names().unwrap(), ["x"]);
    }

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let (_base, folder) = place();
        let lock = folder.lock_within("lock", Duration::ZERO).unwrap();
        assert!(folder.lock_file("lock").unwrap().try_lock().is_err());
        drop(lock);
        folder.lock_file("lock").unwrap().try_lock().unwrap();
    }
}
