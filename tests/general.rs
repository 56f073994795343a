//! C_Initialize, C_Finalize, slots, tokens and mechanisms: everything that needs no service.

use std::ptr;

use cryptoki_sys::*;
use serde_json::json;

use crate::harness::{Module, alone};

unsafe extern "C" fn create_mutex(_: *mut *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

unsafe extern "C" fn use_mutex(_: *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

fn with_callbacks(flags: CK_FLAGS) -> CK_C_INITIALIZE_ARGS {
    CK_C_INITIALIZE_ARGS {
        CreateMutex: Some(create_mutex),
        DestroyMutex: Some(use_mutex),
        LockMutex: Some(use_mutex),
        UnlockMutex: Some(use_mutex),
        flags,
        pReserved: ptr::null_mut(),
    }
}

#[test]
fn a_run_begins_once_and_ends_once() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::load();
        assert_eq!(module.finalize(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
        assert_eq!(module.initialize(), Ok(()));
        assert_eq!(module.initialize(), Err(CKR_CRYPTOKI_ALREADY_INITIALIZED));
        assert_eq!(module.finalize(), Ok(()));
        assert_eq!(module.finalize(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
        assert_eq!(module.initialize(), Ok(()));
    });
}

#[test]
fn c_initialize_answers_each_kind_of_locking_by_the_standard() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::load();
        let initialize = |mut arguments: CK_C_INITIALIZE_ARGS| {
            let rv = call!(module, C_Initialize((&raw mut arguments).cast()));
            if rv == CKR_OK {
                module.finalize().unwrap();
            }
            rv
        };
        let none = CK_C_INITIALIZE_ARGS::default();
        assert_eq!(initialize(none), CKR_OK);
        assert_eq!(call!(module, C_Initialize(ptr::null_mut())), CKR_OK);
        module.finalize().unwrap();
        let flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
        assert_eq!(initialize(CK_C_INITIALIZE_ARGS { flags, ..none }), CKR_OK);
        assert_eq!(initialize(with_callbacks(CKF_OS_LOCKING_OK)), CKR_OK);
        assert_eq!(initialize(with_callbacks(0)), CKR_CANT_LOCK);
        let some = CK_C_INITIALIZE_ARGS { LockMutex: None, ..with_callbacks(CKF_OS_LOCKING_OK) };
        assert_eq!(initialize(some), CKR_ARGUMENTS_BAD);
        let reserved = CK_C_INITIALIZE_ARGS { pReserved: ptr::dangling_mut(), ..none };
        assert_eq!(initialize(reserved), CKR_ARGUMENTS_BAD);
    });
}

#[test]
fn before_c_initialize_calls_of_every_chapter_say_so() {
    alone(|_| {
        let module = Module::load();
        let mut count = 0;
        let mut info = CK_INFO::default();
        let mut handle = 0;
        for rv in [
            call!(module, C_GetInfo(&raw mut info)),
            call!(module, C_GetSlotList(CK_TRUE, ptr::null_mut(), &raw mut count)),
            call!(module, C_OpenSession(1, 4, ptr::null_mut(), None, &raw mut handle)),
            call!(module, C_Login(1, CKU_USER, ptr::null_mut(), 0)),
            call!(module, C_FindObjectsInit(1, ptr::null_mut(), 0)),
            call!(module, C_SignInit(1, ptr::null_mut(), 1)),
            call!(module, C_GenerateRandom(1, ptr::null_mut(), 0)),
        ] {
            assert_eq!(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
        }
    })
    .stderr_lines(0);
}

#[test]
fn a_function_that_the_token_cannot_do_is_in_the_list_and_says_so() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let session = module.session();
        let mut handle = 0;
        let (none, handle_out) = (ptr::null_mut(), &raw mut handle);
        let created = call!(module, C_CreateObject(session.handle, ptr::null_mut(), 0, handle_out));
        assert_eq!(created, CKR_FUNCTION_NOT_SUPPORTED);
        let pin = call!(module, C_SetPIN(session.handle, none, 0, none, 0));
        assert_eq!(pin, CKR_FUNCTION_NOT_SUPPORTED);
        assert_eq!(call!(module, C_GetFunctionStatus(session.handle)), CKR_FUNCTION_NOT_PARALLEL);
        assert_eq!(call!(module, C_CancelFunction(session.handle)), CKR_FUNCTION_NOT_PARALLEL);
        let mut slot = 0;
        let event =
            call!(module, C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, ptr::null_mut()));
        assert_eq!(event, CKR_NO_EVENT);
    });
}

#[test]
fn slot_1_has_the_configured_label_padded_with_spaces() {
    alone(|process| {
        process.write_configuration(&json!({ "TokenLabel": "Release keys" }));
        let module = Module::started();
        // `slot-id=1` in a URI reaches C_GetTokenInfo without any C_GetSlotList before it.
        let info = module.token_info(1);
        assert_eq!(&info.label, b"Release keys                    ");
        assert_eq!(module.slots(), [1]);
        assert_ne!(info.flags & CKF_LOGIN_REQUIRED, 0);
        let clear = CKF_WRITE_PROTECTED | CKF_PROTECTED_AUTHENTICATION_PATH;
        assert_eq!(info.flags & clear, 0);
        let set = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_RNG;
        assert_eq!(info.flags & set, set);
        assert!(info.serialNumber.iter().any(|byte| *byte != b' '));
    });
}

