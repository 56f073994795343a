//! Processes on Linux: what /proc tells of this one and of others, and the names of the system.

use std::path::Path;

use super::unix::{SYSTEM_FILE_MAX, read_bounded, text_of};
use crate::process::{UserIds, file_name};

/// What the service is told of this system's kind.
pub(crate) const KIND: &str = "Linux";

/// The arguments of this process, as the kernel keeps them.
pub(crate) fn arguments() -> Option<Vec<String>> {
    arguments_in(Path::new("/proc/self/cmdline"))
}

/// The arguments of another process.
pub(crate) fn arguments_of(process: u32) -> Option<Vec<String>> {
    arguments_in(Path::new(&format!("/proc/{process}/cmdline")))
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

/// The file name of the running executable.
pub(crate) fn executable() -> Option<String> {
    linked("/proc/self/exe")
}

/// The file name of another process's executable.
pub(crate) fn executable_of(process: u32) -> Option<String> {
    linked(&format!("/proc/{process}/exe"))
}

fn linked(link: &str) -> Option<String> {
    std::fs::read_link(link).ok().and_then(|path| file_name(&path.to_string_lossy()))
}

/// Of this process. The owner of `/proc/self` would not do: it is root for every process that must not be dumped.
pub(crate) fn user_ids() -> Option<UserIds> {
    ids_in(&text_of("/proc/self/status")?)
}

fn ids_in(status: &str) -> Option<UserIds> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let mut ids = line.split_whitespace().map(str::parse);
    Some(UserIds { real: ids.next()?.ok()?, effective: ids.next()?.ok()? })
}

/// Whether this process ignores a signal.
pub(crate) fn ignores(signal: i32) -> bool {
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

/// Whether this process has more rights than whoever started it. Where the kernel's own word on that cannot be read, it goes by user, group
/// and capabilities; where these cannot be read either, it is taken for an ordinary one.
pub(crate) fn has_more_rights() -> bool {
    match read_bounded(Path::new("/proc/self/auxv"), SYSTEM_FILE_MAX) {
        Ok(vector) => is_secure(&vector),
        Err(_) => text_of("/proc/self/status").is_some_and(|status| more_rights_in(&status)),
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
fn more_rights_in(status: &str) -> bool {
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

/// The number of the process that started this one, and when that was started, in ticks since the system was.
pub(crate) fn parent() -> Option<(u32, u64)> {
    let id = std::os::unix::process::parent_id();
    let started = start_time(&text_of(&format!("/proc/{id}/stat"))?)?;
    // It may have ended meanwhile, and another process may have its number.
    let is_still = std::os::unix::process::parent_id() == id && id > 0;
    is_still.then_some((id, started))
}

/// Where a parent's number and start time are those of one process: the running system and the namespace of pids.
pub(crate) fn parent_surroundings() -> Option<String> {
    let boot = text_of("/proc/sys/kernel/random/boot_id")?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), space.display()))
}

/// The 22nd field of proc_pid_stat(5). The second one is a name in parentheses that may have spaces and parentheses.
fn start_time(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(22 - 3)?.parse().ok()
}

/// Distribution and kernel.
pub(crate) fn version() -> Option<String> {
    let release = text_of("/etc/os-release");
    let kernel = text_of("/proc/sys/kernel/osrelease");
    version_of(release.as_deref(), kernel.as_deref())
}

/// `PRETTY_NAME` of os-release(5), and the kernel's release.
fn version_of(os_release: Option<&str>, kernel: Option<&str>) -> Option<String> {
    let name =
        os_release.and_then(|text| text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")));
    let name =
        name.map(|name| name.trim().trim_matches(['"', '\''])).filter(|name| !name.is_empty());
    let kernel = kernel.map(str::trim).filter(|kernel| !kernel.is_empty());
    match (name, kernel) {
        (Some(name), Some(kernel)) => Some(format!("{name} (kernel {kernel})")),
        (Some(name), None) => Some(name.to_owned()),
        (None, kernel) => kernel.map(|kernel| format!("kernel {kernel}")),
    }
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
        assert!(!has_more_rights(), "a test is an ordinary process");
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
            let found = more_rights_in(&status(user, group, capabilities));
            assert_eq!(found, expected, "{user} {group} {capabilities}");
        }
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
        assert_eq!(ids_in(status), Some(UserIds { real: 1000, effective: 1001 }));
        assert_eq!(ids_in("Name:\tcat\n"), None);
        assert!(user_ids().is_some());
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
    fn the_version_names_distribution_and_kernel() {
        let release = "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n";
        for (release, kernel, expected) in [
            (
                Some(release),
                Some("6.1.0-42\n"),
                Some("Debian GNU/Linux 12 (bookworm) (kernel 6.1.0-42)"),
            ),
            (Some(release), None, Some("Debian GNU/Linux 12 (bookworm)")),
            (Some("ID=x"), Some("6.1"), Some("kernel 6.1")),
            (None, None, None),
        ] {
            assert_eq!(version_of(release, kernel).as_deref(), expected);
        }
    }
}
