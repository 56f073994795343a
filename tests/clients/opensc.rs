//! OpenSC's pkcs11-tool.

use super::bench::{Bench, installed};

#[test]
#[ignore = "needs pkcs11-tool: scripts/test"]
fn pkcs11_tool_signs_and_openssl_verifies() {
    let Some(_) = installed("OpenSC pkcs11-tool", "pkcs11-tool", "opensc") else { return };
    let bench = Bench::new();
    bench.documented("OpenSC pkcs11-tool");
    bench.openssl_verifies("rsa", "message.sig", "-sha256");
}
