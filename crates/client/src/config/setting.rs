//! What a setting is: the columns of the table ([`super::SETTINGS`]).

use std::fmt;

use serde_json::Value;

use super::Config;
use super::value::Parsed;
use crate::error::Error;

/// The type a setting has in JSON; its text form is taken as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A list, which has no text form.
    List,
    /// A string, or a list, which says what is run and is only believed in a file that nobody else can write to.
    TextOrCommand,
}

/// What holds if an entry of `Organizations` leaves a setting out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Nothing: it is an error.
    Mandatory,
    /// The value outside of the list.
    Outer,
    /// The default for the first slot; for the others the default and the number of the slot.
    Numbered,
    /// It is not set, whatever is set outside of the list.
    Unset,
}

/// How much of a value may be shown in errors and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// All of it.
    Open,
    /// All but the user and password before a host.
    UserInfo,
    /// Nothing, unless it names a file or a program.
    Secret,
    /// All of what is taken, nothing of what is refused: it may be a secret that was put into the wrong place.
    Taken,
}

/// One row of [`SETTINGS`](super::SETTINGS).
pub struct Setting {
    /// Keys in the configuration file, the newest first; dots stand for nested objects. Empty: not in the file.
    pub json: &'static [&'static str],
    /// Environment variables, the newest first. Empty: not in the environment.
    pub environment: &'static [&'static str],
    /// The value that holds if none is set; empty for none.
    pub default: &'static str,
    /// Its type in the file.
    pub form: Form,
    /// How much of the value may be shown.
    pub secrecy: Secrecy,
    /// What a value has to be.
    pub allowed: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// Whether an entry of `Organizations` may have it, and what holds if it does not.
    pub in_entry: Option<LeftOut>,
    /// Checks the text and puts it into the configuration.
    pub(super) apply: fn(&mut Config, &str) -> Parsed<()>,
    /// The same for the list of [`Form::TextOrCommand`].
    pub(super) apply_list: fn(&mut Config, &[Value]) -> Parsed<()>,
    /// For variables that are set with other programs in mind: keeps what is wrong with the value until it is needed.
    pub(super) postpone: Option<fn(&mut Config, Error)>,
}

impl Setting {
    /// The name to call it by: its newest key, or its variable if it has no key.
    pub fn name(&self) -> &'static str {
        self.json.first().or(self.environment.first()).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row with nothing in it yet.
pub(super) const ROW: Setting = Setting {
    json: &[],
    environment: &[],
    default: "",
    form: Form::Text,
    secrecy: Secrecy::Open,
    allowed: "",
    about: "",
    in_entry: None,
    apply: |_, _| Ok(()),
    apply_list: |_, _| Ok(()),
    postpone: None,
};
