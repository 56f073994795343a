//! Text that somebody else wrote, shown and not obeyed.

use std::fmt::Write as _;

/// On one line: control characters as escapes, those that turn the direction of text around too.
pub(crate) fn line(text: &str) -> String {
    escaped(text, |_| false)
}

/// As [`line()`], on as many lines as it has.
pub(crate) fn lines(text: &str) -> String {
    escaped(text, |character| character == '\n')
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if !is_kept(character) && (character.is_control() || is_directional(character)) {
            // Writing to a String cannot fail.
            write!(shown, "{}", character.escape_unicode()).unwrap_or_default();
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that turn the direction of text around, and could make a line read as another.
pub(crate) fn is_directional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
