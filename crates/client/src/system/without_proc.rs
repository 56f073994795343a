//! Processes where there is no /proc, untried: what the standard library tells of this one, and nothing of others.

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
