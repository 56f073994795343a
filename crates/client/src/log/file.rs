//! The log file: for its owner alone, shared by the owner's processes, rotated, never a reason to fail.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::system;

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

/// A log file. It is open for one line at a time: a host that closes descriptors which it does not know may have a file of its
/// own under the number of ours, and would find our lines in it.
#[derive(Default)]
pub(super) struct LogFile {
    directory: PathBuf,
    /// Whether the folder has been looked at, and by whom.
    is_ready: bool,
    user: Option<u32>,
    /// Why there is no log file has been said; that is not tried again with every line.
    is_given_up: bool,
    /// That a line could not be written has been said. There may be room for a later one.
    complained: bool,
    /// Another process did not let go of the file in time; it is not waited for with every line.
    is_held_up: bool,
}

impl LogFile {
    /// Sets the folder, and tries again what was given up.
    pub(super) fn place_in(&mut self, directory: &Path) {
        if self.directory != directory {
            *self = Self { directory: directory.to_owned(), ..Self::default() };
        } else if std::mem::take(&mut self.is_given_up) {
            self.is_ready = false;
        }
    }

    /// Appends a line. What is to be said of that, each thing once, is returned in sentences.
    pub(super) fn append(&mut self, line: &[u8]) -> Vec<String> {
        let mut said = Vec::new();
        if self.is_given_up {
            return said;
        }
        let is_known = self.complained;
        if let Err(error) = self.try_append(line, &mut said)
            && (self.is_given_up || !is_known)
        {
            let path = self.directory.join(FILE_NAME);
            said.push(format!("the log file {} cannot be written: {error}", path.display()));
        }
        said
    }

    fn try_append(&mut self, line: &[u8], said: &mut Vec<String>) -> io::Result<()> {
        for _ in 0..ROUNDS {
            let opened = self.opened(said);
            self.is_given_up = opened.is_err();
            let mut file = opened?;
            let turn = Turn::take(&file, &mut self.is_held_up);
            let done = self.in_turn(&mut file, line, turn);
            turn.end(&file);
            match done {
                Ok(Done::PutAside) => {}
                Ok(Done::Written) => return Ok(()),
                Err(error) => {
                    self.complained = true;
                    return Err(error);
                }
            }
        }
        self.complained = true;
        Err(io::Error::other("other processes put it aside again and again"))
    }

    fn opened(&mut self, said: &mut Vec<String>) -> io::Result<File> {
        if !self.is_ready {
            self.user = place::this_user();
            said.extend(place::prepare(&self.directory, self.user)?);
            self.is_ready = true;
        }
        match place::open(&self.directory, self.user) {
            // Somebody has taken the folder away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                place::prepare(&self.directory, self.user)?;
                place::open(&self.directory, self.user)
            }
            opened => opened,
        }
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
        // Half of a line may fit on a full disk. The first error is the one to tell.
        let is_half = |file: &File| {
            file.metadata().is_ok_and(|now| (length..length + added).contains(&now.len()))
        };
        if written.is_err() && turn == Turn::Ours && is_half(file) {
            file.set_len(length).ok();
        }
        written.map(|()| Done::Written)
    }
}

/// Whether the open file is still the one with the name. Where the system does not tell files apart it is taken for that: the line of
/// a process that was overtaken just then goes into the file that was put aside.
fn is_current(file: &File, directory: &Path) -> bool {
    let named = fs::symlink_metadata(directory.join(FILE_NAME));
    match (file.metadata(), named) {
        (Ok(open), Ok(named)) => system::identity(&open) == system::identity(&named),
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
