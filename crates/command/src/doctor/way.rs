//! The way to the service, step by step: each step is a line, and what lies behind one that fails is not tried.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Instant;

use signpath_client::config::Route;
use signpath_client::error::{Class, Failure};
use signpath_client::{Client, Config, Probe};

use crate::error::Error;
use crate::service;

use super::check::Check;
use super::finding::{Finding, State};
use super::{clock, day, policies, tls};

/// The steps, each of which needs those before it.
const STEPS: [Check; 8] = [
    Check::Proxy,
    Check::Name,
    Check::Connection,
    Check::Tls,
    Check::Service,
    Check::Clock,
    Check::Token,
    Check::Policies,
];

/// So many addresses of a name are shown.
const SHOWN: usize = 4;

/// All steps without the configuration that they need.
pub(super) fn not_tried(why: &str) -> Vec<Finding> {
    STEPS.iter().map(|step| Finding::skipped(*step, why)).collect()
}

/// The steps up to the one that fails, and the client if there is a service that takes its token.
pub(super) fn findings(config: &Config) -> (Vec<Finding>, Option<Client>) {
    let mut findings = Vec::new();
    let client = try_steps(config, &mut findings);
    let broken = findings.iter().find(|finding| finding.state == State::Error);
    let why = broken.map(|finding| format!("not tried, as \"{}\" failed", finding.check.name()));
    let rest = STEPS.iter().filter(|step| findings.iter().all(|found| found.check != **step));
    let why = why.unwrap_or_else(|| "not tried".to_owned());
    let rest: Vec<_> = rest.map(|step| Finding::skipped(*step, why.as_str())).collect();
    findings.extend(rest);
    findings.sort_by_key(|finding| STEPS.iter().position(|step| *step == finding.check));
    (findings, client)
}

/// `None` where it ends early.
fn try_steps(config: &Config, findings: &mut Vec<Finding>) -> Option<Client> {
    let route = config.proxy.route(config.api_url.scheme(), config.api_url.host());
    push(findings, proxy(config, &route))?;
    push(findings, name(config, &route))?;
    let probe = Probe::new(config);
    let answered = probe.health();
    // The client's error says how far it came.
    let failed_at = answered.as_ref().err().map(step_of);
    let is_reached = |step: Check| failed_at.is_none_or(|failed| position(failed) > position(step));
    let error = answered.as_ref().err().map(|error| Error::from(error.clone()));
    if let (Some(error), Some(Check::Name | Check::Connection)) = (&error, failed_at) {
        findings.push(unconnected(&route, error));
        return None;
    }
    // The files of TLS are read before anything is connected.
    if !matches!(answered, Err(signpath_client::Error::Setup { .. })) {
        findings.push(Finding::ok(Check::Connection, connected(config, &route)));
    }
    let untrusted = error.as_ref().filter(|_| !is_reached(Check::Tls));
    push(findings, tls::finding(config, probe.certificate().as_ref(), untrusted))?;
    let version = probe.version();
    let health = match (&error, &answered) {
        (Some(error), _) => Finding::of(Check::Service, error),
        (None, _) => Finding::ok(Check::Service, healthy(config, version.as_ref().ok())),
    };
    findings.push(health);
    // With an error status there is somebody who answers, and who may know the token all the same.
    if !answered.as_ref().err().is_none_or(is_answer) {
        return None;
    }
    let clock = [answered.ok(), version.ok()].into_iter().flatten().find_map(|said| said.clock);
    findings.push(clock::finding(clock));
    authorized(config, findings)
}

/// Adds a step. `None` if it is one to stop at.
fn push(findings: &mut Vec<Finding>, finding: Finding) -> Option<()> {
    let goes_on = finding.state != State::Error;
    findings.push(finding);
    goes_on.then_some(())
}

fn position(step: Check) -> Option<usize> {
    STEPS.iter().position(|known| *known == step)
}

/// The step at which a request failed.
fn step_of(error: &signpath_client::Error) -> Check {
    use signpath_client::Error as Why;
    match error {
        Why::Connection { failure, .. } => match failure {
            Failure::Lookup => Check::Name,
            Failure::Connect | Failure::Proxy | Failure::Tunnel => Check::Connection,
            Failure::Trust
            | Failure::Pin
            | Failure::CertificateTime
            | Failure::CertificateName
            | Failure::Tls => Check::Tls,
            Failure::Timeout | Failure::Lost | Failure::NotTaken => Check::Service,
        },
        // A file with certificates.
        Why::Setup { .. } => Check::Tls,
        _ => Check::Service,
    }
}

