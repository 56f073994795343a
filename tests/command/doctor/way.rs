//! The way to the service: where it breaks, and that nothing behind that is tried.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use signpath_sandbox::{Fault, Route, Sandbox};

use super::*;
use crate::harness::requested;

/// So that a report takes no longer than it must.
fn hurried(variables: Variables) -> Variables {
    set(variables, "SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "1")
}

/// A proxy that answers every request with this.
fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let lines = BufReader::new(client.try_clone().unwrap()).lines();
            assert!(lines.map_while(Result::ok).any(|line| line.is_empty()), "a head");
            client
                .write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes())
                .ok();
        }
    });
    format!("http://127.0.0.1:{}", address.port())
}

#[test]
fn each_step_that_fails_is_an_error_and_those_behind_it_are_not_tried() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let good = hurried(sandbox.environment());
    let url = |url: &str| set(good.clone(), "SIGNPATH_API_URL", url);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = url("https://service.invalid/Api");
    let through = |proxy: &str| set(away.clone(), "https_proxy", proxy);
    let cases: [(Variables, &str, &str, &[&str]); 7] = [
        // Every program of a place has a proxy, behind which names are not looked up.
        (
            set(away.clone(), "no_proxy", "*"),
            "name",
            "service.invalid has no address",
            &["connection", "tls", "clock"],
        ),
        (url(&format!("http://{nobody}/Api")), "connection", "no connection", &["tls", "service"]),
        (through("127.0.0.1:1"), "connection", "the proxy http://127.0.0.1:1: ", &["tls", "token"]),
        (through(&proxy("403 Forbidden")), "connection", "the proxy makes no connection", &["tls"]),
        (through(&proxy("407 Sorry")), "connection", "asks for a user name", &["tls", "token"]),
        (set(good.clone(), "SIGNPATH_API_TOKEN", "wr0ng"), "token", "401", &["policies"]),
        (without(&good, "SIGNPATH_API_TOKEN"), "token", "no credentials", &["policies"]),
    ];
    for (variables, check, said, skipped) in cases {
        let ended = doctor(&place, &variables, &[]);
        assert_eq!(ended.code, Some(1), "{check}: {}", ended.text());
        expect(&ended, check, "error", said);
        assert!(!ended.text().contains("wr0ng"), "{}", ended.text());
        for step in skipped {
            expect(&ended, step, "skipped", &format!("\"{check}\" failed"));
        }
    }
    // It holds, so it is an error of the configuration already.
    expect(&doctor(&place, &through("ftp://p:1"), &[]), "configuration", "error", "ftp://p:1");
}

#[test]
fn behind_a_proxy_the_services_name_is_not_looked_up() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let away = set(sandbox.environment(), "SIGNPATH_API_URL", "https://service.invalid/Api");
    let proxied = set(away, "HTTPS_PROXY", &proxy("503 Busy"));
    let ended = doctor(&place, &proxied, &[]);
    expect(&ended, "proxy", "ok", "(from the environment variable HTTPS_PROXY)");
    expect(&ended, "name", "ok", "the proxy 127.0.0.1 is an address");
    let bypassed = doctor(&place, &set(proxied, "NO_PROXY", "x.example,.invalid"), &[]);
    let said = "none, as no_proxy (from the environment variable NO_PROXY) has invalid";
    expect(&bypassed, "proxy", "ok", said);
    expect(&bypassed, "name", "error", "service.invalid has no address");
}

#[test]
fn the_servers_certificate_is_described_whether_it_is_trusted_or_not() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().tls().start().unwrap());
    let good = sandbox.environment();
    let trusted = doctor(&place, &good, &[]);
    assert_eq!(trusted.code, Some(0), "{}", trusted.text());
    expect(&trusted, "tls", "ok", "a certificate issued by CN=");
    expect(&trusted, "tls", "ok", "and TlsCaCertificate (");
    let other = sandbox_builder().tls().start().unwrap();
    let root = place.write("other.pem", other.ca_certificate_pem().unwrap());
    let root = root.display().to_string();
    let unknown = without(&good, "SIGNPATH_TLS_CA_CERTIFICATE");
    let unknown = set(unknown, "SSL_CERT_FILE", &root);
    sandbox.clear_requests();
    let untrusted = doctor(&place, &unknown, &[]);
    expect(&untrusted, "tls", "error", "is not trusted");
    expect(&untrusted, "tls", "error", "a certificate issued by CN=");
    expect(&untrusted, "tls", "error", &format!("judged by the roots of SSL_CERT_FILE ({root})"));
    assert!(untrusted.text().contains("SIGNPATH_TLS_CA_CERTIFICATE"), "{}", untrusted.text());
    expect(&untrusted, "token", "skipped", "\"tls\" failed");
    assert!(sandbox.requests().is_empty(), "nothing was sent");
    let missing = set(good, "SIGNPATH_TLS_CA_CERTIFICATE", "/nowhere/ca.pem");
    let missing = doctor(&place, &missing, &[]);
    expect(&missing, "tls", "error", "/nowhere/ca.pem, which cannot be read");
    expect(&missing, "connection", "skipped", "\"tls\" failed");
}

fn date(seconds_from_now: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let output = Ran::of(
        Workplace::new()
            .command("date")
            .args(["--utc", "--date", &format!("@{}", now.cast_signed() + seconds_from_now)])
            .arg("+%a, %d %b %Y %H:%M:%S GMT"),
    );
    output.succeeds().stdout.trim().to_owned()
}

