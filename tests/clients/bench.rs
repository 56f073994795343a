//! A sandbox, and a place to run the commands of docs/clients.md in.

use std::{env, path::PathBuf};

use signpath_sandbox::{Builder, KeyType, PolicyConfig, Sandbox};

use super::page;
use crate::harness::{Ran, Workplace, module_path, sandbox_builder};

/// The name of the authority that issues certificates with a chain, in the sandbox.
pub(super) const AUTHORITY: &str = "signpath-sandbox code signing intermediate";

/// What everything signs.
pub(super) const MESSAGE: &str = "A message for every client.\n";

/// A place for one client: the sandbox, and a folder with the message (`message.txt`), the public keys of the sandbox's
/// policies (`rsa.pub`, `ec.pub`, `ec384.pub`), their certificates (`rsa.crt` …) and the root of these (`root.crt`), PEM.
pub(super) struct Bench {
    pub(super) sandbox: Sandbox,
    pub(super) place: Workplace,
    variables: Vec<(String, String)>,
    launcher: &'static [&'static str],
}

impl Bench {
    /// With the credentials in the environment, as the page of the clients asks for.
    pub(super) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With a sandbox that is not as the others are.
    pub(super) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let sandbox = change(sandbox_builder()).start().expect("a sandbox");
        let place = Workplace::new();
        place.write("message.txt", MESSAGE);
        for policy in ["rsa", "ec", "ec384"] {
            let pem = sandbox.public_key_pem(&format!("demo/{policy}"));
            place.write(&format!("{policy}.pub"), pem.expect("the policy has a key"));
            if let Ok(Some(pem)) = sandbox.certificate_pem(&format!("demo/{policy}")) {
                place.write(&format!("{policy}.crt"), pem);
            }
        }
        place.write("root.crt", sandbox.code_signing_root_pem().expect("the sandbox has a root"));
        let mut variables = sandbox.environment();
        variables.push(("MODULE".to_owned(), module_path().display().to_string()));
        Self { sandbox, place, variables, launcher: &[] }
    }

    /// With a sandbox that gives the certificates above each policy's: an authority's, and the root's.
    pub(super) fn with_chains() -> Self {
        let keys = [("rsa", KeyType::Rsa3072), ("ec", KeyType::P256), ("ec384", KeyType::P384)];
        let chained =
            keys.map(|(policy, key)| PolicyConfig::new(&format!("demo/{policy}"), key).chain());
        Self::with(|builder| builder.policies(chained))
    }

    /// Without credentials in the environment: they come as a PIN.
    pub(super) fn without_credentials(mut self) -> Self {
        let credentials = ["SIGNPATH_ORGANIZATION_ID", "SIGNPATH_API_TOKEN"];
        self.variables.retain(|(name, _)| !credentials.contains(&name.as_str()));
        self
    }

    /// One more variable for the commands.
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without credentials in the environment, and with them in `$PIN`.
    pub(super) fn with_a_pin(self) -> Self {
        let pin = self.pin();
        self.without_credentials().variable("PIN", &pin)
    }

    /// As somebody who is not root, with the folder and a copy of the module in it: for programs that treat root otherwise.
    pub(super) fn unprivileged(mut self) -> Self {
        if self.shell("id -u").succeeds().stdout.trim() == "0" {
            self.shell("cp \"$MODULE\" module.so && chown -R nobody .").succeeds();
            let module = self.place.path("module.so").display().to_string();
            self = self.variable("MODULE", &module);
            self.launcher = &["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        }
        self
    }

    /// `organization:token`
    pub(super) fn pin(&self) -> String {
        format!("{}:{}", self.sandbox.organization_id(), self.sandbox.token())
    }

    /// Runs a line of a shell in the folder. `$MODULE` is the module's path; the module's settings are in the environment.
    pub(super) fn shell(&self, line: &str) -> Ran {
        let words = [self.launcher, &["/bin/sh", "-euc", line]].concat();
        let mut command = self.place.command(words[0]);
        command.args(&words[1..]).envs(self.variables.iter().cloned());
        Ran::of(&mut command)
    }

    /// Runs the commands that docs/clients.md has under the heading of this name, in one shell; all of them have to succeed.
    /// Gives what they wrote to standard output.
    #[track_caller]
    pub(super) fn documented(&self, name: &str) -> String {
        self.shell(&page::commands(name)).succeeds().stdout
    }

    /// OpenSSL verifies `signature` (a file in the folder) over the message with a policy's key and these further options.
    #[track_caller]
    pub(super) fn openssl_verifies(&self, policy: &str, signature: &str, options: &str) {
        let line = format!(
            "openssl dgst -verify {policy}.pub -signature {signature} {options} message.txt"
        );
        self.shell(&line).succeeds();
    }

    /// OpenSSL verifies the message's detached CMS signature (a file in the folder), and that its certificate is one of the
    /// sandbox's.
    #[track_caller]
    pub(super) fn openssl_verifies_cms(&self, signature: &str, form: &str) {
        let line = format!(
            "openssl cms -verify -inform {form} -in {signature} -content message.txt -binary \
             -CAfile root.crt -purpose any"
        );
        assert_eq!(self.shell(&line).succeeds().stdout, MESSAGE);
    }

    /// OpenSSL verifies a certificate request (a file in the folder), which is for a policy's key.
    #[track_caller]
    pub(super) fn openssl_verifies_request(&self, policy: &str, request: &str) {
        let line = format!("openssl req -in {request} -verify -noout 2>&1");
        let verified = self.shell(&line).succeeds();
        assert!(verified.stdout.contains("verify OK"), "{verified}");
        let key = self.shell(&format!("openssl req -in {request} -pubkey -noout")).succeeds();
        let expected = self.shell(&format!("cat {policy}.pub")).succeeds();
        assert_eq!(key.stdout, expected.stdout, "the key of the request is not that of {policy}");
    }
}

/// A library of the distribution, in the folder of this machine's architecture.
pub(super) fn library(name: &str) -> Option<PathBuf> {
    let triplet = format!("{}-linux-gnu", env::consts::ARCH);
    let paths = [format!("/usr/lib/{triplet}/{name}"), format!("/usr/lib/{name}")];
    paths.iter().map(PathBuf::from).find(|path| path.is_file())
}
