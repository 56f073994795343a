//! Processes on macOS, untried: there is no /proc, and of other processes nothing is known.

use rustix::process::{getegid, geteuid, getgid, getuid};

use crate::process::UserIds;

/// What the service is told of this system's kind.
pub(crate) const KIND: &str = "macOS";

/// As the standard library has them.
pub(crate) fn arguments() -> Option<Vec<String>> {
    None
}

/// Not known.
pub(crate) fn arguments_of(_process: u32) -> Option<Vec<String>> {
    None
}

/// The file name of the running executable, which may be that of a link to it.
pub(crate) fn executable() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// Not known.
pub(crate) fn executable_of(_process: u32) -> Option<String> {
    None
}

/// Of this process.
pub(crate) fn user_ids() -> Option<UserIds> {
    Some(UserIds { real: getuid().as_raw(), effective: geteuid().as_raw() })
}

/// Not known, and so taken for none: what has a signal ignored is not looked at without `unsafe`.
pub(crate) fn ignores(_signal: i32) -> bool {
    false
}

/// Whether real and effective ids differ. The module asks the kernel besides (issetugid(2)).
pub(crate) fn has_more_rights() -> bool {
    getuid() != geteuid() || getgid() != getegid()
}

/// Not known: when it was started is in no file.
pub(crate) fn parent() -> Option<(u32, u64)> {
    None
}

/// Not known.
pub(crate) fn parent_surroundings() -> Option<String> {
    None
}

/// Not known.
pub(crate) fn version() -> Option<String> {
    None
}
