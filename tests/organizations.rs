//! Several organizations at once: a slot and a token for each.

use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{ApiToken, Config, KeyType, PolicyConfig, Sandbox};

use crate::harness::{Alone, Module, Session, alone};

/// A sandbox of its own with one key of this name.
fn organization(process: &Alone, policy: &str) -> Sandbox {
    process.sandbox_with(|builder| builder.policies([PolicyConfig::new(policy, KeyType::P256)]))
}

fn entry(sandbox: &Sandbox) -> Value {
    json!({
        "OrganizationId": sandbox.organization_id(),
        "ApiToken": sandbox.token(),
        "ApiUrl": sandbox.api_url(),
    })
}

fn label(module: &Module, slot: CK_SLOT_ID) -> String {
    String::from_utf8_lossy(&module.token_info(slot).label).trim_end().to_owned()
}

fn read_write(module: &Module, slot: CK_SLOT_ID) -> Session<'_> {
    module.open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap()
}

#[test]
fn each_organization_has_a_slot_whose_keys_are_its_own() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        let mut named = entry(&second);
        named["TokenLabel"] = "Second".into();
        process.configure_with(&first, json!({ "Organizations": [named] }));
        let module = Module::started();
        assert!(first.requests().is_empty() && second.requests().is_empty());
        assert_eq!(module.slots(), [1, 2]);
        assert_eq!((label(&module, 1), label(&module, 2)), ("SignPath".into(), "Second".into()));
        let serial = |slot| module.token_info(slot).serialNumber;
        assert_ne!(serial(1), serial(2));

        for (slot, own, other) in
            [(1, "one/release", "two/release"), (2, "two/release", "one/release")]
        {
            let session = read_write(&module, slot);
            let key = session.private_key(own);
            assert_eq!(session.find(&[(CKA_LABEL, other.as_bytes())]), Ok(vec![]));
            assert_eq!(session.sign(CKM_ECDSA, key, &[7; 32]).map(|it| it.len()), Ok(64));
        }
        let signed = |sandbox: &Sandbox| sandbox.audit().len();
        assert_eq!((signed(&first), signed(&second)), (1, 1));
    });
}

#[test]
fn a_handle_of_one_token_is_nothing_to_another() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        process.configure_with(&first, json!({ "Organizations": [entry(&second)] }));
        let module = Module::started();
        let (one, two) = (read_write(&module, 1), read_write(&module, 2));
        let key = one.private_key("one/release");
        assert_eq!(two.attribute(key, CKA_LABEL), Err(CKR_OBJECT_HANDLE_INVALID));
        assert_eq!(two.sign_init(CKM_ECDSA, key), Err(CKR_KEY_HANDLE_INVALID));
    });
}

#[test]
fn logins_and_sessions_are_of_one_token() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        process.configure_with(&first, json!({ "Organizations": [entry(&second)] }));
        let module = Module::started();
        let (one, two) = (read_write(&module, 1), read_write(&module, 2));
        one.login("").unwrap();
        assert_eq!(one.state(), CKS_RW_USER_FUNCTIONS);
        assert_eq!(two.state(), CKS_RW_PUBLIC_SESSION);
        let pin = format!("{}:{}", first.organization_id(), first.token());
        assert_eq!(two.login(&pin), Err(CKR_PIN_INCORRECT));
        assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
        assert_eq!(two.state(), CKS_RW_PUBLIC_SESSION);
        two.login("").unwrap();
    })
    .stderr_says("this slot");
}

#[test]
fn organizations_alone_begin_with_the_first_slot() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        process.write_configuration(&json!({ "Organizations": [entry(&first), entry(&second)] }));
        let module = Module::started();
        assert_eq!(module.slots(), [1, 2]);
        assert_eq!(
            (label(&module, 1), label(&module, 2)),
            ("SignPath".into(), "SignPath 2".into())
        );
        assert_eq!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
        read_write(&module, 2).private_key("two/release");
    })
    .stderr_lines(0);
}

#[test]
fn two_slots_of_one_organization_have_serial_numbers_of_their_own() {
    alone(|process| {
        let organization = process.sandbox_with(|builder| {
            let token = |user: &str| ApiToken { token: format!("token-{user}"), user: user.into() };
            let tokens = vec![token("ci"), token("release")];
            builder.config(Config { tokens, ..Config::default() })
        });
        let slot = |token: &str| {
            let mut slot = entry(&organization);
            slot["ApiToken"] = token.into();
            slot
        };
        let slots = [slot("token-ci"), slot("token-release")];
        process.write_configuration(&json!({ "Organizations": slots }));
        let module = Module::started();
        let serial = |slot| module.token_info(slot).serialNumber;
        assert_ne!(serial(1), serial(2));
        assert_eq!(serial(1)[..14], serial(2)[..14]);
    });
}

#[test]
fn two_tokens_with_one_label_fail_c_initialize_and_a_line_says_what_to_set() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        let mut named = entry(&second);
        named["TokenLabel"] = "SignPath".into();
        process.configure_with(&first, json!({ "Organizations": [named] }));
        assert_eq!(Module::load().initialize(), Err(CKR_GENERAL_ERROR));
    })
    .stderr_says("TokenLabel");
}

#[test]
fn the_token_of_every_organization_is_kept_out_of_the_log() {
    alone(|process| {
        let (first, second) =
            (organization(&process, "one/release"), organization(&process, "two/release"));
        let backwards: String = second.token().chars().rev().collect();
        println!("\nbackwards: {backwards}");
        process.configure_with(
            &first,
            json!({
                "Organizations": [entry(&second)],
                "Log": { "Console": { "Level": "verbose" } },
            }),
        );
        let module = Module::started();
        let session = read_write(&module, 2);
        let key = session.private_key("two/release");
        session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
    })
    .stderr_says("two/release")
    .stderr_hides_what_stdout_has_backwards("backwards: ");
}
