//! What has to be seen from outside of the process: its threads, its environment.

use std::net::SocketAddr;
use std::process::Command;

use super::*;

/// Runs an ignored test of this file in a process of its own.
fn in_own_process(test: &str, environment: &[(&str, String)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("http::tests::process::{test}"),
            "--ignored",
            "--test-threads=1",
        ])
        .envs(environment.iter().map(|(name, value)| (name, value.as_str())))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

const ADDRESS: &str = "SIGNPATH_TEST_RESPONDER";

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent process tells where its responder is"
)]
fn parents_responder() -> SocketAddr {
    std::env::var(ADDRESS).unwrap().parse().unwrap()
}

fn threads_of(process: &str) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().count()
}

#[test]
fn guard_6_no_thread_is_started_before_during_or_after_a_request() {
    let responder = Responder::start(|request, _| {
        let token = request.header("authorization").unwrap();
        let (process, threads) = token.strip_prefix("Bearer ").unwrap().split_once(':').unwrap();
        let during = threads_of(process);
        let as_before = during.to_string() == threads;
        Reply::status(if as_before { 200 } else { 400 }, &format!("{during} instead of {threads}"))
    });
    let address = responder.address().to_string();
    in_own_process("child_counts_its_threads", &[(ADDRESS, address)]);
    assert_eq!(responder.received().len(), 4);
}

#[test]
#[ignore = "run by guard_6 in a process of its own"]
fn child_counts_its_threads() {
    let address = parents_responder();
    let port = address.port();
    let base = format!("http://localhost:{port}/Api");
    let by_name = Settings { base, service: named("localhost", port), ..settings(address) };
    for settings in [settings(address), by_name] {
        let before = threads_of("self");
        let transport = Transport::new(settings);
        let token = Token::new(format!("{}:{before}", std::process::id()));
        for _ in 0..2 {
            transport.send(&get(), &token, LONG).unwrap();
            assert_eq!(threads_of("self"), before);
        }
        drop(transport);
        assert_eq!(threads_of("self"), before);
    }
}

#[test]
fn proxies_of_the_environment_are_not_taken_behind_the_configurations_back() {
    let responder = Responder::script(vec![Reply::status(200, "direct")]);
    let proxy = Responder::script(vec![Reply::status(500, "proxy")]);
    let url = format!("http://{}", proxy.address());
    let mut environment = vec![(ADDRESS, responder.address().to_string())];
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"] {
        environment.push((name, url.clone()));
    }
    environment.extend([("no_proxy", String::new()), ("NO_PROXY", String::new())]);
    in_own_process("child_sends_a_request", &environment);
    assert!(proxy.received().is_empty());
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn child_sends_a_request() {
    let transport = Transport::new(settings(parents_responder()));
    assert_eq!(send(&transport, &get()).unwrap().body, b"direct");
}
