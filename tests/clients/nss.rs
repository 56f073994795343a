//! NSS's modutil and certutil, and by them what Firefox, Thunderbird and others do with a token.

use super::{
    bench::{AUTHORITY, Bench},
    packages::installed,
};

const CLIENT: &str = "NSS modutil and certutil";

fn bench() -> Option<Bench> {
    installed(CLIENT, "libnss3-tools")?;
    Some(Bench::new())
}

/// A database that has the module.
const DATABASE: &str = "mkdir nss
    certutil -N -d sql:nss --empty-password
    modutil -force -dbdir sql:nss -add SignPath -libfile \"$MODULE\"";

/// A request for a certificate is signed with the key it is for; keys are named by their CKA_ID in hexadecimal.
fn request(policy: &str, options: &str) -> String {
    let id: String = format!("demo/{policy}").bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("certutil -R -d sql:nss -h SignPath -k {id} -s CN=demo -a -o {policy}.pem {options}")
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_lists_and_signs_a_request_that_openssl_verifies() {
    let Some(bench) = bench() else { return };
    let written = bench.documented("NSS modutil and certutil");
    assert!(written.contains("SignPath:demo/rsa "), "no certificate: {written}");
    assert!(written.contains("rsa      \"demo/rsa\""), "no key: {written}");
    bench.openssl_verifies_request("rsa", "request.pem");
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn modutil_lists_the_module_and_its_token() {
    let Some(bench) = bench() else { return };
    bench.shell(DATABASE).succeeds();
    let listed = bench.shell("modutil -dbdir sql:nss -list").succeeds().stdout;
    assert!(listed.contains("status: loaded") && listed.contains("token: SignPath"), "{listed}");
    assert!(listed.contains("library-description=PKCS%20%2311%20for%20SignPath"), "{listed}");
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_shows_the_certificates_of_the_token() {
    let Some(bench) = bench() else { return };
    bench.shell(DATABASE).succeeds();
    for policy in ["rsa", "ec", "ec384"] {
        let line = format!(
            "certutil -L -d sql:nss -n SignPath:demo/{policy} -a > shown
             openssl x509 -in shown | cmp - {policy}.crt"
        );
        bench.shell(&line).succeeds();
    }
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_lists_a_chain_and_the_keys_are_its_user_s() {
    let Some(_) = bench() else { return };
    let bench = Bench::with_chains();
    bench.shell(DATABASE).succeeds();
    let listed = bench.shell("certutil -L -d sql:nss -h SignPath").succeeds().stdout;
    for (name, trust) in [("demo/rsa", "u,u,u"), ("demo/ec", "u,u,u"), (AUTHORITY, ",,")] {
        let name = format!("SignPath:{name}");
        let mut shown = listed.lines().filter_map(|line| line.strip_prefix(&name));
        assert!(shown.any(|rest| rest.trim() == trust), "{name} {trust} is not in: {listed}");
    }
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_signs_with_rsa_and_ec() {
    let Some(bench) = bench() else { return };
    bench.shell(DATABASE).succeeds();
    for policy in ["rsa", "ec", "ec384"] {
        bench.shell(&request(policy, "")).succeeds();
        bench.openssl_verifies_request(policy, &format!("{policy}.pem"));
    }
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_signs_with_the_pin_from_a_file() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    bench.place.write("pin", bench.pin());
    bench.shell(DATABASE).succeeds();
    let keys = bench.shell("certutil -K -d sql:nss -h SignPath -f pin").succeeds().stdout;
    assert!(keys.contains("demo/ec384"), "{keys}");
    for policy in ["rsa", "ec"] {
        bench.shell(&request(policy, "-f pin")).succeeds();
        bench.openssl_verifies_request(policy, &format!("{policy}.pem"));
    }
}

#[test]
#[ignore = "needs modutil and certutil: scripts/test"]
fn certutil_is_told_that_a_pin_is_wrong() {
    let Some(bench) = bench() else { return };
    let wrong = format!("{}:wrong", bench.sandbox.organization_id());
    let bench = bench.without_credentials();
    bench.place.write("pin", wrong);
    bench.shell(DATABASE).succeeds();
    let ran = bench.shell("certutil -K -d sql:nss -h SignPath -f pin").fails();
    assert!(ran.stderr.contains("SEC_ERROR_BAD_PASSWORD"), "{ran}");
    let lines = ran.lines_of_the_module();
    assert!(lines.iter().any(|line| line.contains("C_Login")), "{ran}");
    assert!(!ran.stderr.contains(":wrong"), "{ran}");
}
