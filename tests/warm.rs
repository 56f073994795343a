//! What outlives C_Finalize, counted at the service.

use cryptoki_sys::*;
use signpath_sandbox::Route;

use crate::harness::{Module, alone, requested};

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
