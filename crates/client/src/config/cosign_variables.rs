//! What stock cosign, and whoever starts it, takes from the environment. None of it is a setting of this program; it is
//! read for those who look for what keeps signing from working.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Process;

/// The options of cosign's signing commands that decide on the public log. cosign takes each from the variable
/// `COSIGN_<OPTION>` as well, dashes as underscores, where the command line has it not (cosign, `options/root.go`).
const OPTIONS: &[(&str, &str)] = &[
    ("new-bundle-format", "COSIGN_NEW_BUNDLE_FORMAT"),
    ("rekor-url", "COSIGN_REKOR_URL"),
    ("signing-config", "COSIGN_SIGNING_CONFIG"),
    ("tlog-upload", "COSIGN_TLOG_UPLOAD"),
    ("use-signing-config", "COSIGN_USE_SIGNING_CONFIG"),
];

/// The variables that matter to cosign's signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CosignVariables {
    /// `PATH`: where programs are looked for, in this order.
    pub search_path: Vec<PathBuf>,
    /// `COSIGN_PKCS11_MODULE_PATH`
    pub module: Option<PathBuf>,
    /// `COSIGN_PKCS11_IGNORE_CERTIFICATE=1`: cosign takes no certificate from the token.
    pub ignores_certificates: bool,
    /// Options of its signing commands, each with the variable's name and value.
    pub options: Vec<(&'static str, &'static str, String)>,
}

impl CosignVariables {
    /// Those of this process.
    pub fn load(process: Process) -> Self {
        if process == Process::Privileged {
            return Self::default();
        }
        #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
        Self::read(&|name| std::env::var_os(name))
    }

    fn read(environment: &impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let text = |name: &str| Some(set(name)?.to_string_lossy().into_owned());
        let options = OPTIONS.iter();
        Self {
            search_path: set("PATH").iter().flat_map(std::env::split_paths).collect(),
            module: set("COSIGN_PKCS11_MODULE_PATH").map(PathBuf::from),
            ignores_certificates: set("COSIGN_PKCS11_IGNORE_CERTIFICATE").is_some_and(|v| v == "1"),
            options: options.filter_map(|(name, of)| Some((*name, *of, text(of)?))).collect(),
        }
    }

    /// The option that a variable stands for.
    pub fn option_of(variable: &str) -> Option<&'static str> {
        OPTIONS.iter().find(|(_, name)| *name == variable).map(|(option, _)| *option)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> CosignVariables {
        CosignVariables::read(&|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn empty_variables_are_not_set() {
        let empty = [("PATH", ""), ("COSIGN_TLOG_UPLOAD", ""), ("COSIGN_PKCS11_MODULE_PATH", "")];
        assert_eq!(read(&empty), CosignVariables::default());
        assert_eq!(read(&[]), CosignVariables::default());
    }

    #[test]
    fn each_option_has_its_variable() {
        let set = read(&[("COSIGN_TLOG_UPLOAD", "false"), ("PATH", "/a:/b")]);
        assert_eq!(set.options, [("tlog-upload", "COSIGN_TLOG_UPLOAD", "false".to_owned())]);
        assert_eq!(set.search_path, [PathBuf::from("/a"), "/b".into()]);
        for (option, variable) in OPTIONS {
            let spelled = option.to_ascii_uppercase().replace('-', "_");
            assert_eq!(*variable, format!("COSIGN_{spelled}"));
            assert_eq!(CosignVariables::option_of(variable), Some(*option));
        }
    }

    #[test]
    fn certificates_are_ignored_by_the_one_value_that_cosign_knows() {
        for (value, expected) in [("1", true), ("true", false), ("0", false)] {
            let variables = read(&[("COSIGN_PKCS11_IGNORE_CERTIFICATE", value)]);
            assert_eq!(variables.ignores_certificates, expected, "{value}");
        }
    }
}