#[test]
fn a_clock_that_is_wrong_is_told_by_the_date_of_the_service() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    for (ahead, code, state, said) in [
        (7_300, 0, "warning", "this machine's is 2 hours behind the service's"),
        (-600, 0, "warning", "minutes ahead of the service's"),
        (10 * 86_400, 1, "error", "days behind"),
    ] {
        sandbox.inject(Fault::on(Route::Health).status(200).header("Date", &date(ahead)));
        let ended = doctor(&place, &sandbox.environment(), &[]);
        assert_eq!(ended.code, Some(code), "{}", ended.text());
        expect(&ended, "clock", state, said);
        expect(&ended, "token", "ok", "takes it");
    }
}

#[test]
fn a_service_that_is_not_well_is_told_and_asked_for_the_policies_all_the_same() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = hurried(sandbox.environment());
    sandbox.inject(Fault::on(Route::Health).status(503));
    let ended = doctor(&place, &variables, &[]);
    expect(&ended, "service", "error", "503");
    expect(&ended, "clock", "ok", "agrees");
    expect(&ended, "policies", "ok", "demo/ec");
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().status(503));
    let ended = doctor(&place, &variables, &["--dry-run", "demo/ec"]);
    expect(&ended, "token", "skipped", "not known");
    expect(&ended, "policies", "error", "503");
    expect(&ended, "dry run", "skipped", "cannot be read");
    sandbox.clear_faults();
    sandbox.inject(Fault::on(Route::Health).never_answer());
    let impatient = set(variables, "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "0.2");
    let ended = doctor(&place, &impatient, &[]);
    expect(&ended, "service", "error", "no whole answer in time");
    expect(&ended, "token", "skipped", "\"service\" failed");
}

#[test]
fn an_address_where_no_service_is_is_told_by_its_answer() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let health = || Fault::on(Route::Health);
    sandbox.inject(health().status(404));
    let ended = doctor(&place, &sandbox.environment(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    expect(&ended, "service", "error", "404");
    sandbox.inject(health().status(302).header("Location", "https://login.example/"));
    sandbox.clear_requests();
    let ended = doctor(&place, &sandbox.environment(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    expect(&ended, "connection", "ok", "takes connections");
    expect(&ended, "service", "error", "login.example");
    expect(&ended, "token", "skipped", "\"service\" failed");
    assert_eq!(requested(&sandbox, Route::MySigningPolicies), 0, "the token was not sent");
}

#[test]
fn an_organization_without_hash_signing_is_a_warning() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = sandbox.environment();
    let advised = |ended: &Ended| assert!(ended.text().contains("go by its certificate"));
    let narrowed = set(variables.clone(), "SIGNPATH_SIGNING_POLICY_SLUG", "none");
    let ended = doctor(&place, &narrowed, &[]).succeeds();
    expect(&ended, "token", "ok", "takes it");
    expect(&ended, "policies", "warning", "no signing policy for hash signing");
    advised(&ended);
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().status(403));
    let ended = doctor(&place, &variables, &["--dry-run", "demo/ec"]).succeeds();
    expect(&ended, "policies", "warning", "403");
    expect(&ended, "dry run", "skipped", "cannot be read");
    advised(&ended);
}

fn signatures(sandbox: &Sandbox) -> usize {
    requested(sandbox, Route::SignHash)
}

#[test]
fn a_dry_run_signs_once_and_only_when_it_is_asked_for() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = sandbox.environment();
    doctor(&place, &variables, &[]);
    assert_eq!(signatures(&sandbox), 0);
    for policy in ["demo/ec", "demo/rsa"] {
        sandbox.clear_requests();
        let ended = doctor(&place, &variables, &["--dry-run", policy]);
        assert_eq!((ended.code, signatures(&sandbox)), (Some(0), 1), "{}", ended.text());
        expect(&ended, "dry run", "ok", "has signed a digest, and the signature fits its key");
        let requests = sandbox.requests();
        let signing = requests.iter().find(|request| request.route == Some(Route::SignHash));
        let body = String::from_utf8_lossy(&signing.unwrap().body);
        assert!(body.contains(r#""description":"signpath-cosign doctor --dry-run""#), "{body}");
    }
    let ended = doctor(&place, &variables, &["--dry-run", "demo/approval"]);
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    expect(&ended, "dry run", "warning", "approval");
    assert!(ended.text().contains("signpath://demo/approval?via=request"), "{}", ended.text());
    sandbox.inject(Fault::on(Route::SignHash).wrong_signature());
    let ended = doctor(&place, &variables, &["--dry-run", "demo/ec"]);
    expect(&ended, "dry run", "error", "is wrong and was thrown away");
    let ended = doctor(&place, &variables, &["--dry-run", "demo/x"]);
    expect(&ended, "dry run", "error", "this token cannot sign with demo/x");
    assert_eq!(doctor(&place, &variables, &["--dry-run", "demo"]).code, Some(2));
}

#[test]
fn a_report_of_a_service_that_is_silent_ends_in_time() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().never_answer());
    let variables = set(sandbox.environment(), "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "0.5");
    let start = std::time::Instant::now();
    expect(&doctor(&place, &variables, &[]), "policies", "error", "no whole answer in time");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
