//! The README's table of settings is [`SETTINGS`], row by row.

use signpath_client::SETTINGS;

const README: &str = include_str!("../../../README.md");
const BEGIN: &str = "<!-- settings -->\n";
const HEAD: &str =
    "| JSON | environment | default | allowed | |\n| --- | --- | --- | --- | --- |\n";
const END: &str = "<!-- /settings -->";

#[test]
fn the_readme_has_every_setting_with_its_default_and_what_is_allowed() {
    let table = README.split(BEGIN).nth(1).and_then(|rest| rest.split(END).next());
    let wanted = rendered();
    assert!(
        table.is_some_and(|table| table == wanted),
        "the table of settings in README.md should be:\n\n{wanted}"
    );
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
