//! As many signatures as go, by many threads at once, against the bare client at the same concurrency.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    POLICIES, Service,
    bare::Bare,
    caller::{act, done},
    processor,
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

    fn cells(&self) -> [String; 4] {
        [
            format!("{:.0}", self.rate),
            format!("{:.0} µs", self.processor),
            format!("{:.0} %", self.service * 100.0),
            self.connections.to_string(),
        ]
    }
}

#[test]
#[ignore = "a measurement: scripts/bench"]
fn throughput() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let head = [
        "round trip",
        "at once",
        "who",
        "signatures a second",
        "processor for each",
        "service's processor",
        "connections",
        "/ bare",
        "memory a thread",
        "threads of its own",
    ];
    let mut table = Table::new("throughput", &head);
    for milliseconds in [0, 20] {
        for at_once in AT_ONCE {
            measure(&module, milliseconds, at_once, &mut table);
        }
    }
}

fn measure(module: &Repeatedly, milliseconds: u64, at_once: u64, table: &mut Table) {
    let policy = POLICIES[0].0;
    let service = Service::new(Duration::from_millis(milliseconds));
    let job = json!({ "act": "load", "policy": policy, "at_once": at_once, "seconds": SECONDS });
    let settings = service.sandbox.environment();
    let ours = Reached::by(&service, || done(module, &settings, &job));
    let way = |connections: u64| json!({ "Load": { "at_once": at_once, "connections": connections, "seconds": SECONDS } });
    let bare = || Bare::at(&service, policy);
    let one = Reached::by(&service, || bare().run(&way(1)));
    let four = Reached::by(&service, || bare().run(&way(4)));
    let http1 = Reached::by(&service, || bare().over_http1().run(&way(at_once)));
    let checking = Reached::by(&service, || bare().checking().run(&way(1)));
    for (who, reached) in [
        ("module", &ours),
        ("bare, one connection", &one),
        ("bare, four connections", &four),
        ("bare, HTTP/1.1", &http1),
        ("bare, checking", &checking),
    ] {
        let mut cells = vec![format!("{milliseconds} ms"), at_once.to_string(), who.to_owned()];
        cells.extend(reached.cells());
        cells.push(format!("{:.2}", reached.rate / one.rate));
        let grown = reached.measured["grown"].as_u64();
        cells.push(grown.map_or_else(String::new, |grown| format!("{} KiB", grown / at_once)));
        let threads = reached.measured["threads"].as_u64();
        // One is the test's, one the test runner's.
        cells.push(threads.map_or_else(String::new, |threads| (threads - 2).to_string()));
        table.row(&cells, reached.measured.clone());
    }
    assert_eq!(ours.measured["threads"], 2, "the module starts no thread");
}
