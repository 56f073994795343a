//! Where texts go: data to standard output, everything else to standard error. Colours only where the reader is a
//! terminal that shows them (`NO_COLOR` and the like are looked at by anstream), and never as the only carrier. What goes to
//! standard error has its secrets taken out here, at the last moment, as a line of the log has.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use indicatif::{ProgressBar, ProgressStyle};
use signpath_client::Log;
use signpath_client::secret::redact;

use crate::error::Error;
use crate::request::Watcher;

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();

/// Writes what the command was asked for, bytes as they are.
///
/// # Errors
/// A full disk or a closed file; not a reader that has seen enough.
pub(crate) fn data(bytes: &[u8]) -> Result<(), Error> {
    write_to(io::stdout().lock(), bytes)
}

fn write_to(mut out: impl Write, bytes: &[u8]) -> Result<(), Error> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::failed("standard output cannot be written").because(error))
        }
        _ => Ok(()),
    }
}

/// Writes a line of data.
///
/// # Errors
/// As [`data`].
pub(crate) fn line(text: &str) -> Result<(), Error> {
    data(format!("{text}\n").as_bytes())
}

/// Writes a line of data in which words have colours.
///
/// # Errors
/// As [`data`].
pub(crate) fn coloured_line(text: &str) -> Result<(), Error> {
    write_to(anstream::stdout().lock(), format!("{text}\n").as_bytes())
}

/// Tells the person what happens, in one line.
pub(crate) fn say(text: &str) {
    tell(format_args!("{}\n", shown(text)));
}

/// Tells what is odd, but no reason to stop.
pub(crate) fn warn(text: &str) {
    tell(format_args!("{WARNING}warning:{WARNING:#} {}\n", shown(text)));
}

/// Tells why the command failed and what to do.
pub(crate) fn fail(error: &Error) {
    tell(format_args!("{ERROR}error:{ERROR:#} {}\n", shown(&error.statement())));
    if let Some(hint) = error.advice() {
        tell(format_args!("{HINT}hint:{HINT:#} {}\n", shown(hint)));
    }
}

/// Tells what is wrong with the command line, in clap's words and colours. A word of it may be a token.
pub(crate) fn usage(error: &clap::Error) {
    tell(format_args!("{}", redacted(&error.render().ansi().to_string())));
}

/// Tells why the command was stopped, and how to go on. On a terminal that is below what stands there of a line.
pub(crate) fn interrupted(error: &Error) {
    if io::stderr().is_terminal() {
        tell(format_args!("\n"));
    }
    fail(error);
}

/// What is told while a signing request is waited for: a line for each change, and on a terminal one that counts the time.
#[derive(Default)]
pub(crate) struct Progress {
    line: Option<ProgressBar>,
}

/// So often the time is shown anew.
const TICK: Duration = Duration::from_millis(200);

impl Watcher for Progress {
    fn hears(&mut self, text: &str) {
        match &self.line {
            Some(line) => line.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// indicatif shows nothing where standard error is no terminal.
    fn waits(&mut self, status: &str) {
        let line = self.line.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
            let line = ProgressBar::new_spinner();
            line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            line.enable_steady_tick(TICK);
            line
        });
        line.set_message(shown(status));
    }

    fn ends(&mut self) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
    }
}

/// The text without the tokens of this process, and without what looks like a secret.
pub(crate) fn redacted(text: &str) -> String {
    Log::installed().map_or_else(|| redact(text, &[]), |log| log.redacted(text))
}

fn shown(text: &str) -> String {
    visible(&redacted(text))
}

/// Most characters of a line that others had a part in.
const SHOWN_MAX: usize = 2000;

/// Text that others wrote or had a part in: what a terminal would not show as it is stands there as `\u{…}`.
pub(crate) fn visible(text: &str) -> String {
    let is_plain =
        |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() || "…→–".contains(c);
    let shown = |c: char| match c {
        _ if is_plain(c) => c.to_string(),
        _ => c.escape_unicode().to_string(),
    };
    text.chars().take(SHOWN_MAX).map(shown).collect()
}

/// A standard error that nobody reads is no reason to stop.
fn tell(text: std::fmt::Arguments<'_>) {
    anstream::stderr().lock().write_fmt(text).ok();
}
