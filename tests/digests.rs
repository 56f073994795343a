//! Digests, made in the process of the client (2.40 §5.10).

use cryptoki_sys::*;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::harness::{Module, alone};

const MESSAGE: &[u8] = b"a message that comes in parts";

fn expected(message: &[u8]) -> [(CK_MECHANISM_TYPE, Vec<u8>); 5] {
    [
        (CKM_SHA_1, Sha1::digest(message).to_vec()),
        (CKM_SHA224, Sha224::digest(message).to_vec()),
        (CKM_SHA256, Sha256::digest(message).to_vec()),
        (CKM_SHA384, Sha384::digest(message).to_vec()),
        (CKM_SHA512, Sha512::digest(message).to_vec()),
    ]
}

#[test]
fn every_digest_is_made_in_one_part_and_in_many_without_an_account() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let session = module.session();
        for (kind, digest) in expected(MESSAGE) {
            assert_eq!(session.digest(kind, MESSAGE), Ok(digest.clone()), "{kind:#x}");
            session.digest_init(kind).unwrap();
            session.digest_update(&MESSAGE[..7]).unwrap();
            session.digest_update(&[]).unwrap();
            session.digest_update(&MESSAGE[7..]).unwrap();
            assert_eq!(session.digest_final(), Ok(digest), "{kind:#x}");
        }
        for (kind, digest) in expected(b"") {
            session.digest_init(kind).unwrap();
            assert_eq!(session.digest_final(), Ok(digest), "{kind:#x} of nothing");
        }
    });
}

#[test]
fn a_digest_may_take_the_place_of_its_data() {
    alone(|process| {
        process.write_configuration(&json!({}));
        let module = Module::started();
        let session = module.session();
        session.digest_init(CKM_SHA256).unwrap();
        let (mut place, mut len) = (*b"thirty-two bytes of some message", 32);
        let expected = Sha256::digest(place);
        let bytes = place.as_mut_ptr();
        let rv = call!(module, C_Digest(session.handle, bytes, 32, bytes, &raw mut len));
        assert_eq!((rv, len, &place[..]), (CKR_OK, 32, &expected[..]));
    });
}

#[test]
fn a_key_is_not_digested() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        for (handle, answer) in [(key, CKR_KEY_INDIGESTIBLE), (999_999, CKR_KEY_HANDLE_INVALID)] {
            session.digest_init(CKM_SHA256).unwrap();
            assert_eq!(call!(module, C_DigestKey(session.handle, handle)), answer);
            assert_eq!(session.digest_final(), Err(CKR_OPERATION_NOT_INITIALIZED));
        }
    });
}
