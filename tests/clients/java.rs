//! Java's keytool and jarsigner, which reach the module through the provider SunPKCS11.

use super::{bench::Bench, packages::installed};
use crate::harness::Ran;

/// The key and the algorithm of a signed JAR, and the extension of its signature file.
type Case = (&'static str, &'static str, &'static str);

const RSA: &[Case] = &[
    ("rsa", "SHA256withRSA", "RSA"),
    ("rsa", "SHA384withRSA", "RSA"),
    ("rsa", "SHA512withRSA", "RSA"),
];

/// Every hash on every curve: Java does not choose the one by the other.
const EC: &[Case] = &[
    ("ec", "SHA256withECDSA", "EC"),
    ("ec", "SHA384withECDSA", "EC"),
    ("ec", "SHA512withECDSA", "EC"),
    ("ec384", "SHA256withECDSA", "EC"),
    ("ec384", "SHA384withECDSA", "EC"),
    ("ec384", "SHA512withECDSA", "EC"),
];

/// A bench with `java.cfg`, the settings of the provider, and `trusted.p12`, whose one certificate is the sandbox's root;
/// `None` where there is no Java.
fn java(slot: &str, bench: fn() -> Bench) -> Option<Bench> {
    installed("Java keytool and jarsigner", "default-jdk-headless")?;
    let bench = bench();
    let library = format!("name = SignPath\nlibrary = $MODULE\n{slot}\n");
    bench.shell(&format!("cat > java.cfg <<END\n{library}END")).succeeds();
    bench.shell("jar --create --file message.jar message.txt").succeeds();
    bench.place.write("root.pem", bench.sandbox.code_signing_root_pem().expect("there is a root"));
    bench
        .shell(
            "keytool -importcert -noprompt -file root.pem -keystore trusted.p12 \
             -storetype PKCS12 -storepass trusted",
        )
        .succeeds();
    Some(bench)
}

/// The options by which both programs find the token.
const TOKEN: &str = "-keystore NONE -storetype PKCS11 -addprovider SunPKCS11 -providerArg java.cfg";

/// What jarsigner says of a signer whose certificate leads to no trusted root.
const CHAIN_IS_INVALID: &str = "entries whose certificate chain is invalid";

fn sign(bench: &Bench, policy: &str, options: &str) -> Ran {
    bench.shell(&format!(
        "jarsigner {TOKEN} {options} -signedjar signed.jar message.jar demo/{policy}"
    ))
}

/// jarsigner accepts `signed.jar` with nothing trusted but the sandbox's root, and so does OpenSSL what is signed in it.
#[track_caller]
fn verifies(bench: &Bench, policy: &str, algorithm: &str, extension: &str) {
    let ran = bench
        .shell("jarsigner -verify -verbose -keystore trusted.p12 -storepass trusted signed.jar")
        .succeeds();
    assert!(!ran.stdout.contains(CHAIN_IS_INVALID), "{ran}");
    let signer = format!("Signed by \"CN=demo/{policy}\"");
    let signature = format!("Signature algorithm: {algorithm}");
    for words in ["jar verified.", &signer, &signature] {
        assert!(ran.stdout.contains(words), "{words:?} is not in: {ran}");
    }
    bench
        .shell(&format!(
            "rm -rf signed; python3 -m zipfile -e signed.jar signed; cd signed/META-INF; \
             openssl cms -verify -binary -inform DER -in *.{extension} -content *.SF \
             -CAfile ../../root.pem -purpose any -out verified; cmp verified *.SF"
        ))
        .succeeds();
}

#[track_caller]
fn signs_and_verifies(bench: &Bench, cases: &[Case]) {
    for (policy, algorithm, extension) in cases {
        sign(bench, policy, &format!("-protected -sigalg {algorithm}")).succeeds();
        verifies(bench, policy, algorithm, extension);
    }
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn keytool_lists_every_key_that_has_a_certificate() {
    let Some(bench) = java("", Bench::new) else { return };
    let listed = bench.documented("keytool");
    for policy in ["demo/rsa", "demo/ec", "demo/ec384", "demo/ec521", "demo/approval"] {
        let entry = format!("{policy}, PrivateKeyEntry");
        assert!(listed.contains(&entry), "{entry} is not in: {listed}");
    }
    assert!(!listed.contains("nocert"), "{listed}");
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_signs_as_documented() {
    let Some(bench) = java("", Bench::new) else { return };
    bench.documented("jarsigner");
    verifies(&bench, "rsa", "", "RSA");
    let ran = bench.shell("jarsigner -verify signed.jar").succeeds();
    assert!(ran.stdout.contains(CHAIN_IS_INVALID), "the root is trusted by itself: {ran}");
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_signs_with_rsa_and_every_hash() {
    let Some(bench) = java("slot = 1", Bench::new) else { return };
    signs_and_verifies(&bench, RSA);
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_signs_with_ec_and_every_hash_on_the_first_slot_of_the_list() {
    let Some(bench) = java("slotListIndex = 0", Bench::new) else { return };
    signs_and_verifies(&bench, EC);
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_signs_with_rsassa_pss() {
    let Some(bench) = java("slot = 1", Bench::new) else { return };
    signs_and_verifies(&bench, &[("rsa", "RSASSA-PSS", "RSA")]);
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn keytool_makes_requests_that_openssl_verifies() {
    let Some(bench) = java("slotListIndex = 0", Bench::new) else { return };
    for policy in ["rsa", "ec", "ec384"] {
        let request = format!("keytool -certreq {TOKEN} -storepass CONFIG -alias demo/{policy}");
        bench.shell(&format!("{request} -file {policy}.csr")).succeeds();
        bench
            .shell(&format!(
                "openssl req -in {policy}.csr -verify -noout -pubkey | openssl pkey -pubin \
                 -outform DER > asked; openssl pkey -pubin -in {policy}.pub -outform DER | cmp - asked"
            ))
            .succeeds();
        let verified = format!("openssl req -in {policy}.csr -verify -noout");
        let ran = bench.shell(&verified).succeeds();
        assert!(ran.stderr.contains("verify OK"), "{ran}");
    }
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_puts_the_authority_of_a_chain_into_the_signature() {
    let Some(bench) = java("slot = 1", Bench::with_chains) else { return };
    for (policy, algorithm, extension) in [RSA[0], EC[0]] {
        sign(&bench, policy, &format!("-protected -sigalg {algorithm}")).succeeds();
        verifies(&bench, policy, algorithm, extension);
        let block = format!("signed/META-INF/*.{extension}");
        let line = format!("openssl pkcs7 -inform DER -in {block} -print_certs");
        let certificates = bench.shell(&line).succeeds().stdout;
        let chain = bench.sandbox.certificate_chain_pem(&format!("demo/{policy}")).unwrap();
        assert!(certificates.contains(chain[0].trim()), "{} is not in: {certificates}", chain[0]);
    }
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn an_alias_is_the_name_of_the_policy_beside_a_chain_too() {
    let Some(bench) = java("slot = 1", Bench::with_chains) else { return };
    let listed = bench.shell(&format!("keytool -list {TOKEN} -storepass CONFIG")).succeeds().stdout;
    let entries = listed.lines().filter_map(|line| line.split_once(", PrivateKeyEntry"));
    let mut aliases: Vec<_> = entries.map(|(alias, _)| alias).collect();
    aliases.sort_unstable();
    assert_eq!(aliases, ["demo/ec", "demo/ec384", "demo/rsa"], "{listed}");
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn jarsigner_signs_with_the_pin_from_the_environment() {
    let Some(bench) = java("slot = 1", || Bench::new().without_credentials()) else { return };
    let pin = bench.pin();
    let bench = bench.variable("PIN", &pin);
    sign(&bench, "ec", "-storepass:env PIN").succeeds();
    verifies(&bench, "ec", "", "EC");
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn a_wrong_pin_fails_jarsigner_and_the_reason_is_said() {
    let Some(bench) = java("slot = 1", || Bench::new().without_credentials()) else { return };
    let pin = format!("{}:wrong-token", bench.sandbox.organization_id());
    let bench = bench.variable("PIN", &pin);
    let ran = sign(&bench, "ec", "-storepass:env PIN").fails();
    assert!(ran.lines_of_the_module().concat().contains("The token is wrong"), "{ran}");
    assert!(!bench.place.path("signed.jar").exists());
}

#[test]
#[ignore = "needs a JDK: scripts/test"]
fn a_refused_signing_policy_fails_jarsigner_and_the_reason_is_said() {
    let Some(bench) = java("slot = 1", Bench::new) else { return };
    let ran = sign(&bench, "approval", "-protected").fails();
    assert_eq!(ran.lines_of_the_module().len(), 1, "{ran}");
    assert!(!bench.place.path("signed.jar").exists());
}
