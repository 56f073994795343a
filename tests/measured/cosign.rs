//! `cosign sign` with the module, with the plugin and with SoftHSM: the same cosign, the same registry, other keys.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    DISTANCES, is_short,
    report::{Samples, Table},
    rounds,
};
use crate::{
    cosign::{
        bench::{Bench, Cosign, Version, key_of, key_uri_of, text},
        plugin,
    },
    faults::caller::plugin_call,
    harness::{Ran, Tool, Workplace},
    softhsm::Both,
};

/// How many images an index has, and how often it is signed; a single image has no index.
const IMAGES: [(usize, usize); 3] = [(1, 11), (5, 7), (20, 3)];

/// The policy; SoftHSM shows no certificate for it either.
const POLICY: &str = "demo/nocert";

/// How often the plugin is started.
const STARTS: usize = 51;

/// By which way cosign comes to a key.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Door {
    Module,
    Plugin,
    SoftHsm,
}

/// What one door took.
struct Taken {
    samples: Samples,
    requests: usize,
    connections: usize,
    handshakes: usize,
}

#[test]
#[ignore = "a measurement: scripts/bench"]
fn cosign_sign() {
    let softhsm = Both::start();
    let head = [
        "signatures",
        "with",
        "0 ms",
        "20 ms",
        "100 ms",
        "/ SoftHSM at 0 ms",
        "round trips",
        "requests",
        "connections",
        "handshakes",
    ];
    let mut table = Table::new("cosign-sign", &head);
    let benches = DISTANCES.map(|distance| {
        Bench::with(|builder| {
            builder.tls().replay().round_trip_time(Duration::from_millis(distance))
        })
    });
    for (images, times) in if is_short() { &IMAGES[..2] } else { &IMAGES } {
        let (images, times) = (*images, rounds(*times));
        let signatures = if images == 1 { 1 } else { images + 1 };
        let near = &benches[0];
        let reference = Door::SoftHsm.measure(near, &softhsm, images, times);
        table.row(
            &[
                signatures.to_string(),
                Door::SoftHsm.name().to_owned(),
                reference.samples.milliseconds(),
            ],
            reference.samples.json(),
        );
        for door in [Door::Module, Door::Plugin] {
            let taken =
                benches.each_ref().map(|bench| door.measure(bench, &softhsm, images, times));
            for taken in &taken {
                door.judge(taken, signatures);
            }
            let [near, middle, far] = taken.each_ref().map(|taken| &taken.samples);
            let slope = (far.median() - near.median()) / 1000.0 / DISTANCES[2] as f64;
            let counts = &taken[0];
            table.row(
                &[
                    signatures.to_string(),
                    door.name().to_owned(),
                    near.milliseconds(),
                    middle.milliseconds(),
                    far.milliseconds(),
                    near.ratio(&reference.samples),
                    format!("{slope:.1}"),
                    counts.requests.to_string(),
                    counts.connections.to_string(),
                    counts.handshakes.to_string(),
                ],
                json!({ "0 ms": near.json(), "20 ms": middle.json(), "100 ms": far.json() }),
            );
        }
    }
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Plugin => "plugin",
            Self::SoftHsm => "SoftHSM",
        }
    }

    fn cosign<'b>(self, bench: &'b Bench, softhsm: &Both) -> (Cosign<'b>, String) {
        match self {
            Self::Module => (bench.cosign(Version::V3), key_of(POLICY)),
            Self::Plugin => (plugin::cosign(bench, Version::V3), format!("signpath://{POLICY}")),
            Self::SoftHsm => {
                let [(_, pin), (name, configuration)] = softhsm.softhsm_settings();
                let path = format!("token=SignPath;object={POLICY}");
                let key = format!("{}&pin-value={pin}", key_uri_of(&path, softhsm.softhsm()));
                let cosign = bench.cosign(Version::V3).without_credentials();
                (cosign.with(name, &configuration), key)
            }
        }
    }

    /// Signs as often, each time in a repository of its own; the first time is for the machine's caches.
    fn measure(self, bench: &Bench, softhsm: &Both, images: usize, times: usize) -> Taken {
        let manifests = if images == 1 { vec![bench.image()] } else { bench.index(images) };
        let (cosign, key) = self.cosign(bench, softhsm);
        let sandbox = &bench.sandbox;
        let sign = || {
            let image = bench.copy_of(&manifests[0]);
            let began = Instant::now();
            cosign.signing("sign", &key, &["--recursive", &image]).succeeds();
            began.elapsed().as_secs_f64() * 1e6
        };
        let counted = || (sandbox.request_count(), sandbox.connections(), sandbox.tls_handshakes());
        let before = counted();
        sign();
        let after = counted();
        Taken {
            samples: Samples::new((0..times).map(|_| sign()).collect()),
            requests: after.0 - before.0,
            connections: after.1 - before.1,
            handshakes: after.2 - before.2,
        }
    }

    fn judge(self, taken: &Taken, signatures: usize) {
        let connections = match self {
            Self::Module => 1,
            // Each process has its own.
            Self::Plugin => 1 + signatures,
            Self::SoftHsm => 0,
        };
        let name = self.name();
        assert_eq!(taken.requests, 1 + signatures, "{name}: the policy, and the signatures");
        assert_eq!(taken.connections, connections, "{name}: connections");
        assert_eq!(taken.handshakes, connections, "{name}: handshakes");
    }
}

#[test]
#[ignore = "a measurement: scripts/bench"]
fn plugin_starts() {
    let bench = Bench::new();
    let plugin = Tool::KmsPlugin.path();
    let call = plugin_call(&format!("signpath://{POLICY}"), "supportedAlgorithms");
    let start = || {
        let mut command = bench.place.command(&plugin);
        command.args(["v1", &call]).envs(bench.sandbox.environment());
        let began = Instant::now();
        Ran::of(&mut command).succeeds();
        began.elapsed().as_secs_f64() * 1e6
    };
    let samples = Samples::new((0..rounds(STARTS)).map(|_| start()).collect());
    assert_eq!(bench.sandbox.request_count(), 0, "no service is asked for that");
    let head = ["start of the plugin, without a request", "processes for one `cosign sign`"];
    Table::new("plugin-starts", &head)
        .row(&[samples.milliseconds(), processes(&bench, &plugin).to_string()], samples.json());
}

/// How often cosign starts the plugin to sign one image: what it starts notes a line and becomes the plugin.
fn processes(bench: &Bench, plugin: &Path) -> usize {
    let place = Workplace::new();
    let starts = place.path("starts");
    let script = format!("#!/bin/sh\necho >>'{}'\nexec '{}' \"$@\"\n", text(&starts), text(plugin));
    let script = place.write("sigstore-kms-signpath", script);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let folder = text(script.parent().expect("a folder"));
    let cosign =
        plugin::cosign(bench, Version::V3).with("PATH", &format!("{folder}:/usr/bin:/bin"));
    cosign.sign(&format!("signpath://{POLICY}"), &bench.image()).succeeds();
    fs::read_to_string(starts).expect("it was started").lines().count()
}
