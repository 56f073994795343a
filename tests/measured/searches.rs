//! Searches on tokens with many keys, and how they grow.

use std::{
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use cryptoki_sys::*;
use signpath_sandbox::{KeyType, PolicyConfig};

use super::rounds;
use crate::harness::{Module, Session, alone};

/// How many keys the token has.
const SIZES: [usize; 4] = [1, 100, 1000, 3000];

/// How often each search is repeated.
const ROUNDS: usize = 200;

#[test]
#[ignore = "a measurement: scripts/bench"]
fn on_tokens_with_many_keys() {
    alone(|process| {
        println!("\n| keys | first | by label | by id | no such key | list | list, a key |");
        let mut rows = Vec::new();
        println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for keys in SIZES {
            let policies = (0..keys).map(|number| {
                PolicyConfig::new(&format!("project/policy-{number}"), KeyType::P256).certificate()
            });
            let sandbox = process.sandbox_with(|builder| builder.policies(policies));
            sandbox.prepare().unwrap();
            process.configure(&sandbox);
            let module = Module::started();
            rows.push(Row::measure(&module, keys));
            println!("{}", rows.last().unwrap());
            module.finalize().unwrap();
        }
        judge(&rows);
    })
    .show_table();
}

/// The medians for a token with so many keys.
struct Row {
    keys: usize,
    /// The first search, which asks the service.
    first: Duration,
    by_label: Duration,
    by_id: Duration,
    /// A private key that is not there, which is answered with the names of those that are.
    missing: Duration,
    list: Duration,
}

impl Row {
    fn measure(module: &Module, keys: usize) -> Self {
        let session = module.session();
        let name = format!("project/policy-{}", keys / 2);
        let private = (CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes()[..]);
        let label = [private, (CKA_LABEL, name.as_bytes())];
        Self {
            keys,
            first: timed(|| found(&session, &label, 1)),
            by_label: median(|| found(&session, &label, 1)),
            by_id: median(|| found(&session, &[private, (CKA_ID, name.as_bytes())], 1)),
            missing: median(|| found(&session, &[private, (CKA_LABEL, b"none")], 0)),
            list: median(|| list(&session, keys)),
        }
    }

    fn list_per_key(&self) -> Duration {
        self.list / u32::try_from(self.keys).unwrap()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, first, by_label, by_id, missing, list } = self;
        let per_key = self.list_per_key();
        write!(
            f,
            "| {keys} | {first:.1?} | {by_label:.1?} | {by_id:.1?} | {missing:.1?} | {list:.1?} | {per_key:.2?} |"
        )
    }
}

/// A search for one key takes less than a millisecond however many there are, and a list of all takes as long for each.
fn judge(rows: &[Row]) {
    for row in rows {
        let slowest = row.by_label.max(row.by_id);
        assert!(slowest < Duration::from_millis(1), "{slowest:?} with {} keys", row.keys);
    }
    let of = |keys: usize| rows.iter().find(|row| row.keys == keys).unwrap().list_per_key();
    assert!(of(3000) < 3 * of(100), "a list is not linear: {:?} and {:?} a key", of(3000), of(100));
}

fn found(session: &Session<'_>, template: &[(CK_ATTRIBUTE_TYPE, &[u8])], count: usize) {
    assert_eq!(black_box(session.find(template).unwrap()).len(), count);
}

/// As a client lists keys: every private key, and the label and the id of each.
fn list(session: &Session<'_>, keys: usize) {
    let found = session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap();
    assert_eq!(found.len(), keys);
    for key in found {
        black_box(session.attribute(key, CKA_LABEL).unwrap());
        black_box(session.attribute(key, CKA_ID).unwrap());
    }
}

fn timed(call: impl FnOnce()) -> Duration {
    let started = Instant::now();
    call();
    started.elapsed()
}

fn median(mut call: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..rounds(ROUNDS)).map(|_| timed(&mut call)).collect();
    times.sort();
    times[times.len() / 2]
}
