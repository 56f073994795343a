//! p11-kit: the module registered with it, and behind its server.

use super::{
    bench::{Bench, library},
    packages::installed,
};

const CLIENT: &str = "p11-kit";

/// The bench, where p11-kit and pkcs11-tool are installed.
fn bench() -> Option<Bench> {
    for package in ["p11-kit", "p11-kit-modules", "opensc"] {
        installed(CLIENT, package)?;
    }
    let bench = Bench::new();
    // The server's socket lies there. A login sets it.
    let runtime_folder = bench.place.path("tmp").display().to_string();
    Some(bench.variable("XDG_RUNTIME_DIR", &runtime_folder))
}

/// `demo/POLICY` in hexadecimal.
fn id(policy: &str) -> String {
    format!("demo/{policy}").bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves the module, runs the line with pkcs11-tool as the client, and ends the server, which would end by itself, too.
/// The server's socket appears a moment after the server has named it.
fn served(line: &str) -> String {
    let client = library("pkcs11/p11-kit-client.so").expect("p11-kit-modules has it");
    format!(
        "eval \"$(p11-kit server --timeout 30 --provider \"$MODULE\" 'pkcs11:token=SignPath')\"
         trap 'kill $P11_KIT_SERVER_PID' EXIT
         timeout 9 sh -c 'until test -S \"${{P11_KIT_SERVER_ADDRESS#*=}}\"; do sleep 0.1; done'
         pkcs11-tool --module {} {line}",
        client.display()
    )
}

const REGISTER: &str = "mkdir -p ~/.config/pkcs11/modules
    echo \"module: $MODULE\" > ~/.config/pkcs11/modules/signpath.module";

#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn a_registered_module_signs_for_p11tool_and_through_the_proxy() {
    let Some(bench) = bench() else { return };
    let Some(_) = installed(CLIENT, "gnutls-bin") else { return };
    let bench = bench.unprivileged();
    let written = bench.documented("A module registered with p11-kit");
    assert!(written.contains("library-description: PKCS #11 for SignPath"), "{written}");
    assert!(written.contains("token: SignPath"), "{written}");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
    assert_eq!(bench.sandbox.audit().len(), 2, "p11tool --test-sign signs, too");
}

#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn pkcs11_tool_signs_through_the_server() {
    let Some(bench) = bench() else { return };
    bench.documented("p11-kit server");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn a_registered_module_signs_with_a_pin() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin().unprivileged();
    bench.shell(REGISTER).succeeds();
    for (policy, mechanism) in [("rsa", "SHA256-RSA-PKCS"), ("ec", "ECDSA-SHA256")] {
        let line = format!(
            "pkcs11-tool --module p11-kit-proxy.so --token-label SignPath --login --pin env:PIN --sign \
             --mechanism {mechanism} --signature-format openssl --id {} --input-file message.txt \
             --output-file case.sig",
            id(policy)
        );
        bench.shell(&line).succeeds();
        bench.openssl_verifies(policy, "case.sig", "-sha256");
    }
}

/// The client leaves mechanisms out that it cannot carry: in p11-kit 0.24 those that hash before ECDSA.
#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn the_server_carries_ec_and_a_pin() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    bench.shell("openssl dgst -sha256 -binary -out sha256 message.txt").succeeds();
    let login = "--login --pin env:PIN --sign";
    for (policy, mechanism, input) in
        [("rsa", "SHA256-RSA-PKCS", "message.txt"), ("ec", "ECDSA", "sha256")]
    {
        let line = format!(
            "{login} --mechanism {mechanism} --signature-format openssl --id {} \
             --input-file {input} --output-file case.sig",
            id(policy)
        );
        bench.shell(&served(&line)).succeeds();
        bench.openssl_verifies(policy, "case.sig", "-sha256");
    }
}

#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn the_server_carries_pss() {
    let Some(bench) = bench() else { return };
    bench.shell("openssl dgst -sha256 -binary -out sha256 message.txt").succeeds();
    let line = format!(
        "--sign --mechanism RSA-PKCS-PSS --hash-algorithm SHA256 --id {} --input-file sha256 \
         --output-file case.sig",
        id("rsa")
    );
    bench.shell(&served(&line)).succeeds();
    let pss = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    bench.openssl_verifies("rsa", "case.sig", pss);
}

#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn a_client_of_the_server_is_told_that_a_pin_is_wrong() {
    let Some(bench) = bench() else { return };
    let wrong = format!("{}:wrong", bench.sandbox.organization_id());
    let bench = bench.without_credentials().variable("PIN", &wrong);
    let ran = bench.shell(&served("--login --pin env:PIN --list-objects")).fails();
    assert!(ran.stderr.contains("CKR_PIN_INCORRECT"), "{ran}");
    assert!(!ran.stderr.contains(":wrong"), "{ran}");
}

/// p11-kit leaves a module out whose C_Initialize fails.
#[test]
#[ignore = "needs p11-kit: scripts/test"]
fn a_wrong_setting_does_not_take_the_other_modules_from_p11_kit() {
    let Some(bench) = bench() else { return };
    let bench = bench.variable("SIGNPATH_API_URL", "nonsense").unprivileged();
    bench.shell(REGISTER).succeeds();
    let ran = bench.shell("p11-kit list-modules").succeeds();
    assert!(ran.stdout.contains("p11-kit-trust"), "{ran}");
    assert!(!ran.stdout.contains("SignPath"), "{ran}");
    let lines = ran.lines_of_the_module();
    assert!(lines.iter().any(|line| line.contains("SIGNPATH_API_URL")), "{ran}");
}
