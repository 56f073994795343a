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

/// The settings of a text that [`to_text`] made; lines of any other form are left out.
pub(crate) fn from_text(text: &str) -> Vec<(String, String)> {
    let setting = |line: &str| {
        let (name, quoted) = line.split_once('=')?;
        let value = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
        Some((name.to_owned(), value.replace(r"'\''", "'")))
    };
    text.lines().filter_map(setting).collect()
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

    #[test]
    fn what_was_written_is_read() {
        let settings = [("A", "it's +/="), ("B", "")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(from_text(&to_text(&settings)), settings);
        assert_eq!(from_text("export A=1\n\nnothing"), []);
    }
}
