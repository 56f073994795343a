//! Files and folders that only their owner may read, written so that no reader ever sees half of one.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use uuid::Uuid;

use crate::Error;

const OWNER_ONLY_FILE: u32 = 0o600;
const OWNER_ONLY_FOLDER: u32 = 0o700;
const OTHERS: u32 = 0o077;

/// Writes a file with mode 0600 under another name and renames it: it is there as a whole or not at all.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let temporary = path.with_file_name(format!("{}{}", temporary_prefix(&name), Uuid::new_v4()));
    let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error that counts is the one above; a left-over temporary file is only untidy.
        drop(fs::remove_file(&temporary));
    }
    written.map_err(Error::file("write", path))
}

/// Whether a file of this name is what a writer of `path` left behind when it was killed.
pub(crate) fn is_temporary(name: &OsStr, path: &str) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(&temporary_prefix(path)))
}

fn temporary_prefix(name: &str) -> String {
    format!(".{name}.")
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY_FILE).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens a file for appending, made with mode 0600 if it is not there.
pub(crate) fn append(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(OWNER_ONLY_FILE);
    options.open(path).map_err(Error::file("open", path))
}

/// Makes a folder, and those above it, with mode 0700 where they are not there.
pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(OWNER_ONLY_FOLDER);
    builder.create(path).map_err(Error::file("make the folder", path))
}

/// The content of a file, or `None` if there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { action: "read", path: path.to_owned(), source }),
    }
}

/// The content of a file with a key or a token, or `None` if there is none. One that others can use is taken from
/// them first, and its owner is told: a copy may be about.
pub(crate) fn read_secret_if_there(path: &Path) -> Result<Option<String>, Error> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::File { action: "read", path: path.to_owned(), source }),
    };
    if protect(&file).map_err(Error::file("protect", path))? {
        let told = format!("{} could be used by others; its mode is now 0600", path.display());
        // A closed standard error is no reason to stop.
        drop(writeln!(io::stderr().lock(), "signpath-sandbox: warning: {told}"));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(Error::file("read", path))?;
    Ok(Some(text))
}

/// Whether the file had to be taken from others.
fn protect(file: &File) -> io::Result<bool> {
    if file.metadata()?.permissions().mode() & OTHERS == 0 {
        return Ok(false);
    }
    file.set_permissions(Permissions::from_mode(OWNER_ONLY_FILE))?;
    Ok(true)
}
