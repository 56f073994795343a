//! A line of the report, for people and as JSON.

use anstyle::Style;
use serde::Serialize;
use signpath_client::Log;

use crate::error::Error;
use crate::terminal;

use super::check::Check;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warning,
    Error,
    /// It was not looked at, and the text says why.
    Skipped,
}

/// A line of the report.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) state: State,
    pub(super) check: Check,
    pub(super) text: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl State {
    fn word(self) -> (&'static str, Style) {
        match self {
            Self::Ok => ("ok", terminal::GOOD),
            Self::Warning => ("warning", terminal::WARNING),
            Self::Error => ("error", terminal::ERROR),
            Self::Skipped => ("skipped", terminal::FAINT),
        }
    }
}

impl Finding {
    pub(super) fn ok(check: Check, text: impl Into<String>) -> Self {
        Self { state: State::Ok, check, text: visible(&text.into()), advice: None }
    }

    pub(super) fn warning(check: Check, text: impl Into<String>, advice: &str) -> Self {
        Self { state: State::Warning, ..Self::ok(check, text) }.advised(advice)
    }

    pub(super) fn error(check: Check, text: impl Into<String>, advice: &str) -> Self {
        Self { state: State::Error, ..Self::ok(check, text) }.advised(advice)
    }

    pub(super) fn skipped(check: Check, text: impl Into<String>) -> Self {
        Self { state: State::Skipped, ..Self::ok(check, text) }
    }

    /// What kept something from being done, with the error's own advice.
    pub(super) fn of(check: Check, error: &Error) -> Self {
        let found = Self { state: State::Error, ..Self::ok(check, error.statement()) };
        match error.advice() {
            Some(advice) => found.advised(advice),
            None => found,
        }
    }

    pub(super) fn advised(self, advice: &str) -> Self {
        Self { advice: Some(visible(advice)), ..self }
    }

    /// Without what is hidden in the log.
    pub(super) fn hidden_by(self, log: &Log) -> Self {
        let advice = self.advice.map(|advice| log.redacted(&advice));
        Self { text: log.redacted(&self.text), advice, ..self }
    }

    /// The line, and below it what to do. The word carries the meaning, its colour repeats it.
    pub(super) fn line(&self) -> String {
        let (word, style) = self.state.word();
        let advice = self.advice.iter().map(|advice| format!("\n         → {advice}"));
        let (check, text) = (self.check.name(), &self.text);
        format!("{style}{word:7}{style:#}  {check}: {text}{}", advice.collect::<String>())
    }
}

/// Texts of other programs and of the environment must not reach a terminal as more than text.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_state_check_text_and_advice() {
        let finding = Finding::warning(Check::Clock, "late", "set it\u{1b}[2J");
        let plain = anstream::adapter::strip_str(&finding.line()).to_string();
        assert_eq!(plain, "warning  clock: late\n         → set it\\u{1b}[2J");
        let json = serde_json::to_value(Finding::ok(Check::PublicLog, "a\nb")).unwrap();
        let expected = serde_json::json!({"state": "ok", "check": "public log", "text": "a\\nb"});
        assert_eq!(json, expected);
    }
}
