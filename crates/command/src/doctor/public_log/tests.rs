use super::super::finding::State;
use super::*;

const V2_0: Option<Version> = Some((2, 0, 0));
const V2_6: Option<Version> = Some((2, 6, 4));
const V3: Option<Version> = Some((3, 1, 2));

fn found(command: &str, variables: &CosignVariables, version: Option<Version>) -> Finding {
    let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
    finding(&words, variables, version)
}

#[track_caller]
fn expect(command: &str, version: Option<Version>, state: State, said: &str) {
    let found = found(command, &CosignVariables::default(), version);
    assert_eq!(found.state, state, "{command} of {version:?}: {}", found.text);
    assert!(found.text.contains(said), "{command} of {version:?}: {}", found.text);
}

#[test]
fn what_keeps_one_version_off_does_not_keep_off_another() {
    const BOTH: &str = "cosign sign --tlog-upload=false --use-signing-config=false I";
    for (command, version, state, said) in [
        ("cosign sign I", None, State::Error, "would write"),
        ("cosign sign I", V2_0, State::Error, "would write"),
        ("cosign sign I", V2_6, State::Error, "would write"),
        ("cosign sign I", V3, State::Error, "Sigstore's signing configuration"),
        ("cosign sign --tlog-upload=false I", V2_0, State::Ok, "keeps the command off"),
        ("cosign sign --tlog-upload=false I", V2_6, State::Ok, "keeps the command off"),
        ("cosign sign --tlog-upload=false I", V3, State::Error, "refuses"),
        ("cosign sign --tlog-upload=false I", None, State::Ok, "v3 refuses it without"),
        ("cosign sign --tlog-upload false I", V2_6, State::Error, "would write"),
        ("cosign sign --tlog-upload=no I", V2_6, State::Error, "cannot be \"no\""),
        (BOTH, V3, State::Ok, "keeps the command off"),
        (BOTH, None, State::Ok, "keeps the command off"),
        (BOTH, V2_0, State::Error, "before 2.6"),
        ("cosign sign --use-signing-config=false I", V3, State::Error, "would write"),
        (
            "cosign attest --use-signing-config --new-bundle-format I",
            V2_6,
            State::Error,
            "Sigstore's",
        ),
        (
            "cosign attest --use-signing-config I",
            V2_6,
            State::Error,
            "only with --new-bundle-format",
        ),
        (
            "cosign sign --rekor-url https://log.example I",
            V2_6,
            State::Warning,
            "https://log.example",
        ),
        ("cosign sign --rekor-url https://log.example I", V3, State::Error, "exclude each other"),
        ("cosign sign --rekor-url=https://rekor.sigstore.dev I", V2_6, State::Error, "public log"),
        (
            "cosign sign --rekor-url=https://rekor.sigstore.dev:443/ I",
            V2_6,
            State::Error,
            "Sigstore's public log",
        ),
        ("cosign sign --rekor-url https://u:w@log.example I", V2_6, State::Warning, "log.example"),
        ("cosign sign --new-bundle-format=false I", V3, State::Error, "refuses"),
        ("cosign sign-blob --new-bundle-format=false F", V3, State::Error, "refuses"),
        ("sudo -u cosign cosign sign I", V3, State::Error, "Sigstore's"),
        ("docker run --name cosign IMAGE sign I", V3, State::Warning, "not known"),
        ("cosign verify I", V3, State::Ok, "writes no signature"),
        ("signpath-cosign sign I", V3, State::Ok, "writes to no log"),
        ("sh -c sign", V3, State::Warning, "not known"),
    ] {
        expect(command, version, state, said);
    }
}

#[test]
fn a_signing_configuration_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    const START: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json""#;
    let empty = file("empty", &format!("{START}}}"));
    let logs = r#","rekor_tlog_urls":[{"url":"https://rekor.example"}]}"#;
    let full = file("full", &format!("{START}{logs}"));
    let other = file("other", "[]");
    let broken = file("broken", "{");
    for (options, version, state, said) in [
        (format!("--signing-config {empty}"), V3, State::Ok, "names no log"),
        (format!("--signing-config={empty}"), None, State::Ok, "names no log"),
        (format!("--signing-config={full}"), V3, State::Error, "https://rekor.example"),
        (format!("--signing-config {broken}"), V3, State::Error, "no JSON"),
        (format!("--signing-config {other}"), V3, State::Error, "no JSON object"),
        (
            format!("--signing-config {empty} --new-bundle-format=false"),
            V3,
            State::Error,
            "--new-bundle-format=false exclude each other",
        ),
        ("--signing-config /nowhere".to_owned(), V3, State::Error, "cannot be read"),
        (format!("--signing-config {empty}"), V2_0, State::Error, "before 2.6"),
        (format!("--signing-config {empty}"), V2_6, State::Error, "--new-bundle-format"),
        (format!("--signing-config {empty} --new-bundle-format"), V2_6, State::Ok, "no log"),
        (format!("--signing-config {empty} --tlog-upload=false"), V3, State::Error, "refuses"),
        (
            format!("--signing-config {empty} --use-signing-config=false"),
            V3,
            State::Error,
            "exclude each other",
        ),
    ] {
        expect(&format!("cosign sign {options} --key k IMAGE"), version, state, said);
    }
}

#[test]
fn the_environment_holds_where_the_command_says_nothing() {
    let options = vec![("tlog-upload", "COSIGN_TLOG_UPLOAD", "false".to_owned())];
    let variables = CosignVariables { options, ..CosignVariables::default() };
    for (command, state) in [
        ("cosign sign I", State::Ok),
        ("cosign sign --tlog-upload=true I", State::Error),
        ("COSIGN_TLOG_UPLOAD=1 cosign sign I", State::Error),
    ] {
        assert_eq!(found(command, &variables, V2_6).state, state, "{command}");
    }
    let refused = found("cosign sign I", &variables, V3);
    assert!(refused.text.contains("v3 takes --tlog-upload=false only"), "{}", refused.text);
}
