//! `Organizations`: further organizations with credentials of their own, a slot for each.

use std::collections::HashSet;
use std::mem;

use serde_json::Value;

use super::Config;
use super::setting::{LeftOut, Setting};
use super::source::{self, Origin, Place, Section, Sources, Written, kind};
use super::table::{ORGANIZATIONS, SETTINGS};
use crate::error::Error;
use crate::secret::HIDDEN;

/// What the first slot is called where it has the settings outside of the list.
const OUTER: &str = "the first slot, whose settings stand outside of Organizations,";

impl Config {
    /// One complete configuration for each slot, in the order of the slots; there is always one.
    ///
    /// The settings outside of `Organizations` have the first slot if there is an organization or a token among them, or
    /// if the list is empty. What is to be said of the configuration as a whole ([`Config::warnings`],
    /// [`Config::missing_credentials`], most [`Config::origins`]) is with the first slot alone.
    pub fn into_slots(mut self) -> Vec<Self> {
        let mut slots = mem::take(&mut self.organizations);
        if self.has_slot() || slots.is_empty() {
            slots.insert(0, self);
        } else if let Some(first) = slots.first_mut() {
            first.missing_credentials = self.missing_credentials;
            first.warnings.splice(0..0, self.warnings);
            first.origins = replaced(self.origins, &first.origins);
        }
        slots
    }

    /// Whether the settings outside of `Organizations` have a slot beside those of the list.
    fn has_slot(&self) -> bool {
        self.organization.is_some() || self.token.is_some()
    }
}

/// Reads the list of the file, and checks that the slots can be told apart and that each one's proxy can be used.
pub(super) fn apply(config: &mut Config, file: Option<&Section>) -> Result<(), Error> {
    let mut slots = Vec::new();
    for section in entries(file)? {
        let slot = slot(config, &section, 1 + slots.len() + usize::from(config.has_slot()))?;
        check_apart(&slot, &section, config, &slots)?;
        slots.push(slot);
    }
    config.organizations = slots;
    say_once(config);
    if config.has_slot() || config.organizations.is_empty() {
        return config.proxy.for_host(config.api_url.scheme(), config.api_url.host()).map(drop);
    }
    let unused: Vec<_> = config.origins.iter().filter_map(without_effect).collect();
    config.warnings.extend(unused);
    Ok(())
}

fn entries(file: Option<&Section>) -> Result<Vec<Section>, Error> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let list = file.value(ORGANIZATIONS).and_then(Value::as_array);
    let entry = |(index, value): (usize, &Value)| {
        let name = name(index);
        match value {
            Value::Object(map) => Ok(file.inner(format!("{name}."), map.clone())),
            other => {
                let problem = format!("it is {} where an object is expected", kind(other));
                let allowed = "an object for each organization";
                Err(refused(ORGANIZATIONS, HIDDEN, &file.place(&name), problem, allowed))
            }
        }
    };
    list.into_iter().flatten().enumerate().map(entry).collect()
}

/// How an entry is called.
fn name(index: usize) -> String {
    format!("{ORGANIZATIONS}[{index}]")
}

/// The whole configuration, with what the entry says.
fn slot(config: &Config, section: &Section, number: usize) -> Result<Config, Error> {
    let mut slot = Config {
        organization: None,
        token: None,
        project: None,
        signing_policy: None,
        missing_credentials: None,
        warnings: section.unknown(&keys()),
        origins: Vec::new(),
        ..config.clone()
    };
    let sources = Sources { environment: &|_| None, file: Some(section) };
    for (setting, left_out) in rows() {
        let origin = match sources.find(setting, &mut slot.warnings)? {
            Some((written, place)) => source::put(&mut slot, setting, &written, place)?,
            None => match left_out {
                LeftOut::Mandatory => return Err(missing(setting, section)),
                LeftOut::Outer => outer(config, setting),
                LeftOut::Numbered => {
                    let text = Written::Text(numbered(setting.default, number));
                    source::put(&mut slot, setting, &text, Place::Default)?
                }
                LeftOut::Unset => Origin { setting, value: None, place: Place::Default },
            },
        };
        slot.origins.push(origin);
    }
    slot.proxy.for_host(slot.api_url.scheme(), slot.api_url.host())?;
    Ok(slot)
}

