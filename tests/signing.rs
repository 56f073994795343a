//! Signatures through the C ABI, each verified here a second time with the sandbox's public key.

use cryptoki_sys::*;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, RsaPublicKey, pkcs8::DecodePublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};
use signpath_sandbox::{Fault, Route, Sandbox};

use crate::harness::{Session, alone, requested};

/// DigestInfo prefixes of RFC 8017 §9.2, note 1.
pub(crate) const SHA1_INFO: &[u8] = b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
pub(crate) const SHA256_INFO: &[u8] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
pub(crate) const SHA384_INFO: &[u8] =
    b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30";
pub(crate) const SHA512_INFO: &[u8] =
    b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40";

fn rsa_verifies(sandbox: &Sandbox, digest_info: &[u8], signature: &[u8]) -> bool {
    let key =
        RsaPublicKey::from_public_key_pem(&sandbox.public_key_pem("demo/rsa").unwrap()).unwrap();
    key.verify(Pkcs1v15Sign::new_unprefixed(), digest_info, signature).is_ok()
}

fn p256_verifies(sandbox: &Sandbox, name: &str, digest: &[u8], signature: &[u8]) -> bool {
    let key =
        p256::ecdsa::VerifyingKey::from_public_key_pem(&sandbox.public_key_pem(name).unwrap())
            .unwrap();
    let signature = p256::ecdsa::Signature::from_slice(signature).unwrap();
    key.verify_prehash(digest, &signature).is_ok()
}

fn signed(session: &Session<'_>, kind: CK_MECHANISM_TYPE, name: &str, data: &[u8]) -> Vec<u8> {
    session.sign(kind, session.private_key(name), data).unwrap()
}

#[test]
fn rsa_signs_a_digest_info_of_every_hash() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        for (info, len) in
            [(SHA1_INFO, 20), (SHA256_INFO, 32), (SHA384_INFO, 48), (SHA512_INFO, 64)]
        {
            let data = [info, &vec![7; len]].concat();
            let signature = signed(&session, CKM_RSA_PKCS, "demo/rsa", &data);
            assert_eq!(signature.len(), 384);
            assert!(rsa_verifies(&sandbox, &data, &signature), "a hash of {len} bytes");
        }
    });
}

#[test]
fn rsa_refuses_what_is_no_digest_info_without_asking_the_service() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/rsa");
        for data in [&[7; 32][..], &[7; 373], &[], &[SHA256_INFO, &[7; 31]].concat()] {
            assert_eq!(session.sign(CKM_RSA_PKCS, key, data), Err(CKR_DATA_INVALID));
        }
        assert_eq!(session.sign(CKM_RSA_PKCS, key, &[7; 374]), Err(CKR_DATA_LEN_RANGE));
        assert_eq!(requested(&sandbox, Route::SignHash), 0);
    });
}

#[test]
fn rsa_hashes_a_message_in_one_part_and_in_many() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/rsa");
        let message = b"a message that comes in parts";
        for (kind, info, digest) in [
            (CKM_SHA256_RSA_PKCS, SHA256_INFO, Sha256::digest(message).to_vec()),
            (CKM_SHA384_RSA_PKCS, SHA384_INFO, Sha384::digest(message).to_vec()),
            (CKM_SHA512_RSA_PKCS, SHA512_INFO, Sha512::digest(message).to_vec()),
        ] {
            let data = [info, &digest].concat();
            let whole = session.sign(kind, key, message).unwrap();
            assert!(rsa_verifies(&sandbox, &data, &whole));
            session.sign_init(kind, key).unwrap();
            session.sign_update(&message[..5]).unwrap();
            session.sign_update(&message[5..]).unwrap();
            assert_eq!(session.sign_final().unwrap(), whole);
        }
    });
}

#[test]
fn ec_signs_hashes_shorter_and_longer_than_the_curve() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        for len in [20, 32, 48, 64] {
            let digest = vec![7; len];
            for (name, size) in [("demo/ec", 64), ("demo/nocert", 64)] {
                let signature = signed(&session, CKM_ECDSA, name, &digest);
                assert_eq!(signature.len(), size);
                assert!(p256_verifies(&sandbox, name, &digest, &signature), "{name}, {len} bytes");
            }
            assert_eq!(signed(&session, CKM_ECDSA, "demo/ec384", &digest).len(), 96);
            assert_eq!(signed(&session, CKM_ECDSA, "demo/ec521", &digest).len(), 132);
        }
    });
}

#[test]
fn ec_hashes_a_message_in_one_part_and_in_many() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        let message = b"a message that comes in parts";
        for (kind, digest) in [
            (CKM_ECDSA_SHA256, Sha256::digest(message).to_vec()),
            (CKM_ECDSA_SHA384, Sha384::digest(message).to_vec()),
            (CKM_ECDSA_SHA512, Sha512::digest(message).to_vec()),
        ] {
            let whole = session.sign(kind, key, message).unwrap();
            assert!(p256_verifies(&sandbox, "demo/ec", &digest, &whole));
            session.sign_init(kind, key).unwrap();
            session.sign_update(&message[..5]).unwrap();
            assert_eq!(session.sign_into(message, 64), Err(CKR_OPERATION_NOT_INITIALIZED));
            session.sign_init(kind, key).unwrap();
            session.sign_update(&message[..5]).unwrap();
            session.sign_update(&message[5..]).unwrap();
            let parts = session.sign_final().unwrap();
            assert!(p256_verifies(&sandbox, "demo/ec", &digest, &parts));
        }
    });
}

#[test]
fn a_signature_that_the_service_got_wrong_is_not_handed_out() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        for name in ["demo/ec", "demo/rsa"] {
            let (kind, data) = match name {
                "demo/rsa" => (CKM_RSA_PKCS, [SHA256_INFO, &[7; 32]].concat()),
                _ => (CKM_ECDSA, vec![7; 32]),
            };
            let key = session.private_key(name);
            let fault = || Fault::on(Route::SignHash);
            for fault in [
                fault().wrong_signature(),
                fault().short_signature(),
                fault().long_signature(),
                fault().empty_signature(),
            ] {
                sandbox.inject(fault);
                assert_eq!(session.sign(kind, key, &data), Err(CKR_GENERAL_ERROR), "{name}");
            }
            assert!(session.sign(kind, key, &data).is_ok());
        }
    })
    .stderr_says("signature");
}

#[test]
fn a_rotated_key_is_named_as_the_reason() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        sandbox.rotate_key("demo/ec").unwrap();
        assert_eq!(session.sign(CKM_ECDSA, key, &[7; 32]), Err(CKR_GENERAL_ERROR));
        let fresh = session.private_key("demo/ec");
        assert_ne!(fresh, key);
        assert_eq!(session.sign(CKM_ECDSA, fresh, &[7; 32]).map(|it| it.len()), Ok(64));
    })
    .stderr_says("another key now");
}
