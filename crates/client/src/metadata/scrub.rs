//! A command line without its secrets. What is not known to be harmless is hidden.

use super::options::{Shape, is_known, shape_of};
use crate::process::file_name;
use crate::secret::{HIDDEN, OrganizationId, Token, redact};

/// The attributes of a PKCS #11 URI (RFC 7512, section 2.3) that name a key and its module; all others are hidden.
const URI_ATTRIBUTES: &[&str] = &[
    "token",
    "object",
    "id",
    "type",
    "slot-id",
    "slot-description",
    "slot-manufacturer",
    "manufacturer",
    "model",
    "serial",
    "library-manufacturer",
    "library-description",
    "library-version",
    "module-name",
    "module-path",
];

/// How cosign names a key of ours through its KMS plugin.
const OUR_SCHEME: &str = "signpath://";

/// `NAME=value` is hidden when the name contains one of these.
const SECRET_NAMES: &[&str] = &["pass", "secret", "token", "pin", "key", "auth", "credential"];

/// Names of options longer than this are not names.
const OPTION_NAME_MAX: usize = 40;

/// The words with a space between them: the program, options of [`super::OPTIONS`] with their values, other options
/// with `***` for theirs, and positional words that do not look like a secret. Nobody knows what the positional words
/// of a program mean that is not in the table, so they are hidden.
pub fn scrubbed(arguments: &[String], tokens: &[Token]) -> String {
    let Some((first, rest)) = arguments.split_first() else { return String::new() };
    let program = file_name(first).unwrap_or_default();
    let is_known = is_known(&program);
    let mut words = vec![positional(first, tokens)];
    let mut rest = rest.iter().peekable();
    while let Some(word) = rest.next() {
        if !is_option(word) {
            words.push(if is_known { positional(word, tokens) } else { HIDDEN.to_owned() });
            continue;
        }
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v)));
        let shape = shape_of(&program, name);
        let mut shown = if shape.is_some() { name.to_owned() } else { unknown_name(name) };
        if let Some(value) = value {
            shown = format!("{shown}={}", attached(shape, value, tokens));
        }
        words.push(shown);
        let takes_next = value.is_none() && shape != Some(Shape::Flag);
        // A PIN may begin with a hyphen; what has to have a value has it here.
        let takes_any = shape == Some(Shape::Hidden);
        if let Some(next) = rest.next_if(|next| takes_next && (takes_any || !is_option(next))) {
            words.push(shown_value(shape, next, tokens));
        }
    }
    words.join(" ")
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// The name of an option that is not in the table. `-psecret` can be an option with its value, so of a single hyphen
/// only the first letter is kept.
fn unknown_name(name: &str) -> String {
    let is_name = |text: &str| {
        text.len() <= OPTION_NAME_MAX && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    if name.starts_with("--") {
        return if is_name(name) { name.to_owned() } else { format!("--{HIDDEN}") };
    }
    let mut letters = name.chars();
    let short: String = letters.by_ref().take(2).collect();
    if letters.next().is_none() { short } else { short + HIDDEN }
}

fn attached(shape: Option<Shape>, value: &str, tokens: &[Token]) -> String {
    match shape {
        Some(Shape::Flag) if matches!(value, "true" | "false") => value.to_owned(),
        Some(Shape::Flag) => HIDDEN.to_owned(),
        other => shown_value(other, value, tokens),
    }
}

fn shown_value(shape: Option<Shape>, value: &str, tokens: &[Token]) -> String {
    match shape {
        Some(Shape::Value) => positional(value, tokens),
        Some(Shape::Key) if is_pkcs11_uri(value) || value.starts_with(OUR_SCHEME) => {
            positional(value, tokens)
        }
        Some(Shape::Key | Shape::Hidden | Shape::Flag) | None => HIDDEN.to_owned(),
    }
}

/// A word that is kept unless it looks like a secret.
fn positional(word: &str, tokens: &[Token]) -> String {
    if is_pkcs11_uri(word) {
        return hidden_if_secret(&pkcs11_uri(word), tokens);
    }
    if let Some((scheme, rest)) = word.split_once("://") {
        return hidden_if_secret(&format!("{scheme}://{}", url_rest(rest)), tokens);
    }
    if let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_secret_name(name)) {
        return format!("{}={HIDDEN}", hidden_if_secret(name, tokens));
    }
    if user_info_end(word).is_some_and(|at| word.get(..at).is_some_and(|user| user.contains(':'))) {
        return HIDDEN.to_owned();
    }
    hidden_if_secret(word, tokens)
}

/// The word, or `***` if there is still something in it that looks like a secret.
fn hidden_if_secret(word: &str, tokens: &[Token]) -> String {
    let lower = word.to_ascii_lowercase();
    let has_pin = lower.contains("pin-value") && !is_pkcs11_uri(word);
    let has_credentials =
        word.split_once(':').is_some_and(|(id, _)| id.parse::<OrganizationId>().is_ok());
    let changed = !is_pkcs11_uri(word) && !word.contains("://") && redact(word, tokens) != word;
    if has_pin || has_credentials || changed { HIDDEN.to_owned() } else { redact(word, tokens) }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

fn is_pkcs11_uri(word: &str) -> bool {
    word.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"))
}

/// The URI with its harmless attributes. It ends at the first other one: a PIN may contain what looks like a further
/// attribute.
fn pkcs11_uri(uri: &str) -> String {
    let mut out = String::new();
    for part in uri.split_inclusive([';', '&', '?']) {
        let pair = part.strip_prefix("pkcs11:").unwrap_or(part);
        let harmless = match pair.split_once('=') {
            Some((name, _)) => URI_ATTRIBUTES.contains(&name),
            None => pair.trim_end_matches([';', '&', '?']).is_empty(),
        };
        if !harmless {
            let name = pair.split_once('=').map_or("", |(name, _)| name);
            let name = if matches!(name, "pin-value" | "pin-source") { name } else { "" };
            let separator = if name.is_empty() { "" } else { "=" };
            let scheme = part.strip_suffix(pair).unwrap_or_default();
            return format!("{out}{scheme}{name}{separator}{HIDDEN}");
        }
        out.push_str(part);
    }
    out
}

/// What follows `://`, without user, query and fragment.
fn url_rest(rest: &str) -> String {
    let (path, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let (path, user) = match user_info_end(path) {
        Some(at) => (path.get(at..).unwrap_or_default(), HIDDEN),
        None => (path, ""),
    };
    let mark = query.get(..1).unwrap_or_default();
    let hidden = if query.len() > 1 { HIDDEN } else { "" };
    format!("{user}{path}{mark}{hidden}")
}

/// Where the last `@` stands that ends a user and not an image's name: `image@sha256:…`.
fn user_info_end(text: &str) -> Option<usize> {
    let is_digest = |at: usize| {
        text.get(at..)
            .is_some_and(|rest| rest.starts_with("@sha256:") || rest.starts_with("@sha512:"))
    };
    text.match_indices('@').map(|(at, _)| at).rfind(|at| !is_digest(*at))
}

#[cfg(test)]
mod tests;
