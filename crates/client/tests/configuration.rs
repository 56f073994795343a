//! The tables of docs/configuration.md are [`SETTINGS`], row by row, and the examples there and in docs/moving.md are
//! configurations.

use signpath_client::SETTINGS;
use signpath_client::config::{CONFIG_FILE, Config, HostProgram, LeftOut, Setting};

const PAGE: &str = include_str!("../../../docs/configuration.md");
const HEAD: &str =
    "| JSON | environment | default | allowed | |\n| --- | --- | --- | --- | --- |\n";
const ENTRY_HEAD: &str = "| key of an entry | if it is left out | allowed |\n| --- | --- | --- |\n";

#[test]
fn the_page_has_every_setting_with_its_default_and_what_is_allowed() {
    check("settings", &rendered());
}

#[test]
fn the_page_has_every_key_of_an_organization_and_what_holds_without_it() {
    let rows = SETTINGS.iter().filter_map(|setting| Some(entry_row(setting, setting.in_entry?)));
    check("organizations", &(ENTRY_HEAD.to_owned() + &rows.collect::<String>()));
}

#[test]
fn the_page_s_example_of_several_organizations_has_a_slot_for_each() {
    let (_, section) = PAGE.split_once("\n## Several organizations\n").unwrap();
    let (_, example) = section.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    std::fs::write(folder.path().join("second-token"), "t2").unwrap();
    let file = folder.path().join("signpath.json");
    std::fs::write(&file, example.replace("/etc/signpath", &path)).unwrap();
    let environment = |name: &str| (name == CONFIG_FILE).then(|| file.clone().into_os_string());
    let config = Config::from_sources(environment, HostProgram::named("test")).unwrap();
    let labels: Vec<_> = config.into_slots().into_iter().map(|slot| slot.token_label).collect();
    assert_eq!(labels, ["SignPath", "Second", "SignPath 3"]);
}

const MOVING: &str = include_str!("../../../docs/moving.md");

#[test]
fn the_file_of_signpath_s_own_module_is_a_configuration_with_two_warnings() {
    let (_, example) = MOVING.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signpath.json");
    std::fs::write(&file, example).unwrap();
    let environment = |name: &str| (name == CONFIG_FILE).then(|| file.clone().into_os_string());
    let config = Config::from_sources(environment, HostProgram::named("test")).unwrap();
    // The file of this test is not private.
    let warnings: Vec<_> =
        config.warnings().iter().filter(|warning| !warning.contains("signpath.json")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for name in ["Log.Console.OutputStream", "Cryptoki.DoNotFailOnReadWriteSessions"] {
        assert!(warnings.iter().any(|warning| warning.starts_with(name)), "{warnings:?}");
    }
}

#[test]
fn the_defaults_that_moving_names_are_those_of_the_table() {
    let (_, table) = MOVING.split_once("<!-- defaults -->\n").unwrap();
    let (table, _) = table.split_once("<!-- /defaults -->").unwrap();
    let rows: Vec<_> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), 9);
    for row in rows {
        let columns: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let setting = SETTINGS.iter().find(|setting| setting.json.contains(&columns[1]));
        let default = setting.expect(row).default;
        assert_eq!(columns[3], if default.is_empty() { "–" } else { default }, "{row}");
    }
}

/// Compares what stands between `<!-- name -->` and `<!-- /name -->`.
fn check(name: &str, wanted: &str) {
    let begin = format!("<!-- {name} -->\n");
    let rest = PAGE.split(&begin).nth(1);
    let table = rest.and_then(|rest| rest.split(&format!("<!-- /{name} -->")).next());
    assert!(
        table == Some(wanted),
        "the table of {name} in docs/configuration.md should be:\n\n{wanted}"
    );
}

fn entry_row(setting: &Setting, left_out: LeftOut) -> String {
    let default = setting.default;
    let otherwise = match left_out {
        LeftOut::Mandatory => "an error".to_owned(),
        LeftOut::Outer => "the setting outside of the list".to_owned(),
        LeftOut::Numbered => format!("`{default}` in slot 1, `{default} 2` in slot 2, and so on"),
        LeftOut::Unset => "not set, whatever is set outside of the list".to_owned(),
    };
    format!("| {} | {otherwise} | {} |\n", code(setting.json), setting.allowed)
}

fn rendered() -> String {
    let rows = SETTINGS.iter().map(|setting| {
        let default =
            if setting.default.is_empty() { "–".into() } else { code(&[setting.default]) };
        let (json, environment) = (code(setting.json), code(setting.environment));
        let (allowed, about) = (setting.allowed, setting.about);
        format!("| {json} | {environment} | {default} | {allowed} | {about} |\n")
    });
    HEAD.to_owned() + &rows.collect::<String>()
}

/// Newer and older names, each as code.
fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
