//! Certificates: hidden from cosign, shown to everybody else, unless the configuration says otherwise.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use cryptoki_sys::*;
use serde_json::json;
use signpath_sandbox::{KeyType, PolicyConfig};

use crate::{
    harness::{Module, alone, module_path},
    signing::SHA512_INFO,
};

fn certificates_shown(module: &Module) -> usize {
    let class = CKO_CERTIFICATE.to_ne_bytes();
    module.session().find(&[(CKA_CLASS, &class)]).unwrap().len()
}

#[test]
fn a_certificate_has_the_fields_that_clients_look_for() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let certificate = session.object(CKO_CERTIFICATE, "demo/rsa");
        let value = session.attribute(certificate, CKA_VALUE).unwrap();
        for kind in [CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER] {
            let field = session.attribute(certificate, kind).unwrap();
            assert!(!field.is_empty() && value.windows(field.len()).any(|part| part == field));
        }
        // DER: SEQUENCE for names, INTEGER for the serial number.
        assert_eq!(session.attribute(certificate, CKA_SUBJECT).unwrap()[0], 0x30);
        assert_eq!(session.attribute(certificate, CKA_SERIAL_NUMBER).unwrap()[0], 0x02);
        assert_eq!(session.attribute(certificate, CKA_ID).unwrap(), b"demo/rsa");
        let kind = session.attribute(certificate, CKA_CERTIFICATE_TYPE).unwrap();
        assert_eq!(kind, CKC_X_509.to_ne_bytes());
    });
}

#[test]
fn certificates_are_shown_to_other_programs_and_hidden_on_request() {
    alone(|process| {
        let sandbox = process.sandbox();
        for (setting, shown) in [("auto", true), ("always", true), ("never", false)] {
            process.configure_with(&sandbox, json!({ "Cryptoki": { "Certificates": setting } }));
            let module = Module::started();
            assert_eq!(certificates_shown(&module) > 0, shown, "{setting}");
            module.finalize().unwrap();
        }
    });
}

/// The test binary under another name is a host program of that name: it loads the module and counts.
#[test]
fn certificates_are_hidden_from_every_program_whose_name_begins_with_cosign() {
    alone(|process| {
        let sandbox = process.sandbox();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("signpath.json");
        let settings = json!({
            "OrganizationId": sandbox.organization_id(),
            "ApiToken": sandbox.token(),
            "ApiUrl": sandbox.api_url(),
        });
        fs::write(&config, settings.to_string()).unwrap();
        for (name, hidden) in [
            ("cosign", true),
            ("cosign-linux-pivkey-pkcs11key-amd64", true),
            ("pkcs11-tool", false),
        ] {
            let program = folder.path().join(name);
            fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            let output = Command::new(&program)
                .args([
                    "certificates::counted_by_a_host_program",
                    "--exact",
                    "--include-ignored",
                    "--nocapture",
                ])
                .env("SIGNPATH_TEST_MODULE", module_path())
                .env("SIGNPATH_CONFIG_FILE", &config)
                .output()
                .unwrap();
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert!(stdout.contains("certificates shown: "), "{name}: {stdout}");
            assert_eq!(stdout.contains("certificates shown: 0"), hidden, "{name}: {stdout}");
        }
        drop(process);
    });
}

#[test]
#[ignore = "the host program of certificates_are_hidden_from_every_program_whose_name_begins_with_cosign"]
fn counted_by_a_host_program() {
    if crate::harness::variable("SIGNPATH_CONFIG_FILE").is_some() {
        println!("certificates shown: {}", certificates_shown(&Module::started()));
    }
}

#[test]
fn the_certificates_above_the_leaf_are_objects_too_each_once() {
    alone(|process| {
        let policies = [
            PolicyConfig::new("demo/one", KeyType::P256).chain(),
            PolicyConfig::new("demo/two", KeyType::P256).chain(),
        ];
        let sandbox = process.sandbox_with(|builder| builder.policies(policies));
        process.configure(&sandbox);
        let module = Module::started();
        let session = module.session();
        assert_eq!(certificates_shown(&module), 4, "two leaves, the authority, the root");
        assert_eq!(session.find(&[(CKA_ID, b"demo/one")]).unwrap().len(), 3);
        let leaf = session.object(CKO_CERTIFICATE, "demo/one");
        let mut names = Vec::new();
        let mut current = leaf;
        // As a client builds the chain: the certificate whose subject is the issuer.
        for _ in 0..2 {
            let issuer = session.attribute(current, CKA_ISSUER).unwrap();
            let class = CKO_CERTIFICATE.to_ne_bytes();
            let found = session.find(&[(CKA_CLASS, &class), (CKA_SUBJECT, &issuer)]).unwrap();
            assert_eq!(found.len(), 1);
            current = found[0];
            let category = session.attribute(current, CKA_CERTIFICATE_CATEGORY).unwrap();
            assert_eq!(category, CK_CERTIFICATE_CATEGORY_AUTHORITY.to_ne_bytes());
            let id = session.attribute(current, CKA_ID).unwrap();
            assert_eq!(session.find(&[(CKA_ID, &id)]), Ok(vec![current]));
            names.push(session.attribute(current, CKA_LABEL).unwrap());
        }
        assert!(names[0] != names[1] && !names[0].is_empty());
        let root = session.attribute(current, CKA_ISSUER);
        assert_eq!(root, session.attribute(current, CKA_SUBJECT));
        let days = [CKA_START_DATE, CKA_END_DATE].map(|it| session.attribute(leaf, it).unwrap());
        assert!(days.iter().all(|day| day.len() == 8 && day.iter().all(u8::is_ascii_digit)));
        assert!(days[0] < days[1]);
    });
}

#[test]
fn a_key_without_a_certificate_has_a_placeholder_where_it_is_asked_for() {
    alone(|process| {
        let policy = PolicyConfig::new("demo/gpg", KeyType::Rsa3072).gpg();
        let sandbox = process.sandbox_with(|builder| builder.policies([policy]));
        for (setting, shown) in [(false, 0), (true, 1)] {
            let more = json!({ "IncludeDummyX509CertificateForGpgKeys": setting });
            process.configure_with(&sandbox, more);
            let module = Module::started();
            let session = module.session();
            assert_eq!(certificates_shown(&module), shown);
            let key = session.private_key("demo/gpg");
            let data = [SHA512_INFO, &[7; 64]].concat();
            assert_eq!(session.sign(CKM_RSA_PKCS, key, &data).map(|it| it.len()), Ok(384));
            if shown == 1 {
                let certificate = session.object(CKO_CERTIFICATE, "demo/gpg");
                let info = session.attribute(certificate, CKA_PUBLIC_KEY_INFO).unwrap();
                assert_eq!(session.attribute(key, CKA_PUBLIC_KEY_INFO), Ok(info));
            }
            module.finalize().unwrap();
        }
    });
}
