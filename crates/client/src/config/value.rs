//! Texts into values. Each parser says in a few words what is wrong; the setting's row says what is allowed.

use std::path::PathBuf;
use std::time::Duration;

use super::{Certificates, Config, token};
use crate::secret::OrganizationId;

/// A value, or what is wrong with the text.
pub(super) type Parsed<T> = Result<T, String>;

/// The row's words for [`flag`].
pub(super) const FLAG: &str = "true or false";

/// The names of [`Certificates`].
pub(super) const CERTIFICATES: &[(&str, Certificates)] = &[
    ("auto", Certificates::Auto),
    ("always", Certificates::Always),
    ("never", Certificates::Never),
];

/// Forms of values that other programs of SignPath know, and what to do instead.
const FOREIGN_FORMS: &[(&str, &str)] = &[
    (
        "exec:",
        "a program is named by a list in the configuration file: [\"/path/of/program\", \"argument\"]",
    ),
    (
        "encrypted:",
        "encrypted values are of Windows; use a file that only you can read (file:/path)",
    ),
    ("registry:", "there is no registry here; use a file that only you can read (file:/path)"),
    (
        "thumbprint:",
        "there is no certificate store here; give the path of a PEM file with certificate and private key",
    ),
];

/// One of the words of a table, in any case.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Parsed<T> {
    let row = words.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    row.map(|(_, value)| *value).ok_or_else(|| "it is none of the known words".to_owned())
}

pub(super) fn flag(text: &str) -> Parsed<bool> {
    word(text, &[("true", true), ("false", false)])
}

/// A time in seconds, possibly with a fraction; an hour at most.
pub(super) fn seconds(text: &str) -> Parsed<Duration> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if !(seconds > 0.0 && seconds <= 3600.0) {
        return Err("it is out of range".to_owned());
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "it is out of range".to_owned())
}

pub(super) fn count(text: &str) -> Parsed<u32> {
    let count: u32 = text.parse().map_err(|_| "it is not a whole number".to_owned())?;
    if count > 1000 { Err("it is too large".to_owned()) } else { Ok(count) }
}

pub(super) fn organization(text: &str) -> Parsed<OrganizationId> {
    text.parse().map_err(|error| format!("it is {error}"))
}

pub(super) fn slug(text: &str) -> Parsed<String> {
    let is_slug = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match text.chars().find(|c| !is_slug(*c)) {
        Some(other) => Err(format!("there is {other:?} in it")),
        None => Ok(text.to_owned()),
    }
}

/// The label of a token: CK_TOKEN_INFO has 32 bytes for it (PKCS #11 2.40, section 3.2).
pub(super) fn label(text: &str) -> Parsed<String> {
    if text.len() > 32 {
        return Err(format!("it has {} bytes", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err("there is a control character in it".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    not_foreign(text)?;
    if text.contains('\0') {
        return Err("there is a zero byte in it".to_owned());
    }
    if text.get(..token::FILE.len()).is_some_and(|start| start.eq_ignore_ascii_case(token::FILE)) {
        return Err("file: stands before the path of the token alone".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// Refuses values that only mean something elsewhere.
pub(super) fn not_foreign(text: &str) -> Parsed<()> {
    let is_it = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    match FOREIGN_FORMS.iter().find(|(prefix, _)| is_it(prefix)) {
        Some((_, instead)) => Err((*instead).to_owned()),
        None => Ok(()),
    }
}

pub(super) fn output_stream(config: &mut Config, text: &str) -> Parsed<()> {
    if word(text, &[("stderr", false), ("stdout", true)])? {
        config.warnings.push(
            "Log.Console.OutputStream is stdout, but the log goes to standard error: standard output belongs to the \
             host program"
                .to_owned(),
        );
    }
    Ok(())
}

pub(super) fn read_write_sessions(config: &mut Config, text: &str) -> Parsed<()> {
    if !flag(text)? {
        config.warnings.push(
            "Cryptoki.DoNotFailOnReadWriteSessions is false, which has no effect: read/write sessions are always \
             accepted"
                .to_owned(),
        );
    }
    Ok(())
}
