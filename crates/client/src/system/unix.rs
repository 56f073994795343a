//! Files, standard error, pipes and names of users on Linux and macOS.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::task::{Context, Poll, ready};

use tokio::net::unix::pipe::Receiver;

/// A file of the system that is longer than this is not read to its end.
pub(super) const SYSTEM_FILE_MAX: u64 = 1 << 20;

/// Every bit that chmod(2) sets.
const MODE: u32 = 0o7777;

/// The rights of a file that is its owner's alone.
const PRIVATE: u32 = 0o600;

/// The rights of others, of any kind.
const OTHERS: u32 = 0o077;

/// The right of others to write.
const OTHERS_WRITE: u32 = 0o022;

/// The right of everybody to read.
const ALL_READ: u32 = 0o004;

/// In such a folder nobody can take away what belongs to somebody else (inode(7), S_ISVTX).
const STICKY: u32 = 0o1000;

/// Makes folders for this user alone.
pub(crate) fn own_folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// A file that is made gets these rights, as chmod(1) writes them and as far as the process gives any.
pub(crate) fn with_rights(options: &mut OpenOptions, rights: u32) -> &mut OpenOptions {
    options.mode(rights)
}

/// For a file whose end is written to, and that is locked meanwhile.
pub(crate) fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true);
    options
}

/// Opens what has this name itself: a link is an error, and a pipe is not waited for. Whoever may write into the folder could have put one
/// there.
pub(crate) fn open_itself(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

/// Takes from others what rights they have to a file, and from its owner the right to run it.
pub(crate) fn keep_for_owner(file: &File, found: &Metadata) -> io::Result<()> {
    if found.mode() & MODE == PRIVATE {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(PRIVATE))
}

/// The number of the user whose it is.
pub(crate) fn owner(found: &Metadata) -> Option<u32> {
    Some(found.uid())
}

/// Whether others than the owner have any right to it.
pub(crate) fn others_may_use(found: &Metadata) -> Option<bool> {
    Some(found.mode() & OTHERS != 0)
}

/// Whether others than the owner have the right to write to it.
pub(crate) fn others_may_write(found: &Metadata) -> Option<bool> {
    Some(found.mode() & OTHERS_WRITE != 0)
}

/// Whether every user of this machine can read it.
pub(crate) fn all_may_read(found: &Metadata) -> Option<bool> {
    Some(found.mode() & ALL_READ != 0)
}

/// Whether nobody can take away from this folder what belongs to somebody else.
pub(crate) fn keeps_names(found: &Metadata) -> bool {
    found.mode() & STICKY != 0
}

/// How many names a file has.
pub(crate) fn names(found: &Metadata) -> Option<u64> {
    Some(found.nlink())
}

/// What no other file of this machine has as long as this one is there.
pub(crate) fn identity(found: &Metadata) -> Option<(u64, u64)> {
    Some((found.dev(), found.ino()))
}

/// One write to file descriptor 2. The standard library's own `Stderr` has a lock, which a forked child could
/// inherit locked. That nobody reads is no reason to fail.
pub(crate) fn write_to_standard_error(line: &[u8]) {
    if let Ok(descriptor) = io::stderr().as_fd().try_clone_to_owned() {
        File::from(descriptor).write_all(line).ok();
    }
}

/// What a program writes, read by the thread that drives a runtime: no thread waits for it.
pub(crate) struct Pipe(Receiver);

impl Pipe {
    /// Has to be called inside of the runtime that reads.
    pub(crate) fn new(end: impl Into<OwnedFd>) -> io::Result<Self> {
        Receiver::from_owned_fd(end.into()).map(Self)
    }

    /// So many bytes of `room` are filled; none at the end of the pipe.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }
}

/// The name of a user by `/etc/passwd`; users from elsewhere (LDAP, macOS's directory) have none here.
pub(crate) fn user_name(id: u32) -> Option<String> {
    name_in(&text_of("/etc/passwd")?, id)
}

fn name_in(passwd: &str, id: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}

/// The text of a small file of the system, `None` if it cannot be had.
pub(super) fn text_of(path: &str) -> Option<String> {
    let bytes = read_bounded(Path::new(path), SYSTEM_FILE_MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The bytes of a file, `max` of them at most.
pub(super) fn read_bounded(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbad line\nada:x:1815:100::/home/ada:/bin/sh\n";
        assert_eq!(name_in(passwd, 1815), Some("ada".to_owned()));
        assert_eq!(name_in(passwd, 100), None);
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read_bounded(file.path(), 3).unwrap(), b"123");
    }
}
