//! What the body of an error answer says: problem+json (RFC 9457) since service version 1.195, plain text before.

use std::fmt;

use serde_json::Value;

use crate::secret::without_token;

/// Longest text of the service that is repeated in a message, in characters.
const TEXT_MAX: usize = 1000;

/// Longest identifier or address that is repeated in a message, in characters.
const NAME_MAX: usize = 200;

/// The least part of a secret that is hidden at the end of a text, in bytes.
const HALF_MIN: usize = 4;

/// The part of an error answer that people need. Without control characters, and bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceMessage {
    text: String,
    trace_id: Option<String>,
    link: Option<String>,
    problem: bool,
}

impl ServiceMessage {
    /// Reads the body of an answer with an error status. Whatever it holds, there is a message; `secret` is not in it,
    /// also where the service gives it back.
    pub(crate) fn read(body: &[u8], secret: &str) -> Self {
        serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|value| Self::from_problem(&value, secret))
            .unwrap_or_else(|| Self { text: plain_text(body, secret), ..Self::default() })
    }

    /// Title, detail and field errors, joined; empty if the service said nothing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The service's id of this failure.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// A page about this failure or its signing request.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Whether the body was problem+json.
    pub fn is_problem(&self) -> bool {
        self.problem
    }

    fn from_problem(value: &Value, secret: &str) -> Option<Self> {
        let problem = value.as_object()?;
        let text_of = |name: &str| problem.get(name).and_then(Value::as_str);
        let errors = problem.get("errors").map(field_errors).unwrap_or_default();
        if errors.is_empty()
            && ["title", "detail", "traceId"].iter().all(|name| text_of(name).is_none())
        {
            return None;
        }
        let parts: Vec<String> = [text_of("title"), text_of("detail")]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .chain(errors)
            .collect();
        // Before a text is cut: half a secret is one, too.
        Some(Self {
            text: one_line(&without_token(&joined(&parts), secret), TEXT_MAX),
            trace_id: text_of("traceId").map(|id| one_line(&without_token(id, secret), NAME_MAX)),
            link: text_of("webLink").map(|link| one_line(&without_token(link, secret), NAME_MAX)),
            problem: true,
        })
    }
}

impl fmt::Display for ServiceMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        if let Some(id) = &self.trace_id {
            write!(f, " [trace id {id}]")?;
        }
        self.link.iter().try_for_each(|link| write!(f, " [{link}]"))
    }
}

/// An identifier or address of the service as a part of one line.
pub(crate) fn shown(name: &str) -> String {
    one_line(name, NAME_MAX)
}

/// A text as a part of one line, without anything that a terminal or a reader could take for more than text: control
/// characters escaped, cut at `max` characters.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == max {
            line.push('…');
            break;
        }
        push_visibly(&mut line, character);
    }
    line
}

/// A text without anything that a terminal or a reader could take for more than text.
pub(crate) fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    text.chars().for_each(|character| push_visibly(&mut line, character));
    line
}

fn push_visibly(line: &mut String, character: char) {
    if is_invisible(character) {
        line.extend(character.escape_default());
    } else {
        line.push(character);
    }
}

/// Control characters, line and paragraph separators, the marks that turn the direction of writing, and the byte order
/// mark.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// `errors` of a validation problem: field name → texts.
fn field_errors(errors: &Value) -> Vec<String> {
    let Some(fields) = errors.as_object() else { return Vec::new() };
    fields.iter().flat_map(|(field, texts)| texts_of_field(field, texts)).collect()
}

fn texts_of_field(field: &str, texts: &Value) -> Vec<String> {
    let texts = texts.as_array().map_or(std::slice::from_ref(texts), Vec::as_slice);
    let named =
        |text: &str| if field.is_empty() { text.to_owned() } else { format!("{field}: {text}") };
    texts.iter().filter_map(Value::as_str).map(named).collect()
}

/// Sentences after one another; those that do not end one get a point.
fn joined(parts: &[String]) -> String {
    let mut text = String::new();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push_str(if text.ends_with(['.', ':', '!', '?']) { " " } else { ". " });
        }
        text.push_str(part);
    }
    text
}

fn plain_text(body: &[u8], secret: &str) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        return "an HTML page instead of an answer of the service".to_owned();
    }
    // JSON can spell a secret in ways that are not looked for; written again, it spells it in one.
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(value) => value.to_string().into(),
        Err(_) if text.trim_start().starts_with(['{', '[', '"']) => {
            return "a damaged answer".to_owned();
        }
        Err(_) => text,
    };
    let whole = without_token(&text, secret);
    one_line(whole.get(..whole.len() - half_at_end(&whole, secret)).unwrap_or_default(), TEXT_MAX)
}

/// How many bytes at the end are the beginning of the secret: the body may have broken off there. Less than
/// [`HALF_MIN`] bytes give nothing away, and can be there by chance.
fn half_at_end(text: &str, secret: &str) -> usize {
    let beginnings = secret.char_indices().map(|(at, _)| at).rev();
    let mut halves = beginnings.take_while(|at| *at >= HALF_MIN);
    let ends_with = |at: &usize| secret.get(..*at).is_some_and(|half| text.ends_with(half));
    halves.find(ends_with).unwrap_or(0)
}
