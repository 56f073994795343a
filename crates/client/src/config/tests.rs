use std::collections::HashSet;
use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::error::Class;
use crate::log::Level;

mod log_settings;
mod organizations;
mod secrets;

const ID: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

fn load(variables: &[(&str, &str)]) -> Result<Config, Error> {
    let environment = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    };
    Config::from_sources(environment, HostProgram::named("test"))
}

fn load_file(text: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let mut all = vec![(CONFIG_FILE, file.path().to_str().unwrap())];
    all.extend(variables);
    load(&all)
}

fn message(result: Result<Config, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class(), Class::Configuration);
    error.to_string()
}

/// The token, if it is known without asking.
fn token(config: &Config) -> &str {
    config.token.as_ref().and_then(TokenSource::known).map_or("", |token| token.expose())
}

#[test]
fn without_any_setting_the_defaults_hold() {
    let config = load(&[]).unwrap();
    assert_eq!(config.credentials(), None);
    assert_eq!(config.api_url.as_str(), "https://app.signpath.io/Api");
    assert_eq!(config.token_label, "SignPath");
    assert_eq!(config.certificates, Certificates::Auto);
    assert_eq!(config.request_timeout, Duration::from_secs(30));
    assert_eq!(config.total_timeout, Duration::from_secs(150));
    assert_eq!(config.first_retry_delay, Duration::from_millis(1160));
    assert_eq!(config.retry_count, None);
    assert_eq!(config.metadata, MetadataDetail::Full);
    assert_eq!((config.log.console, config.log.file), (Level::Error, Level::None));
    assert_eq!(config.log.directory, PathBuf::from("/tmp/SignPathLogs"));
    assert_eq!(config.proxy, Proxy::default());
    assert!(config.warnings().is_empty());
    assert!(config.origins().all(|origin| origin.place == Place::Default));
    assert_eq!(config.origins().count(), SETTINGS.len());
}

