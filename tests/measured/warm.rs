//! One signature on a connection that is there, and one cosign's worth from nothing, against the bare client.

use std::time::Duration;

use serde_json::json;

use super::{
    DISTANCES, POLICIES, Service,
    bare::Bare,
    caller::{act, done},
    report::{Samples, Table},
    rounds,
};
use crate::harness::{Repeatedly, alone_repeatedly};

/// How many signatures are made at each distance.
const SIGNATURES: [usize; 3] = [400, 100, 30];

#[test]
#[ignore = "a measurement: scripts/bench"]
fn one_signature() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let head = ["form", "key", "round trip", "module", "bare", "bare, checking", "module / bare"];
    let mut table = Table::new("one-signature", &head);
    for (form, make) in
        [("SignHash", Service::new as fn(Duration) -> Service), ("multipart", Service::old)]
    {
        for (milliseconds, signatures) in DISTANCES.into_iter().zip(SIGNATURES) {
            let service = make(Duration::from_millis(milliseconds));
            for (policy, _) in POLICIES {
                let one = One { form, policy, milliseconds, rounds: rounds(signatures) };
                one.measure(&module, &service, &mut table);
            }
        }
    }
}

/// A row of the table.
struct One {
    form: &'static str,
    policy: &'static str,
    milliseconds: u64,
    rounds: usize,
}

impl One {
    fn measure(&self, module: &Repeatedly, service: &Service, table: &mut Table) {
        let Self { form, policy, milliseconds, rounds } = *self;
        let job = json!({ "act": "warm", "policy": policy, "rounds": rounds });
        let ours = done(module, &service.sandbox.environment(), &job);
        let ours = Samples::of(&ours["samples"]);
        let way = json!({ "Warm": { "rounds": rounds } });
        let bare = Samples::of(&Bare::at(service, policy).run(&way)["samples"]);
        let checking = Bare::at(service, policy).checking().run(&way);
        let checking = Samples::of(&checking["samples"]);
        if (form, milliseconds) == ("SignHash", 20) {
            let panel = "One signature at a round trip of 20 ms, in ms";
            table.bars(panel, policy, [("module", &ours), ("bare HTTP client", &bare)]);
        }
        table.row(
            &[
                form.to_owned(),
                policy.to_owned(),
                format!("{milliseconds} ms"),
                ours.milliseconds(),
                bare.milliseconds(),
                checking.milliseconds(),
                ours.ratio(&bare),
            ],
            json!({ "module": ours.json(), "bare": bare.json(), "checking": checking.json() }),
        );
    }
}

/// How many manifests are signed: an image, an index of five, one of twenty.
const MANIFESTS: [u64; 3] = [1, 6, 21];

/// How often, each time from nothing.
const ROUNDS: usize = 11;

#[test]
#[ignore = "a measurement: scripts/bench"]
fn from_nothing() {
    let Some(module) = alone_repeatedly(|_| act()) else { return };
    let head =
        ["signatures", "round trip", "module", "bare", "module / bare", "requests", "connections"];
    let mut table = Table::new("from-nothing", &head);
    for signatures in MANIFESTS {
        for milliseconds in DISTANCES {
            let service = Service::new(Duration::from_millis(milliseconds));
            let policy = POLICIES[0].0;
            let job = json!({ "act": "cold", "policy": policy, "signatures": signatures });
            let settings = service.sandbox.environment();
            let once = || done(&module, &settings, &job)["microseconds"].as_f64().expect("a time");
            once();
            let (requests, connections) =
                (service.sandbox.request_count(), service.sandbox.connections());
            assert_eq!((requests as u64, connections), (1 + signatures, 1), "list and signatures");
            let ours = Samples::new((0..rounds(ROUNDS)).map(|_| once()).collect());
            let way = json!({ "Cold": { "rounds": rounds(ROUNDS), "signatures": signatures } });
            let bare = Samples::of(&Bare::at(&service, policy).run(&way)["samples"]);
            if milliseconds == 20 {
                let panel =
                    "From nothing to 1, 6 and 21 signatures at a round trip of 20 ms, in ms";
                let times = [("module", &ours), ("bare HTTP client", &bare)];
                table.bars(panel, &signatures.to_string(), times);
            }
            table.row(
                &[
                    signatures.to_string(),
                    format!("{milliseconds} ms"),
                    ours.milliseconds(),
                    bare.milliseconds(),
                    ours.ratio(&bare),
                    requests.to_string(),
                    connections.to_string(),
                ],
                json!({ "module": ours.json(), "bare": bare.json() }),
            );
        }
    }
}
