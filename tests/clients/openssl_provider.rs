//! OpenSSL with pkcs11-provider.

use super::{bench::Bench, packages::installed};
use crate::harness::Ran;

const CLIENT: &str = "OpenSSL with pkcs11-provider";

fn bench() -> Option<Bench> {
    installed(CLIENT, "openssl")?;
    installed(CLIENT, "pkcs11-provider")?;
    Some(Bench::new())
}

/// The URI of a policy's private key.
fn key(policy: &str) -> String {
    format!("'pkcs11:token=SignPath;object=demo/{policy};type=private'")
}

impl Bench {
    /// A command of openssl that takes a key from the provider.
    fn openssl_by_provider(&self, arguments: &str) -> Ran {
        let (command, arguments) = arguments.split_once(' ').expect("a command with arguments");
        let command = format!("openssl {command} -provider pkcs11 -provider default");
        self.shell(&format!("PKCS11_PROVIDER_MODULE=\"$MODULE\" {command} {arguments}"))
    }
}

const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_dgst_signs_by_the_provider() {
    let Some(bench) = bench() else { return };
    bench.documented("openssl dgst with the provider");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_cms_signs_by_the_provider() {
    let Some(bench) = bench() else { return };
    bench.documented("openssl cms with the provider");
    bench.openssl_verifies_cms("message.p7s", "DER");
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_dgst_signs_by_the_provider_with_each_digest_and_key() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        for digest in ["-sha256", "-sha384", "-sha512"] {
            let line = format!("dgst -sign {} {digest} -out case.sig message.txt", key(policy));
            bench.openssl_by_provider(&line).succeeds();
            bench.openssl_verifies(policy, "case.sig", digest);
        }
    }
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_dgst_signs_with_pss_by_the_provider() {
    let Some(bench) = bench() else { return };
    for digest in ["-sha256", "-sha384", "-sha512"] {
        let line = format!("dgst -sign {} {digest} {PSS} -out case.sig message.txt", key("rsa"));
        bench.openssl_by_provider(&line).succeeds();
        bench.openssl_verifies("rsa", "case.sig", &format!("{digest} {PSS}"));
    }
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_pkeyutl_signs_a_digest_by_the_provider() {
    let Some(bench) = bench() else { return };
    bench.shell("openssl dgst -sha256 -binary -out sha256 message.txt").succeeds();
    for policy in ["rsa", "ec"] {
        let options = "-pkeyopt digest:sha256 -in sha256 -out case.sig";
        let line = format!("pkeyutl -sign -inkey {} {options}", key(policy));
        bench.openssl_by_provider(&line).succeeds();
        bench.openssl_verifies(policy, "case.sig", "-sha256");
    }
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_req_makes_a_request_by_the_provider() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        let line = format!("req -new -key {} -subj /CN=demo -out request.pem", key(policy));
        bench.openssl_by_provider(&line).succeeds();
        bench.openssl_verifies_request(policy, "request.pem");
    }
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_storeutl_finds_the_certificates_by_the_provider() {
    let Some(bench) = bench() else { return };
    let line = "storeutl -certs 'pkcs11:token=SignPath;object=demo/rsa;type=cert'";
    let found = bench.openssl_by_provider(line).succeeds().stdout;
    let expected = bench.shell("cat rsa.crt").succeeds().stdout;
    assert!(found.contains(&expected), "{found}");
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_signs_with_the_pin_in_the_provider_s_configuration() {
    let Some(bench) = bench() else { return };
    let bench = bench.without_credentials();
    let settings = format!(
        "openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = own\n\
         pkcs11 = token\n[own]\nactivate = 1\n[token]\npkcs11-module-path = {}\n\
         pkcs11-module-token-pin = {}\nactivate = 1\n",
        crate::harness::module_path().display(),
        bench.pin()
    );
    bench.place.write("provider.cnf", settings);
    for policy in ["rsa", "ec"] {
        let line = format!(
            "OPENSSL_CONF=provider.cnf openssl dgst -sign {} -sha256 -out case.sig message.txt",
            key(policy)
        );
        bench.shell(&line).succeeds();
        bench.openssl_verifies(policy, "case.sig", "-sha256");
    }
}

#[test]
#[ignore = "needs pkcs11-provider: scripts/test"]
fn openssl_shows_why_the_service_refused() {
    let Some(bench) = bench() else { return };
    let line = format!("dgst -sign {} -sha256 -out case.sig message.txt", key("approval"));
    let ran = bench.openssl_by_provider(&line).fails();
    assert!(
        ran.lines_of_the_module().iter().any(|line| line.contains("approval process")),
        "{ran}"
    );
}
