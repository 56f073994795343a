//! OpenSSL with the engine of libp11.

use super::{bench::Bench, packages::installed};
use crate::harness::Ran;

const CLIENT: &str = "OpenSSL with the libp11 engine";

fn bench() -> Option<Bench> {
    installed(CLIENT, "openssl")?;
    installed(CLIENT, "libengine-pkcs11-openssl")?;
    Some(Bench::new())
}

/// The URI of a policy's private key.
fn key(policy: &str) -> String {
    format!("'pkcs11:token=SignPath;object=demo/{policy};type=private'")
}

impl Bench {
    /// A command of openssl that takes a key from the engine.
    fn openssl(&self, arguments: &str) -> Ran {
        let options = "-engine pkcs11 -keyform engine";
        let (command, arguments) = arguments.split_once(' ').expect("a command with arguments");
        self.shell(&format!(
            "PKCS11_MODULE_PATH=\"$MODULE\" openssl {command} {options} {arguments}"
        ))
    }
}

const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_dgst_signs_by_the_engine() {
    let Some(bench) = bench() else { return };
    bench.documented("openssl dgst with the engine");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_dgst_signs_by_the_engine_with_pss() {
    let Some(bench) = bench() else { return };
    bench.documented("openssl dgst with the engine, PSS");
    bench.openssl_verifies("rsa", "message.sig", &format!("-sha256 {PSS}"));
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_cms_signs_by_the_engine() {
    let Some(bench) = bench() else { return };
    bench.documented("openssl cms with the engine");
    bench.openssl_verifies_cms("message.p7s", "DER");
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_dgst_signs_by_the_engine_with_each_digest_and_key() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        for digest in ["-sha256", "-sha384", "-sha512"] {
            let key = key(policy);
            bench
                .openssl(&format!("dgst -sign {key} {digest} -out case.sig message.txt"))
                .succeeds();
            bench.openssl_verifies(policy, "case.sig", digest);
        }
    }
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_pkeyutl_signs_a_digest_and_a_file_by_the_engine() {
    let Some(bench) = bench() else { return };
    bench.shell("openssl dgst -sha256 -binary -out sha256 message.txt").succeeds();
    for policy in ["rsa", "ec"] {
        for input in ["-pkeyopt digest:sha256 -in sha256", "-rawin -digest sha256 -in message.txt"]
        {
            let key = key(policy);
            bench.openssl(&format!("pkeyutl -sign -inkey {key} {input} -out case.sig")).succeeds();
            bench.openssl_verifies(policy, "case.sig", "-sha256");
        }
    }
}

/// `pkeyutl` without `digest:` passes the bare digest on, of which nobody could say by which algorithm it was made.
#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_pkeyutl_is_told_what_to_do_with_a_digest_whose_algorithm_it_does_not_say() {
    let Some(bench) = bench() else { return };
    bench.shell("openssl dgst -sha256 -binary -out sha256 message.txt").succeeds();
    let ran =
        bench.openssl(&format!("pkeyutl -sign -inkey {} -in sha256 -out case.sig", key("rsa")));
    let ran = ran.fails();
    assert!(ran.lines_of_the_module().iter().any(|line| line.contains("DigestInfo")), "{ran}");
    assert!(bench.sandbox.audit().is_empty(), "nothing is signed");
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_pkeyutl_signs_with_pss_by_the_engine() {
    let Some(bench) = bench() else { return };
    for bits in ["256", "384", "512"] {
        bench.shell(&format!("openssl dgst -sha{bits} -binary -out digest message.txt")).succeeds();
        let pss = "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest";
        let key = key("rsa");
        let options = format!("-pkeyopt digest:sha{bits} {pss} -in digest -out case.sig");
        bench.openssl(&format!("pkeyutl -sign -inkey {key} {options}")).succeeds();
        bench.openssl_verifies("rsa", "case.sig", &format!("-sha{bits} {PSS}"));
    }
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_cms_signs_by_the_engine_with_ec() {
    let Some(bench) = bench() else { return };
    for policy in ["ec", "ec384"] {
        let key = key(policy);
        let files = "-in message.txt -outform DER -out case.p7s";
        let line = format!("cms -sign -binary -signer {policy}.crt -inkey {key} {files}");
        bench.openssl(&line).succeeds();
        bench.openssl_verifies_cms("case.p7s", "DER");
    }
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_cms_signs_with_pss_by_the_engine() {
    let Some(bench) = bench() else { return };
    let pss = "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest";
    let files = "-in message.txt -outform DER -out case.p7s";
    let line = format!("cms -sign -binary -signer rsa.crt -inkey {} {pss} {files}", key("rsa"));
    bench.openssl(&line).succeeds();
    bench.openssl_verifies_cms("case.p7s", "DER");
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_req_makes_a_request_and_a_certificate_by_the_engine() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        let key = key(policy);
        bench.openssl(&format!("req -new -key {key} -subj /CN=demo -out request.pem")).succeeds();
        bench.openssl_verifies_request(policy, "request.pem");
        bench.openssl(&format!("req -new -x509 -key {key} -subj /CN=demo -out own.pem")).succeeds();
        bench.shell("openssl verify -CAfile own.pem own.pem").succeeds();
    }
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_signs_with_the_pin_in_the_engine_s_configuration() {
    let Some(bench) = bench() else { return };
    let bench = bench.without_credentials();
    let (module, pin) = (crate::harness::module_path(), bench.pin());
    let settings = format!(
        "openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n\
         engine_id = pkcs11\nMODULE_PATH = {}\nPIN = {pin}\ninit = 0\n",
        module.display()
    );
    bench.place.write("engine.cnf", settings);
    let bench = bench.variable("OPENSSL_CONF", "engine.cnf");
    for policy in ["rsa", "ec"] {
        let line = format!(
            "openssl dgst -engine pkcs11 -keyform engine -sign {} -sha256 -out case.sig message.txt",
            key(policy)
        );
        bench.shell(&line).succeeds();
        bench.openssl_verifies(policy, "case.sig", "-sha256");
    }
}

#[test]
#[ignore = "needs the libp11 engine: scripts/test"]
fn openssl_shows_why_the_service_refused() {
    let Some(bench) = bench() else { return };
    let line = format!("dgst -sign {} -sha256 -out case.sig message.txt", key("approval"));
    let ran = bench.openssl(&line).fails();
    assert!(
        ran.lines_of_the_module().iter().any(|line| line.contains("approval process")),
        "{ran}"
    );
}
