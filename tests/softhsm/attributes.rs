//! Every attribute of every object, asked of both modules: one row a class and an attribute, with the answers of all its
//! objects.

use std::collections::BTreeMap;

use cryptoki_sys::*;

use super::reference::POLICIES;
use crate::{
    harness::{Module, Session},
    states::{
        Answers,
        caller::hex,
        names::{ATTRIBUTES, return_value},
        pin,
    },
};

/// The classes of objects that both modules have.
const CLASSES: &[(&str, CK_OBJECT_CLASS)] = &[
    ("private key", CKO_PRIVATE_KEY),
    ("public key", CKO_PUBLIC_KEY),
    ("certificate", CKO_CERTIFICATE),
];

pub(super) fn rows() -> impl Iterator<Item = String> {
    CLASSES.iter().flat_map(|(class, _)| {
        ATTRIBUTES.iter().map(move |(name, _)| format!("{name} of a {class}"))
    })
}

pub(super) fn is_row(row: &str) -> bool {
    row.starts_with("CKA_")
}

/// What the module of this process answers to every row.
pub(super) fn answers() -> Answers {
    let module = Module::started();
    let session = module.session();
    session.login(&pin()).expect("C_Login");
    let mut answers = Answers::new();
    for (class_name, class) in CLASSES {
        let objects: Vec<_> = POLICIES
            .iter()
            .filter_map(|name| Some((*name, object(&session, *class, name)?)))
            .collect();
        for (name, kind) in ATTRIBUTES {
            let answer = answer(&session, &objects, *kind);
            answers.insert(format!("{name} of a {class_name}"), answer);
        }
    }
    answers
}

fn object(session: &Session<'_>, class: CK_OBJECT_CLASS, label: &str) -> Option<CK_OBJECT_HANDLE> {
    let class = class.to_ne_bytes();
    let found = session.find(&[(CKA_CLASS, &class), (CKA_LABEL, label.as_bytes())]);
    found.expect("the search succeeds").pop()
}

/// The answer of each object.
fn answer(
    session: &Session<'_>,
    objects: &[(&str, CK_OBJECT_HANDLE)],
    kind: CK_ATTRIBUTE_TYPE,
) -> String {
    let told = objects.iter().map(|(name, object)| {
        let answer = match session.attribute(*object, kind) {
            Ok(value) if value.is_empty() => "empty".to_owned(),
            // A CK_DATE; the certificates are of today.
            Ok(value) if value.len() == 8 && value.iter().all(u8::is_ascii_digit) => {
                "date".to_owned()
            }
            Ok(value) => hex(&value),
            Err(rv) => return_value(rv),
        };
        format!("{name} {answer}")
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A row's answers as the table of differences has them: objects that answer alike together, and of a value that is
/// neither a truth value nor a number its length.
pub(super) fn summary(answers: &str) -> String {
    let mut objects: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, answer) in answers.split("; ").filter_map(|told| told.split_once(' ')) {
        let is_value = answer.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_long = is_value && ![2, 16].contains(&answer.len());
        let text = if is_long { "bytes" } else { answer };
        objects.entry(text.to_owned()).or_default().push(name);
    }
    if objects.len() == 1 {
        return objects.into_keys().collect();
    }
    let told = objects.iter().map(|(answer, names)| format!("{}: {answer}", names.join(" ")));
    told.collect::<Vec<_>>().join("; ")
}
