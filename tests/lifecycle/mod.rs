//! The module's life in a host that goes on: loading, forks, threads that all want something at once, and what is the host's own.

mod forks;
mod host;
mod loading;
mod threads;

use std::{collections::BTreeSet, fs, time::Duration};

use cryptoki_sys::*;

use crate::harness::{Module, variable};

/// The names of this process's threads.
pub(crate) fn tasks() -> BTreeSet<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks.map(|task| task.unwrap().file_name().into_string().unwrap()).collect()
}

/// What the open file descriptors lead to, sorted: the kind of a socket or an epoll set, the path of a file.
fn descriptors() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    // One of them is that of the folder itself, now and the next time.
    let leads = entries.map(|entry| fs::read_link(entry.unwrap().path()));
    let lead = |path: std::path::PathBuf| {
        let path = path.to_string_lossy().into_owned();
        path.split(":[").next().map(str::to_owned).unwrap_or(path)
    };
    let mut kinds: Vec<_> = leads.flatten().map(lead).collect();
    kinds.sort();
    kinds
}

/// The memory that this process has in use, in KiB (VmRSS of proc_pid_status(5)).
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Whether what is freed stays in the memory of this process, as AddressSanitizer keeps it: growth says nothing then, and what is leaked
/// is its own to find.
pub(crate) fn keeps_what_is_freed() -> bool {
    variable("ASAN_OPTIONS").is_some()
}

/// The kernel ends this process then, so that a deadlock is a failure.
fn limit(time: Duration) {
    // SAFETY: alarm has no preconditions, and nothing else here uses it.
    unsafe { libc::alarm(u32::try_from(time.as_secs()).unwrap()) };
}

/// Begins a run, signs, and ends it.
fn whole_run(module: &Module) {
    module.initialize().unwrap();
    signs(module);
    module.finalize().unwrap();
}

fn signs(module: &Module) {
    let session = module.session();
    session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]).unwrap();
}
