//! Go's crypto11, which cosign signs with: `tests/go/crypto11`, 64 goroutines on one context.

use signpath_sandbox::Route;

use super::bench::Bench;
use crate::harness::{Ran, Tool, requested};

/// What the program prints, and what the service has to have been asked for.
const SIGNATURES: usize = 64 * 3 + 1;

fn sign(bench: &Bench, policy: &str, options: &str) -> Ran {
    let program = Tool::Crypto11.path();
    bench.shell(&format!(
        "'{}' -module \"$MODULE\" -token SignPath -key demo/{policy} {options} \
         -message message.txt -signature message.sig",
        program.display()
    ))
}

#[track_caller]
fn signs(bench: &Bench, policy: &str, options: &str, openssl: &str) {
    bench.sandbox.clear_requests();
    let ran = sign(bench, policy, options).succeeds();
    assert_eq!(ran.stdout, format!("{SIGNATURES} signatures verified\n"));
    assert_eq!(requested(&bench.sandbox, Route::SignHash), SIGNATURES);
    bench.openssl_verifies(policy, "message.sig", openssl);
}

#[test]
#[ignore = "needs a Go program: scripts/test"]
fn sixty_four_goroutines_sign_with_rsa_on_one_context() {
    signs(&Bench::new(), "rsa", "", "-sha256");
}

#[test]
#[ignore = "needs a Go program: scripts/test"]
fn sixty_four_goroutines_sign_with_ec_on_one_context() {
    let bench = Bench::new();
    signs(&bench, "ec", "", "-sha256");
    signs(&bench, "ec384", "", "-sha256");
}

#[test]
#[ignore = "needs a Go program: scripts/test"]
fn sixty_four_goroutines_sign_with_rsassa_pss_on_one_context() {
    let options = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    signs(&Bench::new(), "rsa", "-pss", options);
}

#[test]
#[ignore = "needs a Go program: scripts/test"]
fn crypto11_signs_with_a_pin() {
    let bench = Bench::new().without_credentials();
    let pin = bench.pin();
    signs(&bench.variable("PIN", &pin), "rsa", "", "-sha256");
}

#[test]
#[ignore = "needs a Go program: scripts/test"]
fn crypto11_fails_for_a_wrong_pin_and_the_reason_is_said() {
    let bench = Bench::new().without_credentials().variable("PIN", "1234");
    let ran = sign(&bench, "rsa", "").fails();
    assert!(ran.stderr.contains("CKR_PIN_INCORRECT"), "{ran}");
    assert_eq!(ran.lines_of_the_module().len(), 1, "{ran}");
    assert_eq!(bench.sandbox.connections(), 0, "such a PIN is not tried");
}
