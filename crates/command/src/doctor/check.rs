//! The checks, one table. docs/doctor.md has it too, with what to do.

use serde::{Serialize, Serializer};

/// What a line of the report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Configuration,
    Proxy,
    Name,
    Connection,
    Tls,
    Service,
    Clock,
    Token,
    Policies,
    DryRun,
    Cosign,
    Plugin,
    Module,
    Certificates,
    PublicLog,
}

/// Each check, its name in the report, and what it looks at, in the order of the report.
const CHECKS: &[(Check, &str, &str)] = &[
    (
        Check::Configuration,
        "configuration",
        "every setting that is set, and where its value comes from",
    ),
    (
        Check::Proxy,
        "proxy",
        "which way requests take, and which setting or entry of `no_proxy` decides it",
    ),
    (
        Check::Name,
        "name",
        "the addresses of the next hop: of the proxy if there is one, else of the service",
    ),
    (
        Check::Connection,
        "connection",
        "whether the next hop takes a connection, and the proxy makes a tunnel",
    ),
    (
        Check::Tls,
        "tls",
        "the server's certificate: its issuer, its last day, the roots it is judged by",
    ),
    (
        Check::Service,
        "service",
        "`GET <ApiUrl>/healthz` without a token, and the service's version",
    ),
    (Check::Clock, "clock", "this machine's clock against the `Date` of the service's answer"),
    (Check::Token, "token", "whether organization and token are set, and the service takes them"),
    (
        Check::Policies,
        "policies",
        "the signing policies that the token may use, and the last days of their certificates",
    ),
    (
        Check::DryRun,
        "dry run",
        "a real signature with one policy, checked with its key; only with `--dry-run`",
    ),
    (
        Check::Cosign,
        "cosign",
        "the cosign that is found by `PATH`: its version, and whether it is built with PKCS #11",
    ),
    (Check::Plugin, "plugin", "`sigstore-kms-signpath` on `PATH`, and its version"),
    (
        Check::Module,
        "module",
        "`libsignpath_pkcs11.so`: where it is, whether it is for this machine, whether it loads",
    ),
    (Check::Certificates, "certificates", "whether the module hides certificates from that cosign"),
    (
        Check::PublicLog,
        "public log",
        "whether the command of cosign behind `--` would write to Sigstore's public log",
    ),
];

impl Check {
    pub(super) fn name(self) -> &'static str {
        CHECKS.iter().find(|(check, ..)| *check == self).map_or("", |(_, name, _)| name)
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_each_check_as_it_is_here() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/doctor.md");
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<_> = text
            .lines()
            .skip_while(|line| !line.starts_with("| check "))
            .skip(2)
            .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
            .map(|row| row.split(" | ").collect::<Vec<_>>())
            .collect();
        let named: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
        let here: Vec<_> = CHECKS.iter().map(|(_, name, about)| (*name, *about)).collect();
        assert_eq!(named, here);
        assert!(rows.iter().all(|row| row.len() == 3 && !row[2].is_empty()), "{rows:?}");
    }

    #[test]
    fn every_check_has_a_row() {
        // The compiler asks for the new one here.
        let last = |check: Check| match check {
            Check::Configuration | Check::Proxy | Check::Name | Check::Connection | Check::Tls => 5,
            Check::Service | Check::Clock | Check::Token | Check::Policies | Check::DryRun => 10,
            Check::Cosign | Check::Plugin | Check::Module | Check::Certificates => 14,
            Check::PublicLog => 15,
        };
        assert_eq!(last(Check::PublicLog), CHECKS.len());
        assert!(CHECKS.iter().all(|(check, name, _)| check.name() == *name));
    }
}
