//! `Organizations`: which slots there are, and with which settings.

use serde_json::{Value, json};

use super::*;

const OTHER_ID: &str = "11111111-2222-4333-8444-555555555555";
const CREDENTIALS: [(&str, &str); 2] =
    [("SIGNPATH_ORGANIZATION_ID", ID), ("SIGNPATH_API_TOKEN", "outer")];

fn entry(token: &str) -> Value {
    json!({ "OrganizationId": OTHER_ID, "ApiToken": token })
}

fn load_list(list: Value, variables: &[(&str, &str)]) -> Result<Config, Error> {
    load_file(&json!({ "Organizations": list }).to_string(), variables)
}

fn slots(list: Value, variables: &[(&str, &str)]) -> Vec<Config> {
    load_list(list, variables).unwrap().into_slots()
}

fn refusal(list: Value) -> String {
    let text = message(load_list(list, &[]));
    assert!(!text.contains("hunter2") && text.contains("; allowed: "), "{text}");
    text
}

fn labels(slots: &[Config]) -> Vec<&str> {
    slots.iter().map(|slot| slot.token_label.as_str()).collect()
}

fn tokens(slots: &[Config]) -> Vec<&str> {
    slots.iter().map(token).collect()
}

fn origin<'a>(config: &'a Config, name: &str) -> &'a Origin {
    config.origins().find(|origin| origin.setting.name() == name).unwrap()
}

#[test]
fn without_organizations_there_is_the_one_slot_of_the_configuration() {
    for variables in [&CREDENTIALS[..], &[]] {
        let config = load(variables).unwrap();
        assert_eq!(config.clone().into_slots(), [config]);
    }
    assert_eq!(slots(json!([]), &[]).len(), 1);
    assert_eq!(slots(json!(null), &CREDENTIALS).len(), 1);
}

#[test]
fn the_credentials_outside_of_the_list_are_the_first_slot() {
    let list = json!([entry("a"), entry("b")]);
    let all = slots(list.clone(), &CREDENTIALS);
    assert_eq!(tokens(&all), ["outer", "a", "b"]);
    assert_eq!(labels(&all), ["SignPath", "SignPath 2", "SignPath 3"]);
    assert_eq!(all[0].organization, Some(ID.parse().unwrap()));
    assert_eq!(all[2].organization, Some(OTHER_ID.parse().unwrap()));

    // An organization alone has a slot: its token can come as a PIN.
    let with_pin = slots(list.clone(), &CREDENTIALS[..1]);
    assert_eq!(tokens(&with_pin), ["", "a", "b"]);
    assert_eq!(slots(list, &CREDENTIALS[1..]).len(), 3);
}

#[test]
fn without_credentials_outside_of_the_list_its_slots_are_the_first_ones() {
    let all = slots(json!([entry("a"), entry("b")]), &[]);
    assert_eq!(tokens(&all), ["a", "b"]);
    assert_eq!(labels(&all), ["SignPath", "SignPath 2"]);
}

#[test]
fn an_entry_has_its_own_settings_and_shares_the_others() {
    let list = json!([
        { "OrganizationId": OTHER_ID, "ApiToken": "a", "ApiUrl": "http://127.0.0.1:2/Api", "TokenLabel": "Küche",
          "ProjectSlug": "inner", "SigningPolicySlug": "p-1" },
        entry("b"),
    ]);
    let file = json!({
        "Organizations": list, "OrganizationId": ID, "ApiToken": "outer", "ApiUrl": "http://127.0.0.1:1/Api",
        "TokenLabel": "Own", "ProjectSlug": "outer", "SigningPolicySlug": "p-0", "Metadata": "none",
        "Cryptoki": { "Certificates": "always" },
    });
    let config = load_file(&file.to_string(), &[]).unwrap();
    assert_eq!(config.warnings(), [""; 0]);
    let all = config.into_slots();
    assert_eq!(labels(&all), ["Own", "Küche", "SignPath 3"]);
    let urls: Vec<_> = all.iter().map(|slot| slot.api_url.port()).collect();
    assert_eq!(urls, [1, 2, 1]);
    let projects: Vec<_> = all.iter().map(|slot| slot.project.as_deref()).collect();
    assert_eq!(projects, [Some("outer"), Some("inner"), None]);
    let policies: Vec<_> = all.iter().map(|slot| slot.signing_policy.as_deref()).collect();
    assert_eq!(policies, [Some("p-0"), Some("p-1"), None]);
    for slot in &all {
        assert_eq!(
            (slot.metadata, slot.certificates),
            (MetadataDetail::None, Certificates::Always)
        );
        assert!(slot.clone().into_slots() == [slot.clone()], "a slot has no slots of its own");
    }
}

