use proptest::prelude::*;

use super::*;

const ID: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

fn scrub(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    scrubbed(&words, &[Token::new("AIk+65/y".to_owned())])
}

#[test]
fn a_cosign_command_keeps_what_names_the_work() {
    for line in [
        "cosign sign --yes -r --signing-config /tmp/sc.json --key pkcs11:token=SignPath;object=demo/ec?module-path=/m.so registry:5000/app@sha256:00ff",
        "/usr/bin/cosign-linux-pivkey-pkcs11key-amd64 sign-blob --tlog-upload=false --output-signature s.sig --bundle=b.json file.txt",
        "cosign attest --type slsaprovenance -a build=7 --predicate p.json ghcr.io/o/i:v1",
        "pkcs11-tool --module /m.so --sign --mechanism RSA-PKCS --id 64 --input-file i --output-file o",
        "openssl dgst -engine pkcs11 -keyform engine -sign -sha256 -out s f",
        "cosign sign --rekor-url https://example.com/x",
        "cosign sign --key signpath://demo/ec -t 3m -- image",
    ] {
        assert_eq!(scrub(line), line);
    }
}

#[test]
fn secrets_on_the_command_line_are_hidden() {
    for (line, expected) in [
        (
            "cosign sign --key pkcs11:token=S;object=a/b;pin-value=p1n i",
            "cosign sign --key pkcs11:token=S;object=a/b;pin-value=*** i",
        ),
        (
            "cosign sign --key=pkcs11:id=a?pin-value=p;q&module-path=/m i",
            "cosign sign --key=pkcs11:id=a?pin-value=*** i",
        ),
        ("cosign sign --key PKCS11:pin-value=x i", "cosign sign --key *** i"),
        ("cosign sign --key pkcs11:pin%2Dvalue=x;object=y i", "cosign sign --key pkcs11:*** i"),
        ("cosign sign --key env://KEY i", "cosign sign --key *** i"),
        ("cosign sign --registry-password hunter2 i", "cosign sign --registry-password *** i"),
        ("cosign sign --yes=hunter2 i", "cosign sign --yes=*** i"),
        ("pkcs11-tool -p hunter2 --pin hunter2 --sign", "pkcs11-tool -p *** --pin *** --sign"),
        ("pkcs11-tool -phunter2", "pkcs11-tool -p***"),
        ("pkcs11-tool --pin -hunter2 -s", "pkcs11-tool --pin *** -s"),
        ("jarsigner -storepass hunter2 a.jar demo/rsa", "jarsigner -storepass *** a.jar demo/rsa"),
        (
            "openssl dgst -passin pass:hunter2 -sign pkcs11:x",
            "openssl dgst -passin *** -sign pkcs11:***",
        ),
        (
            "cosign --whatever hunter2 --flag=hunter2 -x hunter2 word",
            "cosign --whatever *** --flag=*** -x *** word",
        ),
        ("other --Hunter2 --x", "other --*** --x"),
        ("sh -c hunter2", "sh -c ***"),
        ("sh release.sh hunter2 --x", "sh *** *** --x"),
        ("/usr/bin/java -jar hunter2 https://h/p -y", "/usr/bin/java -j*** *** *** -y"),
        ("gpg https://u:hunter2@h/p?t=hunter2#x", "gpg https://***@h/p?***"),
        ("gpg u:hunter2@host:80 a@b.example", "gpg *** a@b.example"),
        ("gpg API_TOKEN=hunter2 A=b", "gpg API_TOKEN=*** A=b"),
        ("gpg AIk+65/y x-AIk%2b65/y", "gpg *** ***"),
        ("gpg my=pin-value=hunter2 x;pin-value", "gpg *** ***"),
    ] {
        let expected_words = expected.to_owned();
        assert_eq!(scrub(line), expected_words, "{line}");
    }
    assert_eq!(scrub(&format!("gpg {ID}:hunter2 {ID}")), format!("gpg *** {ID}"));
    assert_eq!(scrub(&format!("cosign sign --type {ID}%3Ahunter2")), "cosign sign --type ***");
}

#[test]
fn an_option_is_never_taken_for_a_value() {
    assert_eq!(scrub("cosign sign --type --pin=1234"), "cosign sign --type --pin=***");
    assert_eq!(scrub("other --a --b c"), "other --a --b ***");
}

#[test]
fn a_lone_hyphen_and_no_arguments_are_fine() {
    assert_eq!(scrub("cosign sign-blob -"), "cosign sign-blob -");
    assert_eq!(scrubbed(&[], &[]), "");
}

proptest! {
    #[test]
    fn no_word_of_an_unknown_program_is_shown(word in "[A-Z0-9+/=:;&?@ ]{1,30}") {
        let line = scrubbed(&["sh".to_owned(), word], &[]);
        prop_assert_eq!(line, "sh ***");
    }

    #[test]
    fn the_value_of_an_unknown_option_is_not_shown(
        program in "(cosign|openssl|gpg|other)",
        before in prop::collection::vec("(sign|--yes|-r|image)", 0..4),
        option in "--x[a-z]{1,8}",
        value in "Q[A-Za-z0-9+/=:;&?@ ]{7,30}",
        equals: bool,
    ) {
        let mut words = vec![program];
        words.extend(before);
        if equals { words.push(format!("{option}={value}")) } else { words.extend([option, value.clone()]) }
        words.push("image".to_owned());
        let line = scrubbed(&words, &[]);
        prop_assert!(!line.contains(&value), "{line}");
        prop_assert!(!line.contains('Q'), "{line}");
    }

    #[test]
    fn a_pin_in_a_uri_is_not_shown(
        before in "(token=S;|object=a/b;|type=private\\?|)",
        pin in "Q[A-Za-z0-9+/=:;&?@%]{0,30}",
        after in "(;object=a/b|&module-path=/m.so|)",
        prefix in "(--key=|--other=|)",
    ) {
        let uri = format!("{prefix}pkcs11:{before}pin-value={pin}{after}");
        let line = scrubbed(&["cosign".to_owned(), uri.clone(), "--key".to_owned(), uri], &[]);
        prop_assert!(!line.contains('Q'), "{line}");
    }

    #[test]
    fn a_registered_token_is_not_shown(
        words in prop::collection::vec(".{0,20}", 0..6),
        token in "[A-Za-z0-9+/=]{8,20}",
        place in 0usize..6,
        before in "(--type=|--key=pkcs11:object=|https://h/|https://|a=|)",
    ) {
        let mut words = words;
        words.insert(0, "cosign".to_owned());
        words.insert(1 + place.min(words.len() - 1), format!("{before}{token}"));
        let line = scrubbed(&words, &[Token::new(token.clone())]);
        prop_assert!(!line.contains(&token), "{line}");
    }

    #[test]
    fn any_words_can_be_scrubbed(words in prop::collection::vec(".{0,40}", 0..8)) {
        scrubbed(&words, &[]);
    }
}
