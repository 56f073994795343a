//! Where a value comes from: the environment, the file, the default, in this order.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use super::Config;
use super::file::{Entries, wipe};
use super::setting::{Form, Secrecy, Setting};
use super::table::{CONFIG_FILE, SETTINGS, keys};
use super::token;
use crate::error::Error;
use crate::secret::{HIDDEN, TokenSource, redact, without_token};

/// So many characters of a value are shown.
const SHOWN_MAX: usize = 200;

/// Shorter tokens are in other words by chance.
const TOKEN_MIN: usize = 8;

/// The names of the log's settings begin like this.
const LOG: &str = "Log.";

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the setting has its default.
    Default,
    /// In the environment variable of this name.
    Environment(&'static str),
    /// In the configuration file.
    File {
        /// Its path.
        path: PathBuf,
        /// The key there, dots for nested objects; `Organizations[1].ApiUrl` is in the second entry of the list.
        key: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::File { path, key } => write!(f, "{} ({key})", path.display()),
        }
    }
}

/// A setting, its value, and where that came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The row of the table.
    pub setting: &'static Setting,
    /// The value as it may be shown: `***` for secrets, `None` if there is none.
    pub value: Option<String>,
    /// Where it stands.
    pub place: Place,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.setting.name() == other.setting.name()
            && self.value == other.value
            && self.place == other.place
    }
}

impl Eq for Origin {}

/// Finds the value of every setting, checks it and puts it into the configuration.
pub(super) fn apply_all(config: &mut Config, sources: &Sources<'_>) -> Result<(), Error> {
    if let Some(section) = sources.file {
        config.warnings.extend(section.unknown(&keys()));
    }
    for setting in SETTINGS {
        let origin = match (apply(config, setting, sources), setting.postpone) {
            (Err(error), Some(postpone)) => {
                postpone(config, error);
                Origin { setting, value: None, place: Place::Default }
            }
            (applied, _) => applied?,
        };
        config.origins.push(origin);
    }
    Ok(())
}

/// Puts the settings of the log into the configuration, the default where a value or the file cannot be used.
pub(super) fn apply_log(config: &mut Config, environment: &dyn Fn(&str) -> Option<OsString>) {
    let file = Section::open(environment).unwrap_or_default();
    let sources = Sources { environment, file: file.as_ref() };
    let defaults = Sources { environment: &|_| None, file: None };
    for setting in SETTINGS.iter().filter(|setting| setting.name().starts_with(LOG)) {
        // The defaults of the table can be used.
        apply(config, setting, &sources).or_else(|_| apply(config, setting, &defaults)).ok();
    }
}

fn apply(
    config: &mut Config,
    setting: &'static Setting,
    sources: &Sources<'_>,
) -> Result<Origin, Error> {
    let found = sources.find(setting, &mut config.warnings)?;
    let (written, place) =
        found.unwrap_or_else(|| (Written::text(setting.default), Place::Default));
    put(config, setting, &written, place)
}

/// A value as it stands somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Text(String),
    /// What is run, in a file that may say so.
    Command(Vec<Value>),
}

/// It may be a token.
impl Drop for Written {
    fn drop(&mut self) {
        match self {
            Self::Text(text) => text.zeroize(),
            Self::Command(words) => words.iter_mut().for_each(wipe),
        }
    }
}

impl Written {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Checks the value of a setting and puts it into the configuration. An empty text sets nothing.
pub(super) fn put(
    config: &mut Config,
    setting: &'static Setting,
    written: &Written,
    place: Place,
) -> Result<Origin, Error> {
    let value = match written {
        Written::Text(text) if text.is_empty() => None,
        Written::Text(text) => {
            let applied = (setting.apply)(config, text);
            // The token may have been put into the wrong place besides.
            let known = config.token.as_ref().and_then(TokenSource::known).cloned();
            let known = known.filter(|token| token.expose().len() >= TOKEN_MIN);
            // It may be another secret, or no token at all.
            let told = |text: &str| {
                Zeroizing::new(match &known {
                    Some(token) => without_token(text, token.expose()),
                    None => text.to_owned(),
                })
            };
            let refused =
                |problem: String| wrong(setting, &told(text), &place, told(&problem).to_string());
            applied.map_err(refused)?;
            let value = shown(setting, &told(text));
            config.warnings.extend(exposure(setting, text, &place));
            Some(value)
        }
        Written::Command(words) => {
            let applied = (setting.apply_list)(config, words);
            applied.map_err(|problem| wrong(setting, HIDDEN, &place, problem))?;
            let program = words.first().and_then(Value::as_str).unwrap_or_default();
            Some(format!("the command {}", redact(program, &[]).escape_debug()))
        }
    };
    Ok(Origin { setting, value, place })
}

/// What to say of a secret in a configuration file that everybody can read.
fn exposure(setting: &Setting, text: &str, place: &Place) -> Option<String> {
    let Place::File { path, .. } = place else { return None };
    let is_here = setting.secrecy == Secrecy::Secret
        && setting.form != Form::List
        && !text.starts_with(token::FILE);
    if is_here { token::exposure(setting.name(), path) } else { None }
}

/// Where values are looked for.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a dyn Fn(&str) -> Option<OsString>,
    pub(super) file: Option<&'a Section>,
}

/// The configuration file, or an object in a list of it.
pub(super) struct Section {
    path: PathBuf,
    /// What stands before each key: nothing, or the place of the object and a dot.
    prefix: String,
    entries: Entries,
    /// Why the file may not say what is run.
    distrust: Option<String>,
}

