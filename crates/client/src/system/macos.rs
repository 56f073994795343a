//! Users, rights and signals on macOS, untried: there is no /proc.

use rustix::process::{getegid, geteuid, getgid, getuid};

use crate::process::UserIds;

/// What the service is told of this system's kind.
pub(crate) const KIND: &str = "macOS";

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
