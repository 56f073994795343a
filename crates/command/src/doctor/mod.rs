//! Why it does not work: the configuration, the way to the service, cosign and what it needs, and a command line, looked at
//! one after the other. Nothing is signed unless a dry run is asked for, and nothing is written.

mod certificates;
mod check;
mod clock;
mod cosign;
mod day;
mod dry_run;
mod elf;
mod finding;
mod module;
mod policies;
mod program;
mod public_log;
mod tls;
mod way;

pub(crate) use module::installed as installed_module;

use std::path::PathBuf;

use signpath_client::config::{CosignVariables, Place};
use signpath_client::{Client, Config, Process};

use crate::error::Error;
use crate::service::{self, PolicyName};
use crate::terminal;

use check::Check;
use cosign::Cosign;
use finding::{Finding, State};

/// What is to be looked at beside what always is.
pub(crate) struct Order {
    /// A command of cosign, its program first; empty for none.
    pub(crate) command: Vec<String>,
    /// The module's file.
    pub(crate) module: Option<PathBuf>,
    /// The policy that signs for nothing.
    pub(crate) dry_run: Option<PolicyName>,
    pub(crate) json: bool,
}

/// Looks, and reports.
///
/// # Errors
/// If there is an error among the findings.
pub(crate) fn run(order: &Order) -> Result<(), Error> {
    let findings = report(order);
    if order.json {
        let text = serde_json::to_string_pretty(&findings);
        terminal::line(
            &text.map_err(|error| Error::failed("the report cannot be written").because(error))?,
        )?;
    } else {
        findings.iter().try_for_each(|finding| terminal::coloured_line(&finding.line()))?;
    }
    match findings.iter().filter(|finding| finding.state == State::Error).count() {
        0 => Ok(()),
        1 => Err(Error::failed("there is one error in the report")),
        errors => Err(Error::failed(format!("there are {errors} errors in the report"))),
    }
}

/// Whatever is quoted in it, of other programs and of the service, the tokens are hidden as in the log.
fn report(order: &Order) -> Vec<Finding> {
    let log = service::open_log();
    look(order).into_iter().map(|finding| finding.hidden_by(&log)).collect()
}

fn look(order: &Order) -> Vec<Finding> {
    let variables = CosignVariables::load(Process::Ordinary);
    let cosign = Cosign::find(&variables.search_path);
    let loaded = service::slots();
    let slots = loaded.as_deref().unwrap_or_default();
    let used = slots.get(service::used(slots));
    let (mut findings, client) = match &loaded {
        Ok(slots) => {
            let (way, client) = used.map(way::findings).unwrap_or_default();
            (of_the_configuration(slots).into_iter().chain(way).collect(), client)
        }
        Err(error) => {
            let broken = Finding::of(Check::Configuration, error);
            let way = way::not_tried("not tried, as the configuration cannot be used");
            (std::iter::once(broken).chain(way).collect::<Vec<_>>(), None)
        }
    };
    findings.extend(order.dry_run.as_ref().map(|policy| dry_run(client.as_ref(), policy)));
    findings.extend(cosign::findings(cosign.as_ref(), &variables.search_path));
    let labels: Vec<_> = slots.iter().map(|slot| slot.token_label.as_str()).collect();
    let module = order.module.as_deref();
    findings.push(module::finding(module, &variables, cosign.as_ref(), &labels));
    findings.push(match used {
        Some(config) => certificates::finding(config, &variables, cosign.as_ref()),
        None => {
            let why = "not known, as the configuration cannot be used";
            Finding::skipped(Check::Certificates, why)
        }
    });
    if !order.command.is_empty() {
        let version = cosign.and_then(|cosign| cosign.version);
        findings.push(public_log::finding(&order.command, &variables, version));
    }
    findings
}

fn dry_run(client: Option<&Client>, policy: &PolicyName) -> Finding {
    let not_tried = "not tried, as the signing policies cannot be read";
    client.map_or_else(
        || Finding::skipped(Check::DryRun, not_tried),
        |client| dry_run::finding(client, policy),
    )
}

/// What is set, secrets hidden by the configuration itself, and what it finds odd: of the first organization, which has what
/// holds for all, and of the one that is looked at.
fn of_the_configuration(slots: &[Config]) -> Vec<Finding> {
    let used = service::used(slots);
    let told = || slots.iter().enumerate().filter(|(slot, _)| [0, used].contains(slot));
    let mut set: Vec<_> = told().flat_map(|(_, config)| config.origins()).collect();
    set.retain(|origin| origin.place != Place::Default);
    let shown = set.iter().map(|origin| {
        let value = origin.value.as_deref().unwrap_or_default();
        let text = format!("{} = {value} (from {})", origin.setting.name(), origin.place);
        Finding::ok(Check::Configuration, text)
    });
    let mut findings: Vec<_> = shown.collect();
    findings.dedup_by(|one, other| one.text == other.text);
    if findings.is_empty() {
        findings.push(Finding::ok(Check::Configuration, "nothing is set"));
    }
    let advice = "docs/configuration.md says what is allowed";
    let odd = told().flat_map(|(_, config)| config.warnings());
    findings.extend(odd.map(|text| Finding::warning(Check::Configuration, text, advice)));
    let name = |config: &Config| config.organization.as_ref().map(ToString::to_string);
    if let (Some(name), others @ 1..) = (slots.get(used).and_then(name), slots.len() - 1) {
        let text = format!(
            "the organization {name} is looked at, and {others} more of the configuration not"
        );
        findings.push(Finding::ok(Check::Configuration, text));
    }
    findings
}
