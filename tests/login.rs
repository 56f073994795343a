//! Logins: which PIN stands for which credentials, and what a refused one looks like.

use std::{thread, time::Duration};

use cryptoki_sys::*;
use serde_json::json;
use signpath_sandbox::{ApiToken, Config, Fault, Route};

use crate::harness::{Find, Module, alone, alone_with, until_requested};

const OTHER: &str = "00000000-0000-4000-8000-000000000001";

/// A search that finds what is of the signing policies: profiles have no id.
const NAMED: &[Find<'_>] = &[(CKA_ID, b"demo/ec")];

#[test]
fn with_configured_credentials_nobody_is_asked_for_a_pin() {
    alone(|process| {
        let (sandbox, module) = process.started();
        assert_eq!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
        let session = module.session();
        session.private_key("demo/ec");
        for pin in
            ["", "CONFIG", "1234", &format!("{}:{}", sandbox.organization_id(), sandbox.token())]
        {
            session.login(pin).unwrap();
            assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS);
            session.private_key("demo/ec");
            session.logout().unwrap();
        }
        let other = format!("{OTHER}:{}", sandbox.token());
        assert_eq!(session.login(&other), Err(CKR_PIN_INCORRECT));
    });
}

#[test]
fn without_credentials_the_pin_brings_them_and_the_logout_takes_them_away() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        assert_ne!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
        let session = module.session();
        assert_eq!(session.find(NAMED), Ok(vec![]));
        assert!(sandbox.requests().is_empty());
        for pin in ["", "CONFIG", "1234"] {
            assert_eq!(session.login(pin), Err(CKR_PIN_INCORRECT));
        }
        session.login(&format!("{}:{}", sandbox.organization_id(), sandbox.token())).unwrap();
        assert_eq!(session.login(""), Err(CKR_USER_ALREADY_LOGGED_IN));
        let key = session.private_key("demo/ec");
        assert!(session.sign(CKM_ECDSA, key, &[7; 32]).is_ok());
        session.logout().unwrap();
        assert_eq!(session.logout(), Err(CKR_USER_NOT_LOGGED_IN));
        assert_eq!(session.find(NAMED), Ok(vec![]));
        assert_eq!(session.sign_init(CKM_ECDSA, key), Err(CKR_KEY_HANDLE_INVALID));
    });
}

#[test]
fn a_wrong_token_is_pin_incorrect_and_one_line_says_why() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let pin = format!("{}:wrong+token", sandbox.organization_id());
        assert_eq!(module.session().login(&pin), Err(CKR_PIN_INCORRECT));
    })
    .stderr_lines(1)
    .stderr_says("401")
    .stderr_hides("wrong+token");
}

#[test]
fn a_secret_that_a_pipeline_does_not_have_is_said_because_a_tool_only_asks_for_a_pin() {
    alone_with(&[("SIGNPATH_API_TOKEN", "")], |process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "ApiToken": "" }));
        let module = Module::load();
        for _ in 0..2 {
            module.initialize().unwrap();
            assert_ne!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
            module.finalize().unwrap();
        }
    })
    .stderr_lines(1)
    .stderr_says("SIGNPATH_API_TOKEN is set, but empty");
}

#[test]
fn an_organization_in_the_configuration_and_a_token_in_the_pin_are_nothing_to_speak_of() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "ApiToken": "" }));
        let module = Module::started();
        let session = module.session();
        session.login(&format!("{}:{}", sandbox.organization_id(), sandbox.token())).unwrap();
    })
    .stderr_lines(0);
}

#[test]
fn a_wrong_configured_token_is_pin_incorrect_at_the_login_too() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "ApiToken": "wrong" }));
        let module = Module::started();
        assert_eq!(module.session().login(""), Err(CKR_PIN_INCORRECT));
    })
    .stderr_lines(1)
    .stderr_says("401");
}

#[test]
fn a_pin_for_another_user_never_becomes_the_configured_login() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        for organization in [OTHER.to_owned(), sandbox.organization_id()] {
            for token in ["se cret", "secret\n", "secret\0"] {
                let pin = format!("{organization}:{token}");
                assert_eq!(session.login(&pin), Err(CKR_PIN_INCORRECT), "{token:?}");
            }
        }
    })
    .stderr_says("%2B")
    .stderr_hides("cret");
}

#[test]
fn a_logout_ends_the_handles_of_private_keys_alone() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        session.login("").unwrap();
        let (private, public) =
            (session.private_key("demo/ec"), session.object(CKO_PUBLIC_KEY, "demo/ec"));
        session.logout().unwrap();
        assert_eq!(session.sign_init(CKM_ECDSA, private), Err(CKR_KEY_HANDLE_INVALID));
        assert_eq!(session.object(CKO_PUBLIC_KEY, "demo/ec"), public);
        let again = session.private_key("demo/ec");
        assert_ne!(again, private);
        assert!(session.sign(CKM_ECDSA, again, &[7; 32]).is_ok());
    });
}

