//! What outlives C_Finalize, counted at the service.

use std::fs;

use cryptoki_sys::*;
use signpath_sandbox::{KeyType, PolicyConfig, Route};

use crate::{
    harness::{Module, alone, requested},
    lifecycle::{keeps_what_is_freed, resident},
};

#[test]
fn six_runs_take_one_connection_one_list_and_six_signatures() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        let module = Module::load();
        for _ in 0..6 {
            module.initialize().unwrap();
            let session = module.session();
            session.login("").unwrap();
            session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]).unwrap();
            session.close().unwrap();
            module.finalize().unwrap();
        }
        assert_eq!(sandbox.connections(), 1);
        assert_eq!(requested(&sandbox, Route::MySigningPolicies), 1);
        assert_eq!(requested(&sandbox, Route::SignHash), 6);
        assert_eq!(sandbox.requests().len(), 7);
    });
}

#[test]
fn sessions_left_open_at_c_finalize_leave_no_socket_and_no_memory_behind() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        let module = Module::load();
        let round = || {
            module.initialize().unwrap();
            let session = module.session();
            session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]).unwrap();
            session.find_init(&[]).unwrap();
            module.finalize().unwrap();
        };
        round();
        let (descriptors, memory) = (open_descriptors(), resident());
        (0..20).for_each(|_| round());
        assert_eq!(open_descriptors(), descriptors);
        assert_eq!(sandbox.connections(), 1);
        // A connection alone takes 47 kB; the sandbox in this process keeps what it was sent.
        let grown = resident().saturating_sub(memory);
        assert!(keeps_what_is_freed() || grown < 4000, "{grown} kB");
    });
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn after_c_finalize_nothing_is_signed_with_what_was_begun_before() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        session.sign_init(CKM_ECDSA, session.private_key("demo/ec")).unwrap();
        module.finalize().unwrap();
        assert_eq!(session.sign_into(&[7; 32], 64), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
        module.initialize().unwrap();
        assert_eq!(session.sign_into(&[7; 32], 64), Err(CKR_SESSION_HANDLE_INVALID));
        assert_eq!(requested(&sandbox, Route::SignHash), 0);
    });
}

#[test]
fn fifty_keys_are_listed_by_one_request() {
    alone(|process| {
        let policies = (0..50).map(|number| {
            PolicyConfig::new(&format!("demo/key-{number}"), KeyType::P256).certificate()
        });
        let policies: Vec<_> = policies.collect();
        let sandbox = process.sandbox_with(|builder| builder.policies(policies));
        process.configure(&sandbox);
        let module = Module::started();
        let session = module.session();
        let class = CKO_PRIVATE_KEY.to_ne_bytes();
        let keys = session.find(&[(CKA_CLASS, &class)]).unwrap();
        assert_eq!(keys.len(), 50);
        for key in keys {
            session.attribute(key, CKA_LABEL).unwrap();
        }
        assert_eq!(sandbox.requests().len(), 1);
    });
}

#[test]
fn a_logout_after_a_pin_ends_the_connection_too() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_without_credentials(&sandbox);
        let module = Module::started();
        let session = module.session();
        let pin = format!("{}:{}", sandbox.organization_id(), sandbox.token());
        for _ in 0..2 {
            session.login(&pin).unwrap();
            session.logout().unwrap();
        }
        assert_eq!(requested(&sandbox, Route::MySigningPolicies), 2);
        assert_eq!(sandbox.connections(), 2);
    });
}

#[test]
fn another_configuration_is_not_served_by_an_earlier_client() {
    alone(|process| {
        let (first, second) = (process.sandbox(), process.sandbox());
        let module = Module::load();
        for sandbox in [&first, &second] {
            process.configure(sandbox);
            module.initialize().unwrap();
            module.session().private_key("demo/ec");
            module.finalize().unwrap();
            assert_eq!(requested(sandbox, Route::MySigningPolicies), 1);
        }
    });
}
