//! From nothing to the slots and to the first object, against SoftHSM.

use serde_json::{Value, json};

use super::{
    caller::{PIN, act, done},
    report::{Samples, Table},
    rounds,
};
use crate::{harness::alone_repeatedly, softhsm::Both};

/// How often each of them starts.
const ROUNDS: usize = 21;

#[test]
#[ignore = "a measurement: scripts/bench"]
fn cold_start() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let both = Both::start();
    let job = json!({ "act": "start" });
    let ours = both.sandbox().environment();
    let softhsm = both.softhsm_variables(PIN);
    let starts = |settings: &[(String, String)]| -> Vec<Value> {
        (0..rounds(ROUNDS)).map(|_| done(&module, settings, &job)).collect()
    };
    let before = both.sandbox().request_count();
    let (ours, softhsm) = (starts(&ours), starts(&softhsm));
    let asked = both.sandbox().request_count() - before;
    assert_eq!(asked, rounds(ROUNDS), "the slots take no request, and the objects take one");
    let mut table = Table::new(
        "cold-start",
        &["to", "module", "SoftHSM", "module / SoftHSM", "memory", "SoftHSM's"],
    );
    for (what, time, memory) in
        [("the slots", "slots", "memory_slots"), ("the first object", "object", "memory_object")]
    {
        let of = |starts: &[Value], name: &str| {
            Samples::new(
                starts.iter().map(|start| start[name].as_f64().expect("a number")).collect(),
            )
        };
        let (our_time, their_time) = (of(&ours, time), of(&softhsm, time));
        let (our_memory, their_memory) = (of(&ours, memory), of(&softhsm, memory));
        let times = [("module", &our_time), ("SoftHSM", &their_time)];
        table.bars("From dlopen, in ms", &format!("to {what}"), times);
        table.row(
            &[
                what.to_owned(),
                our_time.milliseconds(),
                their_time.milliseconds(),
                our_time.ratio(&their_time),
                format!("{:.0} KiB", our_memory.median()),
                format!("{:.0} KiB", their_memory.median()),
            ],
            json!({ "module": our_time.json(), "softhsm": their_time.json() }),
        );
    }
}
