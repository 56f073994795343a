//! Where the log file stands: which folders it may stand in, and which file is written to.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use crate::process::UserIds;
use crate::system;

/// The name of the log file in its folder, as SignPath's own provider calls it; older ones have a number before
/// `.txt`, 1 being the youngest.
pub const FILE_NAME: &str = "SignPath.CryptoProviders.Cryptoki.txt";

/// The rights of a log file.
const PRIVATE: u32 = 0o600;

/// Makes the folder, for this user alone, or looks at the one that is there: in `/tmp` anybody could have made it. It has to
/// be this user's or root's. If others can write to it, what is to be said of that is returned: they can take the file
/// away or put another one in its place, and [`open`] sees to it that nothing is written to that one.
///
/// # Errors
/// The system's, or why it is not used.
pub(super) fn prepare(directory: &Path, user: Option<u32>) -> io::Result<Option<String>> {
    if directory.as_os_str().is_empty() {
        return Err(io::Error::other("no folder is set"));
    }
    system::own_folders().recursive(true).create(directory)?;
    let found = fs::symlink_metadata(directory)?;
    check_folder(&found, user)?;
    let is_open = system::others_may_write(&found) == Some(true) && !system::keeps_names(&found);
    Ok(is_open.then(|| {
        format!(
            "others can write to the folder of the log file, {}; chmod go-w keeps them out",
            directory.display()
        )
    }))
}

/// Opens the file, and makes it if it is missing. It has to be a file of this user's with no other name; whatever rights others
/// had to it are taken away.
///
/// # Errors
/// The system's, or why it is not used.
pub(super) fn open(directory: &Path, user: Option<u32>) -> io::Result<File> {
    let mut options = system::appending();
    system::with_rights(options.create(true), PRIVATE);
    let path = directory.join(FILE_NAME);
    let opened = system::open_itself(&mut options, &path);
    let file = opened.map_err(|error| explained(error, &path, user))?;
    let found = file.metadata()?;
    check_file(&found, user)?;
    system::keep_for_owner(&file, &found)?;
    Ok(file)
}

/// What the system says of a link and of somebody else's file tells a user little.
fn explained(error: io::Error, path: &Path, user: Option<u32>) -> io::Error {
    let found = fs::symlink_metadata(path);
    let fault = found.and_then(|found| check_file(&found, user));
    fault.err().filter(|fault| fault.raw_os_error().is_none()).unwrap_or(error)
}

/// Whose the log is. `None` if the system does not tell, as in a chroot without `/proc`.
pub(super) fn this_user() -> Option<u32> {
    UserIds::current().map(|ids| ids.effective)
}

pub(super) fn check_folder(found: &Metadata, user: Option<u32>) -> io::Result<()> {
    let fault = if !found.is_dir() {
        "its folder is a symbolic link"
    } else if system::owner(found).is_some_and(|owner| owner != 0 && is_other(owner, user)) {
        "its folder belongs to another user"
    } else {
        return Ok(());
    };
    Err(io::Error::other(fault))
}

pub(super) fn check_file(found: &Metadata, user: Option<u32>) -> io::Result<()> {
    let fault = if found.is_symlink() {
        "it is a symbolic link"
    } else if !found.is_file() {
        "it is not a regular file"
    } else if system::owner(found).is_some_and(|owner| is_other(owner, user)) {
        "it belongs to another user"
    } else if system::names(found).is_some_and(|names| names > 1) {
        "it has more than one name"
    } else {
        return Ok(());
    };
    Err(io::Error::other(fault))
}

/// Where the system does not tell who the user is, a file is nobody else's: the log has no secrets in it, and is written.
fn is_other(owner: u32, user: Option<u32>) -> bool {
    user.is_some_and(|user| user != owner)
}
