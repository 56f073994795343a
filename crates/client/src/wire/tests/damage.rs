//! Valid answers with something wrong in them.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::readers::any_json;

/// JSON in which a member can be there twice.
#[derive(Clone, Debug)]
enum Node {
    Leaf(String),
    /// With its brackets; the names in a list do not count.
    Branch([char; 2], Vec<(String, Self)>),
}

#[derive(Clone, Debug)]
enum Damage {
    Remove,
    Twice,
    /// Into a list of its own.
    Wrap,
    Rename(String),
    Replace(String),
    /// The first characters of what it is.
    Cut(usize),
}

/// One of the answers as text, damaged in some places.
pub(super) fn damaged(answers: Vec<Value>) -> impl Strategy<Value = String> {
    let damages = prop::collection::vec((any::<Index>(), damage()), 0..5);
    (prop::sample::select(answers), damages).prop_map(|(answer, damages)| {
        let mut node = Node::from(&answer);
        for (place, damage) in damages {
            let mut place = place.index(node.count().max(1));
            node.suffer(&mut place, &damage);
        }
        node.text()
    })
}

fn damage() -> impl Strategy<Value = Damage> {
    let texts = [
        "null",
        "true",
        "-1",
        "1e999",
        "[]",
        "{}",
        "[null]",
        r#""""#,
        r#""%""#,
        r#""AAAA""#,
        r#""X509""#,
        r#""Gpg""#,
        r#""its secret is secret""#,
        r#""\u0000\u001b[2J\u202e""#,
        r#""\ud800""#,
    ];
    let deep = "[".repeat(200) + &"]".repeat(200);
    let texts = texts.into_iter().map(str::to_owned).chain([deep]).collect::<Vec<_>>();
    prop_oneof![
        Just(Damage::Remove),
        Just(Damage::Twice),
        Just(Damage::Wrap),
        "[a-zA-Z]{0,3}|secret|Signature|signature|certificateBytes".prop_map(Damage::Rename),
        prop::sample::select(texts).prop_map(Damage::Replace),
        any_json().prop_map(|value| Damage::Replace(value.to_string())),
        (0usize..400).prop_map(Damage::Cut),
    ]
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(list) => {
                let members = list.iter().map(|value| (String::new(), Self::from(value)));
                Self::Branch(['[', ']'], members.collect())
            }
            Value::Object(object) => {
                let members = object.iter().map(|(name, value)| (name.clone(), Self::from(value)));
                Self::Branch(['{', '}'], members.collect())
            }
            leaf => Self::Leaf(leaf.to_string()),
        }
    }
}

impl Node {
    /// How many nodes are below this one.
    fn count(&self) -> usize {
        let Self::Branch(_, members) = self else { return 0 };
        members.iter().map(|(_, node)| 1 + node.count()).sum()
    }

    /// Damages the node with this number below this one, and counts down to it.
    fn suffer(&mut self, place: &mut usize, damage: &Damage) -> bool {
        let Self::Branch(_, members) = self else { return false };
        for index in 0..members.len() {
            if *place == 0 {
                damage.happen(members, index);
                return true;
            }
            *place -= 1;
            if members[index].1.suffer(place, damage) {
                return true;
            }
        }
        false
    }

    fn text(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Branch([open, close], members) => {
                let name = |name: &str| match open {
                    '{' => format!("{}:", Value::from(name)),
                    _ => String::new(),
                };
                let members = members.iter().map(|(key, node)| name(key) + &node.text());
                format!("{open}{}{close}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl Damage {
    fn happen(&self, members: &mut Vec<(String, Node)>, index: usize) {
        let (name, node) = members[index].clone();
        match self {
            Self::Remove => drop(members.remove(index)),
            Self::Twice => members.push((name, node)),
            Self::Wrap => members[index].1 = Node::Branch(['[', ']'], vec![(name, node)]),
            Self::Rename(name) => members[index].0.clone_from(name),
            Self::Replace(text) => members[index].1 = Node::Leaf(text.clone()),
            Self::Cut(length) => {
                let text: String = node.text().trim_matches('"').chars().take(*length).collect();
                members[index].1 = Node::Leaf(Value::from(text).to_string());
            }
        }
    }
}
