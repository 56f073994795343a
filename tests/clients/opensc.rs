//! OpenSC's pkcs11-tool, and its pkcs11-spy between a client and the module.

use super::{
    bench::{Bench, MESSAGE, library},
    packages::installed,
};
use crate::harness::Ran;

const CLIENT: &str = "OpenSC pkcs11-tool";

/// A mechanism by pkcs11-tool's name, and how to see that it signed.
struct Case {
    mechanism: &'static str,
    options: &'static str,
    policy: &'static str,
    input: &'static str,
    /// The options with which openssl verifies the signature over the message.
    openssl: &'static str,
}

const fn case(
    mechanism: &'static str,
    options: &'static str,
    policy: &'static str,
    input: &'static str,
    openssl: &'static str,
) -> Case {
    Case { mechanism, options, policy, input, openssl }
}

const DER: &str = "--signature-format openssl";

const SIGNING: &[Case] = &[
    case("RSA-PKCS", "", "rsa", "sha256.digestinfo", "-sha256"),
    case("SHA256-RSA-PKCS", "", "rsa", "message.txt", "-sha256"),
    case("SHA384-RSA-PKCS", "", "rsa", "message.txt", "-sha384"),
    case("SHA512-RSA-PKCS", "", "rsa", "message.txt", "-sha512"),
    case("ECDSA", DER, "ec", "sha256", "-sha256"),
    case("ECDSA", DER, "ec384", "sha384", "-sha384"),
    case("ECDSA-SHA256", DER, "ec", "message.txt", "-sha256"),
    case("ECDSA-SHA384", DER, "ec384", "message.txt", "-sha384"),
    case("ECDSA-SHA512", DER, "ec384", "message.txt", "-sha512"),
];

const PSS_SHA256: &str = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32";
const PSS_SHA384: &str = "-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48";
const PSS_SHA512: &str = "-sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64";

const SIGNING_PSS: &[Case] = &[
    case("RSA-PKCS-PSS", "--hash-algorithm SHA256", "rsa", "sha256", PSS_SHA256),
    case("RSA-PKCS-PSS", "--hash-algorithm SHA384", "rsa", "sha384", PSS_SHA384),
    case("RSA-PKCS-PSS", "--hash-algorithm SHA512", "rsa", "sha512", PSS_SHA512),
    case("SHA256-RSA-PKCS-PSS", "", "rsa", "message.txt", PSS_SHA256),
    case("SHA384-RSA-PKCS-PSS", "", "rsa", "message.txt", PSS_SHA384),
    case("SHA512-RSA-PKCS-PSS", "", "rsa", "message.txt", PSS_SHA512),
];

/// The bench, where pkcs11-tool is installed. In the folder are the message's digests, `sha256` …, and `sha256.digestinfo`.
fn bench() -> Option<Bench> {
    installed(CLIENT, "opensc")?;
    let bench = Bench::new();
    for digest in ["sha256", "sha384", "sha512"] {
        let line = format!("openssl dgst -{digest} -binary -out {digest} message.txt");
        bench.shell(&line).succeeds();
    }
    // RFC 8017, 9.2, note 1: the DER of a DigestInfo with SHA-256, up to the digest.
    let prefix = r"\060\061\060\015\006\011\140\206\110\001\145\003\004\002\001\005\000\004\040";
    bench.shell(&format!("(printf '{prefix}'; cat sha256) > sha256.digestinfo")).succeeds();
    Some(bench)
}

impl Bench {
    fn pkcs11_tool(&self, arguments: &str) -> Ran {
        self.shell(&format!("pkcs11-tool --module \"$MODULE\" {arguments}"))
    }
}

/// `--mechanism`, `--id` and what else the mechanism needs.
fn options(case: &Case) -> String {
    let Case { mechanism, options, policy, input, .. } = case;
    let id = id(policy);
    format!("--mechanism {mechanism} {options} --id {id} --input-file {input}")
}