#[test]
fn a_slot_that_is_not_there_and_a_null_pointer_are_refused() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let mut info = CK_TOKEN_INFO::default();
        assert_eq!(call!(module, C_GetTokenInfo(9, &raw mut info)), CKR_SLOT_ID_INVALID);
        assert_eq!(call!(module, C_GetTokenInfo(1, ptr::null_mut())), CKR_ARGUMENTS_BAD);
        assert_eq!(call!(module, C_GetSlotInfo(9, ptr::null_mut())), CKR_SLOT_ID_INVALID);
        let no_count = call!(module, C_GetSlotList(CK_TRUE, ptr::null_mut(), ptr::null_mut()));
        assert_eq!(no_count, CKR_ARGUMENTS_BAD);
        let mut slots = [0; 1];
        let mut count = 0;
        let short = call!(module, C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count));
        assert_eq!((short, count), (CKR_BUFFER_TOO_SMALL, 1));
    });
}

#[test]
fn signing_mechanisms_have_key_sizes_in_bits_and_are_of_hardware_and_digests_are_not() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let mut kinds = [0; 32];
        let mut count = 32;
        let rv = call!(module, C_GetMechanismList(1, kinds.as_mut_ptr(), &raw mut count));
        assert_eq!(rv, CKR_OK);
        let kinds = &kinds[..count as usize];
        assert_eq!(kinds.first(), Some(&CKM_RSA_PKCS));
        assert!(kinds.contains(&CKM_ECDSA) && kinds.contains(&CKM_SHA256_RSA_PKCS));
        for kind in kinds {
            let mut info = CK_MECHANISM_INFO::default();
            assert_eq!(call!(module, C_GetMechanismInfo(1, *kind, &raw mut info)), CKR_OK);
            let sizes = (info.ulMinKeySize, info.ulMaxKeySize);
            if info.flags & CKF_DIGEST != 0 {
                assert_eq!((info.flags, sizes), (CKF_DIGEST, (0, 0)), "{kind:#x}");
                continue;
            }
            assert!([(2048, 4096), (256, 521)].contains(&sizes), "{kind:#x}: {sizes:?}");
            let expected = CKF_SIGN | CKF_VERIFY | CKF_HW;
            assert_eq!(info.flags & expected, expected, "{kind:#x}");
        }
        let mut info = CK_MECHANISM_INFO::default();
        let unknown = call!(module, C_GetMechanismInfo(1, CKM_AES_CBC, &raw mut info));
        assert_eq!(unknown, CKR_MECHANISM_INVALID);
    });
}

#[test]
fn random_bytes_come_and_differ() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let session = module.session();
        let mut bytes = [[0; 32]; 2];
        for bytes in &mut bytes {
            let rv = call!(module, C_GenerateRandom(session.handle, bytes.as_mut_ptr(), 32));
            assert_eq!(rv, CKR_OK);
        }
        assert_ne!(bytes[0], bytes[1]);
        let seeded = call!(module, C_SeedRandom(session.handle, bytes[0].as_mut_ptr(), 32));
        assert_eq!(seeded, CKR_OK);
    });
}

#[test]
fn every_interface_has_its_version_and_the_newest_signs() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        let module = Module::load();
        let interfaces = module.interfaces();
        let versions: Vec<_> = interfaces.iter().map(|(_, version)| *version).collect();
        assert_eq!(versions, [(3, 0), (3, 2), (2, 40)]);
        assert!(interfaces.iter().all(|(name, _)| name == "PKCS 11"));
        assert_eq!(module.interface(Some(c"PKCS 11"), Some((2, 40))), Ok((2, 40)));
        assert_eq!(module.interface(Some(c"PKCS 11"), Some((3, 2))), Ok((3, 2)));
        assert_eq!(module.interface(None, None), Ok((3, 0)));
        assert_eq!(module.interface(Some(c"other"), None), Err(CKR_ARGUMENTS_BAD));

        let newest = Module::load_newest();
        newest.initialize().unwrap();
        let session = newest.session();
        let signed = session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]);
        assert_eq!(signed.map(|signature| signature.len()), Ok(64));
    });
}

#[test]
fn a_log_that_was_turned_off_stays_off_when_another_setting_is_wrong() {
    alone(|process| {
        let log = json!({ "Console": { "Level": "none" } });
        process.write_configuration(&json!({ "Metadata": "some", "Log": log }));
        assert_eq!(Module::load().initialize(), Err(CKR_GENERAL_ERROR));
    })
    .stderr_lines(0);
}

#[test]
fn a_wrong_setting_fails_c_initialize_and_says_what_is_allowed() {
    alone(|process| {
        process.write_configuration(&json!({ "Cryptoki": { "Certificates": "sometimes" } }));
        assert_eq!(Module::load().initialize(), Err(CKR_GENERAL_ERROR));
        process.write_configuration(&json!({}));
        assert_eq!(Module::load().initialize(), Ok(()));
    })
    .stderr_says("Cryptoki.Certificates")
    .stderr_says("sometimes")
    .stderr_says("never");
}