/// The settings that an entry may have.
fn rows() -> impl Iterator<Item = (&'static Setting, LeftOut)> {
    SETTINGS.iter().filter_map(|setting| Some((setting, setting.in_entry?)))
}

fn keys() -> Vec<&'static str> {
    rows().flat_map(|(setting, _)| setting.json).copied().collect()
}

fn missing(setting: &'static Setting, section: &Section) -> Error {
    let (name, problem) = (setting.name(), "each entry has to have it".to_owned());
    refused(name, "", &section.place(name), problem, setting.allowed)
}

fn outer(config: &Config, setting: &'static Setting) -> Origin {
    let none = || Origin { setting, value: None, place: Place::Default };
    origin_of(setting, &config.origins).cloned().unwrap_or_else(none)
}

fn origin_of<'a>(setting: &Setting, origins: &'a [Origin]) -> Option<&'a Origin> {
    origins.iter().find(|origin| origin.setting.name() == setting.name())
}

fn numbered(default: &str, number: usize) -> String {
    if number == 1 { default.to_owned() } else { format!("{default} {number}") }
}

/// Refuses a slot that a client could take for an earlier one.
fn check_apart(
    slot: &Config,
    section: &Section,
    config: &Config,
    before: &[Config],
) -> Result<(), Error> {
    let outer = config.has_slot().then(|| (OUTER.to_owned(), config));
    let earlier = before.iter().enumerate().map(|(index, other)| (name(index), other));
    for (name, other) in outer.into_iter().chain(earlier) {
        if other.token_label == slot.token_label {
            let problem = format!("{name} has the same label; TokenLabel tells them apart");
            let place = section.place("TokenLabel");
            let allowed = "a label that no other slot has";
            return Err(refused("TokenLabel", &slot.token_label, &place, problem, allowed));
        }
        if other.organization == slot.organization && other.token == slot.token {
            let value = slot.organization.as_ref().map_or("", |id| id.as_str());
            let problem = format!("{name} has the same organization with the same token");
            let place = section.place("OrganizationId");
            let allowed = "each organization once for each token";
            return Err(refused("OrganizationId", value, &place, problem, allowed));
        }
    }
    Ok(())
}

fn refused(
    setting: &'static str,
    value: &str,
    place: &Place,
    problem: String,
    allowed: &'static str,
) -> Error {
    let (value, place) = (value.escape_debug().to_string(), place.to_string());
    Error::Setting { setting, value, place, problem, allowed }
}

/// A token that others can read is one sentence for each file, not for each slot.
fn say_once(config: &mut Config) {
    let mut said: HashSet<_> = config.warnings.iter().cloned().collect();
    for slot in &mut config.organizations {
        slot.warnings.retain(|warning| said.insert(warning.clone()));
    }
}

/// What to say of a setting that is only for the slot that is not there.
fn without_effect(Origin { setting, place, .. }: &Origin) -> Option<String> {
    let is_inherited = !matches!(setting.in_entry?, LeftOut::Numbered | LeftOut::Unset);
    if is_inherited || *place == Place::Default {
        return None;
    }
    let name = setting.name();
    Some(format!(
        "{place} has no effect: neither OrganizationId nor ApiToken is set beside it, and each entry of Organizations \
         has a {name} of its own"
    ))
}

/// The origins of the table with those of the first slot in their places.
fn replaced(origins: Vec<Origin>, by: &[Origin]) -> Vec<Origin> {
    let replace = |origin: Origin| origin_of(origin.setting, by).cloned().unwrap_or(origin);
    origins.into_iter().map(replace).collect()
}
