//! A command of cosign as cosign reads it (its `main.go`, and the library pflag behind it).

use signpath_client::config::{CosignVariables, HostProgram};

/// The subcommands that write signatures.
const SIGNING: [&str; 4] = ["sign", "sign-blob", "attest", "attest-blob"];

/// Those that write none, of cosign 2.0.0, 2.6.4 and 3.1.2 (`cosign --help`; `piv-tool` in some builds). `policy` of 2.0 is not
/// among them: `cosign policy sign` writes one.
const OTHERS: [&str; 30] = [
    "attach",
    "bundle",
    "clean",
    "completion",
    "copy",
    "dockerfile",
    "download",
    "env",
    "generate",
    "generate-key-pair",
    "help",
    "import-key-pair",
    "initialize",
    "load",
    "login",
    "manifest",
    "piv-tool",
    "pkcs11-tool",
    "public-key",
    "save",
    "signing-config",
    "tree",
    "triangulate",
    "trusted-root",
    "upload",
    "verify",
    "verify-attestation",
    "verify-blob",
    "verify-blob-attestation",
    "version",
];

/// Their options without a value, of cosign 2.0.0, 2.6.4 and 3.1.2. What follows one is not its value, even if it is `false`.
const SWITCHES: [&str; 20] = [
    "allow-http-registry",
    "allow-insecure-registry",
    "b64",
    "help",
    "insecure-skip-verify",
    "issue-certificate",
    "k8s-keychain",
    "new-bundle-format",
    "no-input",
    "no-upload",
    "oidc-disable-ambient-providers",
    "record-creation-timestamp",
    "recursive",
    "replace",
    "sk",
    "tlog-upload",
    "upload",
    "use-signing-config",
    "verbose",
    "yes",
];

/// Their options of one letter that have a value: annotation and timeout.
const LETTERS: [char; 2] = ['a', 't'];

/// What the words are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// A signing command of cosign.
    Signing(Signing<'a>),
    /// Another one of its commands.
    Other,
    /// A command of this program, which never speaks to a log.
    Ours,
    /// No word is cosign for certain.
    Unknown,
}

/// What a signing command says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Signing<'a> {
    pub(super) subcommand: &'a str,
    /// Options by name, in the order in which they came; a switch has `true`.
    options: Vec<(&'a str, &'a str)>,
    /// Variables that are set before the program's name: the options that they stand for.
    variables: Vec<(&'a str, &'a str)>,
}

impl<'a> Signing<'a> {
    /// The last value of an option, which is the one that holds.
    pub(super) fn option(&self, name: &str) -> Option<&'a str> {
        let named = |(known, _): &&(&str, &str)| *known == name;
        let last = |of: &[(&'a str, &'a str)]| of.iter().rfind(named).map(|(_, value)| *value);
        last(&self.options).or_else(|| last(&self.variables))
    }
}

/// Reads the words, the program's name among them; variables may stand before it, or a program that runs it. Users, containers
/// and files are called cosign as well: such a word has no subcommand behind it. Where two words may be the program, nothing is
/// said rather than that no signature is written.
pub(super) fn read(command: &[String]) -> Reading<'_> {
    let is_program = |word: &str| {
        !word.contains(['=', ' ', '\n']) && HostProgram::named(file_name(word)).is_cosign()
    };
    let programs = command.iter().enumerate().filter(|(_, word)| is_program(word));
    let readings: Vec<_> = programs.map(|(place, _)| read_from(command, place)).collect();
    if readings.is_empty() {
        let is_ours = |word: &String| file_name(word).starts_with("signpath-cosign");
        return if command.iter().any(is_ours) { Reading::Ours } else { Reading::Unknown };
    }
    let is_signing = |reading: &Reading<'_>| matches!(reading, Reading::Signing(_));
    let some_signs = readings.iter().any(is_signing);
    match readings.into_iter().find(|reading| *reading != Reading::Unknown) {
        Some(Reading::Other) if some_signs => Reading::Unknown,
        Some(reading) => reading,
        None => Reading::Unknown,
    }
}

/// With the word at this place for the program. `Unknown` if no subcommand of cosign follows.
fn read_from(command: &[String], program: usize) -> Reading<'_> {
    let (before, rest) = command.split_at(program);
    let assigned = before.iter().filter_map(|word| word.split_once('='));
    let variables =
        assigned.filter_map(|(name, value)| Some((CosignVariables::option_of(name)?, value)));
    let mut signing = Signing { variables: variables.collect(), ..Signing::default() };
    match take_options(rest.get(1..).unwrap_or_default(), &mut signing.options) {
        Some(subcommand) if SIGNING.contains(&subcommand) => {
            Reading::Signing(Signing { subcommand, ..signing })
        }
        Some(subcommand) if !OTHERS.contains(&subcommand) => Reading::Unknown,
        _ => Reading::Other,
    }
}

fn file_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Takes the options, and gives the first word that is none.
fn take_options<'a>(words: &'a [String], options: &mut Vec<(&'a str, &'a str)>) -> Option<&'a str> {
    let mut words = words.iter().map(String::as_str);
    let mut first = None;
    while let Some(word) = words.next() {
        match option(word) {
            Word::End => {
                first = first.or_else(|| words.next());
                break;
            }
            Word::Plain => {
                first.get_or_insert(word);
            }
            Word::Switch(name) => options.push((name, "true")),
            Word::Whole(name, value) => options.push((name, value)),
            Word::Awaiting(name) => options.extend(words.next().map(|value| (name, value))),
        }
    }
    first
}

