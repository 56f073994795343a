//! `sign-image install`: the archive is what it has to be, or nothing is unpacked.

use std::fs;

use super::{Archive, FILES, sign_image};
use crate::{
    cosign::bench::text,
    harness::{Ran, Workplace},
};

/// What lies in the place, to be compared.
fn names(place: &Workplace) -> Vec<String> {
    let entries = fs::read_dir(place.path("")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that it is refused with these words, and that nothing is left behind.
#[track_caller]
fn is_refused(place: &Workplace, words: &[&str], said: &str) {
    let before = names(place);
    let refused = Ran::of(place.command(sign_image()).arg("install").args(words)).fails();
    assert!(refused.stderr.contains(said), "{said}: {refused}");
    assert_eq!(names(place), before, "{refused}");
}

#[test]
fn a_release_is_installed_where_its_sha256_is_as_given() {
    let place = Workplace::new();
    let archive = Archive::of_words(&place, "0.1.0");
    let folder = text(&place.path("deeper/down/release"));
    let upper = Archive { sha256: archive.sha256.to_uppercase(), ..archive };
    Ran::of(&mut upper.installing(&place, &folder)).succeeds();
    for file in FILES {
        assert_eq!(fs::read_to_string(format!("{folder}/{file}")).unwrap(), file);
    }
    let beside = fs::read_dir(place.path("deeper/down")).unwrap().count();
    assert_eq!(beside, 1, "something stays beside the release");
}

#[test]
fn an_archive_with_another_sha256_is_refused_and_nothing_is_unpacked() {
    let place = Workplace::new();
    let (archive, other) = (Archive::of_words(&place, "0.1.0"), Archive::of_words(&place, "0.1.1"));
    assert_ne!(archive.sha256, other.sha256);
    let words = [&archive.path, "--sha256", &other.sha256, "--to", "release"];
    let said = format!("has the SHA-256 {}, not {}; nothing was", archive.sha256, other.sha256);
    is_refused(&place, &words, &said);
}

#[test]
fn a_sha256_has_to_be_given_and_has_to_be_one() {
    let place = Workplace::new();
    let archive = Archive::of_words(&place, "0.1.0");
    let short = &archive.sha256[1..];
    let word = archive.sha256.replace(char::is_numeric, "g");
    is_refused(&place, &[&archive.path, "--to", "release"], "64 hexadecimal digits");
    for sha256 in ["", short, &word] {
        is_refused(&place, &[&archive.path, "--sha256", sha256], "64 hexadecimal digits");
    }
}

#[test]
fn what_is_no_release_is_refused() {
    let place = Workplace::new();
    let machine = std::env::consts::ARCH;
    let lacking = format!("signpath-pkcs11-0.1.2-{machine}-linux");
    fs::create_dir_all(place.path(&lacking).join("lib")).unwrap();
    place.write(&format!("{lacking}/lib/libsignpath_pkcs11.so"), "no more than this");
    fs::create_dir_all(place.path("signpath-pkcs11-0.1.2-m68k-linux/lib")).unwrap();
    for (name, said) in [
        (lacking.as_str(), "it has no bin/sigstore-kms-signpath"),
        ("signpath-pkcs11-0.1.2-m68k-linux", "its folder is 'signpath-pkcs11-0.1.2-m68k-linux'"),
        ("home", "its folder is 'home'"),
    ] {
        let archive = Archive::packed(&place, name);
        let words = [&archive.path, "--sha256", &archive.sha256, "--to", "release"];
        is_refused(&place, &words, said);
    }
}

#[test]
fn the_same_release_is_installed_once_and_another_one_does_not_replace_it() {
    let place = Workplace::new();
    let (archive, other) = (Archive::of_words(&place, "0.1.0"), Archive::of_words(&place, "0.1.1"));
    Ran::of(&mut archive.installing(&place, "release")).succeeds();
    fs::remove_file(&archive.path).unwrap();
    let again = Ran::of(&mut archive.installing(&place, "release")).succeeds();
    assert!(again.stderr.contains("is in release already"), "{again}");
    let words = [&other.path, "--sha256", &other.sha256, "--to", "release"];
    is_refused(&place, &words, "release is there, and is not this release");
    is_refused(&place, &[&other.path, "--sha256", &other.sha256, "--to", "home/.."], "is there");
}

/// A program in the place of curl gives the archive, and notes how it was called.
#[test]
fn an_archive_is_fetched_by_https_alone() {
    let place = Workplace::new();
    let archive = Archive::of_words(&place, "0.1.0");
    let (noted, curl) = (text(&place.path("words")), place.path("bin/curl"));
    fs::create_dir(place.path("bin")).unwrap();
    let lines = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >'{noted}'\n\
         while [ \"$1\" != --output ]; do shift; done\ncp '{}' \"$2\"\n",
        archive.path
    );
    fs::write(&curl, lines).unwrap();
    Ran::of(place.command("chmod").arg("755").arg(&curl)).succeeds();
    let path = text(&place.path("bin")) + ":/usr/bin:/bin";
    let fetched = Archive {
        path: "https://downloads.example/release.tar.gz".to_owned(),
        sha256: archive.sha256.clone(),
    };
    Ran::of(fetched.installing(&place, "release").env("PATH", path)).succeeds();
    let words = fs::read_to_string(noted).unwrap();
    assert!(words.starts_with("--proto =https "), "{words}");
    assert!(words.ends_with(" -- https://downloads.example/release.tar.gz\n"), "{words}");
    let plain = ["http://downloads.example/release.tar.gz", "--sha256", &archive.sha256];
    is_refused(&place, &plain, "by https alone");
}

#[test]
fn wrong_usage_is_said_and_help_is_given() {
    let place = Workplace::new();
    for (words, status) in [
        (vec!["--help"], 0),
        (vec![], 2),
        (vec!["verify"], 2),
        (vec!["install", "--sha256"], 2),
        (vec!["install", "a", "b"], 2),
        (vec!["install", "--force", "a"], 2),
        (vec!["sign", "--policy"], 2),
        (vec!["sign", "--key", "a"], 2),
        (vec!["sign", "--policy", "my-project"], 2),
        (vec!["sign", "--policy", "a/b/c"], 2),
        (vec!["sign", "--policy", "a/b;c=d"], 2),
        (vec!["sign", "--policy", "a/b", "--recursive", "yes"], 2),
    ] {
        let output = place.command(sign_image()).args(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}: {output:?}");
        assert_eq!(output.stdout.is_empty(), status != 0, "{words:?}");
        assert_eq!(output.stderr.is_empty(), status == 0, "{words:?}");
    }
}
