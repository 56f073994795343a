//! The settings a client needs, as a file for a shell to source.

use std::{fmt::Write as _, path::Path};

use crate::{Error, private_file};

/// Writes `NAME='value'` lines, mode 0600, as a whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write_env_file(path: &Path, settings: &[(String, String)]) -> Result<(), Error> {
    private_file::write(path, to_text(settings).as_bytes())
}

/// The lines of such a file.
#[must_use]
pub fn to_text(settings: &[(String, String)]) -> String {
    settings.iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a String cannot fail.
        writeln!(text, "{name}={}", quoted(value)).unwrap_or_default();
        text
    })
}

/// Single quotes keep everything literal in a shell, but for a single quote itself.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_literal_for_a_shell() {
        let settings = [("A".to_owned(), "it's $HOME/`x` \"y\" +/".to_owned())];
        assert_eq!(to_text(&settings), "A='it'\\''s $HOME/`x` \"y\" +/'\n");
    }
}
