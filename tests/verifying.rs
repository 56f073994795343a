//! Checking signatures in the process of the client (2.40 §5.12; 3.2, C_VerifySignatureInit).

use cryptoki_sys::*;
use signpath_sandbox::Route;

use crate::{
    harness::{alone, requested},
    signing::SHA256_INFO,
};

const MESSAGE: &[u8] = b"a message that comes in parts";

/// Every mechanism for signatures, with a key for it and data that it takes.
fn every_mechanism() -> Vec<(CK_MECHANISM_TYPE, &'static str, Vec<u8>)> {
    let digest_info = [SHA256_INFO, &[7; 32]].concat();
    let mut all = vec![
        (CKM_RSA_PKCS, "demo/rsa", digest_info),
        (CKM_RSA_PKCS_PSS, "demo/rsa", vec![7; 32]),
        (CKM_ECDSA, "demo/ec", vec![7; 32]),
    ];
    let rsa = [CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS];
    let pss = [CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS];
    all.extend(rsa.into_iter().chain(pss).map(|kind| (kind, "demo/rsa", MESSAGE.to_vec())));
    for name in ["demo/ec", "demo/ec384", "demo/ec521"] {
        let kinds = [CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512];
        all.extend(kinds.into_iter().map(|kind| (kind, name, MESSAGE.to_vec())));
    }
    all
}

#[test]
fn what_every_mechanism_signs_it_verifies_and_a_changed_bit_it_does_not() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        for (kind, name, data) in every_mechanism() {
            let mut signature = session.sign(kind, session.private_key(name), &data).unwrap();
            let key = session.object(CKO_PUBLIC_KEY, name);
            assert_eq!(session.verify(kind, key, &data, &signature), Ok(()), "{kind:#x} {name}");
            let mut other = data.clone();
            *other.last_mut().unwrap() ^= 1;
            let refused = session.verify(kind, key, &other, &signature);
            assert_eq!(refused, Err(CKR_SIGNATURE_INVALID), "{kind:#x} {name}");
            signature[9] ^= 1;
            let refused = session.verify(kind, key, &data, &signature);
            assert_eq!(refused, Err(CKR_SIGNATURE_INVALID), "{kind:#x} {name}");
        }
    });
}

#[test]
fn verifying_asks_nobody() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.object(CKO_PUBLIC_KEY, "demo/ec");
        let before = sandbox.requests().len();
        assert_eq!(session.verify(CKM_ECDSA, key, &[7; 32], &[1; 64]), Err(CKR_SIGNATURE_INVALID));
        assert_eq!(sandbox.requests().len(), before);
    });
}

#[test]
fn parts_are_verified_as_the_whole_is() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let session = module.session();
        for kind in [CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS] {
            let key = session.object(CKO_PUBLIC_KEY, "demo/rsa");
            let signature = session.sign(kind, session.private_key("demo/rsa"), MESSAGE).unwrap();
            session.verify_init(kind, key).unwrap();
            session.verify_update(&MESSAGE[..5]).unwrap();
            session.verify_update(&MESSAGE[5..]).unwrap();
            assert_eq!(session.verify_final(&signature), Ok(()));
            session.verify_init(kind, key).unwrap();
            session.verify_update(&MESSAGE[..5]).unwrap();
            assert_eq!(session.verify_final(&signature), Err(CKR_SIGNATURE_INVALID));
        }
    });
}

#[test]
fn a_pss_signature_in_parts_is_that_of_the_whole() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let (private, public) =
            (session.private_key("demo/rsa"), session.object(CKO_PUBLIC_KEY, "demo/rsa"));
        for kind in [CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS] {
            session.sign_init(kind, private).unwrap();
            session.sign_update(&MESSAGE[..5]).unwrap();
            session.sign_update(&MESSAGE[5..]).unwrap();
            let signature = session.sign_final().unwrap();
            assert_eq!(session.verify(kind, public, MESSAGE, &signature), Ok(()));
        }
        assert_eq!(requested(&sandbox, Route::SignHash), 3);
    });
}

#[test]
fn pss_parameters_that_signpath_does_not_make_are_refused_without_a_request() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/rsa");
        let refused = [
            (CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA1, 32)),
            (CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 20)),
            (CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 350)),
            (CKM_RSA_PKCS_PSS, (CKM_SHA224, CKG_MGF1_SHA224, 28)),
            (CKM_SHA256_RSA_PKCS_PSS, (CKM_SHA512, CKG_MGF1_SHA512, 64)),
        ];
        for (kind, parameter) in refused {
            let answer = session.sign_init_pss(kind, key, parameter);
            assert_eq!(answer, Err(CKR_MECHANISM_PARAM_INVALID), "{kind:#x} {parameter:?}");
        }
        for (hash, mgf, len) in [
            (CKM_SHA_1, CKG_MGF1_SHA1, 20),
            (CKM_SHA384, CKG_MGF1_SHA384, 48),
            (CKM_SHA512, CKG_MGF1_SHA512, 64),
        ] {
            session.sign_init_pss(CKM_RSA_PKCS_PSS, key, (hash, mgf, len)).unwrap();
            assert_eq!(session.sign_into(&[7; 21], 384), Err(CKR_DATA_LEN_RANGE));
            session.sign_init_pss(CKM_RSA_PKCS_PSS, key, (hash, mgf, len)).unwrap();
            let signed = session.sign_into(&vec![7; len as usize], 384);
            assert_eq!(signed.map(|signature| signature.len()), Ok(384));
        }
        assert_eq!(requested(&sandbox, Route::SignHash), 3);
    })
    .stderr_says("rsa_pss_saltlen:digest");
}

#[test]
fn a_signature_that_comes_first_is_verified_at_the_end() {
    alone(|process| {
        let (_sandbox, module) = process.started();
        let newest = module.functions_3_2();
        let session = module.session();
        let kind = CKM_ECDSA_SHA256;
        let mut signature = session.sign(kind, session.private_key("demo/ec"), MESSAGE).unwrap();
        let key = session.object(CKO_PUBLIC_KEY, "demo/ec");
        let mut mechanism = CK_MECHANISM { mechanism: kind, ..CK_MECHANISM::default() };
        let handle = session.handle;
        let mut init = |signature: &mut [u8]| {
            let (bytes, len) = (signature.as_mut_ptr(), signature.len() as CK_ULONG);
            let mechanism = &raw mut mechanism;
            called!(newest, C_VerifySignatureInit(handle, mechanism, key, bytes, len))
        };
        let (data, len) = (MESSAGE.as_ptr().cast_mut(), MESSAGE.len() as CK_ULONG);
        assert_eq!(init(&mut signature), CKR_OK);
        assert_eq!(session.verify_begun(MESSAGE, &signature), Err(CKR_OPERATION_NOT_INITIALIZED));
        assert_eq!(called!(newest, C_VerifySignature(handle, data, len)), CKR_OK);
        assert_eq!(init(&mut signature), CKR_OK);
        assert_eq!(called!(newest, C_VerifySignatureUpdate(handle, data, 5)), CKR_OK);
        assert_eq!(called!(newest, C_VerifySignatureFinal(handle)), CKR_SIGNATURE_INVALID);
        assert_eq!(init(&mut signature[..63]), CKR_OK);
        assert_eq!(called!(newest, C_VerifySignature(handle, data, len)), CKR_SIGNATURE_LEN_RANGE);
        assert_eq!(
            called!(newest, C_VerifySignature(handle, data, len)),
            CKR_OPERATION_NOT_INITIALIZED
        );
    });
}
