//! Completions for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use super::NAME;
use super::arguments::Arguments;

/// The script that a shell reads.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    if shell == Shell::Bash { joined(&script) } else { script }
}

/// clap_complete takes the hyphen of the program's name for the step to a subcommand where it writes bash's cases, but not where
/// it writes what is compared with them (clap-rs/clap issue 6421): behind a subcommand nothing would be completed.
fn joined(script: &[u8]) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    script.replace("signpath__subcmd__cosign", "signpath__cosign").into_bytes()
}
