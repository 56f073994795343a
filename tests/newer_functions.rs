//! What 3.0 and 3.2 of the standard have besides the functions of 2.40.

use std::ptr;

use cryptoki_sys::*;
use serde_json::json;

use crate::harness::{Module, alone};

fn login_user(module: &Module, session: CK_SESSION_HANDLE, pin: &str, name: &str) -> CK_RV {
    let (pin_bytes, pin_len) = (pin.as_ptr().cast_mut(), pin.len() as CK_ULONG);
    let (name_bytes, name_len) = (name.as_ptr().cast_mut(), name.len() as CK_ULONG);
    let functions = module.functions_3_2();
    called!(functions, C_LoginUser(session, CKU_USER, pin_bytes, pin_len, name_bytes, name_len))
}

#[test]
fn a_user_name_is_the_organization_and_the_pin_the_token() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let session = module.session();
        let organization = sandbox.organization_id().to_string();
        let login = |pin: &str, name: &str| login_user(&module, session.handle, pin, name);
        assert_eq!(login("wrong", &organization), CKR_PIN_INCORRECT);
        assert_eq!(login(&sandbox.token(), "ci"), CKR_PIN_INCORRECT);
        assert_eq!(login(&sandbox.token(), &organization), CKR_OK);
        assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS);
        assert_eq!(login(&sandbox.token(), &organization), CKR_USER_ALREADY_LOGGED_IN);
        let key = session.private_key("demo/ec");
        assert_eq!(session.sign(CKM_ECDSA, key, &[7; 32]).map(|it| it.len()), Ok(64));
    });
}

#[test]
fn a_wrong_pin_leaves_a_flag_until_the_right_one() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let session = module.session();
        let is_low = || module.token_info(1).flags & CKF_USER_PIN_COUNT_LOW != 0;
        assert!(!is_low());
        assert_eq!(session.login("1234"), Err(CKR_PIN_INCORRECT));
        assert!(is_low());
        session.login(&format!("{}:{}", sandbox.organization_id(), sandbox.token())).unwrap();
        assert!(!is_low());
    });
}

#[test]
fn an_operation_is_cancelled_by_its_kind() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let functions = module.functions_3_2();
        let cancel = |kinds| called!(functions, C_SessionCancel(session.handle, kinds));
        let key = session.private_key("demo/ec");
        let public = session.object(CKO_PUBLIC_KEY, "demo/ec");
        let begin = |kind| match kind {
            CKF_SIGN => session.sign_init(CKM_ECDSA, key),
            CKF_VERIFY => session.verify_init(CKM_ECDSA, public),
            CKF_DIGEST => session.digest_init(CKM_SHA256),
            _ => session.find_init(&[]),
        };
        let kinds = [CKF_SIGN, CKF_VERIFY, CKF_DIGEST, CKF_FIND_OBJECTS];
        for kind in kinds {
            begin(kind).unwrap();
            for other in kinds.into_iter().filter(|other| *other != kind) {
                assert_eq!(cancel(other), CKR_OK);
            }
            assert_eq!(begin(CKF_SIGN), Err(CKR_OPERATION_ACTIVE), "{kind:#x} is still there");
            assert_eq!(cancel(kind | CKF_ENCRYPT), CKR_OK);
            begin(CKF_SIGN).unwrap();
            assert_eq!(cancel(CKF_SIGN), CKR_OK);
        }
        assert_eq!(cancel(0), CKR_OK);
        assert_eq!(
            called!(functions, C_SessionCancel(999_999, CKF_SIGN)),
            CKR_SESSION_HANDLE_INVALID
        );
    });
}

#[test]
fn what_the_token_is_like_is_told_without_a_request() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let profiles = |module: &Module| {
            let session = module.session();
            let found = session.find(&[(CKA_CLASS, &CKO_PROFILE.to_ne_bytes())]).unwrap();
            let ids = found.iter().map(|object| session.attribute(*object, CKA_PROFILE_ID));
            ids.map(|id| CK_ULONG::from_ne_bytes(id.unwrap().try_into().unwrap()))
                .collect::<Vec<_>>()
        };
        let all = [CKP_BASELINE_PROVIDER, CKP_AUTHENTICATION_TOKEN, CKP_PUBLIC_CERTIFICATES_TOKEN];
        assert_eq!(profiles(&module), all);
        let mechanisms = session.find(&[(CKA_CLASS, &CKO_MECHANISM.to_ne_bytes())]).unwrap();
        assert_eq!(
            session.attribute(mechanisms[0], CKA_MECHANISM_TYPE).unwrap(),
            CKM_RSA_PKCS.to_ne_bytes()
        );
        assert_eq!(session.find(&[(CKA_CLASS, &CKO_HW_FEATURE.to_ne_bytes())]), Ok(vec![]));
        assert!(sandbox.requests().is_empty());

        module.finalize().unwrap();
        process.configure_without_credentials(&sandbox);
        module.initialize().unwrap();
        assert_eq!(profiles(&module), all[..2], "certificates show after a login only");

        module.finalize().unwrap();
        process.configure_with(&sandbox, json!({ "Cryptoki": { "Certificates": "never" } }));
        module.initialize().unwrap();
        assert_eq!(profiles(&module), all[..2], "no certificate is shown");
    });
}