/// What a word is for pflag.
enum Word<'a> {
    Plain,
    /// `--`
    End,
    Switch(&'a str),
    /// With its value.
    Whole(&'a str, &'a str),
    /// Its value is the next word.
    Awaiting(&'a str),
}

/// cosign makes `--option` of `-option` and `-o` of `--o` before it looks.
fn option(word: &str) -> Word<'_> {
    let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) else {
        return Word::Plain;
    };
    let name = name.strip_prefix('-').unwrap_or(name);
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Word::End,
        (Some(letter), None) if LETTERS.contains(&letter) => Word::Awaiting(name),
        (Some(_), None) => Word::Switch(name),
        _ => match name.split_once('=') {
            Some((name, value)) => Word::Whole(name, value),
            None if SWITCHES.contains(&name) => Word::Switch(name),
            None => Word::Awaiting(name),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(command: &str) -> Vec<String> {
        command.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn an_option_is_read_as_cosign_reads_it() {
        for (command, expected) in [
            ("cosign sign --tlog-upload=false IMAGE", Some("false")),
            ("cosign sign -tlog-upload=false IMAGE", Some("false")),
            ("cosign -d --timeout 5m sign -y --tlog-upload IMAGE", Some("true")),
            ("cosign sign --tlog-upload false IMAGE", Some("true")),
            ("cosign sign --tlog-upload=true --tlog-upload=false IMAGE", Some("false")),
            ("cosign sign --key --tlog-upload=false IMAGE", None),
            ("cosign sign -a --tlog-upload=false IMAGE", None),
            ("cosign sign IMAGE -- --tlog-upload=false", None),
            ("COSIGN_TLOG_UPLOAD=f cosign sign IMAGE", Some("f")),
            ("env COSIGN_TLOG_UPLOAD=f /opt/cosign-v2 attest --tlog-upload=T IMAGE", Some("T")),
            ("docker run -e COSIGN_TLOG_UPLOAD=0 ghcr.io/x/cosign:v2.6 sign IMAGE", Some("0")),
            ("sudo -u cosign cosign sign --tlog-upload=false IMAGE", Some("false")),
            ("SIGNPATH_CONFIG_FILE=/etc/cosign.json cosign sign --tlog-upload=f I", Some("f")),
            ("docker run --name cosign ghcr.io/x/cosign:v2 sign --tlog-upload=0 I", Some("0")),
        ] {
            let command = words(command);
            let Reading::Signing(signing) = read(&command) else { panic!("{command:?}") };
            assert_eq!(signing.option("tlog-upload"), expected, "{command:?}");
        }
    }

    #[test]
    fn a_value_may_stand_behind_its_option_or_in_it() {
        for command in ["cosign sign --signing-config f I", "cosign --signing-config=f sign I"] {
            let command = words(command);
            let Reading::Signing(signing) = read(&command) else { panic!("{command:?}") };
            assert_eq!((signing.subcommand, signing.option("signing-config")), ("sign", Some("f")));
        }
    }

    #[test]
    fn commands_that_write_no_signature_are_told_apart() {
        for (command, expected) in [
            ("cosign verify --key sign IMAGE", Reading::Other),
            ("cosign --timeout sign verify IMAGE", Reading::Other),
            ("cosign", Reading::Other),
            ("cosign --", Reading::Other),
            ("cosign verify --key cosign.pub IMAGE", Reading::Other),
            ("sudo -u cosign cosign verify IMAGE", Reading::Other),
            ("docker run --name cosign IMAGE sign I", Reading::Unknown),
            ("docker run --name cosign verify ghcr.io/x/cosign:v2 sign I", Reading::Unknown),
            ("docker run --name=cosign IMAGE sign I", Reading::Unknown),
            ("cosign verify cosign sign", Reading::Unknown),
            ("cosign sgin I", Reading::Unknown),
            ("cosign policy sign", Reading::Unknown),
            ("signpath-cosign sign IMAGE", Reading::Ours),
            ("notation sign IMAGE", Reading::Unknown),
            ("", Reading::Unknown),
        ] {
            assert_eq!(read(&words(command)), expected, "{command}");
        }
    }

    #[test]
    fn a_command_in_quotes_is_no_program() {
        let quoted = ["sh", "-c", "cosign sign I"].map(str::to_owned);
        assert_eq!(read(&quoted), Reading::Unknown);
    }

    proptest! {
        #[test]
        fn no_command_line_makes_it_panic(
            words in prop::collection::vec(
                prop_oneof![
                    Just("cosign".to_owned()), Just("sign".to_owned()), Just("--".to_owned()),
                    Just("--tlog-upload".to_owned()), "-{0,3}[a-z=é-]{0,12}", ".*",
                ],
                0..8,
            )
        ) {
            if let Reading::Signing(signing) = read(&words) {
                prop_assert!(SIGNING.contains(&signing.subcommand));
                let given = signing.option("tlog-upload");
                prop_assert!(given.is_none() || words.iter().any(|word| word.contains("tlog-upload")));
            }
        }
    }
}
