//! The running process as the system shows it: program, arguments, user. What is made of these facts (which
//! certificates to show, what the service is told) is decided elsewhere.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

/// A file of the system that is longer than this is not read to its end.
const SYSTEM_FILE_MAX: u64 = 1 << 20;

/// The arguments with the program's name in front, as the kernel keeps them; bytes that are not UTF-8 are replaced.
/// Empty if the system does not tell.
pub fn arguments() -> Vec<String> {
    let own = || std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    arguments_in(Path::new("/proc/self/cmdline")).unwrap_or_else(own)
}

fn arguments_in(path: &Path) -> Option<Vec<String>> {
    let bytes = read_bounded(path, SYSTEM_FILE_MAX).ok()?;
    let line = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
    if line.is_empty() {
        return Some(Vec::new());
    }
    let words = line.split(|byte| *byte == 0);
    Some(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

/// The file name of the running executable; symbolic links to it are resolved already.
pub fn executable_name() -> Option<String> {
    executable_of("/proc/self/exe")
}

fn executable_of(link: &str) -> Option<String> {
    std::fs::read_link(link).ok().and_then(|path| file_name(&path.to_string_lossy()))
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
    /// The ids of this process. The owner of `/proc/self` would not do: it is root for every process that must not
    /// be dumped.
    pub fn current() -> Option<Self> {
        Self::parse(&text_of("/proc/self/status")?)
    }

    fn parse(status: &str) -> Option<Self> {
        let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        let mut ids = line.split_whitespace().map(str::parse);
        Some(Self { real: ids.next()?.ok()?, effective: ids.next()?.ok()? })
    }
}

/// Whether this process ignores a signal, from before it was started unless somebody changed that: a shell lets the programs
/// in its background ignore SIGINT.
pub fn ignores(signal: i32) -> bool {
    text_of("/proc/self/status").is_some_and(|status| ignores_by(&status, signal))
}

/// SigIgn of proc_pid_status(5): hexadecimal, signal 1 the lowest bit.
fn ignores_by(status: &str, signal: i32) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal).ok().and_then(|signal| signal.checked_sub(1));
    let bit = bit.and_then(|bit| 1u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

/// Whether this process has more rights than whoever started it (set-uid, set-gid, file capabilities). Where the kernel's own
/// word on that cannot be read, as in a process that must not be dumped, it goes by user, group and capabilities; where these
/// cannot be read either, as without /proc, it is taken for an ordinary one. SELinux and AppArmor have the kernel say it as well,
/// of who is started into another domain.
pub fn is_privileged() -> bool {
    match read_bounded(Path::new("/proc/self/auxv"), SYSTEM_FILE_MAX) {
        Ok(vector) => is_secure(&vector),
        Err(_) => text_of("/proc/self/status").is_some_and(|status| has_more_rights(&status)),
    }
}

/// linux/auxvec.h
const AT_SECURE: usize = 23;

/// The auxiliary vector (proc_pid_auxv(5)): pairs of words, a kind and its value.
fn is_secure(vector: &[u8]) -> bool {
    let words = vector.as_chunks::<{ size_of::<usize>() }>().0;
    let words: Vec<_> = words.iter().map(|word| usize::from_ne_bytes(*word)).collect();
    words.as_chunks().0.iter().any(|[kind, value]| *kind == AT_SECURE && *value != 0)
}

/// Real and effective ids differ, or somebody who is not root has capabilities.
fn has_more_rights(status: &str) -> bool {
    let fields = |name: &str| -> Vec<&str> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().split_whitespace().collect()
    };
    let (users, groups) = (fields("Uid:"), fields("Gid:"));
    let differ = [&users, &groups].iter().any(|ids| ids.first() != ids.get(1));
    let is_root = users.first() == Some(&"0");
    let has_capabilities =
        fields("CapPrm:").first().is_some_and(|mask| mask.contains(|c| c != '0'));
    differ || (has_capabilities && !is_root)
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
        let id = std::os::unix::process::parent_id();
        let started = start_time(&text_of(&format!("/proc/{id}/stat"))?)?;
        // It may have ended meanwhile, and another process may have its number.
        let is_still = std::os::unix::process::parent_id() == id && id > 0;
        is_still.then_some(Self { id, started })
    }

    /// What no other process has had since the machine was started, also in another container. `None` if the system
    /// does not tell.
    pub fn identity(&self) -> Option<String> {
        let boot = text_of("/proc/sys/kernel/random/boot_id")?;
        let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
        Some(format!("{} {} {} {}", boot.trim(), space.display(), self.id, self.started))
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        arguments_in(Path::new(&format!("/proc/{}/cmdline", self.id))).unwrap_or_default()
    }

    pub(crate) fn executable_name(&self) -> Option<String> {
        executable_of(&format!("/proc/{}/exe", self.id))
    }
}

