//! Tokens and passwords among the settings: where they may stand, and that they are not shown.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_token_that_is_in_the_wrong_place_besides_is_not_shown() {
    let token = "AIk+65/ylMnopqrs";
    for (name, value) in [
        ("SIGNPATH_CRYPTOKI_CERTIFICATES", token.to_owned()),
        ("SIGNPATH_CRYPTOKI_CERTIFICATES", format!("{}{token}", "x".repeat(190))),
        ("SIGNPATH_PARAMETERS", format!("{token}=1")),
        ("SIGNPATH_PROJECT_SLUG", token.replace('+', "%2B")),
        ("SIGNPATH_ORGANIZATION_ID", token.to_owned()),
    ] {
        let text = message(load(&[("SIGNPATH_API_TOKEN", token), (name, &value)]));
        assert!(text.contains("***") && !text.contains("AIk"), "{text}");
    }
    let description = ("SIGNPATH_DESCRIPTION", token);
    let config = load(&[("SIGNPATH_API_TOKEN", token), description]).unwrap();
    let values = config.origins().filter_map(|origin| origin.value.as_deref());
    assert!(values.into_iter().all(|value| !value.contains("AIk")));
}

#[test]
fn a_secret_is_in_no_error() {
    for (name, value) in [
        ("SIGNPATH_API_TOKEN", "hunter2 "),
        ("SIGNPATH_API_TOKEN", "encrypted:hunter2"),
        ("SIGNPATH_ORGANIZATION_ID", "hunter2"),
        ("SIGNPATH_API_URL", "https://u:hunter2@x"),
        ("http_proxy", "http://u:hunter2@x:1/path"),
        ("https_proxy", "u:hunter2@x"),
        ("https_proxy", "socks5://u:hunter2@x:1"),
    ] {
        let result = load(&[(name, value)]);
        let text = result.map_or_else(|error| error.to_string(), |config| format!("{config:?}"));
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_token_in_a_file_is_read_and_its_path_is_shown() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"t+/\n").unwrap();
    let value = format!("file:{}", file.path().display());
    let config = load(&[("SIGNPATH_API_TOKEN", &value)]).unwrap();
    assert_eq!(token(&config), "t+/");
    let origin = config.origins().find(|origin| origin.setting.name() == "ApiToken").unwrap();
    assert_eq!(origin.value, Some(value));
}

#[test]
fn a_literal_token_is_reported_as_stars() {
    let config = load(&[("SIGNPATH_API_TOKEN", "hunter2")]).unwrap();
    let origin = config.origins().find(|origin| origin.setting.name() == "ApiToken").unwrap();
    assert_eq!(origin.value.as_deref(), Some("***"));
}

#[test]
fn missing_credentials_are_told_where_they_were_meant_to_be_there() {
    let (organization, token) =
        (("SIGNPATH_ORGANIZATION_ID", ID), ("SIGNPATH_API_TOKEN", "hunter2"));
    for (variables, expected) in [
        (vec![token], Some("OrganizationId is not")),
        (
            vec![organization, ("SIGNPATH_API_TOKEN", " ")],
            Some("SIGNPATH_API_TOKEN is set, but empty"),
        ),
        (
            vec![token, ("SIGNPATH_ORGANIZATION_ID", "")],
            Some("SIGNPATH_ORGANIZATION_ID is set, but"),
        ),
        (vec![organization], None),
        (vec![organization, token], None),
        (vec![], None),
    ] {
        let config = load(&variables).unwrap();
        let told = config.missing_credentials();
        assert_eq!(told.is_some(), expected.is_some(), "{told:?}");
        assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{told:?}");
        assert!(!told.unwrap_or_default().contains("hunter2"));
        assert_eq!(config.warnings(), [""; 0]);
    }
}

#[test]
fn a_token_in_a_configuration_file_that_everybody_can_read_is_a_warning() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "hunter2").unwrap();
    let by_file =
        format!(r#"{{"ApiToken":"file:{}","OrganizationId":"{ID}"}}"#, token.path().display());
    let literal = format!(r#"{{"CIUserToken":"hunter2","OrganizationId":"{ID}"}}"#);
    for (text, mode, warned) in
        [(&literal, 0o644, true), (&literal, 0o640, false), (&by_file, 0o644, false)]
    {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
        let path = file.path().to_str().unwrap();
        let config = load(&[(CONFIG_FILE, path)]).unwrap();
        let warnings = config.warnings().join("\n");
        assert_eq!(warnings.contains(&format!("the ApiToken in {path}; chmod 600")), warned);
        assert!(!warnings.contains("hunter2"), "{warnings}");
        assert_eq!(
            load(&[(CONFIG_FILE, path), ("SIGNPATH_API_TOKEN", "x")]).unwrap().warnings(),
            [""; 0]
        );
    }
}

const COMMAND: &str = r#"{"ApiToken":["/usr/bin/helper","hunter2"],"OrganizationId":"ID"}"#;

fn load_command(mode: u32, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), COMMAND.replace("ID", ID)).unwrap();
    std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
    let mut all = vec![(CONFIG_FILE, file.path().to_str().unwrap())];
    all.extend(variables);
    load(&all)
}

#[test]
fn a_command_is_taken_from_a_file_that_nobody_else_can_write_to() {
    for mode in [0o600, 0o644] {
        let config = load_command(mode, &[]).unwrap();
        assert!(matches!(config.token, Some(TokenSource::Command(_))));
        assert!(config.credentials().is_some() && config.missing_credentials().is_none());
        // An argument may be a secret, but nothing says that it is one.
        assert_eq!(config.warnings(), [""; 0]);
        let origin = config.origins().find(|origin| origin.setting.name() == "ApiToken").unwrap();
        assert_eq!(origin.value.as_deref(), Some("the command /usr/bin/helper"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }
    for mode in [0o620, 0o602, 0o666] {
        let text = message(load_command(mode, &[]));
        for expected in ["a command is not taken from this file", "chmod go-w", "; allowed: "] {
            assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn a_command_in_a_file_that_others_can_write_to_does_no_harm_where_the_environment_has_a_token() {
    let config = load_command(0o666, &[("SIGNPATH_API_TOKEN", "env")]).unwrap();
    assert_eq!(token(&config), "env");
}

#[test]
fn what_looks_like_a_list_in_a_text_is_a_token() {
    let text = r#"["/bin/id"]"#;
    assert_eq!(token(&load(&[("SIGNPATH_API_TOKEN", text)]).unwrap()), text);
    let file = serde_json::json!({ "ApiToken": text }).to_string();
    assert_eq!(token(&load_file(&file, &[]).unwrap()), text);
    let message = message(load_file(r#"{"ApiToken":{"hunter2":5},"TokenLabel":["/bin/id"]}"#, &[]));
    assert!(message.contains("a list where a string is expected"), "{message}");
}
