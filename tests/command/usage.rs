//! What the program says of itself, and how it refuses what makes no sense.

use super::program::{self, run_with};
use crate::harness::{Ran, Workplace};

#[test]
fn what_makes_no_sense_ends_with_2() {
    let place = Workplace::new();
    let digest = format!("a@sha256:{}", "0".repeat(64));
    for words in [
        &[][..],
        &["nonsense"],
        &["payload"],
        &["payload", "Upper/Case"],
        &["payload", "alpine", "-a", "novalue"],
        &["sign", "alpine", "--via", "hash"],
        &["sign", "alpine", "--via", "hash", "--policy", "demo"],
        &["attach", "alpine:1", "--unchecked", "--bundle", "x"],
        &["attach", &digest, "--unchecked"],
        &["attach", &digest, "--unchecked", "--payload", "x"],
        &["attach", &digest, "--unchecked", "--payload", "x", "--signature", "y", "--bundle", "z"],
        &["attach", &digest, "--bundle", "x"],
        &["attach", &digest, "--bundle", "x", "--unchecked", "--key", "k"],
        &["attach", &digest, "--bundle", "x", "--policy", "a/b", "--key", "k"],
        &["sign", "alpine", "--policy", "a/b", "--http-registry", "http://r"],
        &["keys", "--json", "--cosign"],
    ] {
        let ended = run_with(&place, &[], words);
        assert_eq!(ended.code, Some(2), "{words:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{words:?}");
        assert!(!ended.stderr.contains('\u{1b}'), "{words:?}");
    }
}

#[test]
fn help_has_examples_and_goes_to_standard_output() {
    let place = Workplace::new();
    for command in
        [&[][..], &["sign"], &["payload"], &["attach"], &["keys"], &["trust"], &["doctor"]]
    {
        let help = run_with(&place, &[], &[command, &["--help"]].concat()).succeeds();
        let text = help.text();
        let (_, examples) = text.split_once("Examples:\n").unwrap_or_default();
        assert!(examples.contains("  signpath-cosign "), "{command:?}");
        assert!(help.text().lines().all(|line| line.chars().count() <= 130), "{}", help.text());
        assert_eq!(help.stderr, "");
    }
}

#[test]
fn bash_completes_subcommands_and_what_stands_behind_them() {
    let place = Workplace::new();
    let script = run_with(&place, &[], &["completions", "bash"]).succeeds().stdout;
    let script = place.write("completions", script);
    for (words, expected) in [
        ("tr", "trust"),
        ("attach --pa", "--payload"),
        ("keys --co", "--cosign"),
        ("trust --as ky", "kyverno"),
        ("man-pages --he", "--help"),
    ] {
        let line = format!("signpath-cosign {words}");
        // What bash sets for the function that `complete` names: the words, and which of them is completed.
        let check = format!(
            ". {} && complete -p signpath-cosign && COMP_WORDS=({line}) && \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) && \
             _signpath__cosign signpath-cosign \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\" && \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let ran = Ran::of(place.command("bash").args(["-c", &check])).succeeds();
        assert!(ran.stdout.lines().any(|line| line == expected), "{words}: {ran}");
    }
}

#[test]
fn each_subcommand_has_a_man_page_and_so_has_the_plugin() {
    let place = Workplace::new();
    run_with(&place, &[], &["man-pages", "man"]).succeeds();
    for page in ["signpath-cosign", "signpath-cosign-sign", "signpath-cosign-attach"] {
        let text = std::fs::read_to_string(place.path(&format!("man/{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH EXAMPLES"), "{page}");
    }
    let plugin = std::fs::read_to_string(place.path("man/sigstore-kms-signpath.1")).unwrap();
    assert!(plugin.contains("signpath://PROJECT/POLICY"), "{plugin}");
}

/// `script` of util-linux gives a program a terminal.
#[test]
fn colours_are_for_terminals_that_show_them() {
    let place = Workplace::new();
    let command = format!("{} keys", program::path().display());
    let on_a_terminal = |variables: &[(&str, &str)]| {
        let mut script = place.command("script");
        let words = ["--quiet", "--return", "--command", &command, "/dev/null"];
        Ran::of(script.args(words).envs(variables.iter().copied())).fails().stdout
    };
    let coloured = on_a_terminal(&[("TERM", "xterm")]);
    assert!(coloured.contains("\u{1b}[") && coloured.contains("error:"), "{coloured}");
    for variables in [[("TERM", "dumb"), ("X", "")], [("TERM", "xterm"), ("NO_COLOR", "1")]] {
        let plain = on_a_terminal(&variables);
        assert!(!plain.contains('\u{1b}') && plain.contains("error: there are no"), "{plain}");
    }
}
