//! The settings of the log, which count even where the others cannot be used.

use super::*;

fn log_settings(variables: &[(&str, &str)]) -> LogSettings {
    Config::log_settings_from(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    })
}

#[test]
fn the_log_is_set_although_another_setting_is_wrong() {
    let variables = [
        ("SIGNPATH_ORGANIZATION_ID", "acme"),
        ("SIGNPATH_LOG_CONSOLE_LEVEL", "none"),
        ("SIGNPATH_LOG_FILE_LEVEL", "info"),
    ];
    load(&variables).unwrap_err();
    let log = log_settings(&variables);
    assert_eq!((log.console, log.file), (Level::None, Level::Info));
    assert_eq!(log.directory, PathBuf::from("/tmp/SignPathLogs"));
}

#[test]
fn a_wrong_setting_of_the_log_has_its_default_and_the_others_count() {
    let log = log_settings(&[
        ("SIGNPATH_LOG_CONSOLE_LEVEL", "loud"),
        ("SIGNPATH_LOG_FILE_LEVEL", "debug"),
        ("SIGNPATH_LOG_FILE_DIRECTORY", "file:/x"),
    ]);
    assert_eq!(log, LogSettings { file: Level::Debug, ..load(&[]).unwrap().log });
}

#[test]
fn the_file_counts_for_the_log_unless_it_cannot_be_read() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(br#"{"ApiUrl":5,"Log":{"Console":{"Level":"info"},"File":{"Level":"info"}}}"#)
        .unwrap();
    let path = file.path().to_str().unwrap();
    let log = log_settings(&[(CONFIG_FILE, path), ("SIGNPATH_LOG_CONSOLE_LEVEL", "none")]);
    assert_eq!((log.console, log.file), (Level::None, Level::Info));
    let log =
        log_settings(&[(CONFIG_FILE, "/nonexistent"), ("SIGNPATH_LOG_CONSOLE_LEVEL", "none")]);
    assert_eq!((log.console, log.file), (Level::None, Level::None));
}

#[test]
fn a_privileged_process_logs_by_the_defaults() {
    assert_eq!(Config::log_settings(Process::Privileged), load(&[]).unwrap().log);
}
