//! What this process has used, by proc(5).

use std::fs;

use crate::Failure;

/// Clock ticks a second, as Linux shows them to every program.
const TICKS: f64 = 100.0;

/// Processor time so far, in seconds.
pub(crate) fn processor() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("/proc/self/stat has no name")?.1;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let ticks: f64 = ticks.sum::<Result<_, _>>()?;
    Ok(ticks / TICKS)
}

/// The most memory so far, in KiB.
pub(crate) fn peak() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.ok_or("there is no VmHWM")?.trim().trim_end_matches(" kB").parse()?)
}
