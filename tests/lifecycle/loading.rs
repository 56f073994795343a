//! Loaded, used and let go of, again and again.

use super::{descriptors, keeps_what_is_freed, resident, signs, tasks, whole_run};
use crate::harness::{Module, alone_beside_a_sandbox, variable};

const LOADS: usize = 1000;

/// Makes them fewer where a sanitizer makes them slow.
const FEWER: &str = "SIGNPATH_TEST_LOADS";

/// After so many of a hundred loads memory has come to what it stays at: the allocator's pools, the tables of the loader.
const SETTLED: usize = 10;

/// So much more it may be after all the others, in KiB: about a kilobyte a load. What the allocator keeps comes to its end later: 0.7 MiB
/// more were measured after 1,000 loads, and 0.75 after 3,000.
const GROWTH: u64 = 1024;

/// The file descriptors that the process has after some rounds, and after a thousand.
fn a_thousand_times(round: impl Fn()) -> [Vec<String>; 2] {
    let fewer = variable(FEWER).map(|loads| loads.to_str().unwrap().parse().unwrap());
    let loads: usize = fewer.unwrap_or(LOADS);
    let first = loads * SETTLED / 100;
    let threads = tasks();
    (0..first).for_each(|_| round());
    let (settled, memory) = (descriptors(), resident());
    (first..loads).for_each(|_| round());
    assert_eq!(tasks(), threads);
    let grown = resident();
    println!("\n| {memory} KiB after {first} loads, {grown} KiB after {loads} |");
    assert!(keeps_what_is_freed() || grown < memory + GROWTH, "{memory} KiB, then {grown} KiB");
    [settled, descriptors()]
}

/// The connection outlives C_Finalize, and is one after a thousand loads, too.
#[test]
fn a_thousand_loads_leave_no_memory_no_thread_and_one_connection() {
    alone_beside_a_sandbox(|_| {
        let before = descriptors();
        let [settled, end] = a_thousand_times(|| whole_run(&Module::load()));
        assert_eq!(end, settled);
        let sockets = |all: &[String]| all.iter().filter(|lead| lead.as_str() == "socket").count();
        assert_eq!(sockets(&end), sockets(&before) + 1, "{end:?}");
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
        assert_eq!(end, before);
    })
    .show_table();
}
