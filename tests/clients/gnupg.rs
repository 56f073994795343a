//! GnuPG through gnupg-pkcs11-scd, which stands in for GnuPG's own daemon of smart cards.

use signpath_sandbox::{Fault, KeyType, PolicyConfig, Route};
use tempfile::TempDir;

use super::{bench::Bench, packages::installed};
use crate::harness::requested;

/// A bench with a home for GnuPG, whose daemons end with it.
struct Home {
    bench: Bench,
    /// Not in the bench's folder: the sockets in it must have paths of less than 108 characters (`sockaddr_un`).
    _folder: TempDir,
}

impl Home {
    fn new() -> Option<Self> {
        Self::of(Bench::new())
    }

    fn of(bench: Bench) -> Option<Self> {
        installed("GnuPG", "gnupg")?;
        installed("GnuPG", "gnupg-pkcs11-scd")?;
        let folder = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp");
        let folder = folder.expect("a folder with a short path");
        let bench = bench.variable("HOME", &folder.path().display().to_string());
        Some(Self { bench, _folder: folder })
    }

    /// The fields of the lines of this type that GnuPG prints of its one public key for programs.
    fn key(&self, kind: &str) -> Vec<Vec<String>> {
        let keys = "gpg --batch --list-keys --with-key-data --with-colons";
        let printed = self.bench.shell(keys).succeeds().stdout;
        let lines = printed.lines().map(|line| line.split(':').map(str::to_owned).collect());
        lines.filter(|fields: &Vec<String>| fields[0] == kind).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.bench.shell("gpgconf --kill all; gpgconf --homedir other --kill all || true");
    }
}

/// Somebody else has the exported public key, and nothing else.
fn verify_elsewhere(bench: &Bench) {
    bench
        .shell(
            "mkdir -m 700 other; gpg --batch --export | gpg --homedir other --batch --import; \
             gpg --homedir other --batch --trust-model always --verify message.txt.asc message.txt",
        )
        .succeeds();
}

#[test]
#[ignore = "needs GnuPG and gnupg-pkcs11-scd: scripts/test"]
fn gpg_signs_as_documented_and_another_gpg_verifies() {
    let Some(home) = Home::new() else { return };
    home.bench.documented("GnuPG");
    verify_elsewhere(&home.bench);
    let modulus = home.bench.shell("openssl rsa -pubin -in rsa.pub -noout -modulus").succeeds();
    let data = home.key("pkd");
    assert_eq!(modulus.stdout.trim_end(), format!("Modulus={}", data[0][3]));
    // On the name, on the certificate that revokes the key, and on the file.
    assert_eq!(requested(&home.bench.sandbox, Route::SignHash), 3);
    home.bench.place.write("message.txt", "Another message.\n");
    let verify = "gpg --homedir other --batch --verify message.txt.asc message.txt";
    let ran = home.bench.shell(verify).fails();
    assert!(ran.stderr.contains("BAD signature"), "{ran}");
}

#[test]
#[ignore = "needs GnuPG and gnupg-pkcs11-scd: scripts/test"]
fn gpg_learns_the_rsa_keys_alone() {
    let Some(home) = Home::new() else { return };
    home.bench.documented("GnuPG");
    let learnt = home.bench.shell("gpg-connect-agent 'SCD LEARN' /bye").succeeds().stdout;
    let pairs: Vec<_> = learnt.lines().filter(|line| line.starts_with("S KEYPAIRINFO ")).collect();
    assert_eq!(pairs.len(), 1, "{learnt}");
    let grip = &home.key("grp")[0][9];
    assert!(pairs[0].contains(grip.as_str()), "{grip} is not in: {learnt}");
}

#[test]
#[ignore = "needs GnuPG and gnupg-pkcs11-scd: scripts/test"]
fn gpg_fails_when_the_service_refuses_and_the_reason_is_in_the_log_file() {
    let bench = Bench::new();
    let folder = bench.place.path("logs").display().to_string();
    let bench = bench
        .variable("SIGNPATH_LOG_FILE_LEVEL", "error")
        .variable("SIGNPATH_LOG_FILE_DIRECTORY", &folder);
    let Some(home) = Home::of(bench) else { return };
    home.bench.documented("GnuPG");
    home.bench.sandbox.clear_requests();
    home.bench.sandbox.inject(Fault::on(Route::SignHash).status(403).always());
    let sign = "gpg --batch --yes --armor --detach-sign --output refused.asc message.txt";
    home.bench.shell(sign).fails();
    assert!(!home.bench.place.path("refused.asc").exists());
    let log = home.bench.shell("cat logs/*").succeeds().stdout;
    assert!(log.contains("403"), "{log}");
    // The daemon logs out and tries once more, which cannot be told from a request of its user's.
    assert_eq!(requested(&home.bench.sandbox, Route::SignHash), 2);
}

#[test]
#[ignore = "needs GnuPG and gnupg-pkcs11-scd: scripts/test"]
fn gpg_signs_with_a_key_that_has_no_certificate_but_a_placeholder() {
    let policies = [
        PolicyConfig::new("demo/rsa", KeyType::Rsa3072).gpg(),
        PolicyConfig::new("demo/ec", KeyType::P256),
        PolicyConfig::new("demo/ec384", KeyType::P384),
    ];
    let bench = Bench::with(|builder| builder.policies(policies))
        .variable("SIGNPATH_INCLUDE_DUMMY_X509CERTIFICATE_FOR_GPG_KEYS", "true");
    let Some(home) = Home::of(bench) else { return };
    home.bench.documented("GnuPG");
    verify_elsewhere(&home.bench);
}
