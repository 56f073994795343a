//! The host program: whose process this is.

use std::fmt;

use crate::process;

/// The program that loaded us, by the names it goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostProgram {
    /// The file name of the running executable.
    executable: Option<String>,
    /// The file name in the first argument, which whoever started it can choose.
    argument: Option<String>,
}

impl HostProgram {
    /// The program of this process.
    pub fn current() -> Self {
        let argument = process::arguments().first().and_then(|path| process::file_name(path));
        Self { executable: process::executable_name(), argument }
    }

    /// A program whose executable has this file name.
    pub fn named(executable: &str) -> Self {
        Self { executable: Some(executable.to_owned()), argument: None }
    }

    /// A program whose executable has this file name, and which is started by another one: a symbolic link's.
    pub fn started_as(self, argument: &str) -> Self {
        Self { argument: Some(argument.to_owned()), ..self }
    }

    /// Whether it is cosign. The name begins with `cosign`; cosign's own release files are called
    /// `cosign-linux-pivkey-pkcs11key-amd64` and the like.
    pub fn is_cosign(&self) -> bool {
        let names = [&self.executable, &self.argument];
        names.into_iter().flatten().any(|name| name.starts_with("cosign"))
    }
}

impl fmt::Display for HostProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.executable, &self.argument) {
            (Some(executable), Some(argument)) if executable != argument => {
                write!(f, "{executable} (started as {argument})")
            }
            (Some(name), _) | (None, Some(name)) => f.write_str(name),
            (None, None) => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosign_is_known_by_the_beginning_of_its_name() {
        for name in
            ["cosign", "cosign-linux-pivkey-pkcs11key-amd64", "cosign-v2.6.4", "cosign (deleted)"]
        {
            assert!(HostProgram::named(name).is_cosign(), "{name}");
        }
        for name in ["p11-kit-server", "pkcs11-tool", "signpath-cosign", "java", "Cosign", ""] {
            assert!(!HostProgram::named(name).is_cosign(), "{name}");
        }
    }

    #[test]
    fn either_name_is_enough() {
        let by_argument = HostProgram::named("ld.so").started_as("cosign");
        assert!(by_argument.is_cosign());
        assert_eq!(by_argument.to_string(), "ld.so (started as cosign)");
        assert!(!HostProgram::default().is_cosign());
    }

    #[test]
    fn this_test_is_not_cosign() {
        assert!(!HostProgram::current().is_cosign());
    }
}
