//! Where the system's root certificates are, by the variables that OpenSSL has made common. They are no settings of
//! this program, and like all others they are not looked at in a privileged process.

use std::ffi::OsString;
use std::path::PathBuf;

/// What `SSL_CERT_FILE` and `SSL_CERT_DIR` say; empty where the usual places hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemRoots {
    /// A PEM file.
    pub file: Option<PathBuf>,
    /// Directories of PEM files.
    pub directories: Vec<PathBuf>,
}

impl SystemRoots {
    pub(super) fn read(environment: &impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| environment(name).filter(|value| !value.is_empty());
        let directories = set("SSL_CERT_DIR").map(|paths| {
            std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect()
        });
        Self {
            file: set("SSL_CERT_FILE").map(PathBuf::from),
            directories: directories.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_variables_are_read_and_empty_ones_are_not_set() {
        let environment = |name: &str| match name {
            "SSL_CERT_FILE" => Some(OsString::from("/a.pem")),
            "SSL_CERT_DIR" => Some(OsString::from("/b::/c")),
            _ => None,
        };
        let roots = SystemRoots::read(&environment);
        assert_eq!(roots.file, Some("/a.pem".into()));
        assert_eq!(roots.directories, [PathBuf::from("/b"), PathBuf::from("/c")]);
        assert_eq!(SystemRoots::read(&|_| Some(OsString::new())), SystemRoots::default());
        assert_eq!(SystemRoots::read(&|_| None), SystemRoots::default());
    }
}
