//! Whether a command of cosign would write to Sigstore's public log, where entries stay for good. What cosign makes of the
//! options is from its sources of 2.0.0, 2.6.4 and 3.1.2 (`cli/sign.go`, `cli/signcommon/common.go`).

mod command_line;
mod configuration;
mod log;

use std::path::Path;

use signpath_client::config::CosignVariables;

use super::check::Check;
use super::cosign::Version;
use super::finding::Finding;

use command_line::{Reading, Signing};

const ADVICE: &str = "give --signing-config a file from `cosign signing-config create` without further options (cosign v3), or \
     --tlog-upload=false (v2; with --use-signing-config=false v3 too)";

/// How a cosign treats signing configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// Before 2.6: there are none.
    Older,
    /// 2.6: on request, beside the new bundle format.
    Asked,
    /// From 3.0 on: Sigstore's own is taken unless told otherwise.
    Default,
    /// Not known which.
    Unknown,
}

/// The command's words, its program among them; the environment, and the version of the cosign on the search path.
pub(super) fn finding(
    command: &[String],
    variables: &CosignVariables,
    version: Option<Version>,
) -> Finding {
    match command_line::read(command) {
        Reading::Signing(signing) => {
            let generation = Generation::of(version);
            let said = Said::read(&signing, variables);
            said.and_then(|said| said.refusal(generation).map_or(Ok(said), Err)).map_or_else(
                |why| {
                    Finding::error(
                        Check::PublicLog,
                        format!("cosign refuses the command: {why}"),
                        ADVICE,
                    )
                },
                |said| said.finding(generation),
            )
        }
        Reading::Other => Finding::ok(Check::PublicLog, "the command writes no signature"),
        Reading::Ours => Finding::ok(Check::PublicLog, "signpath-cosign writes to no log"),
        Reading::Unknown => Finding::warning(
            Check::PublicLog,
            "no word of the command is cosign for certain, and so it is not known",
            "give the command as words, not in quotes, and as it is run at last: -- cosign sign …",
        ),
    }
}

impl Generation {
    fn of(version: Option<Version>) -> Self {
        match version {
            None => Self::Unknown,
            Some((3.., ..)) => Self::Default,
            Some((2, 6.., _)) => Self::Asked,
            Some(_) => Self::Older,
        }
    }
}

/// What the options say, those that are not there as `None`.
struct Said {
    uploads: Option<bool>,
    uses_configuration: Option<bool>,
    is_bundle: Option<bool>,
    configuration: Option<String>,
    log: Option<String>,
    /// Only these of the subcommands need `new-bundle-format`.
    is_of_image: bool,
    /// `--bundle`, which the others of the subcommands have.
    is_blob_in_bundle: bool,
}

impl Said {
    /// The command line wins over variables before it, and these over the environment.
    fn read(signing: &Signing<'_>, variables: &CosignVariables) -> Result<Self, String> {
        let inherited = |name: &str| {
            let option = variables.options.iter().find(|(option, ..)| *option == name);
            option.map(|(_, _, value)| value.as_str())
        };
        let text = |name: &str| signing.option(name).or_else(|| inherited(name));
        let switch = |name: &str| match text(name).map(|value| (value, boolean(value))) {
            None => Ok(None),
            Some((_, Some(value))) => Ok(Some(value)),
            Some((value, None)) => Err(format!("--{name} cannot be \"{value}\"")),
        };
        let named = |name: &str| text(name).filter(|value| !value.is_empty()).map(str::to_owned);
        Ok(Self {
            uploads: switch("tlog-upload")?,
            uses_configuration: switch("use-signing-config")?,
            is_bundle: switch("new-bundle-format")?,
            configuration: named("signing-config"),
            log: named("rekor-url").filter(|url| !log::is_public(url)),
            is_blob_in_bundle: named("bundle").is_some(),
            is_of_image: matches!(signing.subcommand, "sign" | "attest"),
        })
    }

    fn takes_configuration(&self, generation: Generation) -> bool {
        let by_default = generation == Generation::Default;
        self.configuration.is_some() || self.uses_configuration.unwrap_or(by_default)
    }

    /// Why cosign does not even begin.
    fn refusal(&self, generation: Generation) -> Option<String> {
        let is_named = self.configuration.is_some();
        let takes_one = self.takes_configuration(generation);
        let why = match generation {
            _ if is_named && self.uses_configuration.is_some() => {
                "--signing-config and --use-signing-config exclude each other"
            }
            Generation::Older if is_named || self.uses_configuration.is_some() => {
                "versions before 2.6 know no signing configuration"
            }
            Generation::Default if takes_one && self.uploads == Some(false) => {
                "v3 takes --tlog-upload=false only with --use-signing-config=false"
            }
            Generation::Default | Generation::Asked if takes_one && self.log.is_some() => {
                "--rekor-url and a signing configuration exclude each other"
            }
            Generation::Asked if takes_one && self.is_of_image && self.is_bundle != Some(true) => {
                "2.6 takes a signing configuration only with --new-bundle-format"
            }
            Generation::Default
                if takes_one && self.is_bundle == Some(false) && !self.is_blob_in_bundle =>
            {
                "a signing configuration and --new-bundle-format=false exclude each other"
            }
            _ => return None,
        };
        Some(why.to_owned())
    }

    fn finding(&self, generation: Generation) -> Finding {
        if let Some(file) = &self.configuration {
            return configuration::finding(Path::new(file));
        }
        if self.takes_configuration(generation) {
            let text = "the command would take Sigstore's signing configuration, and write to its public log, for good";
            return Finding::error(Check::PublicLog, text, ADVICE);
        }
        match (self.uploads, &self.log) {
            (Some(false), _)
                if generation == Generation::Unknown && self.uses_configuration.is_none() =>
            {
                let text = "--tlog-upload=false keeps cosign v2 off; v3 refuses it without --use-signing-config=false";
                Finding::ok(Check::PublicLog, text)
            }
            (Some(false), _) => {
                Finding::ok(Check::PublicLog, "--tlog-upload=false keeps the command off")
            }
            (_, Some(log)) => {
                let log = log::shown(log);
                let text = format!("the command would write to the log {log}, for good");
                Finding::warning(Check::PublicLog, text, ADVICE)
            }
            _ => {
                let text = "the command would write to Sigstore's public log, for good";
                Finding::error(Check::PublicLog, text, ADVICE)
            }
        }
    }
}

/// As Go's strconv.ParseBool reads it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