impl Section {
    /// The whole file, if there is one.
    pub(super) fn open(
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, Error> {
        let is_set = |path: &OsString| !path.to_string_lossy().trim().is_empty();
        let path = environment(CONFIG_FILE).filter(is_set).map(PathBuf::from);
        let read = |path: PathBuf| {
            let (entries, distrust) = Entries::read(&path)?;
            Ok(Self { path, prefix: String::new(), entries, distrust })
        };
        path.map(read).transpose()
    }

    /// An object in a list of this file, by what stands before its keys.
    pub(super) fn inner(&self, prefix: String, map: Map<String, Value>) -> Self {
        let (path, distrust) = (self.path.clone(), self.distrust.clone());
        Self { path, prefix, entries: Entries::of(map), distrust }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.entries.value(key)
    }

    /// The place of a key.
    pub(super) fn place(&self, key: &str) -> Place {
        Place::File { path: self.path.clone(), key: format!("{}{key}", self.prefix) }
    }

    /// A sentence for each key that is not among the known ones.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<String> {
        self.entries.unknown(&self.path, &self.prefix, known)
    }
}

impl Sources<'_> {
    /// The value of a setting and where it stands.
    pub(super) fn find(
        &self,
        setting: &'static Setting,
        warnings: &mut Vec<String>,
    ) -> Result<Option<(Written, Place)>, Error> {
        let mut found = Vec::new();
        for name in setting.environment {
            if let Some(text) = self.variable(setting, name)? {
                found.push((Written::Text(text), Place::Environment(name)));
            }
        }
        if found.is_empty() {
            for key in setting.json {
                found.extend(self.entry(setting, key)?);
            }
        }
        let mut found = found.into_iter();
        let Some((written, place)) = found.next() else { return Ok(None) };
        for (_, older) in found.filter(|(other, _)| *other != written) {
            warnings.push(format!(
                "{older} has no effect: {place} is set, too, and has the newer name"
            ));
        }
        Ok(Some((written, place)))
    }

    /// The text of a variable. An empty one counts as not set.
    fn variable(
        &self,
        setting: &'static Setting,
        name: &'static str,
    ) -> Result<Option<String>, Error> {
        let Some(value) = (self.environment)(name) else { return Ok(None) };
        let text = value.into_string().map_err(|value| {
            let place = Place::Environment(name);
            wrong(setting, &value.to_string_lossy(), &place, "it is not UTF-8".to_owned())
        })?;
        let text = Zeroizing::new(text);
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// The value of a key in the file. An empty one counts as not set.
    fn entry(
        &self,
        setting: &'static Setting,
        key: &str,
    ) -> Result<Option<(Written, Place)>, Error> {
        let Some(section) = self.file else { return Ok(None) };
        let Some(value) = section.value(key) else { return Ok(None) };
        let place = section.place(key);
        let text = match (value, setting.form) {
            (Value::String(text), Form::Text | Form::Flag | Form::Number | Form::TextOrCommand) => {
                text.trim().to_owned()
            }
            (Value::Bool(flag), Form::Flag) => flag.to_string(),
            (Value::Number(number), Form::Number) => number.to_string(),
            (Value::Array(_), Form::List) => HIDDEN.to_owned(),
            (Value::Array(words), Form::TextOrCommand) => {
                return match &section.distrust {
                    None => Ok(Some((Written::Command(words.clone()), place))),
                    Some(why) => {
                        let problem = format!("a command is not taken from this file: {why}");
                        Err(wrong(setting, HIDDEN, &place, problem))
                    }
                };
            }
            (other, form) => {
                let problem = format!("it is {} where {} is expected", kind(other), form);
                let is_single = !other.is_array() && !other.is_object();
                let value = if is_single { &*other.to_string() } else { HIDDEN };
                return Err(wrong(setting, value, &place, problem));
            }
        };
        Ok(Some(text).filter(|text| !text.is_empty()).map(|text| (Written::Text(text), place)))
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::List => "a list",
            Self::TextOrCommand => "a string or a list",
        })
    }
}

/// What a value of JSON is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(super) fn wrong(setting: &Setting, text: &str, place: &Place, problem: String) -> Error {
    let value = match setting.secrecy {
        Secrecy::Taken => HIDDEN.to_owned(),
        Secrecy::Open | Secrecy::Secret | Secrecy::UserInfo => shown(setting, text),
    };
    Error::Setting {
        setting: setting.name(),
        value,
        place: place.to_string(),
        problem,
        allowed: setting.allowed,
    }
}

/// The value as it may be shown. Where the token's file is, is no secret.
fn shown(setting: &Setting, text: &str) -> String {
    let text = match setting.secrecy {
        Secrecy::Secret if !text.starts_with(token::FILE) => return HIDDEN.to_owned(),
        Secrecy::UserInfo => without_user_info(text),
        Secrecy::Secret | Secrecy::Open | Secrecy::Taken => redact(text, &[]),
    };
    let beginning: String = text.chars().take(SHOWN_MAX).collect();
    beginning.escape_debug().to_string()
}

/// Works on texts that are no URL, too: an error shows them.
fn without_user_info(text: &str) -> String {
    let (scheme, rest) = text.find("://").map_or(("", text), |at| text.split_at(at + 3));
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{HIDDEN}@{host}"),
        None => text.to_owned(),
    }
}
