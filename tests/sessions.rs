//! Sessions, and the life of an operation in them.

use std::ptr;

use cryptoki_sys::*;
use signpath_sandbox::Route;

use crate::harness::{alone, requested};

const DIGEST: [u8; 32] = [7; 32];

#[test]
fn a_session_is_read_only_or_read_write_and_always_serial() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let read_only = module.open(1, CKF_SERIAL_SESSION).unwrap();
        assert_eq!(read_only.state(), CKS_RO_PUBLIC_SESSION);
        assert_eq!(module.session().state(), CKS_RW_PUBLIC_SESSION);
        let parallel = module.open(1, CKF_RW_SESSION).err();
        assert_eq!(parallel, Some(CKR_SESSION_PARALLEL_NOT_SUPPORTED));
        assert_eq!(module.open(9, CKF_SERIAL_SESSION).err(), Some(CKR_SLOT_ID_INVALID));
        let info = module.token_info(1);
        assert_eq!((info.ulSessionCount, info.ulRwSessionCount), (2, 1));
    });
}

#[test]
fn a_closed_session_is_no_session() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let (first, second) = (module.session().handle, module.session().handle);
        assert_eq!(call!(module, C_CloseSession(first)), CKR_OK);
        assert_eq!(call!(module, C_CloseSession(first)), CKR_SESSION_HANDLE_INVALID);
        assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
        assert_eq!(call!(module, C_CloseSession(second)), CKR_SESSION_HANDLE_INVALID);
        let mut info = CK_SESSION_INFO::default();
        let rv = call!(module, C_GetSessionInfo(second, &raw mut info));
        assert_eq!(rv, CKR_SESSION_HANDLE_INVALID);
    });
}

#[test]
fn a_search_is_begun_and_ended_once() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        assert_eq!(
            call!(module, C_FindObjectsFinal(session.handle)),
            CKR_OPERATION_NOT_INITIALIZED
        );
        session.find_init(&[]).unwrap();
        assert_eq!(session.find_init(&[]), Err(CKR_OPERATION_ACTIVE));
        let mut count = 0;
        let rv = call!(module, C_FindObjects(session.handle, ptr::null_mut(), 1, &raw mut count));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
        assert_eq!(call!(module, C_FindObjectsFinal(session.handle)), CKR_OK);
    });
}

#[test]
fn a_search_and_a_signature_do_not_run_in_one_session() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        session.find_init(&[]).unwrap();
        assert_eq!(session.sign_init(CKM_ECDSA, key), Err(CKR_OPERATION_ACTIVE));
        assert_eq!(call!(module, C_FindObjectsFinal(session.handle)), CKR_OK);
        session.sign_init(CKM_ECDSA, key).unwrap();
        assert_eq!(session.find_init(&[]), Err(CKR_OPERATION_ACTIVE));
        assert_eq!(session.attribute(key, CKA_LABEL).unwrap(), b"demo/ec");
        assert_eq!(session.sign_into(&[7; 32], 64).map(|signature| signature.len()), Ok(64));
    });
}

#[test]
fn a_length_query_and_a_short_buffer_keep_the_operation() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        session.sign_init(CKM_ECDSA, session.private_key("demo/ec")).unwrap();
        assert_eq!(session.sign_len(&DIGEST), Ok(64));
        assert_eq!(session.sign_into(&DIGEST, 63), Err(CKR_BUFFER_TOO_SMALL));
        assert_eq!(requested(&sandbox, Route::SignHash), 0);
        assert_eq!(session.sign_into(&DIGEST, 64).map(|signature| signature.len()), Ok(64));
        assert_eq!(session.sign_into(&DIGEST, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
    });
}

#[test]
fn an_operation_is_begun_once_and_ended_by_any_error() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        session.sign_init(CKM_ECDSA, key).unwrap();
        assert_eq!(session.sign_init(CKM_ECDSA, key), Err(CKR_OPERATION_ACTIVE));
        assert_eq!(session.sign_into(&[7; 5], 64), Err(CKR_DATA_LEN_RANGE));
        assert_eq!(session.sign_into(&DIGEST, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
        session.sign_init(CKM_ECDSA, key).unwrap();
        let null = call!(
            module,
            C_Sign(session.handle, ptr::null_mut(), 32, ptr::null_mut(), ptr::null_mut())
        );
        assert_eq!(null, CKR_ARGUMENTS_BAD);
        assert_eq!(session.sign_into(&DIGEST, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
    });
}

#[test]
fn a_mechanism_that_takes_a_hash_has_no_parts_and_a_retry_makes_no_request() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        session.sign_init(CKM_ECDSA, session.private_key("demo/ec")).unwrap();
        assert_eq!(session.sign_update(&DIGEST), Err(CKR_FUNCTION_NOT_SUPPORTED));
        assert_eq!(session.sign_update(&DIGEST), Err(CKR_OPERATION_NOT_INITIALIZED));
        assert_eq!(session.sign_final(), Err(CKR_OPERATION_NOT_INITIALIZED));
        assert_eq!(requested(&sandbox, Route::SignHash), 0);
    });
}

#[test]
fn a_key_of_the_wrong_kind_does_not_begin_an_operation() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let private = session.private_key("demo/ec");
        let public = session.object(CKO_PUBLIC_KEY, "demo/ec");
        let certificate = session.object(CKO_CERTIFICATE, "demo/ec");
        assert_eq!(session.sign_init(CKM_RSA_PKCS, private), Err(CKR_KEY_TYPE_INCONSISTENT));
        assert_eq!(session.sign_init(CKM_ECDSA, public), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
        assert_eq!(session.sign_init(CKM_ECDSA, certificate), Err(CKR_KEY_HANDLE_INVALID));
        assert_eq!(session.sign_init(CKM_ECDSA, 9999), Err(CKR_KEY_HANDLE_INVALID));
        assert_eq!(session.sign_init(CKM_RSA_X_509, private), Err(CKR_MECHANISM_INVALID));
        assert_eq!(session.sign_into(&DIGEST, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
    });
}

#[test]
fn c_sign_init_without_a_mechanism_ends_the_operation_that_is_under_way() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let cancel = || call!(module, C_SignInit(session.handle, ptr::null_mut(), 0));
        assert_eq!(cancel(), CKR_ARGUMENTS_BAD);
        session.sign_init(CKM_ECDSA, session.private_key("demo/ec")).unwrap();
        assert_eq!(cancel(), CKR_OK);
        assert_eq!(session.sign_into(&DIGEST, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
    });
}
