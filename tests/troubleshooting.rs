//! docs/troubleshooting.md and the messages that stand in the code where they arise: those of `signpath-cosign` and the plugin,
//! and why the module refuses a login. (Errors that are types have their tests beside them: crates/client/src/error/page.rs,
//! src/error.rs.)

use std::{collections::BTreeSet, fs, path::Path};

use crate::harness::repository_file;

/// What a command's error begins with, by the call or the name that it is given to.
const ERRORS: [&str; 3] = ["Error::failed(", "Error::waiting(", "let what ="];

/// The messages in the first column of the table between `<!-- mark -->` and `<!-- /mark -->`. Each row says more than that.
pub(crate) fn messages(mark: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(repository_file("docs/troubleshooting.md")).unwrap();
    let (_, table) = page.split_once(&format!("<!-- {mark} -->\n")).expect(mark);
    let (table, _) = table.split_once(&format!("<!-- /{mark} -->")).expect(mark);
    let mut messages = BTreeSet::new();
    for row in table.lines().skip(2) {
        let columns: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [said, cause, advice] = columns[..] else { panic!("not three columns: {row}") };
        assert!(!cause.is_empty() && !advice.is_empty(), "{row}");
        messages.extend(code_spans(said));
    }
    messages
}

/// What stands between backticks, one or two of them.
fn code_spans(mut text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    while let Some(start) = text.find('`') {
        let fence = if text[start..].starts_with("``") { "``" } else { "`" };
        let (span, rest) = text[start + fence.len()..].split_once(fence).expect("an end");
        spans.push(span.trim().to_owned());
        text = rest;
    }
    spans
}

/// The code of a file or of a folder's files, without comments and tests.
fn code(path: &Path) -> String {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return entries.map(|entry| code(&entry)).collect();
    }
    if path.extension().is_none_or(|end| end != "rs") || path.ends_with("tests.rs") {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let (text, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The text of the string literal at the beginning of this code, `…` for each value in it.
fn literal(code: &str) -> Option<String> {
    let code = code.trim_start();
    let code = code.strip_prefix("format!(").unwrap_or(code).trim_start();
    let mut text = String::new();
    let mut rest = code.strip_prefix('"')?;
    loop {
        let end = rest.find(['"', '\\', '{'])?;
        text.push_str(&rest[..end]);
        rest = match rest[end..].chars().next()? {
            '"' => return Some(text),
            '{' => {
                text.push('…');
                rest[end..].split_once('}')?.1
            }
            // A line that goes on behind the white space, or a character that would mean something else.
            _ if rest[end + 1..].starts_with('\n') => rest[end + 1..].trim_start(),
            _ => {
                let escaped = rest[end + 1..].chars().next()?;
                text.push(escaped);
                &rest[end + 1 + escaped.len_utf8()..]
            }
        };
    }
}

/// The literals behind each place where one of these words stands.
fn literals(code: &str, words: &[&str]) -> BTreeSet<String> {
    let places = words.iter().flat_map(|word| code.split(word).skip(1));
    places.filter_map(literal).collect()
}

#[test]
fn every_error_of_the_command_has_a_row() {
    let documented = messages("command");
    let written = literals(&code(&repository_file("crates/command/src")), &ERRORS);
    assert!(written.len() > 50, "{} found", written.len());
    let missing: Vec<_> = written.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no row for {missing:#?}");
}

#[test]
fn every_row_of_the_command_is_said_by_it() {
    let said =
        literals(&code(&repository_file("crates/command/src")), &["(", "= ", "| ", ">", ", "]);
    for message in messages("command") {
        let is_said = said.iter().any(|text| text.contains(&message));
        assert!(is_said, "nobody says {message:?}");
    }
}

#[test]
fn every_reason_to_refuse_a_login_has_a_row_and_every_row_is_said() {
    let code = code(&repository_file("src/token/login.rs"));
    let texts = literals(&code, &["(", "{", "=> "]);
    let mut sentences: BTreeSet<_> = texts.into_iter().filter(|text| text.contains(' ')).collect();
    assert!(sentences.remove("the login was refused: …"), "what stands before each of them");
    assert_eq!(messages("login"), sentences);
}

#[test]
fn a_literal_is_read_as_it_is_shown() {
    for (code, shown) in [
        ("\"a\")", Some("a")),
        ("\n    format!(\n  \"{} of {b:?}\"", Some("… of …")),
        ("\"a \\\n      b \\\"c\\\"\"", Some("a b \"c\"")),
        ("what)", None),
        ("\"no end", None),
    ] {
        assert_eq!(literal(code).as_deref(), shown, "{code}");
    }
}