#[test]
fn a_search_that_meets_a_login_finds_the_key_all_the_same() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let slow = Duration::from_millis(500);
        sandbox.inject(Fault::on(Route::MySigningPolicies).delay(slow).times(2));
        thread::scope(|scope| {
            let searching = scope.spawn(|| module.session().private_key("demo/ec"));
            until_requested(&sandbox, Route::MySigningPolicies);
            let session = module.session();
            session.login("").unwrap();
            assert_eq!(searching.join().unwrap(), session.private_key("demo/ec"));
        });
    })
    .stderr_lines(0);
}

#[test]
fn a_space_in_the_pin_is_explained() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let pin = format!("{}:a b", sandbox.organization_id());
        assert_eq!(module.session().login(&pin), Err(CKR_PIN_INCORRECT));
    })
    .stderr_says("%2B");
}

#[test]
fn closing_the_last_session_logs_out() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let (first, second) = (module.session(), module.session());
        first.login("").unwrap();
        assert_eq!(second.state(), CKS_RW_USER_FUNCTIONS);
        first.close().unwrap();
        assert_eq!(second.state(), CKS_RW_USER_FUNCTIONS);
        second.close().unwrap();
        assert_eq!(module.session().state(), CKS_RW_PUBLIC_SESSION);
    });
}

#[test]
fn closing_the_last_session_takes_what_a_pin_opened_away() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let session = module.session();
        session.login(&format!("{}:{}", sandbox.organization_id(), sandbox.token())).unwrap();
        let key = session.private_key("demo/ec");
        assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
        let next = module.session();
        assert_eq!(next.find(NAMED), Ok(vec![]));
        assert_eq!(next.attribute(key, CKA_LABEL), Err(CKR_OBJECT_HANDLE_INVALID));
    });
}

#[test]
fn a_login_whose_sessions_were_closed_meanwhile_does_not_outlive_them() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let pin = format!("{}:{}", sandbox.organization_id(), sandbox.token());
        sandbox.inject(Fault::on(Route::MySigningPolicies).delay(Duration::from_secs(1)));
        thread::scope(|scope| {
            let login = scope.spawn(|| module.session().login(&pin));
            until_requested(&sandbox, Route::MySigningPolicies);
            assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
            assert_eq!(login.join().unwrap(), Err(CKR_SESSION_CLOSED));
        });
        assert_eq!(module.session().state(), CKS_RW_PUBLIC_SESSION);
    });
}

#[test]
fn an_operation_does_not_go_on_with_other_credentials_than_it_began_with() {
    alone(|process| {
        let sandbox = process.sandbox_with(|builder| builder.config(two_users()));
        process.configure_with(&sandbox, json!({ "ApiToken": "the-configured-token" }));
        let module = Module::started();
        let session = module.session();
        session.login(&format!("{}:the-other-token", sandbox.organization_id())).unwrap();
        let key = session.private_key("demo/ec");
        session.sign_init(CKM_ECDSA, key).unwrap();
        assert!(session.sign_into(&[7; 32], 64).is_ok());
        session.sign_init(CKM_ECDSA, key).unwrap();
        session.logout().unwrap();
        assert_eq!(session.sign_into(&[7; 32], 64), Err(CKR_USER_NOT_LOGGED_IN));
        let key = session.private_key("demo/ec");
        session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
        let users: Vec<_> = sandbox.audit().into_iter().map(|entry| entry.user).collect();
        assert_eq!(users, ["other", "configured"]);
    });
}

/// An organization with two submitters.
fn two_users() -> Config {
    let user = |user: &str, token: &str| ApiToken { user: user.into(), token: token.into() };
    Config {
        tokens: vec![user("configured", "the-configured-token"), user("other", "the-other-token")],
        ..Config::default()
    }
}

#[test]
fn the_token_knows_the_normal_user_only() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let login = |user| call!(module, C_Login(session.handle, user, std::ptr::null_mut(), 0));
        assert_eq!(login(CKU_SO), CKR_USER_TYPE_INVALID);
        assert_eq!(login(CKU_CONTEXT_SPECIFIC), CKR_OPERATION_NOT_INITIALIZED);
    });
}

#[test]
fn a_token_in_a_file_is_read_from_the_configuration_only() {
    alone(|process| {
        let sandbox = process.sandbox();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{}\n", sandbox.token())).unwrap();
        let named = format!("file:{}", file.path().display());
        process.configure_with(&sandbox, json!({ "ApiToken": named }));
        let module = Module::started();
        module.session().private_key("demo/ec");
        module.finalize().unwrap();

        process.configure_without_credentials(&sandbox);
        module.initialize().unwrap();
        let pin = format!("{}:{named}", sandbox.organization_id());
        assert_eq!(module.session().login(&pin), Err(CKR_PIN_INCORRECT));
    });
}