/// The 22nd field of proc_pid_stat(5). The second one is a name in parentheses that may have spaces and parentheses.
fn start_time(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(22 - 3)?.parse().ok()
}

/// The name of a user by `/etc/passwd`; users from elsewhere (LDAP) have none here.
pub fn user_name(id: u32) -> Option<String> {
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
pub(crate) fn text_of(path: &str) -> Option<String> {
    let bytes = read_bounded(Path::new(path), SYSTEM_FILE_MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
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
    let owner = metadata.uid();
    if owner != 0 && user.is_none_or(|user| user.effective != owner) {
        return Some(format!("it belongs to the user {owner}, not to you or root; chown it"));
    }
    let others_can_write = metadata.permissions().mode() & 0o022 != 0;
    others_can_write.then(|| "others can write to it; chmod go-w keeps them out".to_owned())
}

/// Whether every user of this machine can read the file.
pub(crate) fn is_readable_by_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// The bytes of a file, `max` of them at most.
pub(crate) fn read_bounded(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rights_than_the_user_s_are_seen() {
        let vector = |pairs: &[[usize; 2]]| -> Vec<u8> {
            pairs.iter().flatten().flat_map(|word| word.to_ne_bytes()).collect()
        };
        assert!(is_secure(&vector(&[[6, 4096], [AT_SECURE, 1], [0, 0]])));
        assert!(!is_secure(&vector(&[[6, AT_SECURE], [AT_SECURE, 0], [0, 0]])));
        assert!(!is_secure(&[23, 0, 0]) && !is_secure(&[]));
        assert!(!is_privileged(), "a test is an ordinary process");
        let status = |user: &str, group: &str, capabilities: &str| {
            format!("Name:\tx\nUid:\t{user}\t0\t0\nGid:\t{group}\t7\t7\nCapPrm:\t{capabilities}\n")
        };
        for (user, group, capabilities, expected) in [
            ("1000\t1000", "1000\t1000", "0000000000000000", false),
            ("1000\t0", "1000\t1000", "0000000000000000", true),
            ("1000\t1000", "1000\t42", "0000000000000000", true),
            ("1000\t1000", "1000\t1000", "0000000000000400", true),
            ("0\t0", "0\t0", "000001ffffffffff", false),
        ] {
            let found = has_more_rights(&status(user, group, capabilities));
            assert_eq!(found, expected, "{user} {group} {capabilities}");
        }
    }

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
    fn ignored_signals_stand_in_the_status_file() {
        let status = "SigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n";
        let ignored: Vec<_> = (-1..99).filter(|signal| ignores_by(status, *signal)).collect();
        assert_eq!(ignored, [libc::SIGHUP, libc::SIGPIPE]);
        // Rust's run-time ignores it.
        assert!(ignores(libc::SIGPIPE) && !ignores(libc::SIGTERM));
    }

    #[test]
    fn the_user_ids_stand_in_the_status_file() {
        let status = "Name:\tcat\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\n";
        assert_eq!(UserIds::parse(status), Some(UserIds { real: 1000, effective: 1001 }));
        assert_eq!(UserIds::parse("Name:\tcat\n"), None);
        assert!(UserIds::current().is_some());
    }

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let fields = (3..=52).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        for name in ["cosign", "a b", "x) 1 2 (y"] {
            assert_eq!(start_time(&format!("7 ({name}) {fields}")), Some(22));
        }
        assert_eq!(start_time("7 (cosign) S 1"), None);
    }

    #[test]
    fn the_parent_has_one_identity() {
        let parent = Parent::current().unwrap();
        assert_eq!(parent.identity(), Parent::current().unwrap().identity());
        assert!(!parent.arguments().is_empty());
    }

    #[test]
    fn a_user_is_found_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbad line\nada:x:1815:100::/home/ada:/bin/sh\n";
        assert_eq!(name_in(passwd, 1815), Some("ada".to_owned()));
        assert_eq!(name_in(passwd, 100), None);
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

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read_bounded(file.path(), 3).unwrap(), b"123");
    }
}