#[test]
fn no_name_stands_twice_in_the_table() {
    let names = |setting: &'static Setting| setting.json.iter().chain(setting.environment);
    let all: Vec<_> = SETTINGS.iter().flat_map(names).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    for setting in SETTINGS {
        assert!(!setting.name().is_empty() && !setting.allowed.is_empty());
        assert!(!setting.about.is_empty() && !setting.about.ends_with('.'));
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = r#"{"ProjectSlug":"of-file","SigningPolicySlug":"of_file","HttpRequestTimeoutInSeconds":7}"#;
    let config = load_file(file, &[("SIGNPATH_PROJECT_SLUG", "of-environment")]).unwrap();
    assert_eq!(config.project.as_deref(), Some("of-environment"));
    assert_eq!(config.signing_policy.as_deref(), Some("of_file"));
    assert_eq!(config.request_timeout, Duration::from_secs(7));
    let origin =
        |name: &str| config.origins().find(|origin| origin.setting.name() == name).unwrap();
    assert_eq!(origin("ProjectSlug").place, Place::Environment("SIGNPATH_PROJECT_SLUG"));
    let Place::File { key, .. } = &origin("SigningPolicySlug").place else { panic!("{config:?}") };
    assert_eq!(key, "SigningPolicySlug");
    assert_eq!(origin("HttpRequestTimeoutInSeconds").value.as_deref(), Some("7"));
    assert_eq!(origin("ApiUrl").value.as_deref(), Some("https://app.signpath.io/Api"));
    assert_eq!(origin("OrganizationId").value, None);
}

#[test]
fn the_older_names_count_and_the_newer_ones_win() {
    let config = load_file(
        r#"{"CIUserToken":"old","Timeouts":{"HttpRequest":"5","FirstRetryDelay":0.5,"RetryCount":3}}"#,
        &[],
    )
    .unwrap();
    assert_eq!(token(&config), "old");
    assert_eq!(config.request_timeout, Duration::from_secs(5));
    assert_eq!(config.first_retry_delay, Duration::from_millis(500));
    assert_eq!(config.retry_count, Some(3));

    let config = load(&[
        ("SIGNPATH_CI_USER_TOKEN", "old"),
        ("SIGNPATH_API_TOKEN", "new"),
        ("SIGNPATH_ORGANIZATION_ID", ID),
        ("SIGNPATH_TIMEOUTS_HTTP_REQUEST", "9"),
        ("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "8"),
    ])
    .unwrap();
    assert_eq!(token(&config), "new");
    assert_eq!(config.request_timeout, Duration::from_secs(8));
    let warnings = config.warnings().join("\n");
    assert!(warnings.contains("variable SIGNPATH_CI_USER_TOKEN has no effect"), "{warnings}");
    assert!(!warnings.contains("old"), "{warnings}");
}

#[test]
fn the_older_variable_wins_over_the_newer_key_of_the_file() {
    let config = load_file(r#"{"ApiToken":"file"}"#, &[("SIGNPATH_CI_USER_TOKEN", "env")]).unwrap();
    assert_eq!(token(&config), "env");
}

#[test]
fn every_setting_can_stand_in_the_file() {
    let text = format!(
        r#"{{"OrganizationId":"{ID}","ApiToken":"t+/","ApiUrl":"http://127.0.0.1:1/Api/","TokenLabel":"Küche",
        "Cryptoki":{{"Certificates":"always","DoNotFailOnReadWriteSessions":true}},"ProjectSlug":"P-1","SigningPolicySlug":"p_2",
        "TlsCaCertificate":"/ca.pem","TlsClientCertificate":"/me.pem","HttpProxy":"u:p@proxy:8080","HttpRequestTimeoutInSeconds":1.5,
        "ServiceUnavailableTimeoutInSeconds":"20","Metadata":"none","IncludeDummyX509CertificateForGpgKeys":"true",
        "Log":{{"Console":{{"Level":"Debug","OutputStream":"stderr"}},"File":{{"Level":"info","Directory":"/var/log/s"}}}}}}"#
    );
    let config = load_file(&text, &[]).unwrap();
    assert_eq!(config.credentials(), Credentials::from_pin(&format!("{ID}:t+/")));
    assert_eq!(config.api_url.as_str(), "http://127.0.0.1:1/Api");
    assert_eq!(config.token_label, "Küche");
    assert_eq!(config.certificates, Certificates::Always);
    assert_eq!(config.tls_ca_certificate, Some("/ca.pem".into()));
    assert_eq!(config.tls_client_certificate, Some("/me.pem".into()));
    assert_eq!(config.proxy.for_host("https", "x").unwrap().unwrap().port(), 8080);
    assert_eq!(config.request_timeout, Duration::from_millis(1500));
    assert_eq!(config.total_timeout, Duration::from_secs(20));
    assert_eq!(config.metadata, MetadataDetail::None);
    assert_eq!((config.log.console, config.log.file), (Level::Debug, Level::Info));
    assert!(config.dummy_certificates);
    assert_eq!(config.warnings(), [""; 0]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("t+/") && !shown.contains("u:p@"), "{shown}");
}

#[test]
fn an_empty_value_counts_as_not_set() {
    for empty in ["", " ", "\n"] {
        let names = SETTINGS.iter().flat_map(|setting| setting.environment);
        let variables: Vec<_> = names.map(|name| (*name, empty)).collect();
        let mut config = load(&variables).unwrap();
        // Said, and otherwise without effect.
        assert!(config.missing_credentials.take().is_some());
        assert_eq!(config, load(&[]).unwrap());
    }
    assert_eq!(load_file(r#"{"ApiUrl":"","ProjectSlug":null}"#, &[]).unwrap().project, None);
}

#[test]
fn a_wrong_value_is_named_with_its_place_and_what_is_allowed() {
    assert_eq!(
        message(load(&[("SIGNPATH_LOG_FILE_LEVEL", "loud")])),
        "the setting Log.File.Level cannot be \"loud\" (from the environment variable SIGNPATH_LOG_FILE_LEVEL): it is \
         none of the known words; allowed: none, fatal, error, warning, info, debug or verbose"
    );
    let text = message(load_file(r#"{"Timeouts":{"HttpRequest":-1}}"#, &[]));
    assert!(text.contains("HttpRequestTimeoutInSeconds cannot be \"-1\""), "{text}");
    assert!(text.contains("(Timeouts.HttpRequest)): it is out of range"), "{text}");
}

#[test]
fn wrong_values_of_every_kind_are_refused() {
    for (name, value) in [
        ("SIGNPATH_ORGANIZATION_ID", "acme"),
        ("SIGNPATH_API_TOKEN", "two words"),
        ("SIGNPATH_API_TOKEN", "tök"),
        ("SIGNPATH_API_TOKEN", "file:relative"),
        ("SIGNPATH_API_URL", "http://signpath.example/Api"),
        ("SIGNPATH_TOKEN_LABEL", "123456789012345678901234567890123"),
        ("SIGNPATH_TOKEN_LABEL", "a\nb"),
        ("SIGNPATH_PROJECT_SLUG", "a/b"),
        ("SIGNPATH_SIGNING_POLICY_SLUG", "ä"),
        ("SIGNPATH_CRYPTOKI_CERTIFICATES", "yes"),
        ("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "0"),
        ("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "NaN"),
        ("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "inf"),
        ("SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS", "1e-30"),
        ("SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS", "3601"),
        ("SIGNPATH_TIMEOUTS_RETRY_COUNT", "1.5"),
        ("SIGNPATH_TIMEOUTS_RETRY_COUNT", "-1"),
        ("SIGNPATH_METADATA", "some"),
        ("SIGNPATH_TLS_CA_CERTIFICATE", "file:/ca.pem"),
        ("SIGNPATH_TLS_CLIENT_CERTIFICATE", "FILE:/me.pem"),
        ("SIGNPATH_LOG_FILE_DIRECTORY", "file:///var/log"),
        ("SIGNPATH_LOG_CONSOLE_OUTPUT_STREAM", "file"),
        ("SIGNPATH_INCLUDE_DUMMY_X509CERTIFICATE_FOR_GPG_KEYS", "1"),
        ("https_proxy", "socks5://p:1"),
    ] {
        let text = message(load(&[(name, value)]));
        assert!(text.contains(name) && text.contains("; allowed: "), "{text}");
        assert!(!text.contains(char::is_control));
    }
}

#[test]
fn forms_of_other_programs_say_what_to_use() {
    for (name, value, expected) in [
        ("SIGNPATH_API_TOKEN", "exec:cat /t", "a list in the configuration file"),
        ("SIGNPATH_API_TOKEN", "encrypted:AAAA", "file:/path"),
        ("SIGNPATH_API_TOKEN", "registry:HKLM", "file:/path"),
        ("SIGNPATH_TLS_CLIENT_CERTIFICATE", "thumbprint:00", "PEM file"),
    ] {
        let text = message(load(&[(name, value)]));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_types_of_json_are_checked() {
    for text in [
        r#"{"ApiUrl":["x"]}"#,
        r#"{"ApiUrl":1}"#,
        r#"{"ProjectSlug":true}"#,
        r#"{"HttpRequestTimeoutInSeconds":false}"#,
        r#"{"IncludeDummyX509CertificateForGpgKeys":1}"#,
        r#"{"ApiToken":{"Hunter2":"hunter2"},"OrganizationId":["hunter2"]}"#,
    ] {
        let text = message(load_file(text, &[]));
        assert!(text.contains(" is expected; allowed: ") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn settings_without_effect_are_said_when_they_are_set() {
    let config = load(&[
        ("SIGNPATH_LOG_CONSOLE_OUTPUT_STREAM", "stdout"),
        ("SIGNPATH_CRYPTOKI_DO_NOT_FAIL_ON_READ_WRITE_SESSIONS", "false"),
    ])
    .unwrap();
    let warnings = config.warnings();
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].contains("standard error") && warnings[1].contains("read/write sessions"));
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_an_error() {
    for (path, expected) in [
        ("/nonexistent/signpath.json", "No such file"),
        ("/tmp", "not a regular file"),
        ("/dev/zero", "not a regular file"),
    ] {
        let text = message(load(&[(CONFIG_FILE, path)]));
        assert!(text.contains(path) && text.contains(expected), "{text}");
    }
    let text = message(load_file("{\"ApiUrl\": }", &[]));
    assert!(text.contains("line 1, column 12"), "{text}");
    let text = message(load_file(&" ".repeat((1 << 20) + 1), &[]));
    assert!(text.contains("longer than"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt;

    let environment =
        |name: &str| (name == "SIGNPATH_API_TOKEN").then(|| OsString::from_vec(vec![0xff]));
    let text = message(Config::from_sources(environment, HostProgram::default()));
    assert!(text.contains("\"***\"") && text.contains("not UTF-8"), "{text}");
}

#[test]
fn a_privileged_process_has_the_defaults_and_a_warning() {
    let config = Config::load(Process::Privileged).unwrap();
    assert!(config.origins().all(|origin| origin.place == Place::Default));
    assert_eq!(config.warnings().len(), 1);
    assert!(config.warnings()[0].contains("more rights than its user"));
}

#[test]
fn http_proxy_in_capitals_is_not_read() {
    let config =
        load(&[("HTTP_PROXY", "evil:1"), ("HTTPS_PROXY", "proxy:1"), ("NO_PROXY", "x")]).unwrap();
    assert_eq!(config.proxy.for_host("https", "y").unwrap().unwrap().host(), "proxy");
    assert_eq!(config.proxy.for_host("https", "x"), Ok(None));
    assert_eq!(load(&[("HTTP_PROXY", "evil:1")]).unwrap().proxy, Proxy::default());
}

#[test]
fn a_proxy_of_another_kind_only_matters_where_it_is_used() {
    let kinds = ["socks5://p:1", "https://p:1", "p", "\u{0}"];
    let local = ("SIGNPATH_API_URL", "https://127.0.0.1:1/Api");
    for kind in kinds {
        for variables in [
            vec![("https_proxy", kind), ("http_proxy", kind), local],
            vec![("https_proxy", kind), ("http_proxy", kind), ("no_proxy", "signpath.io")],
            vec![("https_proxy", "proxy:1"), ("http_proxy", kind)],
        ] {
            load(&variables).unwrap();
        }
        load_file(r#"{"HttpProxy":"proxy:1"}"#, &[("https_proxy", kind)]).unwrap();
        for variables in
            [vec![("https_proxy", kind), ("http_proxy", "proxy:1")], vec![("http_proxy", kind)]]
        {
            let text = message(load(&variables));
            assert!(text.contains(variables[0].0) && text.contains("; allowed: "), "{text}");
        }
    }
    let mut config = load(&[("https_proxy", "socks5://u:hunter2@p:1"), local]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    config.api_url = "https://signpath.example/Api".parse().unwrap();
    let chosen = config.proxy.for_host("https", "signpath.example");
    assert!(matches!(chosen, Err(Error::Setting { setting: "https_proxy", .. })), "{chosen:?}");
}

#[test]
fn certificates_are_hidden_from_cosign_unless_they_are_asked_for() {
    for (setting, program, expected) in [
        ("auto", "cosign-linux-pivkey-pkcs11key-amd64", false),
        ("auto", "java", true),
        ("always", "cosign", true),
        ("never", "java", false),
    ] {
        let environment =
            |name: &str| (name == "SIGNPATH_CRYPTOKI_CERTIFICATES").then(|| setting.into());
        let config = Config::from_sources(environment, HostProgram::named(program)).unwrap();
        let (shown, reason) = config.shows_certificates();
        assert_eq!(shown, expected, "{reason}");
        assert_eq!(reason.contains("shown:"), expected, "{reason}");
    }
}

fn is_a_line(error: Error) -> bool {
    !error.to_string().contains(char::is_control)
}

proptest! {
    #[test]
    fn any_file_is_a_configuration_or_an_error(
        values in prop::collection::vec((0..SETTINGS.len(), "(\"[^\"\\\\]{0,30}\"|[0-9.]{1,5}|true|null|\\[\\]|\\{\\})"), 0..5),
    ) {
        let rows = values.iter().filter_map(|(row, value)| {
            Some(format!("{:?}:{value}", SETTINGS[*row].json.first()?))
        });
        let text = format!("{{{}}}", rows.collect::<Vec<_>>().join(","));
        prop_assert!(load_file(&text, &[]).map_or_else(is_a_line, |_| true));
    }

    #[test]
    fn any_environment_is_a_configuration_or_an_error(row in 1..SETTINGS.len(), value in "\\PC{0,40}") {
        if let Some(name) = SETTINGS[row].environment.first() {
            prop_assert!(load(&[(name, &value)]).map_or_else(is_a_line, |_| true));
        }
    }
}
