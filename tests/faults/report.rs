//! The report: what each fault led to, as a table for people.

use std::{fmt, time::Duration};

use cryptoki_sys::*;

use super::caller::Call;
use super::scene::Http;

/// What came of one call with one fault.
pub(super) struct Entry {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) call: Call,
    /// `None` before there is any HTTP.
    pub(super) over: Option<Http>,
    pub(super) answer: String,
    pub(super) attempts: Attempts,
    pub(super) took: Duration,
    pub(super) line: String,
    /// In what it falls short of its row.
    pub(super) short: Vec<String>,
}

/// How often the service was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempts {
    Counted(usize),
    /// By the program itself, as there is nobody who could count.
    Said(usize),
}

impl Attempts {
    pub(super) fn number(self) -> usize {
        match self {
            Self::Counted(number) | Self::Said(number) => number,
        }
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counted(number) => write!(f, "{number}"),
            Self::Said(number) => write!(f, "{number} (as it says)"),
        }
    }
}

/// The whole report in Markdown: a table for each group, what was not run, what falls short.
pub(super) fn of(entries: &[Entry], not_run: &[String]) -> String {
    let mut text = String::from("# Faults\n");
    let mut group = "";
    for same in entries.chunk_by(|one, next| (one.name, one.call) == (next.name, next.call)) {
        if same[0].group != group {
            group = same[0].group;
            text += &format!(
                "\n## {group}\n\n| fault | call | HTTP | answer | attempts | time | what the user reads |\n\
                 | --- | --- | --- | --- | --- | --- | --- |\n"
            );
        }
        text += &line(same);
    }
    for entry in entries.iter().filter(|entry| !entry.short.is_empty()) {
        let Entry { name, call, over, .. } = entry;
        let short = entry.short.join("; ");
        text += &format!("\nFALLS SHORT: {name}, {call}, HTTP {}: {short}\n", version(*over));
    }
    for what in not_run {
        text += &format!("\nnot run: {what}\n");
    }
    text
}

/// The line of a fault and a call, over every version of HTTP.
fn line(entries: &[Entry]) -> String {
    let each = |fact: &dyn Fn(&Entry) -> String| {
        let mut facts: Vec<_> = entries.iter().map(fact).collect();
        facts.dedup();
        facts.join(", ")
    };
    let Entry { name, call, line, .. } = &entries[0];
    let read = line.lines().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    format!(
        "| {name} | {call} | {} | {} | {} | {} | {read} |\n",
        each(&|entry| version(entry.over).to_owned()),
        each(&|entry| entry.answer.clone()),
        each(&|entry| entry.attempts.to_string()),
        each(&|entry| format!("{:.1} s", entry.took.as_secs_f64())),
    )
}

fn version(over: Option<Http>) -> &'static str {
    match over {
        None => "–",
        Some(Http::One) => "1.1",
        Some(Http::Two) => "2",
    }
}

/// The name of a return value that the table has.
pub(super) fn name_of(rv: CK_RV) -> String {
    let known = [
        (CKR_OK, "CKR_OK"),
        (CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"),
        (CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR"),
        (CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED"),
        (CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR"),
        (CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT"),
    ];
    let row = known.iter().find(|(known, _)| *known == rv);
    row.map_or_else(|| format!("0x{rv:x}"), |(_, name)| (*name).to_owned())
}
