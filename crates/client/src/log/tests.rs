use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use proptest::prelude::*;
use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
struct Captured {
    lines: Arc<Mutex<Vec<String>>>,
    /// The number that the log takes for that of the process.
    process: Arc<AtomicU32>,
}

impl Captured {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().clone()
    }

    fn log(&self, console: Level, file: Level, directory: &std::path::Path) -> Log {
        let lines = Arc::clone(&self.lines);
        let settings = LogSettings { console, file, directory: directory.to_owned() };
        let sink = move |line: &[u8]| lines.lock().push(String::from_utf8(line.to_vec()).unwrap());
        let process = Arc::clone(&self.process);
        Log::with(&settings, Box::new(sink), Box::new(move || process.load(Ordering::Relaxed)))
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
fn what_is_shown_elsewhere_hides_the_same() {
    let (log, captured) = console(Level::None);
    log.protect(&Token::new("s3cret+/".to_owned()));
    let text = "a s3cret%2B/\nb pin-value=x";
    assert_eq!(log.redacted(text), "a ***\nb pin-value=***");
    let held = log.0.state().hold_everything();
    assert_eq!(log.redacted(text), "***", "without the tokens nothing is shown");
    drop(held);
    captured.process.store(1, Ordering::Relaxed);
    assert_eq!(log.redacted(text), "a s3cret%2B/\nb pin-value=***", "a child forgets them");
}

#[test]
fn a_token_is_hidden_until_everybody_has_forgotten_it() {
    let (log, captured) = console(Level::Error);
    let (one, other) = (Token::new("s3cret".to_owned()), Token::new("other-one".to_owned()));
    [&one, &one, &other].into_iter().for_each(|token| log.protect(token));
    with_default(log.subscriber(), || {
        for _ in 0..3 {
            tracing::error!("s3cret other-one");
            log.forget(&one);
        }
        log.protect(&one);
        tracing::error!("s3cret other-one");
    });
    let hidden = "signpath: error: *** ***\n";
    assert_eq!(captured.lines(), [hidden, hidden, "signpath: error: s3cret ***\n", hidden]);
}

#[test]
fn a_forked_child_does_not_wait_for_the_locks_that_it_inherits() {
    let directory = tempfile::tempdir().unwrap();
    let captured = Captured::default();
    let log = captured.log(Level::Error, Level::Error, directory.path());
    let settings = LogSettings {
        console: Level::Error,
        file: Level::Error,
        directory: directory.path().to_owned(),
    };
    with_default(log.subscriber(), || {
        let start = Instant::now();
        let parent = log.0.state();
        let held = parent.hold_everything();
        for child in 1..4 {
            captured.process.store(child, Ordering::Relaxed);
            tracing::error!("before the child is configured");
            log.protect(&Token::new("s3cret".to_owned()));
            log.configure(&settings);
            tracing::error!("s3cret of {child}");
        }
        drop(held);
        assert!(start.elapsed() < Duration::from_secs(1));
        let line = |child| format!("signpath: error: *** of {child}\n");
        assert_eq!(captured.lines(), [line(1), line(2), line(3)]);
    });
    let text = std::fs::read_to_string(directory.path().join(FILE_NAME)).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
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
    assert!(lines[0].starts_with("signpath: warning: the log file "));
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

proptest! {
    #[test]
    fn every_message_is_one_bounded_line(message in ".{0,100}", times in 1usize..1000) {
        let (log, captured) = console(Level::Error);
        with_default(log.subscriber(), || tracing::error!("{}", format!("{message}\n").repeat(times)));
        let [line] = captured.lines().try_into().unwrap();
        let text = line.strip_suffix('\n').unwrap();
        prop_assert!(!text.contains(char::is_control));
        prop_assert!(text.len() < 100_000);
    }
}
