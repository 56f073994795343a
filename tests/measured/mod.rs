//! What is measured: `scripts/bench` runs it on the module that is shipped and shows the tables. Only what is counted (requests,
//! connections, threads) and what grows is judged here; no other test looks at times.

mod bare;
mod caller;
mod cosign;
mod load;
mod local;
mod picture;
mod report;
mod searches;
mod start;
mod warm;

use std::{fs, path::Path, time::Duration};

use signpath_sandbox::{Builder, Generation, KeyType, PolicyConfig, Sandbox};

use crate::harness::{Workplace, sandbox_builder, variable};

/// Set where only counts are looked at: everything is done once or twice.
const SHORT: &str = "SIGNPATH_BENCH_SHORT";

/// How far the service is away: round trips in milliseconds.
const DISTANCES: [u64; 3] = [0, 20, 100];

/// The signing policies that are measured, and how the module signs with them.
const POLICIES: [(&str, KeyType); 2] = [("demo/ec", KeyType::P256), ("demo/rsa", KeyType::Rsa3072)];

fn is_short() -> bool {
    variable(SHORT).is_some()
}

/// So many rounds, or one.
fn rounds(many: usize) -> usize {
    if is_short() { 1 } else { many }
}

/// A service that costs as little as it can, and is so far away.
struct Service {
    sandbox: Sandbox,
    /// Has the root of its certificate in a file.
    place: Workplace,
}

impl Service {
    fn at(round_trip: Duration, change: impl FnOnce(Builder) -> Builder) -> Self {
        let policies = POLICIES.map(|(name, key)| PolicyConfig::new(name, key));
        let builder = sandbox_builder().policies(policies).tls().replay();
        let sandbox = change(builder.round_trip_time(round_trip)).start().expect("a sandbox");
        sandbox.prepare().expect("it has its keys");
        Self { sandbox, place: Workplace::new() }
    }

    fn new(round_trip: Duration) -> Self {
        Self::at(round_trip, |builder| builder)
    }

    fn old(round_trip: Duration) -> Self {
        Self::at(round_trip, |builder| builder.generation(Generation::Old))
    }
}

/// Processor time that this process has used, in seconds, by proc(5). Whoever is measured is another process, so that this is
/// the service's.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("proc(5)");
    let fields = stat.rsplit_once(')').expect("a name in brackets").1;
    let ticks = fields.split_whitespace().skip(11).take(2);
    // Linux shows a hundred ticks a second to every program.
    ticks.map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}

/// A line of a file like /proc/self/status, in KiB.
fn kibibytes(file: impl AsRef<Path>, name: &str) -> u64 {
    let text = fs::read_to_string(file).expect("proc(5)");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line is there");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}
