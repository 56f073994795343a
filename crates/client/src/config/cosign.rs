//! Settings of cosign's KMS plugin, and the texts that they share with its key references.

use uuid::Uuid;

use super::value::{self, Parsed};
use crate::error::is_invisible;

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// By hash signing.
    Hash,
    /// By a file-based signing request that is given the message.
    Request,
}

/// What a file-based signing request is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadForm {
    /// The exact message; the artifact configuration makes a raw signature of it.
    #[default]
    Raw,
    /// The in-toto statement; the artifact configuration makes a DSSE envelope of it.
    Dsse,
}

/// What concerns cosign's KMS plugin and the command, not the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CosignSettings {
    /// How a message is signed, if it is said.
    pub via: Option<Via>,
    /// What a file-based signing request is given.
    pub form: PayloadForm,
    /// The path of the file in the request's zip.
    pub file: String,
    /// The artifact configuration's slug.
    pub artifact_configuration: Option<String>,
    /// The request's description.
    pub description: Option<String>,
    /// Names and values of the user-defined parameters.
    pub parameters: Vec<(String, String)>,
    /// The request to go on waiting for.
    pub signing_request: Option<String>,
}

/// The names of [`Via`].
pub(super) const VIAS: &[(&str, Via)] = &[("hash", Via::Hash), ("request", Via::Request)];

/// The names of [`PayloadForm`].
pub(super) const FORMS: &[(&str, PayloadForm)] =
    &[("raw", PayloadForm::Raw), ("dsse", PayloadForm::Dsse)];

pub(super) const VIA: &str = "hash or request";
pub(super) const FORM: &str = "raw or dsse";
pub(super) const FILE: &str = "a relative path with / between its parts, without . and ..";
pub(super) const DESCRIPTION: &str = "a line of at most 1000 characters";
pub(super) const PARAMETERS: &str = "NAME=VALUE, several with & between them, percent-encoded";

const TEXT_MAX: usize = 1000;
const FILE_MAX: usize = 200;

impl CosignSettings {
    /// Sets what a key reference says by the name that it has there.
    ///
    /// # Errors
    /// What is wrong with the value and what is allowed, as the end of a sentence; `None` for an unknown name.
    pub fn set(&mut self, name: &str, text: &str) -> Option<Result<(), String>> {
        let allowed = |problem: String, allowed: &str| format!("{problem}; allowed: {allowed}");
        let applied = match name {
            "via" => {
                value::word(text, VIAS).map(|via| self.via = Some(via)).map_err(|e| allowed(e, VIA))
            }
            "form" => {
                value::word(text, FORMS).map(|form| self.form = form).map_err(|e| allowed(e, FORM))
            }
            "file" => file(text).map(|file| self.file = file).map_err(|e| allowed(e, FILE)),
            "artifact-configuration" => value::slug(text)
                .map(|slug| self.artifact_configuration = Some(slug))
                .map_err(|e| allowed(e, "letters, digits, - and _")),
            "description" => description(text)
                .map(|text| self.description = Some(text))
                .map_err(|e| allowed(e, DESCRIPTION)),
            _ => return None,
        };
        Some(applied)
    }

    /// Sets a parameter, over one of the same name.
    ///
    /// # Errors
    /// A name or a value that is not allowed.
    pub fn set_parameter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (name, value) = (parameter_name(name)?, description(value)?);
        self.parameters.retain(|(known, _)| *known != name);
        self.parameters.push((name, value));
        Ok(())
    }
}

fn parameter_name(text: &str) -> Parsed<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > FILE_MAX || !text.chars().all(fits) {
        return Err(format!(
            "the parameter's name {text:?} cannot be used; allowed: letters, digits, -, _ and ."
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn file(text: &str) -> Parsed<String> {
    if text.len() > FILE_MAX {
        return Err("it is too long".to_owned());
    }
    if text.chars().any(|c| is_invisible(c) || c == '\\') {
        return Err("there is a backslash or an invisible character in it".to_owned());
    }
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("it is not a plain relative path".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn description(text: &str) -> Parsed<String> {
    if text.chars().count() > TEXT_MAX {
        return Err(format!("it has more than {TEXT_MAX} characters"));
    }
    if text.chars().any(is_invisible) {
        return Err("there is an invisible character in it".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn parameters(text: &str) -> Parsed<Vec<(String, String)>> {
    let mut settings = CosignSettings::default();
    for part in text.split('&') {
        let (name, value) =
            part.split_once('=').ok_or_else(|| format!("there is no = in {part:?}"))?;
        let decode = |text| percent_decoded(text).ok_or("it is not percent-encoded UTF-8");
        settings.set_parameter(&decode(name)?, &decode(value)?)?;
    }
    Ok(settings.parameters)
}

pub(super) fn request_id(text: &str) -> Parsed<String> {
    let id = Uuid::try_parse(text).map_err(|_| "it is not a UUID".to_owned())?;
    Ok(id.hyphenated().to_string())
}

/// Percent-encoded UTF-8 (RFC 3986, section 2.1) in clear; a `+` is a `+`. `None` if it is not.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_inside_of_the_zip() {
        for text in ["payload.json", "a/b c.json", "é"] {
            assert_eq!(file(text).as_deref(), Ok(text));
        }
        for text in ["/etc/passwd", "../x", "a//b", "a/./b", "", "a\\b", "a\nb", &"x".repeat(201)] {
            assert!(file(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parameters_are_a_list_of_names_and_values() {
        let expected =
            vec![("version".to_owned(), "1.0 & more".to_owned()), ("b".into(), "".into())];
        assert_eq!(parameters("version=1.0%20%26%20more&b="), Ok(expected));
        for text in ["version", "a b=c", "a=%zz", "=x", "a=%0A"] {
            assert!(parameters(text).is_err(), "{text}");
        }
    }

    #[test]
    fn of_two_values_of_a_parameter_the_later_holds() {
        let expected = vec![("a".to_owned(), "2".to_owned())];
        assert_eq!(parameters("a=1&a=2"), Ok(expected));
    }
}
