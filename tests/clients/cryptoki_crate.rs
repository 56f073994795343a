//! The Rust crate `cryptoki`, in this process as its users have it in theirs.

use std::thread;

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism, MechanismType,
        rsa::{PkcsMgfType, PkcsPssParams},
    },
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use sha2::{Digest, Sha256};

use super::bench::{Bench, MESSAGE};
use crate::{
    harness::{alone, module_path},
    signing::SHA256_INFO,
};

/// What OpenSSL is told of a signature of each mechanism: policy and options.
const SIGNED: &[(Mechanism<'_>, &str, &str)] = &[
    (Mechanism::Sha256RsaPkcs, "rsa", "-sha256"),
    (Mechanism::Sha384RsaPkcs, "rsa", "-sha384"),
    (Mechanism::Sha512RsaPkcs, "rsa", "-sha512"),
    (Mechanism::EcdsaSha256, "ec", "-sha256"),
    (Mechanism::EcdsaSha384, "ec", "-sha384"),
    (Mechanism::EcdsaSha384, "ec384", "-sha384"),
    (Mechanism::EcdsaSha512, "ec384", "-sha512"),
];

const PSS: &str = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";

fn salt_as_long_as_the_hash() -> PkcsPssParams {
    PkcsPssParams {
        hash_alg: MechanismType::SHA256,
        mgf: PkcsMgfType::MGF1_SHA256,
        s_len: 32.into(),
    }
}

fn initialized() -> Pkcs11 {
    let module = Pkcs11::new(module_path()).expect("the module loads");
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    module.initialize(arguments).expect("C_Initialize");
    module
}

/// A session with the first token that is initialized.
fn session(module: &Pkcs11) -> Session {
    let slots = module.get_slots_with_initialized_token().expect("slots");
    module.open_ro_session(*slots.first().expect("there is a token")).expect("a session")
}

fn find(session: &Session, class: ObjectClass, policy: &str) -> ObjectHandle {
    let label = format!("demo/{policy}").into_bytes();
    let template = [Attribute::Class(class), Attribute::Label(label)];
    let found = session.find_objects(&template).expect("the search succeeds");
    assert_eq!(found.len(), 1, "{policy}");
    found[0]
}

/// As OpenSSL reads it: the two numbers of an EC signature in DER.
fn readable(policy: &str, signature: &[u8]) -> Vec<u8> {
    match policy {
        "ec" => p256::ecdsa::Signature::from_slice(signature).unwrap().to_der().as_bytes().to_vec(),
        "ec384" => {
            p384::ecdsa::Signature::from_slice(signature).unwrap().to_der().as_bytes().to_vec()
        }
        _ => signature.to_vec(),
    }
}

#[track_caller]
fn openssl_verifies(bench: &Bench, policy: &str, signature: &[u8], options: &str) {
    bench.place.write("message.sig", readable(policy, signature));
    bench.openssl_verifies(policy, "message.sig", options);
}

#[test]
#[ignore = "needs openssl: scripts/test"]
fn the_cryptoki_crate_signs_with_every_mechanism_in_one_part_and_in_two() {
    alone(|process| {
        let bench = Bench::new();
        process.configure(&bench.sandbox);
        let module = initialized();
        let session = session(&module);
        let (head, tail) = MESSAGE.as_bytes().split_at(5);
        for (mechanism, policy, options) in SIGNED {
            let key = find(&session, ObjectClass::PRIVATE_KEY, policy);
            let signature = session.sign(mechanism, key, MESSAGE.as_bytes()).unwrap();
            openssl_verifies(&bench, policy, &signature, options);
            session.sign_init(mechanism, key).unwrap();
            session.sign_update(head).unwrap();
            session.sign_update(tail).unwrap();
            let signature = session.sign_final().unwrap();
            openssl_verifies(&bench, policy, &signature, options);
        }
    });
}

#[test]
#[ignore = "needs openssl: scripts/test"]
fn the_cryptoki_crate_signs_hashes_of_its_own_after_a_login() {
    alone(|process| {
        let bench = Bench::new();
        process.configure_without_credentials(&bench.sandbox);
        let module = initialized();
        let session = session(&module);
        let pin = AuthPin::new(bench.pin().into());
        session.login(UserType::User, Some(&pin)).unwrap();
        let hash = Sha256::digest(MESSAGE);
        let key = find(&session, ObjectClass::PRIVATE_KEY, "rsa");
        let info = [SHA256_INFO, &hash].concat();
        let signature = session.sign(&Mechanism::RsaPkcs, key, &info).unwrap();
        openssl_verifies(&bench, "rsa", &signature, "-sha256");
        let key = find(&session, ObjectClass::PRIVATE_KEY, "ec");
        let signature = session.sign(&Mechanism::Ecdsa, key, &hash).unwrap();
        openssl_verifies(&bench, "ec", &signature, "-sha256");
        session.logout().unwrap();
    });
}

#[test]
#[ignore = "needs openssl: scripts/test"]
fn the_cryptoki_crate_signs_with_rsassa_pss() {
    alone(|process| {
        let bench = Bench::new();
        process.configure(&bench.sandbox);
        let module = initialized();
        let session = session(&module);
        let key = find(&session, ObjectClass::PRIVATE_KEY, "rsa");
        let hashing = Mechanism::Sha256RsaPkcsPss(salt_as_long_as_the_hash());
        let signature = session.sign(&hashing, key, MESSAGE.as_bytes()).unwrap();
        openssl_verifies(&bench, "rsa", &signature, PSS);
        let bare = Mechanism::RsaPkcsPss(salt_as_long_as_the_hash());
        let signature = session.sign(&bare, key, &Sha256::digest(MESSAGE)).unwrap();
        openssl_verifies(&bench, "rsa", &signature, PSS);
    });
}

#[test]
#[ignore = "needs openssl: scripts/test"]
fn the_cryptoki_crate_verifies_and_digests() {
    alone(|process| {
        let bench = Bench::new();
        process.configure(&bench.sandbox);
        let module = initialized();
        let session = session(&module);
        for (mechanism, policy, _) in SIGNED {
            let key = find(&session, ObjectClass::PRIVATE_KEY, policy);
            let public = find(&session, ObjectClass::PUBLIC_KEY, policy);
            let signature = session.sign(mechanism, key, MESSAGE.as_bytes()).unwrap();
            session.verify(mechanism, public, MESSAGE.as_bytes(), &signature).unwrap();
            let other = session.verify(mechanism, public, b"another message", &signature);
            assert!(matches!(other, Err(Error::Pkcs11(RvError::SignatureInvalid, _))), "{other:?}");
        }
        let digest = session.digest(&Mechanism::Sha256, MESSAGE.as_bytes()).unwrap();
        assert_eq!(digest, Sha256::digest(MESSAGE).to_vec());
    });
}

#[test]
#[ignore = "needs openssl: scripts/test"]
fn the_cryptoki_crate_signs_in_sessions_of_many_threads() {
    alone(|process| {
        let bench = Bench::new();
        process.configure(&bench.sandbox);
        let module = initialized();
        let sign = || {
            let session = session(&module);
            let key = find(&session, ObjectClass::PRIVATE_KEY, "rsa");
            session.sign(&Mechanism::Sha256RsaPkcs, key, MESSAGE.as_bytes()).unwrap()
        };
        let signatures: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(sign)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(signatures.len(), 16);
        for signature in signatures {
            openssl_verifies(&bench, "rsa", &signature, "-sha256");
        }
    });
}

#[test]
fn the_cryptoki_crate_reads_attributes_of_which_some_are_not_there() {
    alone(|process| {
        let bench = Bench::new();
        process.configure(&bench.sandbox);
        let module = initialized();
        let session = session(&module);
        let key = find(&session, ObjectClass::PRIVATE_KEY, "rsa");
        let asked = [
            AttributeType::Id,
            AttributeType::EcPoint,
            AttributeType::PublicExponent,
            AttributeType::PrivateExponent,
            AttributeType::Sign,
        ];
        let attributes = session.get_attributes(key, &asked).unwrap();
        assert!(attributes.contains(&Attribute::Id(b"demo/rsa".to_vec())), "{attributes:?}");
        assert!(attributes.contains(&Attribute::PublicExponent(vec![1, 0, 1])), "{attributes:?}");
        assert!(attributes.contains(&Attribute::Sign(true)), "{attributes:?}");
        assert_eq!(attributes.len(), 3, "{attributes:?}");
    });
}

#[test]
fn the_cryptoki_crate_has_a_wrong_pin_as_an_error() {
    alone(|process| {
        let bench = Bench::new();
        process.configure_without_credentials(&bench.sandbox);
        let module = initialized();
        let refused = session(&module).login(UserType::User, Some(&AuthPin::new("1234".into())));
        assert!(matches!(refused, Err(Error::Pkcs11(RvError::PinIncorrect, _))), "{refused:?}");
    })
    .stderr_lines(1);
}
