//! python-pkcs11 and PyKCS11. What docs/clients.md does not show is in `tests/python`.

use super::bench::Bench;
use crate::harness::{Ran, Tool, repository_file};

/// What OpenSSL is told of each file that the scripts write: policy, file, options.
const SIGNED: &[(&str, &str, &str)] = &[
    ("rsa", "rsa.sha256", "-sha256"),
    ("rsa", "rsa.sha384", "-sha384"),
    ("rsa", "rsa.sha512", "-sha512"),
    ("ec", "ec.sha256", "-sha256"),
    ("ec", "ec.sha384", "-sha384"),
    ("ec384", "ec384.sha384", "-sha384"),
    ("ec384", "ec384.sha512", "-sha512"),
];

const PSS: &[(&str, &str, &str)] = &[
    ("rsa", "pss.sha256", "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"),
    ("rsa", "pss.bare", "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"),
    ("rsa", "pss.sha512", "-sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"),
];

/// The package is found by the Python that stands first in PATH.
fn with_package(bench: Bench, tool: Tool) -> Bench {
    let folder = tool.path().parent().expect("a tool is in a folder").join("bin");
    bench.variable("PATH", &format!("{}:/usr/bin:/bin", folder.display()))
}

/// Runs what one of the scripts has under this name.
fn script(bench: &Bench, file: &str, name: &str) -> Ran {
    let path = repository_file("tests/python").join(file);
    bench.shell(&format!("PYTHONDONTWRITEBYTECODE=1 python3 '{}' {name}", path.display()))
}

#[track_caller]
fn openssl_verifies(bench: &Bench, signed: &[(&str, &str, &str)]) {
    for (policy, signature, options) in signed {
        bench.openssl_verifies(policy, signature, options);
    }
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_signs_as_documented() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    bench.documented("python-pkcs11");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_signs_in_one_part_and_in_many() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    script(&bench, "python_pkcs11.py", "sign").succeeds();
    openssl_verifies(&bench, SIGNED);
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_signs_with_a_pin() {
    let bench = Bench::new().without_credentials();
    let pin = bench.pin();
    let bench = with_package(bench.variable("PIN", &pin), Tool::PythonPkcs11);
    script(&bench, "python_pkcs11.py", "sign").succeeds();
    openssl_verifies(&bench, SIGNED);
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_signs_with_rsassa_pss() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    script(&bench, "python_pkcs11.py", "sign_pss").succeeds();
    openssl_verifies(&bench, PSS);
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_verifies_and_digests() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    script(&bench, "python_pkcs11.py", "verify_and_digest").succeeds();
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_lists_every_object() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    script(&bench, "python_pkcs11.py", "list_objects").succeeds();
}

#[test]
#[ignore = "needs python-pkcs11: scripts/test"]
fn python_pkcs11_raises_for_what_is_refused_and_the_reason_is_said() {
    let bench = with_package(Bench::new(), Tool::PythonPkcs11);
    let ran = script(&bench, "python_pkcs11.py", "be_refused").succeeds();
    assert_eq!(ran.lines_of_the_module().len(), 1, "{ran}");
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_signs_as_documented() {
    let bench = with_package(Bench::new(), Tool::PyKcs11);
    bench.documented("PyKCS11");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_signs_with_every_mechanism() {
    let bench = with_package(Bench::new(), Tool::PyKcs11);
    script(&bench, "pykcs11.py", "sign").succeeds();
    openssl_verifies(&bench, SIGNED);
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_signs_with_a_pin() {
    let bench = Bench::new().without_credentials();
    let pin = bench.pin();
    let bench = with_package(bench.variable("PIN", &pin), Tool::PyKcs11);
    script(&bench, "pykcs11.py", "sign").succeeds();
    openssl_verifies(&bench, SIGNED);
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_signs_with_rsassa_pss() {
    let bench = with_package(Bench::new(), Tool::PyKcs11);
    script(&bench, "pykcs11.py", "sign_pss").succeeds();
    openssl_verifies(&bench, PSS);
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_verifies_and_digests() {
    let bench = with_package(Bench::new(), Tool::PyKcs11);
    script(&bench, "pykcs11.py", "verify_and_digest").succeeds();
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_reads_every_attribute_there_is() {
    let bench = with_package(Bench::new(), Tool::PyKcs11);
    script(&bench, "pykcs11.py", "read_attributes").succeeds();
}

#[test]
#[ignore = "needs PyKCS11: scripts/test"]
fn pykcs11_raises_for_a_wrong_pin_and_the_reason_is_said() {
    let bench = Bench::new().without_credentials();
    let bench = with_package(bench.variable("PIN", "1234"), Tool::PyKcs11);
    let ran = script(&bench, "pykcs11.py", "be_refused").succeeds();
    assert_eq!(ran.lines_of_the_module().len(), 1, "{ran}");
    assert_eq!(bench.sandbox.connections(), 0, "such a PIN is not tried");
}
