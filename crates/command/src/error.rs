//! What can go wrong in a command, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// Why a command did not do what was asked: a sentence, what is behind it, and what to do.
#[derive(Debug)]
pub(crate) struct Error {
    kind: Kind,
    what: String,
    cause: Option<String>,
    hint: Option<String>,
}

/// How a command ended without success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Failed,
    Usage,
    Waiting,
}

impl Error {
    /// It was tried, or could not be tried.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, what: what.into(), cause: None, hint: None }
    }

    /// The command line cannot mean anything.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::failed(what) }
    }

    /// It goes on, but not here: somebody has to decide first.
    pub(crate) fn waiting(what: impl Into<String>) -> Self {
        Self { kind: Kind::Waiting, ..Self::failed(what) }
    }

    /// What is behind it.
    pub(crate) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// What to do, as a sentence without its full stop.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do, after what is said of that already.
    pub(crate) fn also(self, hint: &str) -> Self {
        let hint = match &self.hint {
            Some(known) => format!("{known}; {hint}"),
            None => hint.to_owned(),
        };
        self.hint(hint)
    }

    /// The one place that decides on exit codes: 0 done, 1 failed, 2 usage, 3 still waiting.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Waiting => 3,
        })
    }

    /// What went wrong and what is behind it, in one line.
    pub(crate) fn statement(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.what),
            None => self.what.clone(),
        }
    }

    /// Everything in one line, for those who have no more room.
    pub(crate) fn line(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {}", self.statement(), capitalized(hint)),
            None => self.statement(),
        }
    }

    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

impl From<signpath_client::Error> for Error {
    fn from(error: signpath_client::Error) -> Self {
        let text = error.to_string();
        match error.hint() {
            // The client's errors end with their hint.
            Some(hint) => {
                let statement =
                    text.strip_suffix(hint).unwrap_or(&text).trim_end_matches(['.', ' ']);
                Self::failed(statement).hint(hint.trim_end_matches('.'))
            }
            None => Self::failed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signpath_client::error::Failure;

    #[test]
    fn the_hint_of_a_client_error_is_said_once() {
        let error = signpath_client::Error::Connection {
            asked: "signing".to_owned(),
            failure: Failure::Trust,
            detail: String::new(),
        };
        let hint = error.hint().expect("this one has a hint");
        let shown = Error::from(error.clone());
        assert_eq!(shown.statement(), "signing failed: the server's certificate is not trusted");
        assert_eq!(shown.advice(), Some(hint.trim_end_matches('.')));
    }

    #[test]
    fn usage_and_failure_have_codes_of_their_own() {
        assert_eq!(Error::failed("x").exit_code(), ExitCode::from(1));
        assert_eq!(Error::usage("x").exit_code(), ExitCode::from(2));
        assert_eq!(Error::waiting("x").exit_code(), ExitCode::from(3));
    }

    #[test]
    fn a_line_has_everything() {
        let error = Error::failed("it failed").because("it rains").hint("take an umbrella");
        assert_eq!(error.line(), "it failed: it rains. Take an umbrella");
    }
}
