//! The table of calls: a row a name, what has happened before, and one call or the few that belong together. A row begins
//! with a module that has not been initialized, and leaves nothing behind.

mod find;
mod general;
mod login;
mod sessions;
mod sign;
mod slots;
mod unsupported;
mod values;

use super::{
    answers::Answers,
    caller::{Caller, Start},
};
use crate::harness::Module;

/// One row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    start: Start,
    calls: fn(&mut Caller<'_>),
}

/// The chapters of the table.
const CHAPTERS: &[&[Row]] = &[
    general::ROWS,
    slots::ROWS,
    sessions::ROWS,
    login::ROWS,
    find::ROWS,
    values::ROWS,
    sign::ROWS,
    unsupported::ROWS,
];

const fn row(name: &'static str, start: Start, calls: fn(&mut Caller<'_>)) -> Row {
    Row { name, start, calls }
}

pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    CHAPTERS.iter().copied().flatten()
}

/// What the module of this process answers to every row.
pub(super) fn answers() -> Answers {
    let module = Module::load();
    let answer = |row: &Row| {
        let mut caller = Caller::new(&module, row.start);
        (row.calls)(&mut caller);
        (row.name.to_owned(), caller.end())
    };
    all().map(answer).collect()
}
