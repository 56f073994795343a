//! Where the token of a request comes from, and what a 401 does about it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::log::{Level, Log, LogSettings};
use crate::secret::{TokenCommand, TokenSource};

/// A program that prints `token-1` when it is run for the first time, then `token-2`, and so on up to a number.
struct Helper {
    folder: TempDir,
    last: u32,
}

impl Helper {
    fn up_to(last: u32) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), last }
    }

    fn counter(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.counter()).map_or(0, |text| text.lines().count())
    }

    fn source(&self) -> TokenSource {
        let counter = self.counter().display().to_string();
        let text =
            "echo >> \"$1\"; n=$(wc -l < \"$1\"); [ \"$n\" -gt \"$2\" ] && n=$2; echo token-$n";
        let words = ["/bin/sh", "-c", text, "helper", &counter, &self.last.to_string()];
        let words = words.map(str::to_owned).to_vec();
        TokenSource::Command(TokenCommand::new(words).unwrap())
    }
}

fn with_source(responder: &Responder, source: TokenSource) -> Client {
    let credentials = Credentials { organization: ORGANIZATION.parse().unwrap(), token: source };
    Client::new(&config(&responder.url(), &[]), credentials)
}

/// Takes these tokens and answers all others with 401.
fn taking(tokens: &'static [&'static str]) -> Responder {
    Responder::start(move |request, _| {
        let given = request.header("authorization").unwrap_or_default();
        let is_taken = tokens.iter().any(|token| given == format!("Bearer {token}"));
        if is_taken { Reply::json(200, &list(P256.spki)) } else { Reply::status(401, "expired") }
    })
}

fn file_with(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn file_source(path: &Path, token: &str) -> TokenSource {
    TokenSource::File { path: path.to_owned(), token: Token::new(token.to_owned()) }
}

#[test]
fn a_command_is_run_when_its_token_is_needed_and_not_again_while_it_is_taken() {
    let helper = Helper::up_to(9);
    let responder = taking(&["token-1"]);
    let client = with_source(&responder, helper.source());
    assert_eq!((helper.runs(), client.known_tokens().len()), (0, 0));
    for _ in 0..3 {
        client.policies().unwrap();
    }
    assert_eq!((helper.runs(), responder.received().len()), (1, 3));
}

#[test]
fn a_401_asks_the_command_once_more() {
    let helper = Helper::up_to(9);
    let responder = taking(&["token-2"]);
    let client = with_source(&responder, helper.source());
    let (_, lines) = lines::of(|| client.policies().unwrap());
    assert!(lines.iter().any(|line| line.contains("/bin/sh has another one")), "{lines:?}");
    client.policies().unwrap();
    let known: Vec<_> = ["token-1", "token-2"].map(|text| Token::new(text.to_owned())).to_vec();
    assert_eq!(client.known_tokens(), known, "neither may be seen");
    assert_eq!((helper.runs(), responder.received().len()), (2, 3));
}

#[test]
fn a_signature_that_was_refused_for_its_token_is_asked_for_with_the_next_one_and_the_same_id() {
    let responder = Responder::script(vec![Reply::status(401, "expired"), signed(&ec_signature())]);
    let helper = Helper::up_to(9);
    let client = with_source(&responder, helper.source());
    client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap();
    let [first, second] = responder.received().try_into().unwrap();
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("authorization"), Some("Bearer token-1"));
    assert_eq!(second.header("authorization"), Some("Bearer token-2"));
}

#[test]
fn a_second_401_is_the_end() {
    let helper = Helper::up_to(9);
    let responder = taking(&[]);
    let client = with_source(&responder, helper.source());
    let error = client.policies().unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert_eq!((helper.runs(), responder.received().len()), (2, 2));
}

#[test]
fn the_same_token_again_is_not_sent_again() {
    let helper = Helper::up_to(1);
    let responder = taking(&[]);
    let error = with_source(&responder, helper.source()).policies().unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert_eq!((helper.runs(), responder.received().len()), (2, 1));
}

#[test]
fn a_file_is_read_again_after_a_401_and_a_given_token_is_final() {
    let (_folder, path) = file_with("token-2\n");
    let responder = taking(&["token-2"]);
    let client = with_source(&responder, file_source(&path, "token-1"));
    client.policies().unwrap();
    client.policies().unwrap();
    assert_eq!(responder.received().len(), 3);

    let client = with_source(&responder, Token::new("token-1".to_owned()).into());
    assert_eq!(client.policies().unwrap_err().class(), Class::Unauthorized);
    assert_eq!(responder.received().len(), 4);
}

