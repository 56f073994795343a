//! The setting `ApiToken`: the token itself, the file it is in, or the program that prints it.

use std::path::Path;

use serde_json::Value;

use super::Config;
use super::source::kind;
use super::value::{self, Parsed};
use crate::process::is_readable_by_all;
use crate::secret::{NOT_A_TOKEN, Token, TokenCommand, TokenSource, file, is_token};

pub(super) const FILE: &str = "file:";

/// Takes the token from the text, or from the file that `file:/path` names.
pub(super) fn apply(config: &mut Config, text: &str) -> Parsed<()> {
    value::not_foreign(text)?;
    let source = match text.strip_prefix(FILE) {
        Some(path) => {
            let path = absolute(path)?;
            let token = file::token(path).map_err(|why| format!("{}: {why}", path.display()))?;
            config.warnings.extend(exposure("ApiToken", path));
            TokenSource::File { path: path.to_owned(), token }
        }
        None if is_token(text) => Token::new(text.to_owned()).into(),
        None => return Err(NOT_A_TOKEN.to_owned()),
    };
    config.token = Some(source);
    Ok(())
}

/// Takes a program and its arguments. It is run when the token is needed.
pub(super) fn apply_list(config: &mut Config, words: &[Value]) -> Parsed<()> {
    let words = words.iter().map(|word| match word {
        Value::String(word) => Ok(word.clone()),
        other => Err(format!("there is {} in the list, where texts are expected", kind(other))),
    });
    let command = TokenCommand::new(words.collect::<Parsed<_>>()?)?;
    config.token = Some(TokenSource::Command(command));
    Ok(())
}

/// The path after `file:`.
pub(super) fn absolute(path: &str) -> Parsed<&Path> {
    let path = Path::new(path);
    let relative = || "the path after file: is not absolute".to_owned();
    path.is_absolute().then_some(path).ok_or_else(relative)
}

/// What to say of a file with the secret of this setting in it that everybody can read.
pub(super) fn exposure(setting: &str, path: &Path) -> Option<String> {
    let warning = || {
        let shown = path.display();
        format!(
            "every user of this machine can read the {setting} in {shown}; chmod 600 makes it private"
        )
    };
    is_readable_by_all(path).then(warning)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;
    use crate::config::HostProgram;

    fn applied(text: &str) -> (Parsed<()>, Config) {
        let mut config = Config::blank(HostProgram::default());
        (apply(&mut config, text), config)
    }

    #[test]
    fn a_file_that_others_can_read_is_a_warning() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        for (mode, expected) in [(0o604, 1), (0o600, 0)] {
            std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            let (answer, config) = applied(&format!("file:{}", file.path().display()));
            assert_eq!((answer, config.warnings.len()), (Ok(()), expected));
            let warnings = config.warnings.concat();
            assert_eq!(warnings.contains(&file.path().display().to_string()), expected == 1);
            assert!(!warnings.contains("abc"));
        }
    }

    #[test]
    fn what_is_no_token_and_no_file_is_refused() {
        for (text, expected) in [
            ("a b", "no spaces"),
            ("file:relative", "not absolute"),
            ("file:/nonexistent/token", "/nonexistent/token: No such file"),
            ("exec:/bin/id", "a list in the configuration file"),
        ] {
            let error = applied(text).0.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_command_is_a_list_of_texts_that_begins_with_an_absolute_path() {
        let mut config = Config::blank(HostProgram::default());
        for (words, expected) in [
            (json!([]), "names no program"),
            (json!(["helper", "x"]), "not absolute"),
            (json!(["/bin/x", 5]), "a number in the list"),
            (json!(["/bin/x", "a\0"]), "zero byte"),
        ] {
            let error = apply_list(&mut config, words.as_array().unwrap()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(config.token, None);
        let words = json!(["/bin/x", "hunter2", ""]);
        apply_list(&mut config, words.as_array().unwrap()).unwrap();
        let shown = format!("{:?}", config.token);
        assert!(shown.contains("/bin/x") && !shown.contains("hunter2"), "{shown}");
    }
}
