//! The log file: for its owner alone, shared by the owner's processes, rotated, never a reason to fail.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use shared::Turn;

mod place;
mod shared;
#[cfg(test)]
mod tests;

pub use place::FILE_NAME;

/// A file that would become longer is put aside first.
const FILE_MAX: u64 = 10_000_000;

/// How many old files are kept.
const KEPT: u32 = 5;

/// So often a file is opened that others put aside at once.
const ROUNDS: u32 = 8;

/// What has become of a line.
enum Done {
    Written,
    /// Nothing: the file is an old one by now, put aside here or by another process.
    PutAside,
}

/// A log file that is opened at its first line.
#[derive(Default)]
pub(super) struct LogFile {
    directory: PathBuf,
    open: Option<File>,
    /// Others can write to the folder, and it has been said.
    warned: bool,
    complained: bool,
    /// Another process did not let go of the file in time; it is not waited for with every line.
    is_held_up: bool,
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

    /// Appends a line. What is to be said of that, each thing once, is returned in sentences.
    pub(super) fn append(&mut self, line: &[u8]) -> Vec<String> {
        // What could not be opened once is not tried again with every line.
        if self.open.is_none() && self.complained {
            return Vec::new();
        }
        let mut said = Vec::new();
        if let Err(error) = self.try_append(line, &mut said)
            && !std::mem::replace(&mut self.complained, true)
        {
            let path = self.directory.join(FILE_NAME);
            said.push(format!("the log file {} cannot be written: {error}", path.display()));
        }
        said
    }

    fn try_append(&mut self, line: &[u8], said: &mut Vec<String>) -> io::Result<()> {
        for _ in 0..ROUNDS {
            let mut file = match self.open.take() {
                Some(file) => file,
                None => self.opened(said)?,
            };
            let turn = Turn::take(&file, &mut self.is_held_up);
            let done = self.in_turn(&mut file, line, turn);
            turn.end(&file);
            if matches!(done, Ok(Done::PutAside)) {
                continue;
            }
            // It stays open also where the disk is full: there may be room for a later line.
            self.open = Some(file);
            return done.map(drop);
        }
        Err(io::Error::other("other processes put it aside again and again"))
    }

    fn in_turn(&self, file: &mut File, line: &[u8], turn: Turn) -> io::Result<Done> {
        if !is_current(file, &self.directory) {
            return Ok(Done::PutAside);
        }
        let length = file.metadata()?.len();
        let added = u64::try_from(line.len()).unwrap_or(u64::MAX);
        // Without the turn another process may be putting it aside right now.
        if turn.is_ours() && length > 0 && length.saturating_add(added) > FILE_MAX {
            rotate(&self.directory)?;
            return Ok(Done::PutAside);
        }
        let written = file.write_all(line);
        if written.is_err() && turn.is_ours() {
            // Half of a line may fit on a full disk. The first error is the one to tell.
            file.set_len(length).ok();
        }
        written.map(|()| Done::Written)
    }

    fn opened(&mut self, said: &mut Vec<String>) -> io::Result<File> {
        let warning = place::prepare(&self.directory)?;
        said.extend(warning.filter(|_| !std::mem::replace(&mut self.warned, true)));
        place::open(&self.directory)
    }
}

/// Whether the open file is still the one with the name.
fn is_current(file: &File, directory: &Path) -> bool {
    let named = fs::symlink_metadata(directory.join(FILE_NAME));
    match (file.metadata(), named) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Only for whose turn it is with the file that has the name: two at once would shift the old ones twice.
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
