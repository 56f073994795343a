//! What no request is made for: checking signatures and digests, against SoftHSM.

use cryptoki_sys::*;
use serde_json::{Map, Value, json};

use super::{
    POLICIES,
    caller::{DATA, PIN, act, done, log_in, mechanism, timed},
    report::{Samples, Table},
    rounds,
};
use crate::{
    harness::{Module, alone_repeatedly},
    softhsm::Both,
};

/// How often each call is made.
const ROUNDS: usize = 300;

/// How much is digested, in bytes.
const DIGESTED: [usize; 2] = [32, 1 << 20];

#[test]
#[ignore = "a measurement: scripts/bench"]
fn local_work() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let both = Both::start();
    let job = json!({ "act": "local", "rounds": rounds(ROUNDS) });
    let ours = done(&module, &both.sandbox().environment(), &job);
    let asked = both.sandbox().request_count();
    assert_eq!(asked, 1 + POLICIES.len(), "the list, and the signatures that are checked");
    let softhsm = done(&module, &both.softhsm_variables(PIN), &job);
    let mut table = Table::new("local-work", &["call", "module", "SoftHSM", "module / SoftHSM"]);
    let calls = ours.as_object().expect("an object");
    for (call, samples) in calls {
        let (ours, theirs) = (Samples::of(samples), Samples::of(&softhsm[call]));
        table.row(
            &[call.clone(), ours.microseconds(), theirs.microseconds(), ours.ratio(&theirs)],
            json!({ "module": ours.json(), "softhsm": theirs.json() }),
        );
    }
}

/// Each call's samples, by its name.
pub(super) fn calls(job: &Value) -> Value {
    let rounds = job["rounds"].as_u64().expect("the rounds");
    let module = Module::started();
    let session = module.session();
    log_in(&session);
    let mut calls = Map::new();
    let mut add = |name: String, call: &mut dyn FnMut()| {
        let samples: Vec<_> = (0..rounds).map(|_| timed(&mut *call)).collect();
        calls.insert(name, json!(samples));
    };
    for (policy, _) in POLICIES {
        let kind = mechanism(policy);
        let signature = session.sign(kind, session.private_key(policy), &DATA).expect("C_Sign");
        let key = session.object(CKO_PUBLIC_KEY, policy);
        add(format!("C_Verify, {policy}"), &mut || {
            session.verify(kind, key, &DATA, &signature).expect("it is right");
        });
    }
    for length in DIGESTED {
        let data = vec![7; length];
        add(format!("C_Digest, SHA-256 of {length} bytes"), &mut || {
            session.digest(CKM_SHA256, &data).expect("a digest");
        });
    }
    Value::Object(calls)
}
