//! The setting `ApiToken`: the token itself, or the file it is in.

use std::path::Path;

use super::Config;
use super::value::{self, Parsed};
use crate::process::{is_readable_by_all, read_regular};
use crate::secret::{Token, is_token};

/// No token is that long; a file that is longer was meant for something else.
const TOKEN_FILE_MAX: usize = 8 << 10;

pub(super) const FILE: &str = "file:";

/// Takes the token from the text, or from the file that `file:/path` names.
pub(super) fn apply(config: &mut Config, text: &str) -> Parsed<()> {
    value::not_foreign(text)?;
    let token = match text.strip_prefix(FILE) {
        Some(path) => from_file(Path::new(path), &mut config.warnings)?,
        None => text.to_owned(),
    };
    if !is_token(&token) {
        return Err("a token has no spaces and nothing but printable ASCII".to_owned());
    }
    config.token = Some(Token::new(token));
    Ok(())
}

fn from_file(path: &Path, warnings: &mut Vec<String>) -> Parsed<String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err("the path after file: is not absolute".to_owned());
    }
    let bytes = read_regular(path, TOKEN_FILE_MAX).map_err(|error| format!("{shown}: {error}"))?;
    warnings.extend(exposure(path));
    // The error must not carry the bytes.
    let text = str::from_utf8(&bytes).map_err(|_| format!("{shown} is not a text file"))?;
    let token = text.trim_end_matches(['\r', '\n']);
    if token.is_empty() {
        return Err(format!("{shown} is empty"));
    }
    Ok(token.to_owned())
}

/// What to say of a file with a token in it that everybody can read.
pub(super) fn exposure(path: &Path) -> Option<String> {
    let warning = || {
        let shown = path.display();
        format!(
            "every user of this machine can read the API token in {shown}; chmod 600 makes it private"
        )
    };
    is_readable_by_all(path).then(warning)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_newline_at_the_end_is_not_part_of_the_token() {
        for text in ["abc", "abc\n", "abc\r\n"] {
            let mut warnings = Vec::new();
            let file = file(text.as_bytes(), 0o600);
            assert_eq!(from_file(file.path(), &mut warnings), Ok("abc".to_owned()));
            assert!(warnings.is_empty());
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_a_warning() {
        let mut warnings = Vec::new();
        let file = file(b"abc", 0o604);
        from_file(file.path(), &mut warnings).unwrap();
        assert!(warnings[0].contains(&file.path().display().to_string()), "{warnings:?}");
        assert!(!warnings[0].contains("abc"));
    }

    #[test]
    fn what_is_no_token_file_is_refused() {
        let long = vec![b'a'; TOKEN_FILE_MAX + 1];
        let rows: [(&[u8], &str); 3] =
            [(b"\n", "is empty"), (b"\xff", "not a text file"), (&long, "longer than")];
        for (bytes, expected) in rows {
            let error = from_file(file(bytes, 0o600).path(), &mut Vec::new()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        for (path, expected) in [
            ("relative", "not absolute"),
            ("/nonexistent/token", "No such file"),
            ("/dev/zero", "not a regular file"),
        ] {
            let error = from_file(Path::new(path), &mut Vec::new()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
