//! The rules of the standard for states, arguments and answers, as a table: a row has the section, what has happened before, one
//! call or the few that belong together, and what the module answers. A row begins with a module that has not been initialized,
//! and leaves nothing behind.
//!
//! The same rows run on SoftHSM (`softhsm`), where every other answer has its reason.

pub(crate) mod caller;
pub(crate) mod names;

mod digest;
mod find;
mod general;
mod login;
mod search;
mod sessions;
mod sign;
mod sign_init;
mod sign_parts;
mod slots;
mod unsupported;
mod values;
mod verify;
mod verify_init;

use std::collections::{BTreeMap, BTreeSet};

use caller::{Caller, Start};

use crate::harness::{Module, alone_repeatedly, sandbox_builder, variable};

/// The variable with the PIN that a process logs in with.
pub(crate) const PIN: &str = "SIGNPATH_TEST_PIN";

/// What each row was answered with.
pub(crate) type Answers = BTreeMap<String, String>;

/// One row of the table.
pub(crate) struct Row {
    /// Where the standard has the rule.
    section: &'static str,
    pub(crate) name: &'static str,
    start: Start,
    calls: fn(&mut Caller<'_>),
    /// What the module answers: the return value of each call and what came with it.
    answers: &'static str,
}

/// The chapters of the table.
const CHAPTERS: &[&[Row]] = &[
    general::ROWS,
    slots::ROWS,
    sessions::ROWS,
    login::ROWS,
    search::ROWS,
    find::ROWS,
    values::ROWS,
    digest::ROWS,
    sign_init::ROWS,
    sign::ROWS,
    sign_parts::ROWS,
    verify_init::ROWS,
    verify::ROWS,
    unsupported::ROWS,
];

const fn row(
    section: &'static str,
    name: &'static str,
    start: Start,
    calls: fn(&mut Caller<'_>),
    answers: &'static str,
) -> Row {
    Row { section, name, start, calls, answers }
}

pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    CHAPTERS.iter().copied().flatten()
}

/// The PIN of this process's token.
pub(crate) fn pin() -> String {
    variable(PIN).expect("the parent gives the PIN").into_string().expect("the PIN is text")
}

/// What the module of this process answers to every row.
pub(crate) fn answers() -> Answers {
    let module = Module::load();
    let answer = |row: &Row| {
        let mut caller = Caller::new(&module, row.start);
        (row.calls)(&mut caller);
        (row.name.to_owned(), caller.end())
    };
    all().map(answer).collect()
}

#[test]
fn every_rule_of_the_table_is_kept() {
    let parent = alone_repeatedly(|_| {
        let answers = answers();
        let broken = all().filter(|row| answers[row.name] != row.answers).map(|row| {
            let Row { section, name, answers: expected, .. } = row;
            format!("{section}, {name}\n  answered {}\n  expected {expected}\n", answers[*name])
        });
        let broken: String = broken.collect();
        assert!(broken.is_empty(), "{broken}");
    });
    let Some(parent) = parent else { return };
    let sandbox = sandbox_builder().start().expect("a sandbox");
    let pin = format!("{}:{}", sandbox.organization_id(), sandbox.token());
    parent.run(&[(PIN, pin), ("SIGNPATH_API_URL", sandbox.api_url())]);
}

#[test]
fn the_table_asserts_at_least_six_hundred_return_values() {
    let count: usize = all().map(|row| row.answers.matches("CKR_").count()).sum();
    assert!(count >= 600, "{count}");
    assert!(all().all(|row| row.section.contains('§')));
}

#[test]
fn the_table_has_each_name_once() {
    let names: BTreeSet<_> = all().map(|row| row.name).collect();
    assert_eq!(names.len(), all().count());
}