fn is_answer(error: &signpath_client::Error) -> bool {
    matches!(error, signpath_client::Error::Status { .. })
}

fn proxy(config: &Config, route: &Route<'_>) -> Finding {
    let host = config.api_url.host();
    let place = |name: &str| {
        let origin = config.origins().find(|origin| origin.setting.name() == name);
        origin.map(|origin| origin.place.to_string()).unwrap_or_default()
    };
    Finding::ok(
        Check::Proxy,
        match route {
            Route::ThisMachine => format!("none, as {host} is this machine"),
            Route::NoProxySet => "none is set".to_owned(),
            Route::Bypassed(entry) => {
                format!("none, as no_proxy (from {}) has {entry}", place("no_proxy"))
            }
            Route::Proxy { url, setting } => format!("{url} (from {})", place(setting)),
            Route::Unusable(error) => {
                return Finding::of(Check::Proxy, &Error::from((*error).clone()))
                    .advised("correct the variable, or name the host in no_proxy");
            }
        },
    )
}

/// Behind a proxy the service's name is the proxy's business.
fn name(config: &Config, route: &Route<'_>) -> Finding {
    let (whose, host, port) = match route {
        Route::Proxy { url, .. } => ("the proxy ", url.host(), url.port()),
        _ => ("", config.api_url.host(), config.api_url.port()),
    };
    if host.parse::<IpAddr>().is_ok() {
        return Finding::ok(Check::Name, format!("{whose}{host} is an address"));
    }
    let (why, addresses) = match (host, port).to_socket_addrs() {
        Ok(found) => (None, found.map(|address| address.ip()).collect()),
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    if addresses.is_empty() {
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let text = format!("{whose}{host} has no address{why}");
        return Finding::error(Check::Name, text, "check the name, and this machine's DNS");
    }
    Finding::ok(Check::Name, format!("{whose}{host} is {}", listed(&addresses)))
}

/// Each once, and of many the first ones.
fn listed(addresses: &[IpAddr]) -> String {
    let mut shown: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
    shown.dedup();
    let more = if shown.len() > SHOWN { ", …" } else { "" };
    shown.truncate(SHOWN);
    format!("{}{more}", shown.join(", "))
}

/// The client's words name the proxy only where it answers.
fn unconnected(route: &Route<'_>, error: &Error) -> Finding {
    let found = Finding::of(Check::Connection, error);
    match route {
        Route::Proxy { url, .. } if !found.text.contains(url.as_str()) => {
            Finding { text: format!("the proxy {}: {}", url.as_str(), found.text), ..found }
        }
        _ => found,
    }
}

fn connected(config: &Config, route: &Route<'_>) -> String {
    let (host, port) = (config.api_url.host(), config.api_url.port());
    match route {
        Route::Proxy { url, .. } => {
            format!("the proxy {} makes a tunnel to {host} port {port}", url.as_str())
        }
        _ => format!("{host} takes connections on port {port}"),
    }
}

fn healthy(config: &Config, version: Option<&signpath_client::probe::Reached>) -> String {
    match version.and_then(|said| said.version.as_ref()) {
        Some(version) => format!("{} answers, version {version}", config.api_url),
        None => format!("{} answers, and does not tell its version", config.api_url),
    }
}

/// With a token, which is not sent before all of the above.
fn authorized(config: &Config, findings: &mut Vec<Finding>) -> Option<Client> {
    let client = match service::open(config) {
        // A report is not worth minutes of repetitions.
        Ok(client) => client.until(Instant::now() + config.request_timeout),
        Err(error) => {
            findings.push(Finding::of(Check::Token, &error));
            return None;
        }
    };
    match client.policies() {
        Ok(found) => {
            findings.push(Finding::ok(Check::Token, "the service takes it"));
            findings.extend(policies::findings(&found, day::days_since_1970()));
            service::open(config).ok()
        }
        Err(error) if error.class() == Class::Unauthorized => {
            findings.push(Finding::of(Check::Token, &error.into()));
            None
        }
        Err(error) => {
            let unknown = "not known: the service has not listed the signing policies";
            findings.push(Finding::skipped(Check::Token, unknown));
            findings.push(policies::unlisted(error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn of_many_addresses_the_first_ones_are_shown_each_once() {
        let address = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let of =
            |lasts: &[u8]| listed(&lasts.iter().map(|last| address(*last)).collect::<Vec<_>>());
        assert_eq!(of(&[1, 1, 2]), "192.0.2.1, 192.0.2.2");
        let four = "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4";
        assert_eq!(of(&[1, 2, 3, 4, 4]), four);
        assert_eq!(of(&[1, 2, 3, 4, 5]), format!("{four}, …"));
    }
}
