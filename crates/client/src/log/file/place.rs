//! Where the log file stands: which folders it may stand in, and which file is written to.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::process::UserIds;

/// The name of the log file in its folder, as SignPath's own provider calls it; older ones have a number before
/// `.txt`, 1 being the youngest.
pub const FILE_NAME: &str = "SignPath.CryptoProviders.Cryptoki.txt";

/// The rights of a log file.
const PRIVATE: u32 = 0o600;

/// Every bit that chmod(2) sets.
const MODE: u32 = 0o7777;

/// The right of others to write.
const OTHERS_WRITE: u32 = 0o022;

/// In such a folder nobody can take away what belongs to somebody else (inode(7), S_ISVTX).
const STICKY: u32 = 0o1000;

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
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let found = fs::symlink_metadata(directory)?;
    check_folder(&found, user)?;
    let is_open = found.mode() & OTHERS_WRITE != 0 && found.mode() & STICKY == 0;
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
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(PRIVATE);
    // Whoever may write into the folder could have put a link or a pipe there.
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let path = directory.join(FILE_NAME);
    let file = options.open(&path).map_err(|error| explained(error, &path, user))?;
    let found = file.metadata()?;
    check_file(&found, user)?;
    if found.mode() & MODE != PRIVATE {
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
    }
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
    } else if found.uid() != 0 && user.is_some_and(|user| user != found.uid()) {
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
    } else if user.is_some_and(|user| user != found.uid()) {
        "it belongs to another user"
    } else if found.nlink() > 1 {
        "it has more than one name"
    } else {
        return Ok(());
    };
    Err(io::Error::other(fault))
}