/// The CKA_ID of a policy as pkcs11-tool takes it: in hexadecimal.
fn id(policy: &str) -> String {
    format!("demo/{policy}").bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn sign_and_verify(bench: &Bench, cases: &[Case]) {
    for case in cases {
        bench.pkcs11_tool(&format!("--sign {} --output-file case.sig", options(case))).succeeds();
        bench.openssl_verifies(case.policy, "case.sig", case.openssl);
    }
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_and_openssl_verifies() {
    let Some(bench) = bench() else { return };
    bench.documented("pkcs11-tool with an RSA key");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
    bench.documented("pkcs11-tool with an EC key");
    bench.openssl_verifies("ec", "message.sig", "-sha256");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_lists_the_token_and_its_objects() {
    let Some(bench) = bench() else { return };
    let token = bench.pkcs11_tool("--list-slots").succeeds().stdout;
    assert!(token.contains("token label        : SignPath"), "{token}");
    let objects = bench.pkcs11_tool("--list-objects").succeeds().stdout;
    for kind in
        ["Private Key Object; RSA", "Public Key Object; RSA 3072 bits", "Certificate Object"]
    {
        assert!(objects.contains(kind), "{kind} is not in:\n{objects}");
    }
    for policy in ["rsa", "ec", "ec384"] {
        let label = format!("label:      demo/{policy}\n");
        assert_eq!(objects.matches(&label).count(), 3, "{policy} in:\n{objects}");
    }
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_reads_the_public_key_and_the_certificate() {
    let Some(bench) = bench() else { return };
    // It takes every EC key for one on P-256 here.
    for policy in ["rsa", "ec"] {
        let read = format!("--read-object --id {} --output-file", id(policy));
        bench.pkcs11_tool(&format!("{read} key.der --type pubkey")).succeeds();
        bench.shell(&format!("openssl pkey -pubin -in key.der | cmp - {policy}.pub")).succeeds();
        bench.pkcs11_tool(&format!("{read} certificate.der --type cert")).succeeds();
        let line = format!("openssl x509 -in certificate.der | cmp - {policy}.crt");
        bench.shell(&line).succeeds();
    }
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_with_each_mechanism_but_pss() {
    let Some(bench) = bench() else { return };
    sign_and_verify(&bench, SIGNING);
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_with_each_mechanism_of_pss() {
    let Some(bench) = bench() else { return };
    sign_and_verify(&bench, SIGNING_PSS);
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn every_mechanism_that_pkcs11_tool_lists_for_signing_is_tried() {
    let Some(bench) = bench() else { return };
    let list = bench.pkcs11_tool("--list-mechanisms").succeeds().stdout;
    let signing = list.lines().filter(|line| line.contains(", sign"));
    let listed: Vec<_> = signing.filter_map(|line| line.trim().split(',').next()).collect();
    let is_tried =
        |name: &&str| SIGNING.iter().chain(SIGNING_PSS).any(|case| case.mechanism == *name);
    let untried: Vec<_> = listed.iter().filter(|name| !is_tried(name)).collect();
    assert!(untried.is_empty(), "{untried:?}");
    assert!(SIGNING.iter().all(|case| listed.contains(&case.mechanism)), "{list}");
}

/// Over 1024 bytes it signs in parts.
#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_a_long_message_in_parts() {
    let Some(bench) = bench() else { return };
    bench.place.write("message.txt", MESSAGE.repeat(1000));
    let options = options(&SIGNING[1]);
    bench.pkcs11_tool(&format!("--sign {options} --output-file long.sig")).succeeds();
    bench.openssl_verifies("rsa", "long.sig", "-sha256");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_with_the_pin_from_the_environment() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    let case = &SIGNING[1];
    let line = format!("--login --pin env:PIN --sign {} --output-file pin.sig", options(case));
    bench.pkcs11_tool(&line).succeeds();
    bench.openssl_verifies("rsa", "pin.sig", "-sha256");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_is_told_that_a_pin_is_wrong() {
    let Some(bench) = bench() else { return };
    let wrong = format!("{}:wrong", bench.sandbox.organization_id());
    let bench = bench.without_credentials().variable("PIN", &wrong);
    let ran = bench.pkcs11_tool("--login --pin env:PIN --list-objects").fails();
    assert!(ran.stderr.contains("CKR_PIN_INCORRECT"), "{ran}");
    assert_eq!(ran.lines_of_the_module().len(), 1, "{ran}");
    assert!(!ran.stderr.contains(":wrong"), "{ran}");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_shows_why_the_service_refused() {
    let Some(bench) = bench() else { return };
    let refused = case("ECDSA-SHA256", "", "approval", "message.txt", "");
    let ran = bench.pkcs11_tool(&format!("--sign {}", options(&refused))).fails();
    assert!(ran.stderr.contains("CKR_ARGUMENTS_BAD"), "{ran}");
    let lines = ran.lines_of_the_module();
    assert!(lines.iter().all(|line| line.contains("approval process")), "{ran}");
    assert!(!lines.is_empty(), "{ran}");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_verifies_what_it_signed_and_nothing_else() {
    let Some(bench) = bench() else { return };
    for case in SIGNING.iter().chain(SIGNING_PSS) {
        let options = options(case);
        bench.pkcs11_tool(&format!("--sign {options} --output-file case.sig")).succeeds();
        let verify = format!("--verify {options} --signature-file");
        let verified = bench.pkcs11_tool(&format!("{verify} case.sig")).succeeds();
        assert!(verified.stdout.contains("Signature is valid"), "{verified}");
        bench.shell(&format!("(head -c -1 {}; printf x) > other", case.input)).succeeds();
        let verify = verify.replace(case.input, "other");
        let refused = bench.pkcs11_tool(&format!("{verify} case.sig 2>&1"));
        assert!(refused.stdout.contains("Invalid signature"), "{refused}");
    }
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_hashes_as_openssl_does() {
    let Some(bench) = bench() else { return };
    let digests = [
        ("SHA-1", "sha1"),
        ("SHA224", "sha224"),
        ("SHA256", "sha256"),
        ("SHA384", "sha384"),
        ("SHA512", "sha512"),
    ];
    for (mechanism, digest) in digests {
        let hash = format!("--hash --mechanism {mechanism} --input-file message.txt");
        bench.pkcs11_tool(&format!("{hash} --output-file hash")).succeeds();
        bench.shell(&format!("openssl dgst -{digest} -binary message.txt | cmp - hash")).succeeds();
    }
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_gets_random_bytes() {
    let Some(bench) = bench() else { return };
    for name in ["one", "other"] {
        bench.pkcs11_tool(&format!("--generate-random 100 --output-file {name}")).succeeds();
    }
    let sizes = bench.shell("wc -c one other | head -n 2; ! cmp -s one other").succeeds().stdout;
    assert_eq!(sizes.matches("100 ").count(), 2, "{sizes}");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_finds_no_errors_with_and_without_a_login() {
    let Some(bench) = bench() else { return };
    finds_no_errors(&bench.pkcs11_tool("--test"));
    finds_no_errors(&bench.pkcs11_tool("--test --login --pin CONFIG"));
    let bench = bench.with_a_pin();
    finds_no_errors(&bench.pkcs11_tool("--test --login --pin env:PIN"));
}

#[track_caller]
fn finds_no_errors(ran: &Ran) {
    assert!(ran.stdout.contains("No errors"), "{ran}");
    assert!(ran.stdout.contains("RSA-PKCS: OK"), "{ran}");
    assert!(!ran.stdout.contains("ERR") && !ran.stderr.contains("error"), "{ran}");
}

/// Signs through pkcs11-spy, which writes into the interface that the module gives it. `spy.log` has its log.
fn sign_through_pkcs11_spy(bench: &Bench) {
    let spy =
        library("pkcs11/pkcs11-spy.so").expect("opensc depends on opensc-pkcs11, which has it");
    let line = format!(
        "export PKCS11SPY=\"$MODULE\" PKCS11SPY_OUTPUT=spy.log
         pkcs11-tool --module {} --sign {} --output-file spy.sig",
        spy.display(),
        options(&SIGNING[1])
    );
    bench.shell(&line).succeeds();
    bench.openssl_verifies("rsa", "spy.sig", "-sha256");
}

#[test]
#[ignore = "needs pkcs11-tool and pkcs11-spy: scripts/test"]
fn pkcs11_spy_can_stand_between_a_client_and_the_module() {
    let Some(bench) = bench() else { return };
    sign_through_pkcs11_spy(&bench);
}

/// It knows the function lists of 2.x and 3.0 only: with another as the default interface it sees nothing.
#[test]
#[ignore = "needs pkcs11-tool and pkcs11-spy: scripts/test"]
fn pkcs11_spy_sees_the_calls() {
    let Some(bench) = bench() else { return };
    sign_through_pkcs11_spy(&bench);
    let calls = bench.shell("cat spy.log").succeeds().stdout;
    assert!(calls.contains("C_Sign\n"), "{calls}");
}

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn a_tool_that_cannot_name_a_key_signs_with_the_configured_one() {
    let Some(bench) = bench() else { return };
    bench.documented("A tool that cannot name a key");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}