#[test]
fn a_file_that_is_gone_is_said_and_the_answer_stays_a_401() {
    let responder = taking(&[]);
    let source = file_source(Path::new("/nonexistent/token"), "token-1");
    let client = with_source(&responder, source);
    let (error, lines) = lines::of(|| client.policies().unwrap_err());
    assert_eq!(error.class(), Class::Unauthorized);
    let said = "the file /nonexistent/token gives no API token: No such file";
    assert!(lines.iter().any(|line| line.contains(said)), "{lines:?}");
    assert_eq!(responder.received().len(), 1);
}

#[test]
fn a_command_that_gives_no_token_is_an_error_and_nothing_is_sent() {
    let responder = taking(&[]);
    let words = ["/bin/sh", "-c", "echo 'not logged in' >&2; exit 1"].map(str::to_owned).to_vec();
    let client = with_source(&responder, TokenSource::Command(TokenCommand::new(words).unwrap()));
    let error = client.policies().unwrap_err();
    assert_eq!(error.class(), Class::Configuration);
    let text = error.to_string();
    let expected =
        "the command /bin/sh gives no API token: exit status: 1 (not logged in). Look at";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(responder.received().len(), 0);
}

#[test]
fn threads_that_were_refused_at_once_all_get_through() {
    let helper = Helper::up_to(2);
    let responder = taking(&["token-2"]);
    let client = with_source(&responder, helper.source());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| client.policies().unwrap());
        }
    });
    assert!(helper.runs() <= 8, "each thread asks twice at most");
}

#[test]
fn a_deadline_ends_the_command_as_well() {
    let responder = taking(&[]);
    let words = ["/bin/sh", "-c", "exec sleep 600"].map(str::to_owned).to_vec();
    let client = with_source(&responder, TokenSource::Command(TokenCommand::new(words).unwrap()))
        .until(Instant::now() + Duration::from_millis(300));
    let text = client.policies().unwrap_err().to_string();
    assert!(text.contains("longer than 0."), "{text}");
}

#[test]
fn a_token_that_a_command_has_printed_is_hidden_in_the_log_as_long_as_its_client_is_there() {
    for (is_for_good, shown) in [(false, "then token-2"), (true, "then ***")] {
        let written = after_its_client(is_for_good);
        assert!(written.contains("x *** y *** z"), "{written}");
        assert!(written.contains(shown), "{written}");
    }
}

/// What is in the log of lines with two tokens, while the client is there and afterwards.
fn after_its_client(is_for_good: bool) -> String {
    let settings = LogSettings {
        file: Level::Verbose,
        directory: tempfile::tempdir().unwrap().keep(),
        ..LogSettings::default()
    };
    let log = Log::new(&settings);
    let helper = Helper::up_to(9);
    let responder = taking(&["token-2"]);
    let client = with_source(&responder, helper.source());
    let client = match is_for_good {
        true => client.hiding_tokens_for_good_in(&log),
        false => client.hiding_tokens_in(&log),
    };
    client.policies().unwrap();
    let written = |text: &str| {
        tracing::subscriber::with_default(log.subscriber(), || info!("{text}"));
        let path = settings.directory.join(crate::log::FILE_NAME);
        fs::read_to_string(path).unwrap()
    };
    written("x token-1 y token-2 z");
    drop(client);
    let all = written("then token-2");
    fs::remove_dir_all(&settings.directory).unwrap();
    all
}

#[test]
fn a_signature_that_may_have_been_made_is_asked_for_once_more_whatever_the_token() {
    let helper = Helper::up_to(2);
    let responder = Responder::script(vec![
        Reply::status(500, ""),
        Reply::status(401, "expired"),
        Reply::status(500, ""),
        signed(&ec_signature()),
    ]);
    let client = with_source(&responder, helper.source());
    client.sign_hash(&policy(P256.spki), &ec_hash()).unwrap_err();
    assert_eq!(responder.received().len(), 3);
}

#[test]
fn a_program_has_no_more_time_than_the_call() {
    let responder = taking(&["token-1"]);
    let words = ["/bin/sh", "-c", "exec sleep 600"].map(str::to_owned).to_vec();
    let source = TokenSource::Command(TokenCommand::new(words).unwrap());
    let credentials = Credentials { organization: ORGANIZATION.parse().unwrap(), token: source };
    let settings = [("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "0.3")];
    let client = Client::new(&config(&responder.url(), &settings), credentials);
    let error = client.policies().unwrap_err().to_string();
    assert!(error.contains("it took longer than 0.3 s"), "{error}");
}
