//! Loaded, used and let go of, again and again.

use super::{descriptors, resident, signs, tasks, whole_run};
use crate::harness::{Module, alone_beside_a_sandbox, variable};

const LOADS: usize = 1000;

/// After so many loads memory has come to what it stays at: the allocator's pools, the tables of the loader.
const SETTLED: usize = 100;

/// So much more it may be after all the others, in KiB: about a kilobyte a load. What the allocator keeps comes to its end later: 0.7 MiB
/// more were measured after 1,000 loads, and 0.75 after 3,000.
const GROWTH: u64 = 1024;

/// What the process has after some rounds, and after a thousand.
fn a_thousand_times(round: impl Fn()) -> [(Vec<String>, u64); 2] {
    let threads = tasks();
    (0..SETTLED).for_each(|_| round());
    let settled = (descriptors(), resident());
    (SETTLED..LOADS).for_each(|_| round());
    assert_eq!(tasks(), threads);
    let end = (descriptors(), resident());
    println!("\n| {} KiB after {SETTLED} loads, {} KiB after {LOADS} |", settled.1, end.1);
    assert!(end.1 < settled.1 + GROWTH, "{} KiB, then {} KiB", settled.1, end.1);
    [settled, end]
}

/// The connection outlives C_Finalize, and is one after a thousand loads, too.
#[test]
fn a_thousand_loads_leave_no_memory_no_thread_and_one_connection() {
    alone_beside_a_sandbox(|_| {
        let before = descriptors();
        let [settled, end] = a_thousand_times(|| whole_run(&Module::load()));
        assert_eq!(end.0, settled.0);
        let sockets = |all: &[String]| all.iter().filter(|lead| lead.as_str() == "socket").count();
        assert_eq!(sockets(&end.0), sockets(&before) + 1, "{:?}", end.0);
    })
    .show_table();
}

/// A logout after a PIN ends the connection, so that nothing stays open.
#[test]
fn a_thousand_loads_with_a_login_and_a_logout_leave_no_file_descriptor() {
    alone_beside_a_sandbox(|_| {
        let [organization, token] = ["SIGNPATH_ORGANIZATION_ID", "SIGNPATH_API_TOKEN"]
            .map(|name| variable(name).unwrap().into_string().unwrap());
        let pin = format!("{organization}:{token}");
        let before = descriptors();
        let [_, end] = a_thousand_times(|| {
            let module = Module::started();
            let session = module.session();
            session.login(&pin).unwrap();
            signs(&module);
            session.logout().unwrap();
            module.finalize().unwrap();
        });
        assert_eq!(end.0, before);
    })
    .show_table();
}
