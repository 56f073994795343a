//! Windows, untried. Who owns a file and what its ACL gives to whom is told by calls that take `unsafe`, and so it is not known here.
//! What lies in a user's profile is that user's alone by inheritance.

use std::convert::Infallible;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::OwnedHandle;
use std::path::Path;
use std::task::{Context, Poll};

use crate::process::UserIds;

/// What the service is told of this system's kind.
pub(crate) const KIND: &str = "Windows";

/// `FILE_FLAG_OPEN_REPARSE_POINT` (winbase.h): a link is opened, and not what it leads to.
const LINK_ITSELF: u32 = 0x0020_0000;

/// Makes folders, with the ACL of the folder that they are in.
pub(crate) fn own_folders() -> DirBuilder {
    DirBuilder::new()
}

/// A file that is made gets the ACL of its folder, whatever rights are named.
pub(crate) fn with_rights(options: &mut OpenOptions, _rights: u32) -> &mut OpenOptions {
    options
}

/// For a file whose end is written to, and that is locked meanwhile: LockFileEx asks for one that may be read or written anywhere.
pub(crate) fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    options
}

/// Opens what has this name itself: a link is an error. Pipes have names of their own, outside of folders.
pub(crate) fn open_itself(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(LINK_ITSELF).open(path)?;
    if file.metadata()?.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    Ok(file)
}

/// The ACL of its folder holds.
pub(crate) fn keep_for_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Not known.
pub(crate) fn owner(_: &Metadata) -> Option<u32> {
    None
}

/// Not known.
pub(crate) fn others_may_use(_: &Metadata) -> Option<bool> {
    None
}

/// Not known.
pub(crate) fn others_may_write(_: &Metadata) -> Option<bool> {
    None
}

/// Not known.
pub(crate) fn all_may_read(_: &Metadata) -> Option<bool> {
    None
}

/// No folder does.
pub(crate) fn keeps_names(_: &Metadata) -> bool {
    false
}

/// Not known: std has it behind an unstable feature.
pub(crate) fn names(_: &Metadata) -> Option<u64> {
    None
}

/// Not known: std has it behind an unstable feature.
pub(crate) fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// By the standard library, which writes to a console as a console wants it. There is no fork that could leave its lock locked.
pub(crate) fn write_to_standard_error(line: &[u8]) {
    io::stderr().lock().write_all(line).ok();
}

/// What a program writes cannot be read here: std's pipes have no waiting with a limit that takes neither a thread nor `unsafe`.
pub(crate) struct Pipe(Infallible);

impl Pipe {
    /// Always an error.
    pub(crate) fn new(_end: impl Into<OwnedHandle>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "not on Windows"))
    }

    /// There is none to be read.
    pub(crate) fn poll_read(&self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0 {}
    }
}

/// Users have no numbers.
pub(crate) fn user_ids() -> Option<UserIds> {
    None
}

/// Users have no numbers.
pub(crate) fn user_name(_id: u32) -> Option<String> {
    None
}

/// No signal can be ignored.
pub(crate) fn ignores(_signal: i32) -> bool {
    false
}

/// No file gives a program more rights than whoever starts it has.
pub(crate) fn has_more_rights() -> bool {
    false
}
