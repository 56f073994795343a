//! What is measured and not judged: `scripts/bench` runs it on the module that is shipped and shows the tables. Times are of this
//! machine; what counts is how they grow.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use cryptoki_sys::*;
use signpath_sandbox::{KeyType, PolicyConfig};

use crate::harness::{Module, Session, alone};

/// How many keys the token has.
const SIZES: [usize; 4] = [1, 100, 1000, 3000];

/// How often each search is repeated.
const ROUNDS: usize = 200;

#[test]
#[ignore = "a measurement: scripts/bench"]
fn searches_on_tokens_with_many_keys() {
    alone(|process| {
        println!("\n| keys | first | by label | by id | no such key | list | list, a key |");
        println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for keys in SIZES {
            let policies = (0..keys).map(|number| {
                PolicyConfig::new(&format!("project/policy-{number}"), KeyType::P256).certificate()
            });
            let sandbox = process.sandbox_with(|builder| builder.policies(policies));
            sandbox.prepare().unwrap();
            process.configure(&sandbox);
            let module = Module::started();
            println!("{}", row(&module, keys));
            module.finalize().unwrap();
        }
    })
    .show_table();
}

fn row(module: &Module, keys: usize) -> String {
    let session = module.session();
    let name = format!("project/policy-{}", keys / 2);
    let private = CKO_PRIVATE_KEY.to_ne_bytes();
    let first =
        timed(|| found(&session, &[(CKA_CLASS, &private), (CKA_LABEL, name.as_bytes())], 1));
    let by_label = median(|| {
        found(&session, &[(CKA_CLASS, &private), (CKA_LABEL, name.as_bytes())], 1);
    });
    let by_id = median(|| {
        found(&session, &[(CKA_CLASS, &private), (CKA_ID, name.as_bytes())], 1);
    });
    let missing = median(|| {
        found(&session, &[(CKA_CLASS, &CKO_PUBLIC_KEY.to_ne_bytes()), (CKA_LABEL, b"none")], 0);
    });
    let list = median(|| list(&session, keys));
    let per_key = list / u32::try_from(keys).unwrap();
    format!(
        "| {keys} | {first:.1?} | {by_label:.1?} | {by_id:.1?} | {missing:.1?} | {list:.1?} | {per_key:.2?} |"
    )
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
    let mut times: Vec<_> = (0..ROUNDS).map(|_| timed(&mut call)).collect();
    times.sort();
    times[ROUNDS / 2]
}
