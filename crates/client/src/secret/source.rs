//! Where a token comes from: it was given, it stands in a file, or a program prints it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::{Token, TokenCommand, file};

/// Where the token of a user comes from. Sources are equal if they would be asked in the same way, and if what was told
/// already is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// The token itself, from a setting or a PIN.
    Given(Token),
    /// A file with the token in it.
    File {
        /// Its absolute path.
        path: PathBuf,
        /// What was in it when the configuration was read.
        token: Token,
    },
    /// A program that prints the token, run when the token is needed for the first time.
    Command(TokenCommand),
}

impl TokenSource {
    /// The token, where it is known without asking anybody.
    pub fn known(&self) -> Option<&Token> {
        match self {
            Self::Given(token) | Self::File { token, .. } => Some(token),
            Self::Command(_) => None,
        }
    }

    /// The token for the first request; a program has `time` to print it.
    ///
    /// # Errors
    /// What is wrong with the program, as the end of a sentence that begins with it.
    pub(crate) fn ask(&self, time: Duration) -> Result<Token, String> {
        match self {
            Self::Given(token) | Self::File { token, .. } => Ok(token.clone()),
            Self::Command(command) => command.run(time),
        }
    }

    /// The token that the source has by now; `None` if it cannot have another one than at first.
    ///
    /// # Errors
    /// As [`Self::ask`], and what is wrong with the file.
    pub(crate) fn ask_again(&self, time: Duration) -> Option<Result<Token, String>> {
        match self {
            Self::Given(_) => None,
            Self::File { path, .. } => Some(file::token(path)),
            Self::Command(command) => Some(command.run(time)),
        }
    }
}

impl From<Token> for TokenSource {
    fn from(token: Token) -> Self {
        Self::Given(token)
    }
}

/// As the beginning of a sentence, without the token.
impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("the configuration"),
            Self::File { path, .. } => write!(f, "the file {}", path.display()),
            Self::Command(command) => command.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    #[test]
    fn what_was_given_is_not_asked_for_again() {
        let source = TokenSource::from(Token::new("abc".to_owned()));
        assert_eq!(source.ask(TIME).unwrap().expose(), "abc");
        assert_eq!(source.ask_again(TIME), None);
    }

    #[test]
    fn a_file_is_read_again_when_it_is_asked_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "second\n").unwrap();
        let path = file.path().to_owned();
        let source = TokenSource::File { path, token: Token::new("first".to_owned()) };
        assert_eq!(source.ask(TIME).unwrap().expose(), "first");
        assert_eq!(source.ask_again(TIME).unwrap().unwrap().expose(), "second");
        std::fs::write(file.path(), "not a token\n").unwrap();
        let why = source.ask_again(TIME).unwrap().unwrap_err();
        assert!(why.contains("no spaces") && !why.contains("not a token"), "{why}");
    }

    #[test]
    fn a_source_shows_no_token() {
        let token = Token::new("hunter2".to_owned());
        let file = TokenSource::File { path: "/etc/token".into(), token: token.clone() };
        for source in [token.into(), file] {
            assert!(!format!("{source} {source:?}").contains("hunter2"));
        }
    }
}
