//! OpenSSH: ssh-keygen, and ssh-agent with ssh-add.

use super::{
    bench::{AUTHORITY, Bench},
    packages::installed,
};

const CLIENT: &str = "OpenSSH";

/// The bench, where OpenSSH is installed. Prompts get an empty line instead of asking at the terminal, and the public keys of
/// the sandbox are there in OpenSSH's form, `rsa.allowed` …, as those that may sign files.
fn bench() -> Option<Bench> {
    bench_of(Bench::new)
}

fn bench_of(bench: fn() -> Bench) -> Option<Bench> {
    installed(CLIENT, "openssh-client")?;
    let bench = bench();
    let line = "for policy in rsa ec ec384; do
            printf 'me namespaces=\"file\" ' > $policy.allowed
            ssh-keygen -i -m PKCS8 -f $policy.pub >> $policy.allowed
        done";
    bench.shell(line).succeeds();
    Some(bench.answers_prompts("echo"))
}

impl Bench {
    /// Programs that ask for a PIN get what this line of a shell writes.
    fn answers_prompts(self, line: &str) -> Self {
        let script = format!("cat > askpass << 'END'\n#!/bin/sh\n{line}\nEND\nchmod +x askpass");
        self.shell(&script).succeeds();
        let askpass = self.place.path("askpass").display().to_string();
        self.variable("SSH_ASKPASS", &askpass).variable("SSH_ASKPASS_REQUIRE", "force")
    }

    /// ssh-keygen verifies `message.txt.sig` with the sandbox's key.
    #[track_caller]
    fn ssh_keygen_verifies(&self, policy: &str) {
        let line = format!(
            "ssh-keygen -Y verify -f {policy}.allowed -I me -n file -s message.txt.sig < message.txt"
        );
        self.shell(&line).succeeds();
    }
}

/// Signs the message with a policy's key that the agent has from the module.
fn sign(policy: &str) -> String {
    format!(
        "rm -f message.txt.sig
         cut -d ' ' -f 3- {policy}.allowed > signer.pub
         ssh-agent -P \"$MODULE\" sh -euc '
             ssh-add -s \"$MODULE\"
             ssh-keygen -Y sign -f signer.pub -n file message.txt'"
    )
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_keygen_lists_the_keys_and_signs_through_the_agent() {
    let Some(bench) = bench() else { return };
    bench.documented("OpenSSH");
    bench.ssh_keygen_verifies("rsa");
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_keygen_shows_each_key_with_its_name() {
    let Some(bench) = bench() else { return };
    let keys = bench.shell("ssh-keygen -D \"$MODULE\"").succeeds().stdout;
    for policy in ["rsa", "ec", "ec384"] {
        let key = bench.shell(&format!("ssh-keygen -i -m PKCS8 -f {policy}.pub")).succeeds().stdout;
        let line = format!("{} demo/{policy}\n", key.trim());
        assert!(keys.contains(&line), "{line} is not in:\n{keys}");
    }
}

/// The comments of the keys that ssh-keygen prints, sorted: what stands behind the kind and the key.
fn comments(bench: &Bench, settings: &str) -> Vec<String> {
    let keys = bench.shell(&format!("{settings} ssh-keygen -D \"$MODULE\"")).succeeds().stdout;
    let comments = keys.lines().filter_map(|line| Some(line.splitn(3, ' ').nth(2)?.to_owned()));
    let mut comments: Vec<_> = comments.collect();
    comments.sort();
    comments
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_keygen_shows_the_authorities_of_a_chain_by_their_subjects() {
    let Some(bench) = bench_of(Bench::with_chains) else { return };
    let policies = ["demo/ec", "demo/ec384", "demo/rsa"];
    let shown = comments(&bench, "");
    let (authorities, keys): (Vec<_>, _) =
        shown.into_iter().partition(|name| name.starts_with('/'));
    assert_eq!(keys, policies);
    let root = "/CN=signpath-sandbox code signing root".to_owned();
    assert_eq!(authorities, [format!("/CN={AUTHORITY}"), root]);
    assert_eq!(comments(&bench, "SIGNPATH_CRYPTOKI_CERTIFICATES=never"), policies);
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_agent_signs_with_a_key_that_has_a_chain() {
    let Some(bench) = bench_of(Bench::with_chains) else { return };
    bench.documented("OpenSSH");
    bench.ssh_keygen_verifies("rsa");
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_agent_signs_with_rsa_and_ec() {
    let Some(bench) = bench() else { return };
    for policy in ["rsa", "ec", "ec384"] {
        bench.shell(&sign(policy)).succeeds();
        bench.ssh_keygen_verifies(policy);
    }
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_agent_signs_with_the_pin_that_ssh_add_asks_for() {
    let Some(bench) = bench() else { return };
    let bench = bench.with_a_pin().answers_prompts("printf '%s\\n' \"$PIN\"");
    for policy in ["rsa", "ec"] {
        bench.shell(&sign(policy)).succeeds();
        bench.ssh_keygen_verifies(policy);
    }
}

#[test]
#[ignore = "needs OpenSSH: scripts/test"]
fn ssh_add_fails_with_a_wrong_pin() {
    let Some(bench) = bench() else { return };
    let wrong = format!("{}:wrong", bench.sandbox.organization_id());
    let bench = bench.without_credentials().variable("PIN", &wrong);
    let bench = bench.answers_prompts("printf '%s\\n' \"$PIN\"");
    let ran = bench.shell("ssh-agent -P \"$MODULE\" ssh-add -s \"$MODULE\"").fails();
    assert!(ran.stderr.contains("agent refused operation"), "{ran}");
    assert!(!ran.stderr.contains(":wrong"), "{ran}");
}
