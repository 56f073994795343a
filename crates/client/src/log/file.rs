//! The log file: for its owner alone, rotated, never a reason to fail.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::process::UserIds;

/// The name of the log file in its folder, as SignPath's own provider calls it; older ones have a number before
/// `.txt`, 1 being the youngest.
pub const FILE_NAME: &str = "SignPath.CryptoProviders.Cryptoki.txt";

/// A file that would become longer is put aside first.
const FILE_MAX: u64 = 10_000_000;

/// How many old files are kept.
const KEPT: u32 = 5;

/// A log file that is opened at its first line.
#[derive(Default)]
pub(super) struct LogFile {
    directory: PathBuf,
    open: Option<File>,
    complained: bool,
}

impl LogFile {
    /// Sets the folder; another one than before closes the file.
    pub(super) fn place_in(&mut self, directory: &Path) {
        if self.directory != directory {
            *self = Self { directory: directory.to_owned(), ..Self::default() };
        } else if self.open.is_none() {
            self.complained = false;
        }
    }

    /// Appends a line. If that fails, and it is the first time, a sentence that says so is returned.
    pub(super) fn append(&mut self, line: &[u8]) -> Option<String> {
        // What could not be opened once is not tried again with every line.
        if self.open.is_none() && self.complained {
            return None;
        }
        let error = self.try_append(line).err()?;
        let first = !std::mem::replace(&mut self.complained, true);
        first.then(|| {
            format!("the log file in {} cannot be written: {error}", self.directory.display())
        })
    }

    fn try_append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut file = match self.open.take() {
            Some(file) => file,
            None => open(&self.directory)?,
        };
        let added = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if file.metadata()?.len().saturating_add(added) > FILE_MAX {
            if is_current(&file, &self.directory) {
                rotate(&self.directory)?;
            }
            file = open(&self.directory)?;
        }
        self.open.insert(file).write_all(line)
    }
}

fn open(directory: &Path) -> io::Result<File> {
    prepare(directory)?;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        // Whoever may write into the folder could have put a link or a pipe there.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(directory.join(FILE_NAME))?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if UserIds::current().is_some_and(|user| user.effective != metadata.uid()) {
        return Err(io::Error::other("the file belongs to somebody else"));
    }
    Ok(file)
}

/// Makes the folder, or sees that the one that is there can be trusted: in `/tmp` anybody could have made it.
fn prepare(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() {
        return Err(io::Error::other("no folder is set"));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let metadata = fs::symlink_metadata(directory)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("the folder is a symbolic link"));
    }
    let trusted = |user: UserIds| metadata.uid() == 0 || metadata.uid() == user.effective;
    if !UserIds::current().is_none_or(trusted) {
        return Err(io::Error::other("the folder belongs to somebody else"));
    }
    Ok(())
}

/// Whether the open file is still the one with the name: another process may have rotated it already.
fn is_current(file: &File, directory: &Path) -> bool {
    let named = fs::symlink_metadata(directory.join(FILE_NAME));
    match (file.metadata(), named) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

fn rotate(directory: &Path) -> io::Result<()> {
    let numbered = |number: u32| {
        let name = FILE_NAME.strip_suffix(".txt").unwrap_or(FILE_NAME);
        directory.join(format!("{name}.{number}.txt"))
    };
    for number in (1..KEPT).rev() {
        fs::rename(numbered(number), numbered(number + 1)).or_else(unless_missing)?;
    }
    fs::rename(directory.join(FILE_NAME), numbered(1)).or_else(unless_missing)
}

fn unless_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn log_in(directory: &Path) -> LogFile {
        let mut log = LogFile::default();
        log.place_in(directory);
        log
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn folder_and_file_are_for_their_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        assert_eq!(log_in(&directory).append(b"one\n"), None);
        assert_eq!(log_in(&directory).append(b"two\n"), None);
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join(FILE_NAME)), 0o600);
        assert_eq!(fs::read(directory.join(FILE_NAME)).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn links_are_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("target");
        fs::write(&target, "").unwrap();
        symlink(&target, parent.path().join(FILE_NAME)).unwrap();
        assert!(log_in(parent.path()).append(b"x\n").is_some());
        assert_eq!(fs::read(&target).unwrap(), b"");

        let real = tempfile::tempdir().unwrap();
        let link = parent.path().join("link");
        symlink(real.path(), &link).unwrap();
        assert!(log_in(&link).append(b"x\n").unwrap().contains("symbolic link"));
        assert!(!real.path().join(FILE_NAME).exists());
    }

    #[test]
    fn a_full_file_is_put_aside_and_five_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut log = log_in(directory.path());
        for round in 0..8 {
            assert_eq!(log.append(format!("round {round}\n").as_bytes()), None);
            File::options().write(true).open(&path).unwrap().set_len(FILE_MAX).unwrap();
        }
        assert_eq!(log.append(b"last\n"), None);
        assert_eq!(fs::read(&path).unwrap(), b"last\n");
        let names = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 6);
        for number in 1..=5 {
            let old =
                directory.path().join(format!("SignPath.CryptoProviders.Cryptoki.{number}.txt"));
            let expected = format!("round {}\n", 8 - number);
            assert!(fs::read(old).unwrap().starts_with(expected.as_bytes()));
        }
    }

    #[test]
    fn a_file_that_another_process_put_aside_is_left_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let (mut one, mut other) = (log_in(directory.path()), log_in(directory.path()));
        one.append(b"one\n");
        other.append(b"other\n");
        File::options().write(true).open(&path).unwrap().set_len(FILE_MAX).unwrap();
        one.append(b"new one\n");
        other.append(b"new other\n");
        assert_eq!(fs::read(&path).unwrap(), b"new one\nnew other\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_is_said_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = log_in(&file.path().join("folder"));
        assert!(log.append(b"x\n").unwrap().contains("cannot be written"));
        assert_eq!(log.append(b"x\n"), None);
        log.place_in(&file.path().join("folder"));
        assert!(log.append(b"x\n").is_some(), "a new configuration tries again");
    }
}
