//! GnuTLS's p11tool and certtool.

use super::{
    bench::{AUTHORITY, Bench},
    packages::installed,
};
use crate::harness::Ran;

const CLIENT: &str = "GnuTLS p11tool and certtool";

fn bench() -> Option<Bench> {
    installed(CLIENT, "gnutls-bin")?;
    Some(Bench::new())
}

impl Bench {
    fn p11tool(&self, arguments: &str) -> Ran {
        self.shell(&format!("p11tool --provider \"$MODULE\" --batch {arguments}"))
    }
}

/// The URL of a policy's object, as GnuTLS writes it.
fn url(policy: &str, kind: &str) -> String {
    format!("'pkcs11:token=SignPath;object=demo%2F{policy};type={kind}'")
}

/// `--test-sign` verifies by itself: with the private key's parameters, and with the token's public key.
#[track_caller]
fn is_verified_by_gnutls(ran: &Ran) {
    assert_eq!(ran.stderr.matches("... ok").count(), 3, "{ran}");
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_lists_exports_and_signs() {
    let Some(bench) = bench() else { return };
    let written = bench.documented("p11tool");
    for object in ["private", "public", "cert"] {
        let url = format!("object=demo%2Frsa;type={object}\n");
        assert!(written.contains(&url), "{url} is not in:\n{written}");
    }
    bench.shell("openssl x509 -in certificate.pem | cmp - rsa.crt").succeeds();
    let audit = bench.sandbox.audit();
    assert_eq!(audit.len(), 1, "--test-sign is a signature: {audit:?}");
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_lists_a_chain_and_its_authorities_as_such() {
    let Some(_) = bench() else { return };
    let bench = Bench::with_chains();
    let listed = bench.p11tool("--list-all 'pkcs11:token=SignPath'").succeeds().stdout;
    let objects: Vec<_> = listed.split("\n\n").filter(|object| !object.trim().is_empty()).collect();
    assert_eq!(objects.len(), 3 * 3 + 2, "three objects of each key, two authorities: {listed}");
    let authority = format!("Label: {AUTHORITY}\n\tFlags: CKA_CERTIFICATE_CATEGORY=CA");
    assert!(listed.contains(&authority), "{authority} is not in: {listed}");
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_signs_with_rsa_and_ec() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        let url = url(policy, "private");
        is_verified_by_gnutls(&bench.p11tool(&format!("--test-sign {url}")).succeeds());
    }
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_signs_with_pss() {
    let Some(bench) = bench() else { return };
    let url = url("rsa", "private");
    let line = format!("--test-sign --sign-params=rsa-pss {url}");
    is_verified_by_gnutls(&bench.p11tool(&line).succeeds());
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_lists_the_token_and_exports_public_keys_and_certificates() {
    let Some(bench) = bench() else { return };
    let tokens = bench.p11tool("--list-tokens").succeeds().stdout;
    assert!(tokens.contains("Label: SignPath\n"), "{tokens}");
    for policy in ["rsa", "ec", "ec384"] {
        let certificate = format!("--export {} --outfile exported", url(policy, "cert"));
        bench.p11tool(&certificate).succeeds();
        bench.shell(&format!("openssl x509 -in exported | cmp - {policy}.crt")).succeeds();
        let key = format!("--export-pubkey {} --outfile exported", url(policy, "private"));
        bench.p11tool(&key).succeeds();
        bench.shell(&format!("openssl pkey -pubin -in exported | cmp - {policy}.pub")).succeeds();
    }
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_signs_with_the_pin_from_the_environment() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    let url = url("rsa", "private");
    let line = format!("--login --test-sign {url}");
    let line = format!("GNUTLS_PIN=\"$PIN\" p11tool --provider \"$MODULE\" --batch {line}");
    is_verified_by_gnutls(&bench.shell(&line).succeeds());
}

#[test]
#[ignore = "needs p11tool: scripts/test"]
fn p11tool_is_told_that_a_pin_is_wrong() {
    let Some(bench) = bench() else { return };
    let wrong = format!("{}:wrong", bench.sandbox.organization_id());
    let bench = bench.without_credentials().variable("GNUTLS_PIN", &wrong);
    let url = url("rsa", "private");
    let ran = bench.p11tool(&format!("--login --test-sign {url}")).fails();
    let lines = ran.lines_of_the_module();
    assert_eq!(lines.len(), 1, "{ran}");
    assert!(lines[0].contains("C_Login") && !lines[0].contains(":wrong"), "{ran}");
}

#[test]
#[ignore = "needs certtool: scripts/test"]
fn certtool_makes_a_request_that_openssl_verifies() {
    let Some(bench) = bench() else { return };
    bench.documented("certtool");
    bench.openssl_verifies_request("rsa", "request.pem");
}

#[test]
#[ignore = "needs certtool: scripts/test"]
fn certtool_makes_requests_for_ec_keys_and_with_a_pin() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    bench.place.write("request.cfg", "cn = \"demo\"\n");
    for policy in ["rsa", "ec", "ec384"] {
        let line = format!(
            "GNUTLS_PIN=\"$PIN\" certtool --provider \"$MODULE\" --generate-request --template request.cfg \
             --load-privkey {} --outfile {policy}.pem",
            url(policy, "private")
        );
        bench.shell(&line).succeeds();
        bench.openssl_verifies_request(policy, &format!("{policy}.pem"));
    }
}

#[test]
#[ignore = "needs certtool: scripts/test"]
fn certtool_signs_pkcs_7_that_openssl_verifies() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec"] {
        let line = format!(
            "certtool --provider \"$MODULE\" --p7-detached-sign --load-certificate {policy}.crt \
             --load-privkey {} --infile message.txt --outfile {policy}.p7s",
            url(policy, "private")
        );
        bench.shell(&line).succeeds();
        bench.openssl_verifies_cms(&format!("{policy}.p7s"), "PEM");
    }
}
