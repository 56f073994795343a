//! Whether the module hides certificates from cosign: what it shows ends up in bundles, which `cosign verify --key` then
//! rejects.

use signpath_client::Config;
use signpath_client::config::{Certificates, CosignVariables, HostProgram};

use super::check::Check;
use super::cosign::Cosign;
use super::finding::Finding;

const ADVICE: &str = "take SIGNPATH_CRYPTOKI_CERTIFICATES (Cryptoki.Certificates) away or set it to auto, or set \
     COSIGN_PKCS11_IGNORE_CERTIFICATE=1 for cosign";

pub(super) fn finding(
    config: &Config,
    variables: &CosignVariables,
    cosign: Option<&Cosign>,
) -> Finding {
    let host = cosign.map_or_else(|| HostProgram::named("cosign"), Cosign::host);
    let (shown, why) = config.shows_certificates_to(&host);
    if !shown {
        let others = match config.certificates {
            Certificates::Never => {
                "; programs that know keys by their certificates (Java, GnuPG) find none"
            }
            _ => "",
        };
        return Finding::ok(Check::Certificates, format!("{why}{others}"));
    }
    if variables.ignores_certificates {
        let text = format!("{why}; cosign does not take them (COSIGN_PKCS11_IGNORE_CERTIFICATE=1)");
        return Finding::ok(Check::Certificates, text);
    }
    let text =
        format!("{why}: cosign verify --key will reject what cosign v3 signs with --key pkcs11:…");
    Finding::warning(Check::Certificates, text, ADVICE)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn of(setting: &str, ignores_certificates: bool) -> Finding {
        let environment =
            |name: &str| (name == "SIGNPATH_CRYPTOKI_CERTIFICATES").then(|| setting.into());
        let config = Config::from_sources(environment, HostProgram::named("signpath-cosign"));
        let variables = CosignVariables { ignores_certificates, ..CosignVariables::default() };
        finding(&config.unwrap(), &variables, None)
    }

    #[test]
    fn certificates_that_cosign_sees_are_a_warning() {
        for (setting, ignores, state, said) in [
            ("auto", false, State::Ok, "the program is cosign"),
            ("never", false, State::Ok, "Java"),
            ("always", false, State::Warning, "will reject"),
            ("always", true, State::Ok, "does not take them"),
        ] {
            let found = of(setting, ignores);
            assert_eq!(found.state, state, "{setting}");
            assert!(found.text.contains(said), "{}", found.text);
        }
    }
}
