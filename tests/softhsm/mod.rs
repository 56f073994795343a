//! SoftHSM beside us: the same private keys in both modules, the same calls, and the answers compared. What differs
//! stands in one table ([`differences`]), each row with its reason; a difference that is not there fails, and so does a
//! row that no longer differs.
//!
//! Each module runs in a process of its own, which writes its answers down; the comparison is the parent's.

mod answers;
mod attributes;
mod differences;
mod reference;
mod signatures;

use std::collections::{BTreeMap, BTreeSet};

use answers::write_answers;

pub(crate) use reference::Both;

use crate::{
    harness::alone_repeatedly,
    states::{self, Answers},
};

#[test]
#[ignore = "needs SoftHSM: scripts/test"]
fn every_call_gives_the_answer_of_softhsm_or_stands_in_the_table_of_differences() {
    let parent = alone_repeatedly(|_| write_answers(&states::answers()));
    let Some(parent) = parent else { return };
    let is_call = |row: &str| !attributes::is_row(row);
    assert_differences(&Both::start().answers(&parent), is_call, str::to_owned);
}

#[test]
#[ignore = "needs SoftHSM: scripts/test"]
fn every_attribute_has_the_value_of_softhsm_or_stands_in_the_table_of_differences() {
    let parent = alone_repeatedly(|_| write_answers(&attributes::answers()));
    let Some(parent) = parent else { return };
    assert_differences(&Both::start().answers(&parent), attributes::is_row, attributes::summary);
}

#[test]
#[ignore = "needs SoftHSM: scripts/test"]
fn rsa_signatures_are_equal_and_ec_signatures_verify_with_the_same_key() {
    let parent = alone_repeatedly(|_| write_answers(&signatures::answers()));
    let Some(parent) = parent else { return };
    let both = Both::start();
    signatures::check(both.sandbox(), &both.answers(&parent));
}

#[test]
fn every_difference_is_of_a_row_that_there_is_and_has_a_reason() {
    let mut rows: BTreeSet<_> = states::all().map(|row| row.name.to_owned()).collect();
    rows.extend(attributes::rows());
    let mut seen = BTreeSet::new();
    for difference in differences::all() {
        assert!(rows.contains(difference.row), "no row is called {:?}", difference.row);
        assert!(seen.insert(difference.row), "{:?} stands there twice", difference.row);
        assert_ne!(difference.ours, difference.softhsm, "{}", difference.row);
    }
    assert!(differences::groups().all(|differences| differences.why.ends_with('.')));
}

/// The answers differ in exactly those rows of the table that are `concerned`, and as it says; the table has answers as
/// `told`.
fn assert_differences(
    (ours, softhsm): &(Answers, Answers),
    concerned: impl Fn(&str) -> bool,
    told: impl Fn(&str) -> String,
) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), softhsm.keys().collect::<Vec<_>>());
    let found: BTreeMap<_, _> = ours
        .iter()
        .map(|(row, answer)| (row.as_str(), (answer, &softhsm[row])))
        .filter(|(_, (ours, softhsm))| ours != softhsm)
        .map(|(row, (ours, softhsm))| (row, (told(ours), told(softhsm))))
        .collect();
    let listed: BTreeMap<_, _> = differences::all()
        .filter(|difference| concerned(difference.row))
        .map(|it| (it.row, (it.ours.to_owned(), it.softhsm.to_owned())))
        .collect();
    let mut wrong = String::new();
    for (row, answers) in found.iter().filter(|(row, answers)| listed.get(*row) != Some(answers)) {
        let (ours, softhsm) = answers;
        wrong += &format!("not in the table: {row}\n  ours    {ours}\n  SoftHSM {softhsm}\n");
    }
    for row in listed.keys().filter(|row| !found.contains_key(*row)) {
        wrong += &format!("in the table, and does not differ: {row}: {}\n", ours[*row]);
    }
    println!("{} rows, {} of them differ", ours.len(), found.len());
    assert!(wrong.is_empty(), "{wrong}");
}
