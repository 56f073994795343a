//! Secrets in files: a token, a password.

use std::path::Path;

use crate::process::read_regular;
use crate::secret::{NOT_A_TOKEN, Token, is_token};

/// No secret is that long; a file that is longer was meant for something else.
const FILE_MAX: usize = 8 << 10;

/// The secret in a file, without the newline at its end.
///
/// # Errors
/// What is wrong with the file, as the end of a sentence that begins with it.
pub(crate) fn read(path: &Path) -> Result<Token, String> {
    let bytes = read_regular(path, FILE_MAX).map_err(|error| error.to_string())?;
    // The error must not carry the bytes.
    let text = str::from_utf8(&bytes).map_err(|_| "it is not a text file".to_owned())?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(Token::new(text.to_owned()))
}

/// The token in a file.
///
/// # Errors
/// As [`read`], and if it cannot be a token.
pub(crate) fn token(path: &Path) -> Result<Token, String> {
    let token = read(path)?;
    if is_token(token.expose()) { Ok(token) } else { Err(NOT_A_TOKEN.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn the_newline_at_the_end_is_not_part_of_the_secret() {
        for text in ["a bc", "a bc\n", "a bc\r\n"] {
            assert_eq!(read(file(text.as_bytes()).path()).unwrap().expose(), "a bc");
        }
    }

    #[test]
    fn what_is_no_token_file_is_refused() {
        let long = vec![b'a'; FILE_MAX + 1];
        let rows: [(&[u8], &str); 4] = [
            (b"\n", "is empty"),
            (b"\xff", "not a text file"),
            (b"a b", "no spaces"),
            (&long, "longer than"),
        ];
        for (bytes, expected) in rows {
            let error = token(file(bytes).path()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        for (path, expected) in
            [("/nonexistent/token", "No such file"), ("/dev/zero", "not a regular file")]
        {
            let error = token(Path::new(path)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
