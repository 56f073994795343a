//! osslsigncode: Authenticode signatures of Windows programs.

use super::{bench::Bench, packages::installed};
use crate::harness::Ran;

const CLIENT: &str = "osslsigncode";

/// The bench, where osslsigncode is installed. `program.exe` in the folder is a Windows program without a signature.
fn bench() -> Option<Bench> {
    installed(CLIENT, "osslsigncode")?;
    installed(CLIENT, "libengine-pkcs11-openssl")?;
    // A launcher that Python's distlib puts before scripts on Windows.
    let program = installed(CLIENT, "python3-distlib")?;
    let bench = Bench::new();
    bench.shell(&format!("cp {} program.exe", program.display())).succeeds();
    Some(bench)
}

impl Bench {
    fn sign(&self, policy: &str, options: &str) -> Ran {
        self.shell(&format!(
            "rm -f signed.exe
             osslsigncode sign -pkcs11module \"$MODULE\" \
             -pkcs11cert 'pkcs11:token=SignPath;object=demo/{policy};type=cert' \
             -key 'pkcs11:token=SignPath;object=demo/{policy};type=private' \
             {options} -in program.exe -out signed.exe"
        ))
    }

    fn verify(&self, file: &str) -> Ran {
        self.shell(&format!("osslsigncode verify -CAfile root.crt -in {file}"))
    }

    /// The signature is that of the file, by this policy's certificate, which the sandbox's root has signed.
    #[track_caller]
    fn is_signed(&self, policy: &str, digest: &str) {
        let verified = self.verify("signed.exe").succeeds();
        let said = [
            "Signature verification: ok".to_owned(),
            format!("Message digest algorithm  : {digest}\n"),
            format!("Subject: /CN=demo\\/{policy}\n"),
        ];
        for text in said {
            assert!(verified.stdout.contains(&text), "{text:?} is not in: {verified}");
        }
        let after = |label: &str| {
            let lines = verified.stdout.lines();
            lines.filter_map(|line| line.strip_prefix(label)).map(str::trim).next()
        };
        let digest = after("Current message digest    :").expect("the digest in the signature");
        assert_eq!(Some(digest), after("Calculated message digest :"), "{verified}");
    }
}

#[test]
#[ignore = "needs osslsigncode: scripts/test"]
fn osslsigncode_signs_a_windows_program() {
    let Some(bench) = bench() else { return };
    bench.documented("osslsigncode");
    bench.is_signed("rsa", "SHA256");
}

#[test]
#[ignore = "needs osslsigncode: scripts/test"]
fn osslsigncode_signs_with_rsa_and_ec_and_each_digest() {
    let Some(bench) = bench() else { return };
    for (policy, digest) in
        [("rsa", "SHA384"), ("rsa", "SHA512"), ("ec", "SHA256"), ("ec384", "SHA384")]
    {
        bench.sign(policy, &format!("-h {}", digest.to_lowercase())).succeeds();
        bench.is_signed(policy, digest);
    }
}

#[test]
#[ignore = "needs osslsigncode: scripts/test"]
fn a_windows_program_that_was_changed_is_not_verified() {
    let Some(bench) = bench() else { return };
    bench.sign("rsa", "-h sha256").succeeds();
    // Somewhere in the code, behind all headers.
    bench
        .shell("printf changed | dd of=signed.exe bs=1 seek=5000 conv=notrunc status=none")
        .succeeds();
    bench.verify("signed.exe").fails();
    bench.verify("program.exe").fails();
}

#[test]
#[ignore = "needs osslsigncode: scripts/test"]
fn osslsigncode_signs_with_the_pin_from_its_command_line() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin();
    for policy in ["rsa", "ec"] {
        bench.sign(policy, "-h sha256 -pass \"$PIN\"").succeeds();
        bench.is_signed(policy, "SHA256");
    }
    let told: String = bench.sandbox.audit().iter().map(|entry| format!("{entry:?}")).collect();
    assert!(told.contains("osslsigncode sign") && !told.contains(&bench.sandbox.token()), "{told}");
}

#[test]
#[ignore = "needs osslsigncode: scripts/test"]
fn osslsigncode_shows_why_the_service_refused() {
    let Some(bench) = bench() else { return };
    let ran = bench.sign("approval", "-h sha256").fails();
    assert!(
        ran.lines_of_the_module().iter().any(|line| line.contains("approval process")),
        "{ran}"
    );
}
