//! As many signatures as go, by many threads at once, against the bare client at the same concurrency.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    POLICIES, Service,
    bare::Bare,
    caller::{act, done},
    is_short, processor,
    report::Table,
};
use crate::harness::{Repeatedly, alone_repeatedly};

const AT_ONCE: [u64; 5] = [1, 4, 16, 64, 256];

/// How long each of them signs.
const SECONDS: f64 = 3.0;

/// What was reached.
struct Reached {
    rate: f64,
    /// Of the client, in microseconds for each signature.
    processor: f64,
    /// Of the service, as a part of one processor.
    service: f64,
    connections: usize,
    measured: Value,
}

impl Reached {
    fn by(service: &Service, run: impl FnOnce() -> Value) -> Self {
        let (connections, used) = (service.sandbox.connections(), processor());
        let measured = run();
        let used = processor() - used;
        let field = |name: &str| measured[name].as_f64().expect("a number");
        let (signatures, seconds) = (field("signatures"), field("seconds"));
        Self {
            rate: signatures / seconds,
            processor: field("processor") / signatures * 1e6,
            service: used / seconds,
            connections: service.sandbox.connections() - connections,
            measured: measured.clone(),
        }
    }

    /// In microseconds for each signature, without what checking it takes: the difference between the two bare clients.
    fn processor_without_check(&self, bare: &Self, checking: &Self) -> f64 {
        self.processor - (checking.processor - bare.processor)
    }

    fn cells(&self, others: &Others) -> [String; 10] {
        let number = |name: &str| self.measured[name].as_u64();
        let bare = &others.bare;
        let without_check = self.processor_without_check(bare, &others.checking);
        let memory = number("grown").map(|grown| format!("{} KiB", grown / others.at_once));
        // One is the test's, one the test runner's.
        let threads = number("threads").map(|threads| (threads - 2).to_string());
        let is_ours = memory.is_some();
        [
            format!("{:.0}", self.rate),
            format!("{:.2}", self.rate / bare.rate),
            format!("{:.2}", self.rate / others.checking.rate),
            format!("{:.0} µs", self.processor),
            if is_ours { format!("{:.2}", without_check / bare.processor) } else { String::new() },
            format!("{:.0} %", self.service * 100.0),
            self.connections.to_string(),
            memory.unwrap_or_default(),
            format!("{} KiB", number("peak").expect("the most memory")),
            threads.unwrap_or_default(),
        ]
    }
}

/// What the module is held against.
struct Others {
    at_once: u64,
    bare: Reached,
    checking: Reached,
}

#[test]
#[ignore = "a measurement: scripts/bench"]
fn throughput() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let head = [
        "key",
        "round trip",
        "at once",
        "who",
        "signatures a second",
        "/ bare",
        "/ bare, checking",
        "processor for each",
        "check taken off, / bare",
        "service's processor",
        "connections",
        "memory a thread",
        "peak memory",
        "threads of its own",
    ];
    let mut table = Table::new("throughput", &head);
    let [(ec, _), (rsa, _)] = POLICIES;
    for milliseconds in [0, 20] {
        for at_once in if is_short() { &AT_ONCE[..2] } else { &AT_ONCE } {
            measure(&module, ec, milliseconds, *at_once, &mut table);
        }
    }
    if !is_short() {
        measure(&module, rsa, 20, 64, &mut table);
    }
}

fn measure(
    module: &Repeatedly,
    policy: &'static str,
    milliseconds: u64,
    at_once: u64,
    table: &mut Table,
) {
    let service = Service::new(Duration::from_millis(milliseconds));
    let seconds = if is_short() { 0.2 } else { SECONDS };
    let job = json!({ "act": "load", "policy": policy, "at_once": at_once, "seconds": seconds });
    let settings = service.sandbox.environment();
    done(module, &settings, &json!({ "act": "warm", "policy": policy, "rounds": 1 }));
    let client = Bare::at(&service, policy);
    let ours = Reached::by(&service, || done(module, &settings, &job));
    let way = |connections: u64| json!({ "Load": { "at_once": at_once, "connections": connections, "seconds": seconds } });
    let four = Reached::by(&service, || client.clone().run(&way(at_once.min(4))));
    let http1 = Reached::by(&service, || client.clone().over_http1().run(&way(at_once)));
    let others = Others {
        at_once,
        bare: Reached::by(&service, || client.clone().run(&way(1))),
        checking: Reached::by(&service, || client.clone().checking().run(&way(1))),
    };
    for (who, reached) in [
        ("module", &ours),
        ("bare, one connection", &others.bare),
        ("bare, four connections", &four),
        ("bare, HTTP/1.1", &http1),
        ("bare, checking", &others.checking),
    ] {
        let distance = format!("{milliseconds} ms");
        let mut cells = vec![policy.to_owned(), distance, at_once.to_string(), who.to_owned()];
        cells.extend(reached.cells(&others));
        if (policy, milliseconds, at_once) == (POLICIES[1].0, 20, 64) {
            let panel = "64 threads at a round trip of 20 ms, in signatures a second (RSA-3072)";
            table.bar(panel, who, reached.rate);
        }
        table.row(&cells, reached.measured.clone());
    }
    assert_eq!(ours.measured["threads"], 2, "the module starts no thread");
}