#[test]
fn a_token_of_an_entry_can_be_in_a_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"t+/\n").unwrap();
    let value = format!("file:{}", file.path().display());
    let all = slots(json!([entry(&value), entry("hunter2")]), &[]);
    assert_eq!(tokens(&all), ["t+/", "hunter2"]);
    assert_eq!(origin(&all[0], "ApiToken").value, Some(value));
    assert_eq!(origin(&all[1], "ApiToken").value.as_deref(), Some("***"));
    assert!(!format!("{all:?}").contains("hunter2"));
    let missing = refusal(json!([entry("file:/nonexistent/token")]));
    assert!(
        missing.contains("cannot be \"file:/nonexistent/token\"") && missing.contains("No such")
    );
}

#[test]
fn a_wrong_value_is_named_with_its_entry() {
    for (wrong, expected) in [
        (json!({ "OrganizationId": "acme" }), r#"OrganizationId cannot be "***" (from "#),
        (json!({ "OrganizationId": 5 }), "it is a number where a string is expected"),
        (json!({ "ApiToken": "hunter2 hunter2" }), r#"ApiToken cannot be "***" (from "#),
        (json!({ "ApiToken": ["hunter2"] }), "the path of the program is not absolute"),
        (json!({ "ApiToken": "exec:cat /t" }), "a list in the configuration file"),
        (json!({ "ApiUrl": "http://signpath.example/Api" }), "plain http"),
        (json!({ "TokenLabel": "123456789012345678901234567890123" }), "33 bytes"),
        (json!({ "ProjectSlug": "a/b" }), "'/' in it"),
        (json!({ "SigningPolicySlug": "ä" }), "'ä' in it"),
        (json!({ "ApiToken": "" }), r#"ApiToken cannot be "" (from "#),
        (json!({ "OrganizationId": null }), "each entry has to have it; allowed: a UUID"),
    ] {
        let mut bad = entry("b");
        bad.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let key = wrong.as_object().unwrap().keys().next().unwrap();
        let text = refusal(json!([entry("a"), bad]));
        assert!(text.contains(&format!("(Organizations[1].{key})): ")), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn organizations_that_are_no_list_of_objects_are_refused() {
    for (list, expected) in [
        (
            json!({ "OrganizationId": OTHER_ID, "ApiToken": "hunter2" }),
            "it is an object where a list is expected",
        ),
        (json!("hunter2"), "it is a string where a list is expected"),
        (json!(true), "it is true or false where a list is expected"),
        (
            json!([entry("hunter2"), "hunter2"]),
            "(Organizations[1])): it is a string where an object is expected",
        ),
        (json!([["hunter2"]]), "(Organizations[0])): it is a list where an object is expected"),
        (json!([null]), "(Organizations[0])): it is null where an object is expected"),
    ] {
        let text = refusal(list);
        assert!(text.starts_with("the setting Organizations cannot be \"***\" (from "), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn two_slots_cannot_have_one_label() {
    let labelled = |token: &str, label: &str| {
        let mut entry = entry(token);
        entry["TokenLabel"] = label.into();
        entry
    };
    let text = refusal(json!([labelled("a", "Acme"), entry("b"), labelled("c", "Acme")]));
    assert!(text.contains("TokenLabel cannot be \"Acme\""), "{text}");
    assert!(
        text.contains("(Organizations[2].TokenLabel)): Organizations[0] has the same"),
        "{text}"
    );
    // A default can meet a label that was chosen.
    let text = refusal(json!([labelled("a", "SignPath 2"), entry("b")]));
    assert!(text.contains("Organizations[0] has the same label; TokenLabel tells"), "{text}");

    let text = message(load_list(json!([labelled("a", "SignPath")]), &CREDENTIALS));
    assert!(text.contains("the first slot, whose settings stand outside of Organiz"), "{text}");
    // The slot that is not there takes no label.
    assert_eq!(labels(&slots(json!([labelled("a", "SignPath")]), &[])), ["SignPath"]);
}

#[test]
fn one_token_of_an_organization_cannot_have_two_slots() {
    let text = refusal(json!([entry("hunter2"), entry("b"), entry("hunter2")]));
    assert!(text.contains(&format!("OrganizationId cannot be \"{OTHER_ID}\"")), "{text}");
    assert!(text.contains("(Organizations[2].OrganizationId)): Organizations[0] has"), "{text}");

    let same = json!([{ "OrganizationId": ID.to_uppercase(), "ApiToken": "outer" }]);
    let text = message(load_list(same.clone(), &CREDENTIALS));
    assert!(text.contains("the first slot, whose settings") && !text.contains("outer\""), "{text}");
    assert_eq!(slots(same, &CREDENTIALS[..1]).len(), 2);
}

#[test]
fn an_unknown_key_of_an_entry_is_a_warning_with_the_nearest_known_one() {
    let mut odd = entry("b");
    let more = json!({ "ApiTokn": "hunter2", "Metadata": "none", "$comment": "", "Log": { "File": { "Level": "info" } } });
    odd.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let all = slots(json!([entry("a"), odd]), &[]);
    assert_eq!(all[0].warnings(), [""; 0]);
    let warnings = all[1].warnings().join("\n");
    for expected in [
        "unknown key \"Organizations[1].ApiTokn\"; did you mean ApiToken?",
        "unknown key \"Organizations[1].Metadata\"",
        "unknown key \"Organizations[1].Log.File.Level\"",
    ] {
        assert!(warnings.contains(expected), "{warnings}");
    }
    assert_eq!(all[1].warnings().len(), 3);
    assert!(!warnings.contains("hunter2"));
    // For the whole file, the list is a known key.
    assert_eq!(all[1].log, load(&[]).unwrap().log);
}

#[test]
fn what_is_to_be_said_of_the_whole_is_said_with_the_first_slot() {
    let file = json!({ "Organizations": [entry("a"), entry("b")], "Zebra": 1 }).to_string();
    let empty = [("SIGNPATH_API_TOKEN", " ")];
    for (variables, is_missing) in
        [(&CREDENTIALS[..], false), (&CREDENTIALS[..1], false), (&empty, true)]
    {
        let all = load_file(&file, variables).unwrap().into_slots();
        assert_eq!(all[0].warnings().len(), 1);
        assert!(all[0].warnings()[0].contains("Zebra"));
        assert_eq!(all[0].missing_credentials().is_some(), is_missing);
        assert_eq!(all[0].origins().count(), SETTINGS.len());
        for slot in &all[1..] {
            assert_eq!((slot.warnings(), slot.missing_credentials()), (&[][..], None));
            let names: Vec<_> = slot.origins().map(|origin| origin.setting.name()).collect();
            let own = [
                "OrganizationId",
                "ApiToken",
                "ApiUrl",
                "TokenLabel",
                "ProjectSlug",
                "SigningPolicySlug",
            ];
            assert_eq!(names, own);
        }
    }
}

#[test]
fn the_origins_of_a_slot_are_where_its_values_stand() {
    let mut list = json!([entry("a"), entry("b")]);
    list[0]["ProjectSlug"] = "inner".into();
    let variables = [("SIGNPATH_API_URL", "http://127.0.0.1:1/Api")];
    let all = slots(list, &variables);
    let place = |slot: &Config, name: &str| origin(slot, name).place.to_string();
    assert!(place(&all[0], "ApiToken").ends_with("(Organizations[0].ApiToken)"));
    assert!(place(&all[0], "ProjectSlug").ends_with("(Organizations[0].ProjectSlug)"));
    assert!(place(&all[1], "OrganizationId").ends_with("(Organizations[1].OrganizationId)"));
    for slot in &all {
        assert_eq!(place(slot, "ApiUrl"), "the environment variable SIGNPATH_API_URL");
    }
    assert_eq!(origin(&all[1], "TokenLabel").value.as_deref(), Some("SignPath 2"));
    assert_eq!(place(&all[1], "TokenLabel"), "the default");
    assert_eq!(origin(&all[1], "ProjectSlug").value, None);
    assert_eq!(origin(&all[0], "Organizations").value.as_deref(), Some("***"));
}

#[test]
fn settings_of_a_slot_that_is_not_there_are_said() {
    let variables = [("SIGNPATH_PROJECT_SLUG", "p"), ("SIGNPATH_TOKEN_LABEL", "Own")];
    let all = slots(json!([entry("a"), entry("b")]), &variables);
    assert_eq!(labels(&all), ["SignPath", "SignPath 2"]);
    assert_eq!((&all[0].project, &all[1].project), (&None, &None));
    let warnings = all[0].warnings();
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].starts_with("the environment variable SIGNPATH_TOKEN_LABEL has no effect"));
    assert!(
        warnings[1].starts_with("the environment variable SIGNPATH_PROJECT_SLUG has no effect")
    );

    let outer = [&CREDENTIALS[..], &variables].concat();
    assert_eq!(slots(json!([entry("a")]), &outer)[0].warnings(), [""; 0]);
}

#[test]
fn a_file_with_tokens_that_everybody_can_read_is_said_once() {
    use std::os::unix::fs::PermissionsExt;

    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "t").unwrap();
    let by_file = format!("file:{}", token.path().display());
    for (list, mode, warned) in [
        (json!([entry("a"), entry("b")]), 0o644, true),
        (json!([entry(&by_file), entry("b")]), 0o644, true),
        (json!([entry(&by_file)]), 0o644, false),
        (json!([entry("a"), entry("b")]), 0o640, false),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), json!({ "Organizations": list }).to_string()).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let path = file.path().to_str().unwrap();
        for variables in [&CREDENTIALS[..], &[]] {
            let all = load(&[variables, &[(CONFIG_FILE, path)]].concat()).unwrap().into_slots();
            let warnings: Vec<_> = all.iter().flat_map(Config::warnings).collect();
            assert_eq!(warnings.len(), usize::from(warned), "{warnings:?}");
            assert!(warnings.iter().all(|text| text.contains(&format!("the ApiToken in {path};"))));
        }
    }
}

#[test]
fn the_proxy_of_each_slot_has_to_be_usable() {
    let kind = ("https_proxy", "socks5://p:1");
    let local = |token: &str| {
        let mut entry = entry(token);
        entry["ApiUrl"] = "https://127.0.0.1:1/Api".into();
        entry
    };
    // The address outside of the list is nobody's.
    assert_eq!(slots(json!([local("a")]), &[kind]).len(), 1);
    let text = message(load_list(json!([local("a"), entry("b")]), &[kind]));
    assert!(text.contains("https_proxy"), "{text}");
    let outer = [&CREDENTIALS[..], &[kind]].concat();
    assert!(message(load_list(json!([local("a")]), &outer)).contains("https_proxy"));
}

#[test]
fn a_privileged_process_has_one_slot() {
    assert_eq!(Config::load(Process::Privileged).unwrap().into_slots().len(), 1);
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({ "ApiToken": "a" })),
        Just(json!(ID)),
        Just(json!(OTHER_ID)),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[a-z]{1,3}".prop_map(Value::from),
    ]
}

fn any_entry() -> impl Strategy<Value = Value> {
    let names: Vec<_> = SETTINGS.iter().flat_map(|setting| setting.json).copied().collect();
    let member = (prop::sample::select(names), any_value());
    let changes = prop::collection::vec(member, 0..3);
    prop_oneof![
        4 => (changes, "[a-z]{1,2}").prop_map(|(changes, token)| {
            let mut entry = entry(&token);
            let object = entry.as_object_mut().unwrap();
            object.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
            entry
        }),
        1 => any_value(),
    ]
}

proptest! {
    #[test]
    fn any_list_gives_distinct_slots_or_an_error(
        list in prop::collection::vec(any_entry(), 0..5),
        with_credentials: bool,
    ) {
        let variables = if with_credentials { &CREDENTIALS[..] } else { &[] };
        let count = list.len();
        match load_list(json!(list), variables) {
            Err(error) => prop_assert!(is_a_line(error)),
            Ok(config) => {
                let slots = config.into_slots();
                prop_assert_eq!(slots.len(), (count + usize::from(with_credentials)).max(1));
                let labels: HashSet<_> = slots.iter().map(|slot| &slot.token_label).collect();
                prop_assert_eq!(labels.len(), slots.len());
                let is_whole = |slot: &Config| slot.credentials().is_some();
                prop_assert!(slots.iter().all(is_whole) || count == 0);
            }
        }
    }
}
