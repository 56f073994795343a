//! A file that takes another's place: whole or not at all, whenever the program is stopped or killed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::system;

/// What the names of files begin with that are not whole yet.
const PREFIX: &str = ".signpath-unfinished-";

/// A file that is being written, under a name of its own. It is removed if it does not come to take its place.
///
/// Who is killed leaves it behind, and whoever writes into the folder next removes it: the writer holds a lock (flock) on it, which
/// ends with the process. Where the file system has no such locks it stays.
#[derive(Debug)]
pub struct Replacement<'a> {
    folder: &'a Path,
    aside: PathBuf,
    file: File,
}

impl<'a> Replacement<'a> {
    /// Begins one in this folder, with these rights (as far as process and system give any).
    ///
    /// # Errors
    /// The system's.
    pub fn begin(folder: &'a Path, mode: u32) -> io::Result<Self> {
        remove_left_over(folder);
        loop {
            let aside = folder.join(format!("{PREFIX}{}", Uuid::new_v4()));
            let mut options = OpenOptions::new();
            let file =
                system::with_rights(options.write(true).create_new(true), mode).open(&aside)?;
            let replacement = Self { folder, aside, file };
            // Another writer may have taken it for a dead one's before the lock.
            let is_taken = matches!(replacement.file.try_lock(), Err(TryLockError::WouldBlock));
            if !is_taken && system::names(&replacement.file.metadata()?) != Some(0) {
                return Ok(replacement);
            }
        }
    }

    /// The file, to be looked at.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes the content, on disk when this returns, and takes the place of what has this name.
    ///
    /// # Errors
    /// The system's; then nothing has changed.
    pub fn finish(mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        self.file.sync_all()?;
        fs::rename(&self.aside, self.folder.join(name))
    }
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        // Nothing is there any more if it has taken its place.
        fs::remove_file(&self.aside).ok();
    }
}

/// What cannot be looked at or removed is no reason not to write.
fn remove_left_over(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let unfinished =
        entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    for path in unfinished.map(|entry| entry.path()) {
        if let Some(_locked) = without_writer(&path) {
            fs::remove_file(&path).ok();
        }
    }
}

/// The file, locked, if nobody writes it. Until it is let go of, no writer that has only just made it takes it for its own.
fn without_writer(path: &Path) -> Option<File> {
    let opened = system::open_itself(OpenOptions::new().write(true), path);
    opened.ok().filter(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn place() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn left_over(folder: &TempDir) -> PathBuf {
        folder.path().join(format!("{PREFIX}{}", Uuid::new_v4()))
    }

    #[test]
    fn a_file_takes_its_place_and_nothing_is_left_beside_it() {
        let folder = place();
        for content in [&b"a longer one"[..], b"short"] {
            Replacement::begin(folder.path(), 0o600).unwrap().finish("x", content).unwrap();
            assert_eq!(fs::read(folder.path().join("x")).unwrap(), content);
        }
        assert_eq!(names(&folder), ["x"]);
    }

    #[test]
    fn what_cannot_take_its_place_is_removed() {
        let folder = place();
        fs::create_dir_all(folder.path().join("x/in-it")).unwrap();
        drop(Replacement::begin(folder.path(), 0o600).unwrap());
        Replacement::begin(folder.path(), 0o600).unwrap().finish("x", b"1").unwrap_err();
        assert_eq!(names(&folder), ["x"]);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_is_being_written_stays() {
        let folder = place();
        let other = Replacement::begin(folder.path(), 0o600).unwrap();
        fs::write(left_over(&folder), "half").unwrap();
        fs::write(folder.path().join(".signpath"), "another's").unwrap();
        Replacement::begin(folder.path(), 0o600).unwrap().finish("x", b"1").unwrap();
        other.finish("y", b"2").unwrap();
        assert_eq!(names(&folder), [".signpath", "x", "y"]);
    }

    #[test]
    fn what_is_about_to_be_removed_belongs_to_no_writer() {
        let folder = place();
        let left = left_over(&folder);
        fs::write(&left, "").unwrap();
        let removing = without_writer(&left).unwrap();
        // As its writer would ask, had it made the file only just now.
        let writer = OpenOptions::new().write(true).open(&left).unwrap();
        assert!(matches!(writer.try_lock(), Err(TryLockError::WouldBlock)));
        drop(removing);
        writer.try_lock().unwrap();
        assert!(without_writer(&left).is_none());
    }

    #[test]
    fn what_only_has_the_name_of_a_file_that_is_not_whole_stays() {
        let folder = place();
        let target = folder.path().join("target");
        fs::write(&target, "1").unwrap();
        symlink(&target, left_over(&folder)).unwrap();
        let pipe = left_over(&folder);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        fs::create_dir(left_over(&folder)).unwrap();
        Replacement::begin(folder.path(), 0o600).unwrap().finish("x", b"1").unwrap();
        assert_eq!(names(&folder).len(), 5);
    }

    #[test]
    fn many_writers_do_not_take_each_others_files_for_left_over() {
        let folder = place();
        let write = &|number: u8| {
            for _ in 0..50 {
                let begun = Replacement::begin(folder.path(), 0o600).unwrap();
                begun.finish(&number.to_string(), &[number; 64]).unwrap();
            }
        };
        std::thread::scope(|scope| {
            (0..8).for_each(|number| drop(scope.spawn(move || write(number))));
        });
        assert_eq!(names(&folder), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}
