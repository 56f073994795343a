//! What the service and the network can do wrong: the return value, and the one line for the person.

use cryptoki_sys::*;
use serde_json::json;
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::harness::{Alone, Module, alone};

const DIGEST: [u8; 32] = [7; 32];

/// Signs once with `demo/ec` while the service misbehaves.
fn sign_with(process: &Alone, sandbox: &Sandbox, fault: Fault) -> CK_RV {
    process.configure_with(sandbox, json!({ "ServiceUnavailableTimeoutInSeconds": 1 }));
    let module = Module::started();
    let session = module.session();
    let key = session.private_key("demo/ec");
    sandbox.inject(fault.always());
    session.sign(CKM_ECDSA, key, &DIGEST).expect_err("the service misbehaves")
}

#[test]
fn service_unavailable_is_function_failed() {
    alone(|process| {
        let sandbox = process.sandbox();
        assert_eq!(
            sign_with(&process, &sandbox, Fault::on(Route::SignHash).status(503)),
            CKR_FUNCTION_FAILED
        );
    })
    .stderr_lines(1)
    .stderr_says("503");
}

#[test]
fn an_error_of_the_service_is_a_device_error() {
    alone(|process| {
        let sandbox = process.sandbox();
        assert_eq!(
            sign_with(&process, &sandbox, Fault::on(Route::SignHash).status(500)),
            CKR_DEVICE_ERROR
        );
    })
    .stderr_says("500");
}

#[test]
fn an_answer_that_is_no_json_is_a_general_error() {
    alone(|process| {
        let sandbox = process.sandbox();
        assert_eq!(
            sign_with(&process, &sandbox, Fault::on(Route::SignHash).garbage()),
            CKR_GENERAL_ERROR
        );
    })
    .stderr_lines(1);
}

#[test]
fn a_policy_with_an_approval_process_is_refused_with_the_services_words() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/approval");
        assert_eq!(session.sign(CKM_ECDSA, key, &DIGEST), Err(CKR_ARGUMENTS_BAD));
    })
    .stderr_lines(1)
    .stderr_says("demo/approval")
    .stderr_says("Hash signing does not support approvals")
    .stderr_says("400");
}

#[test]
fn a_service_that_is_down_does_not_keep_c_initialize_from_working() {
    alone(|process| {
        let sandbox = process.sandbox();
        let settings = json!({ "ServiceUnavailableTimeoutInSeconds": 1 });
        process.configure_with(&sandbox, settings);
        sandbox.stop();
        let module = Module::started();
        let session = module.session();
        assert_eq!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
        assert_eq!(session.login(""), Err(CKR_FUNCTION_FAILED));
    })
    .stderr_lines(1)
    .stderr_says("127.0.0.1");
}

#[test]
fn a_service_that_never_answers_holds_up_neither_the_beginning_nor_the_token() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        sandbox.inject(Fault::anywhere().never_answer().always());
        let module = Module::started();
        assert_eq!(module.slots(), [1]);
        module.token_info(1);
        module.session().close().unwrap();
        module.finalize().unwrap();
        assert_eq!(sandbox.connections(), 0);
    });
}

#[test]
fn the_console_log_can_be_turned_off() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(
            &sandbox,
            json!({
                "ApiToken": "wrong",
                "Log": { "Console": { "Level": "none" } },
            }),
        );
        let module = Module::started();
        assert_eq!(module.session().login(""), Err(CKR_PIN_INCORRECT));
    })
    .stderr_lines(0);
}

#[test]
fn no_log_line_of_any_level_has_the_token_in_it() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "Log": { "Console": { "Level": "verbose" } } }));
        let module = Module::started();
        let session = module.session();
        let pin = format!("{}:{}", sandbox.organization_id(), sandbox.token());
        session.login(&pin).unwrap();
        session.sign(CKM_ECDSA, session.private_key("demo/ec"), &DIGEST).unwrap();
        session.logout().unwrap();
        // The parent process does not know the sandbox's token: the child tells it backwards.
        let backwards: String = sandbox.token().chars().rev().collect();
        println!("token, backwards: {backwards}");
    })
    .stderr_says("C_Sign")
    .stderr_says("ApiToken is ***")
    .stderr_hides_what_stdout_has_backwards("token, backwards: ");
}
