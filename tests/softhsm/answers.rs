//! The answers of one module, on their way from its process to the parent.

use std::{fs, path::Path};

use crate::{harness::variable, states::Answers};

/// The variable that names the file.
pub(super) const FILE: &str = "SIGNPATH_TEST_ANSWERS";

pub(super) fn write_answers(answers: &Answers) {
    let file = variable(FILE).expect("the parent names the file");
    let text = serde_json::to_string(answers).expect("texts are JSON");
    fs::write(file, text).expect("the answers are written");
}

pub(super) fn read_answers(file: &Path) -> Answers {
    let text = fs::read_to_string(file).expect("the process wrote its answers");
    serde_json::from_str(&text).expect("the answers are JSON")
}
