//! Folders of this user's alone, by the XDG Base Directory Specification. Like all of the environment they are not
//! looked at in a privileged process.

use std::ffi::OsString;
use std::path::PathBuf;

/// Folders that may hold what is nobody else's business. A path that is not absolute counts as not set, as the
/// specification has it; there is no other place to fall back to, `/tmp` least of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonalFolders {
    /// `$XDG_RUNTIME_DIR`, else `$XDG_CACHE_HOME`, else `~/.cache`: for what may be lost.
    pub cache: Option<PathBuf>,
    /// `$XDG_STATE_HOME`, else `~/.local/state`: for what is needed after a restart.
    pub state: Option<PathBuf>,
}

impl PersonalFolders {
    pub(super) fn read(environment: &impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let at_home = |path: &str| set("HOME").map(|home| home.join(path));
        let cache = set("XDG_RUNTIME_DIR").or_else(|| set("XDG_CACHE_HOME"));
        Self {
            cache: cache.or_else(|| at_home(".cache")),
            state: set("XDG_STATE_HOME").or_else(|| at_home(".local/state")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(set: &[(&str, &str)]) -> PersonalFolders {
        PersonalFolders::read(&|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_runtime_folder_comes_before_the_cache_and_that_before_the_home() {
        let all = [("HOME", "/h"), ("XDG_CACHE_HOME", "/c"), ("XDG_RUNTIME_DIR", "/r")];
        for (set, expected) in [(&all[..], "/r"), (&all[..2], "/c"), (&all[..1], "/h/.cache")] {
            assert_eq!(folders(set).cache, Some(expected.into()));
        }
        assert_eq!(folders(&[]), PersonalFolders::default());
    }

    #[test]
    fn a_relative_path_counts_as_not_set() {
        assert_eq!(folders(&[("XDG_RUNTIME_DIR", "r"), ("HOME", ".")]), PersonalFolders::default());
    }

    #[test]
    fn state_lies_in_its_own_folder() {
        assert_eq!(folders(&[("HOME", "/h")]).state, Some("/h/.local/state".into()));
        assert_eq!(folders(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]).state, Some("/s".into()));
    }
}
