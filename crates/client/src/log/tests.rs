use std::sync::Arc;

use parking_lot::Mutex;
use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<String>>>);

impl Captured {
    fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    fn log(&self, console: Level, file: Level, directory: &std::path::Path) -> Log {
        let lines = self.0.clone();
        let settings = LogSettings { console, file, directory: directory.to_owned() };
        let sink = move |line: &[u8]| lines.lock().push(String::from_utf8(line.to_vec()).unwrap());
        Log::with_console(&settings, Box::new(sink))
    }
}

fn console(level: Level) -> (Log, Captured) {
    let captured = Captured::default();
    (captured.log(level, Level::None, "".as_ref()), captured)
}

fn every_level() {
    tracing::error!("e");
    tracing::warn!("w");
    tracing::info!("i");
    tracing::debug!("d");
    tracing::trace!("v");
}

#[test]
fn each_level_lets_its_own_and_the_graver_ones_through() {
    for (level, expected) in LEVELS.iter().zip([0, 0, 1, 2, 3, 4, 5]) {
        let (log, captured) = console(level.1);
        with_default(log.subscriber(), every_level);
        assert_eq!(captured.lines().len(), expected, "{}", level.0);
        assert_eq!(level.1.to_string(), level.0);
    }
}

#[test]
fn a_line_on_the_console_says_who_and_how_grave() {
    let (log, captured) = console(Level::Verbose);
    with_default(log.subscriber(), || {
        tracing::error!(status = 401, route = "SignHash", "no\nentry");
        tracing::trace!("detail");
    });
    assert_eq!(
        captured.lines(),
        ["signpath: error: no\\nentry status=401 route=SignHash\n", "signpath: verbose: detail\n"]
    );
}

#[test]
fn a_line_in_the_file_has_time_and_process() {
    let directory = tempfile::tempdir().unwrap();
    let captured = Captured::default();
    let log = captured.log(Level::None, Level::Info, directory.path());
    with_default(log.subscriber(), every_level);
    let text = std::fs::read_to_string(directory.path().join(FILE_NAME)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    let words: Vec<_> = lines[0].split(' ').collect();
    assert!(words[0].ends_with('Z') && words[0].len() == 24, "{text}");
    assert_eq!(words[1..], [std::process::id().to_string().as_str(), "error:", "e"]);
    assert!(captured.lines().is_empty());
}

#[test]
fn events_of_libraries_and_spans_are_not_logged() {
    let (log, captured) = console(Level::Verbose);
    with_default(log.subscriber(), || {
        tracing::error!(target: "h2::client", "frame");
        tracing::info_span!("span")
            .in_scope(|| tracing::info!(target: "signpath_pkcs11", "inside"));
    });
    assert_eq!(captured.lines(), ["signpath: info: inside\n"]);
}

#[test]
fn a_protected_token_is_in_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let captured = Captured::default();
    let log = captured.log(Level::Error, Level::Error, directory.path());
    log.protect(&Token::new("s3cret+/".to_owned()));
    log.protect(&Token::new(String::new()));
    with_default(log.subscriber(), || {
        tracing::error!(field = "s3cret%2b/", "token s3cret+/ and pin-value=abc");
    });
    assert_eq!(captured.lines(), ["signpath: error: token *** and pin-value=*** field=***\n"]);
    let text = std::fs::read_to_string(directory.path().join(FILE_NAME)).unwrap();
    assert!(text.contains("token ***") && !text.contains("s3cret"));
}

#[test]
fn another_configuration_holds_at_once() {
    let (log, captured) = console(Level::None);
    with_default(log.subscriber(), || {
        let say = || tracing::info!("again");
        say();
        log.configure(&LogSettings { console: Level::Info, ..LogSettings::default() });
        say();
        log.configure(&LogSettings { console: Level::Error, ..LogSettings::default() });
        say();
    });
    assert_eq!(captured.lines().len(), 1);
}

#[test]
fn a_log_file_that_cannot_be_written_is_one_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let captured = Captured::default();
    let log = captured.log(Level::Error, Level::Info, file.path());
    with_default(log.subscriber(), || {
        tracing::info!("one");
        tracing::info!("two");
    });
    let lines = captured.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("signpath: warning: the log file in "));
}

#[test]
fn a_second_installation_is_the_first_log_again() {
    let quiet = LogSettings::default();
    let first = Log::install(&quiet);
    let second = Log::install(&quiet);
    assert!(Arc::ptr_eq(&first.0, &second.0));
}

#[test]
fn many_threads_write_whole_lines() {
    let directory = tempfile::tempdir().unwrap();
    let log = Captured::default().log(Level::None, Level::Info, directory.path());
    let fifty_lines = || {
        for _ in 0..50 {
            tracing::info!("{}", "x".repeat(500));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| with_default(log.subscriber(), fifty_lines));
        }
    });
    let text = std::fs::read_to_string(directory.path().join(FILE_NAME)).unwrap();
    assert_eq!(text.lines().count(), 400);
    assert!(text.lines().all(|line| line.ends_with(&"x".repeat(500))));
}
