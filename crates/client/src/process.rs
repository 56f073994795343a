//! The running process as the system shows it: program, arguments, user. What is made of these facts (which
//! certificates to show, what the service is told) is decided elsewhere.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::system;

/// The arguments with the program's name in front, as the kernel keeps them; bytes that are not UTF-8 are replaced.
/// Empty if the system does not tell.
pub fn arguments() -> Vec<String> {
    let own = || std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    system::arguments().unwrap_or_else(own)
}

/// The file name of the running executable; on Linux, symbolic links to it are resolved already.
pub fn executable_name() -> Option<String> {
    system::executable()
}

/// The last part of a path.
pub fn file_name(path: &str) -> Option<String> {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned())
}

/// Real and effective user id of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserIds {
    /// Who started the process.
    pub real: u32,
    /// Whose rights it has.
    pub effective: u32,
}

impl UserIds {
    /// The ids of this process. `None` if the system does not tell, as on Windows or in a chroot without `/proc`.
    pub fn current() -> Option<Self> {
        system::user_ids()
    }
}

/// Whether this process ignores a signal, from before it was started unless somebody changed that: a shell lets the programs
/// in its background ignore SIGINT. Only Linux tells; elsewhere no signal is taken for ignored.
pub fn ignores(signal: i32) -> bool {
    system::ignores(signal)
}

/// Whether this process has more rights than whoever started it (set-uid, set-gid, file capabilities). Where the kernel's own
/// word on that cannot be read, as in a process that must not be dumped, it goes by user, group and capabilities; where these
/// cannot be read either, as without /proc, it is taken for an ordinary one. SELinux and AppArmor have the kernel say it as well,
/// of who is started into another domain.
pub fn is_privileged() -> bool {
    system::has_more_rights()
}

/// The process that started this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    id: u32,
    /// When it was started, in ticks since the system was; told apart by it are processes that have the same number one
    /// after the other.
    started: u64,
}

impl Parent {
    /// `None` if it is no longer there, or out of sight.
    pub fn current() -> Option<Self> {
        system::parent().map(|(id, started)| Self { id, started })
    }

    /// What no other process has had since the machine was started, also in another container. `None` if the system
    /// does not tell.
    pub fn identity(&self) -> Option<String> {
        let surroundings = system::parent_surroundings()?;
        Some(format!("{surroundings} {} {}", self.id, self.started))
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        system::arguments_of(self.id).unwrap_or_default()
    }

    pub(crate) fn executable_name(&self) -> Option<String> {
        system::executable_of(self.id)
    }
}

/// The name of a user by `/etc/passwd`; users from elsewhere (LDAP) have none here.
pub fn user_name(id: u32) -> Option<String> {
    system::user_name(id)
}

/// The bytes of a regular file that has `max` of them at most. A pipe would block, and could not be read twice. They are
/// wiped when they are dropped.
///
/// # Errors
/// The system's, or what is wrong with the file as the end of a sentence that begins with its path.
pub(crate) fn read_regular(path: &Path, max: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_known(path, max).map(|(bytes, _)| bytes)
}

/// As [`read_regular`], with what the system knows of the very file that was read.
pub(crate) fn read_known(path: &Path, max: usize) -> io::Result<(Zeroizing<Vec<u8>>, Metadata)> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    // All of the room at once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(max).saturating_add(64)));
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(io::Error::other(format!("it is longer than {max} bytes")));
    }
    Ok((bytes, metadata))
}

/// Why a file may not say what is run; `None` if it may: this user or root owns it, and nobody else can write to it.
pub(crate) fn distrust(metadata: &Metadata, user: Option<UserIds>) -> Option<String> {
    let known = system::owner(metadata).zip(system::others_may_write(metadata));
    let Some((owner, others_can_write)) = known else {
        return Some("this system does not tell who else can write to it".to_owned());
    };
    if owner != 0 && user.is_none_or(|user| user.effective != owner) {
        return Some(format!("it belongs to the user {owner}, not to you or root; chown it"));
    }
    others_can_write.then(|| "others can write to it; chmod go-w keeps them out".to_owned())
}

/// Whether every user of this machine can read the file; not where the system does not tell.
pub(crate) fn is_readable_by_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| system::all_may_read(&metadata) == Some(true))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn the_arguments_of_this_process_are_those_of_the_standard_library() {
        let expected: Vec<_> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments(), expected);
    }

    #[test]
    fn the_executable_has_a_name() {
        assert!(executable_name().unwrap().starts_with("signpath_client"));
    }

    #[test]
    fn the_parent_has_one_identity() {
        let parent = Parent::current().unwrap();
        assert_eq!(parent.identity(), Parent::current().unwrap().identity());
        assert!(!parent.arguments().is_empty());
    }

    #[test]
    fn a_regular_file_within_its_bound_is_read_and_nothing_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read_regular(file.path(), 5).unwrap().as_slice(), b"12345");
        for (path, expected) in [
            (file.path(), "longer than 4 bytes"),
            (Path::new("/dev/zero"), "not a regular file"),
            (Path::new("/tmp"), "not a regular file"),
            (Path::new("/nonexistent"), "No such file"),
        ] {
            let error = read_regular(path, 4).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_file_that_somebody_else_owns_or_can_write_to_says_nothing_that_is_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let own = UserIds::current();
        let metadata = || std::fs::metadata(file.path()).unwrap();
        for (mode, expected) in [(0o600, true), (0o644, true), (0o664, false), (0o602, false)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(distrust(&metadata(), own).is_none(), expected, "{mode:o}");
        }
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        let other = metadata().uid().wrapping_add(1);
        let other = Some(UserIds { real: other, effective: other });
        // What root owns everybody may believe.
        assert_eq!(distrust(&metadata(), other).is_none(), metadata().uid() == 0);
        let of_root = std::fs::metadata("/etc/passwd").unwrap();
        assert_eq!(distrust(&of_root, other), None);
    }
}
