//! Why it does not work: the configuration, the service, cosign, and a command line, looked at one after the other. Nothing
//! is signed and nothing is written.

mod cosign;
mod day;
mod public_log;

use std::net::ToSocketAddrs;

use serde::Serialize;
use signpath_client::config::Place;
use signpath_client::{Config, Policy};

use crate::error::Error;
use crate::service;
use crate::terminal;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Error,
}

/// A line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    state: State,
    check: &'static str,
    text: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { state: State::Ok, check, text: text.into(), advice: None }
    }

    fn warning(check: &'static str, text: impl Into<String>, advice: &str) -> Self {
        Self { state: State::Warning, advice: Some(advice.to_owned()), ..Self::ok(check, text) }
    }

    fn error(check: &'static str, text: impl Into<String>, advice: &str) -> Self {
        Self { state: State::Error, ..Self::warning(check, text, advice) }
    }

    fn of(check: &'static str, error: &Error) -> Self {
        let advice = error.advice().map(str::to_owned);
        Self { state: State::Error, advice, ..Self::ok(check, error.statement()) }
    }

    fn line(&self) -> String {
        let state = match self.state {
            State::Ok => "ok     ",
            State::Warning => "warning",
            State::Error => "error  ",
        };
        let advice = self.advice.iter().map(|advice| format!("\n         → {advice}"));
        format!("{state}  {}: {}{}", self.check, self.text, advice.collect::<String>())
    }
}

/// Looks, and reports. With a command of cosign, also whether that would reach the public log.
///
/// # Errors
/// If there is an error among the findings.
pub(crate) fn run(command: &[String], json: bool) -> Result<(), Error> {
    let mut findings = of_the_service();
    findings.extend(cosign::findings());
    if !command.is_empty() {
        findings.push(public_log::finding(command));
    }
    if json {
        let text = serde_json::to_string_pretty(&findings);
        terminal::line(
            &text.map_err(|error| Error::failed("the report cannot be written").because(error))?,
        )?;
    } else {
        findings.iter().try_for_each(|finding| terminal::line(&finding.line()))?;
    }
    match findings.iter().filter(|finding| finding.state == State::Error).count() {
        0 => Ok(()),
        1 => Err(Error::failed("there is one error in the report")),
        errors => Err(Error::failed(format!("there are {errors} errors in the report"))),
    }
}

fn of_the_service() -> Vec<Finding> {
    let config = match service::configuration() {
        Ok(config) => config,
        Err(error) => return vec![Finding::of("configuration", &error)],
    };
    let mut findings = of_the_configuration(&config);
    findings.extend(name(&config));
    let policies = match service::open(&config) {
        Err(error) => return with(findings, Finding::of("credentials", &error)),
        Ok(client) => client.policies(),
    };
    match policies {
        // The client's error says how far it came: connection, proxy, TLS, token.
        Err(error) => with(findings, Finding::of("service", &error.into())),
        Ok(policies) => {
            findings.push(Finding::ok(
                "service",
                format!("{} answers and takes the token", config.api_url),
            ));
            findings.extend(of_the_policies(&policies));
            findings
        }
    }
}

fn with(mut findings: Vec<Finding>, last: Finding) -> Vec<Finding> {
    findings.push(last);
    findings
}

/// What is set, secrets hidden by the configuration itself, and what it finds odd.
fn of_the_configuration(config: &Config) -> Vec<Finding> {
    let set = config.origins().filter(|origin| origin.place != Place::Default);
    let shown = set.map(|origin| {
        let value = origin.value.as_deref().unwrap_or_default();
        let text = format!("{} = {value} (from {})", origin.setting.name(), origin.place);
        Finding::ok("configuration", text)
    });
    let advice = "the README's table of settings says what is allowed";
    let odd = config.warnings().iter().map(|text| Finding::warning("configuration", text, advice));
    shown.chain(odd).collect()
}

/// Behind a proxy the service's name is the proxy's business.
fn name(config: &Config) -> Option<Finding> {
    let url = &config.api_url;
    let proxy = config.proxy.for_host(url.scheme(), url.host());
    let (host, port) = match &proxy {
        Err(error) => return Some(Finding::of("proxy", &error.clone().into())),
        Ok(Some(proxy)) => (proxy.host(), proxy.port()),
        Ok(None) => (url.host(), url.port()),
    };
    let way = if matches!(proxy, Ok(Some(_))) { "the proxy " } else { "" };
    Some(match (host, port).to_socket_addrs().map(|addresses| addresses.count()) {
        Ok(1..) => Finding::ok("name", format!("{way}{host} has an address")),
        _ => Finding::error(
            "name",
            format!("{way}{host} has no address"),
            "check the name, and this machine's DNS",
        ),
    })
}

/// Certificates that end within so many days are worth a word.
const SOON: u64 = 30;

fn of_the_policies(policies: &[Policy]) -> Vec<Finding> {
    let names: Vec<_> = policies.iter().map(Policy::name).collect();
    if names.is_empty() {
        let advice = "make the token's user a submitter of a signing policy in SignPath";
        return vec![Finding::error("policies", "this token may use no signing policy", advice)];
    }
    let listed = Finding::ok("policies", names.join(", "));
    let ending = policies.iter().filter_map(|policy| {
        let end = policy.certificate()?.end_date();
        let name = policy.name();
        if end < day::digits(0)? {
            let advice = "renew it in SignPath; the key changes with it";
            Some(Finding::warning(
                "policies",
                format!("the certificate of {name} has expired"),
                advice,
            ))
        } else if end < day::digits(SOON)? {
            let advice = "renew it in SignPath, and give verifiers the new key";
            let text = format!("the certificate of {name} expires within {SOON} days");
            Some(Finding::warning("policies", text, advice))
        } else {
            None
        }
    });
    std::iter::once(listed).chain(ending).collect()
}