#[test]
fn mechanisms_are_not_among_all_objects() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let class = |object: &CK_OBJECT_HANDLE| session.attribute(*object, CKA_CLASS).unwrap();
        let all = session.find(&[]).unwrap();
        let profiles = all.iter().filter(|it| class(it) == CKO_PROFILE.to_ne_bytes()).count();
        assert_eq!(profiles, 3);
        assert!(all.iter().all(|it| class(it) != CKO_MECHANISM.to_ne_bytes()));
    });
}

#[test]
fn no_validation_is_claimed_and_no_session_is_asynchronous() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let session = module.session();
        let functions = module.functions_3_2();
        let mut flags = 7;
        let kind = CKS_LAST_VALIDATION_OK;
        let asked = &raw mut flags;
        let rv = called!(functions, C_GetSessionValidationFlags(session.handle, kind, asked));
        assert_eq!((rv, flags), (CKR_OK, 0));
        let rv = called!(functions, C_GetSessionValidationFlags(session.handle, 99, asked));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
        let refused = module.open(1, CKF_SERIAL_SESSION | CKF_ASYNC_SESSION);
        assert_eq!(refused.map(|it| it.handle), Err(CKR_SESSION_ASYNC_NOT_SUPPORTED));
    });
}

/// Calls a function with arguments that are all 0 or NULL.
macro_rules! called_with_nothing {
    ($functions:expr, $($function:ident($($argument:tt)*);)*) => {
        [$((stringify!($function), called!($functions, $function($(called_with_nothing!(@ $argument)),*)))),*]
    };
    (@ n) => { 0 };
    (@ p) => { ptr::null_mut() };
}

#[test]
fn every_function_that_the_token_does_not_have_says_so_after_c_initialize_too() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let functions = module.functions_3_2();
        let answers = called_with_nothing! { functions,
            C_MessageEncryptInit(n p n); C_EncryptMessage(n p n p n p n p p); C_EncryptMessageBegin(n p n p n);
            C_EncryptMessageNext(n p n p n p p n); C_MessageEncryptFinal(n);
            C_MessageDecryptInit(n p n); C_DecryptMessage(n p n p n p n p p); C_DecryptMessageBegin(n p n p n);
            C_DecryptMessageNext(n p n p n p p n); C_MessageDecryptFinal(n);
            C_MessageSignInit(n p n); C_SignMessage(n p n p n p p); C_SignMessageBegin(n p n);
            C_SignMessageNext(n p n p n p p); C_MessageSignFinal(n);
            C_MessageVerifyInit(n p n); C_VerifyMessage(n p n p n p n); C_VerifyMessageBegin(n p n);
            C_VerifyMessageNext(n p n p n p n); C_MessageVerifyFinal(n);
            C_EncapsulateKey(n p n p n p p p); C_DecapsulateKey(n p n p n p n p);
            C_AsyncComplete(n p p); C_AsyncGetID(n p p); C_AsyncJoin(n p n p n);
            C_WrapKeyAuthenticated(n p n n p n p p); C_UnwrapKeyAuthenticated(n p n p n p n p n p);
        };
        for (name, rv) in answers {
            assert_eq!(rv, CKR_FUNCTION_NOT_SUPPORTED, "{name}");
        }
    });
}

#[test]
fn the_message_based_functions_are_not_there() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session().handle;
        let functions = module.functions_3_2();
        let mut mechanism = CK_MECHANISM { mechanism: CKM_ECDSA, ..CK_MECHANISM::default() };
        let mechanism = &raw mut mechanism;
        let key = module.session().private_key("demo/ec");
        for rv in [
            called!(functions, C_MessageSignInit(session, mechanism, key)),
            called!(functions, C_MessageVerifyInit(session, mechanism, key)),
            called!(functions, C_MessageEncryptInit(session, mechanism, key)),
            called!(functions, C_MessageDecryptInit(session, mechanism, key)),
            called!(functions, C_MessageSignFinal(session)),
            called!(functions, C_MessageVerifyFinal(session)),
        ] {
            assert_eq!(rv, CKR_FUNCTION_NOT_SUPPORTED);
        }
    });
}
