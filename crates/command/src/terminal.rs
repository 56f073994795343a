//! Where texts go: data to standard output, everything else to standard error. Colours only where the reader is a
//! terminal that shows them (`NO_COLOR` and the like are looked at by anstream), and never as the only carrier.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::error::Error;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// Writes what the command was asked for, bytes as they are.
///
/// # Errors
/// A full disk or a closed file; not a reader that has seen enough.
pub(crate) fn data(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
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

/// Tells the person what happens.
pub(crate) fn say(text: &str) {
    tell(format_args!("{text}\n"));
}

/// Tells what is odd, but no reason to stop.
pub(crate) fn warn(text: &str) {
    tell(format_args!("{WARNING}warning:{WARNING:#} {text}\n"));
}

/// Tells why the command failed and what to do.
pub(crate) fn fail(error: &Error) {
    tell(format_args!("{ERROR}error:{ERROR:#} {}\n", error.statement()));
    if let Some(hint) = error.advice() {
        tell(format_args!("{HINT}hint:{HINT:#} {hint}\n"));
    }
}

/// A standard error that nobody reads is no reason to stop.
fn tell(text: std::fmt::Arguments<'_>) {
    anstream::stderr().lock().write_fmt(text).ok();
}
