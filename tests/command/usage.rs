//! What the program says of itself, and how it refuses what makes no sense.

use super::program::run_with;
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
        &["attach", "alpine:1", "--bundle", "x"],
        &["attach", &digest],
        &["attach", &digest, "--payload", "x"],
        &["attach", &digest, "--payload", "x", "--signature", "y", "--bundle", "z"],
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
    for command in [&[][..], &["sign"], &["payload"], &["attach"], &["keys"]] {
        let help = run_with(&place, &[], &[command, &["--help"]].concat()).succeeds();
        let text = help.text();
        let (_, examples) = text.split_once("Examples:\n").unwrap_or_default();
        assert!(examples.contains("  signpath-cosign "), "{command:?}");
        assert!(help.text().lines().all(|line| line.chars().count() <= 130), "{}", help.text());
        assert_eq!(help.stderr, "");
    }
}

#[test]
fn a_shell_can_read_the_completions() {
    let place = Workplace::new();
    let script = run_with(&place, &[], &["completions", "bash"]).succeeds().stdout;
    let script = place.write("completions", script);
    let check = format!(". {} && complete -p signpath-cosign", script.display());
    let ran = Ran::of(place.command("bash").args(["-c", &check])).succeeds();
    assert!(ran.stdout.contains("signpath-cosign"), "{}", ran.stdout);
}

#[test]
fn each_subcommand_has_a_man_page() {
    let place = Workplace::new();
    run_with(&place, &[], &["man-pages", "man"]).succeeds();
    for page in ["signpath-cosign", "signpath-cosign-sign", "signpath-cosign-attach"] {
        let text = std::fs::read_to_string(place.path(&format!("man/{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME") && text.contains("Examples:"), "{page}");
    }
}
