use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use x509_cert::der::Encode;
use x509_cert::der::asn1::Uint;

use super::vectors::{
    EcVectors, P256, P384, P521, RSA_2048, RSA_2048_EMPTY_SALT, RSA_3072, RSA_4096, RsaVectors,
    digest,
};
use super::*;
use crate::damage;

const EC: [(Curve, &EcVectors); 3] =
    [(Curve::P256, &P256), (Curve::P384, &P384), (Curve::P521, &P521)];
const RSA: [&RsaVectors; 3] = [&RSA_2048, &RSA_3072, &RSA_4096];

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn key(spki: &str) -> PublicKey {
    PublicKey::from_spki_der(&bytes(spki)).unwrap()
}

fn changed(signature: &[u8]) -> Vec<u8> {
    let mut changed = signature.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    changed
}

#[test]
fn ecdsa_signatures_of_openssl_verify_whatever_the_length_of_the_digest() {
    for (curve, vectors) in EC {
        let key = key(vectors.spki);
        for (length, signature) in vectors.signatures {
            let what = HashToSign { scheme: Scheme::Ecdsa, hash: digest(*length) };
            let signature = key.fixed_signature(bytes(signature)).unwrap();
            assert_eq!(signature.len(), 2 * curve.field_len());
            assert!(key.verify(&what, &signature), "{curve:?}, {length} bytes");
            assert!(!key.verify(&what, &changed(&signature)), "{curve:?}, {length} bytes");
            let other = HashToSign { scheme: Scheme::Ecdsa, hash: changed_first(&what.hash) };
            assert!(!key.verify(&other, &signature), "{curve:?}, {length} bytes");
        }
    }
}

fn changed_first(digest: &[u8]) -> Vec<u8> {
    let mut changed = digest.to_vec();
    changed[0] ^= 0x10;
    changed
}

#[test]
fn a_digest_that_begins_with_zeros_is_not_the_digest_without_them() {
    let key = key(P384.spki);
    let signature = key.fixed_signature(bytes(P384.signatures[1].1)).unwrap();
    let mut padded = vec![0; 16];
    padded.extend(digest(32));
    let same_number = HashToSign { scheme: Scheme::Ecdsa, hash: padded };
    assert!(key.verify(&same_number, &signature), "up to the field's length, zeros do not count");
    let mut longer = vec![0; 17];
    longer.extend(digest(32));
    let cut = HashToSign { scheme: Scheme::Ecdsa, hash: longer };
    assert!(!key.verify(&cut, &signature), "beyond it, the end is cut off");
}

#[test]
fn rsa_signatures_of_openssl_verify_in_both_paddings_and_all_hashes() {
    for vectors in RSA {
        let key = key(vectors.spki);
        assert_eq!(key.bits(), vectors.bits);
        assert_eq!(key.signature_len(), vectors.bits / 8);
        for (hash, pkcs1, pss) in vectors.signatures {
            for (scheme, signature) in
                [(Scheme::RsaPkcs1(*hash), bytes(pkcs1)), (Scheme::RsaPss(*hash), bytes(pss))]
            {
                let what = HashToSign { scheme, hash: digest(hash.len()) };
                assert!(key.verify(&what, &signature), "{} {scheme:?}", vectors.bits);
                assert!(!key.verify(&what, &changed(&signature)), "{} {scheme:?}", vectors.bits);
                assert_eq!(key.fixed_signature(signature.clone()).unwrap(), signature);
            }
        }
    }
}

#[test]
fn pss_with_another_salt_than_the_digests_length_is_refused() {
    let what = HashToSign { scheme: Scheme::RsaPss(HashAlgorithm::Sha256), hash: digest(32) };
    assert!(!key(RSA_2048.spki).verify(&what, &bytes(RSA_2048_EMPTY_SALT)));
}

#[test]
fn a_signature_of_another_scheme_or_hash_does_not_verify() {
    let rsa = key(RSA_2048.spki);
    let (_, pkcs1, pss) = RSA_2048.signatures[1];
    let verify = |scheme, hash: usize, signature: &str| {
        rsa.verify(&HashToSign { scheme, hash: digest(hash) }, &bytes(signature))
    };
    assert!(verify(Scheme::RsaPkcs1(HashAlgorithm::Sha256), 32, pkcs1));
    assert!(!verify(Scheme::RsaPss(HashAlgorithm::Sha256), 32, pkcs1));
    assert!(!verify(Scheme::RsaPkcs1(HashAlgorithm::Sha256), 32, pss));
    assert!(!verify(Scheme::RsaPkcs1(HashAlgorithm::Sha384), 32, pkcs1));
    assert!(!verify(Scheme::Ecdsa, 32, pkcs1));
}

#[test]
fn rsa_signatures_of_0_255_257_bytes_are_refused_for_a_modulus_of_256() {
    let rsa = key(RSA_2048.spki);
    for length in [0, 255, 257] {
        let reason = rsa.fixed_signature(vec![1; length]).unwrap_err().to_string();
        assert_eq!(reason, format!("the signature has {length} bytes instead of 256"));
        let what = HashToSign { scheme: Scheme::RsaPkcs1(HashAlgorithm::Sha256), hash: digest(32) };
        assert!(!rsa.verify(&what, &vec![1; length]));
    }
}

#[test]
fn ec_signatures_of_an_odd_length_are_refused() {
    for length in [0, 1, 63, 65, 128] {
        assert!(key(P256.spki).fixed_signature(vec![7; length]).is_err(), "{length}");
    }
}

#[test]
fn every_key_comes_back_from_its_own_spki() {
    let spkis = EC.iter().map(|(_, vectors)| vectors.spki).chain(RSA.map(|vectors| vectors.spki));
    for spki in spkis {
        assert_eq!(key(spki).spki_der(), bytes(spki));
    }
}

#[test]
fn an_ec_key_is_read_from_a_bare_point() {
    for (curve, vectors) in EC {
        let PublicKey::Ec(ec) = key(vectors.spki) else { panic!("not an EC key") };
        assert_eq!(ec.curve(), curve);
        assert_eq!(ec.point().len(), 1 + 2 * curve.field_len());
        assert_eq!(PublicKey::from_any(ec.point()), Ok(PublicKey::Ec(ec.clone())));
        assert_eq!(PublicKey::from_any(&bytes(vectors.spki)), Ok(PublicKey::Ec(ec)));
    }
}

#[test]
fn a_compressed_point_is_the_same_key() {
    for (curve, vectors) in EC {
        let PublicKey::Ec(ec) = key(vectors.spki) else { panic!("not an EC key") };
        let (x, y) = ec.point()[1..].split_at(curve.field_len());
        let compressed = [&[2 + (y[y.len() - 1] & 1)], x].concat();
        let read = EcPublicKey::from_point(curve, &compressed).unwrap();
        assert_eq!((read.point(), read.spki()), (ec.point(), ec.spki()));
    }
}

#[test]
fn an_rsa_key_is_read_from_pkcs1_and_from_its_numbers() {
    let PublicKey::Rsa(rsa) = key(RSA_3072.spki) else { panic!("not an RSA key") };
    assert_eq!(rsa.exponent(), [1, 0, 1]);
    let spki = bytes(RSA_3072.spki);
    let info = SubjectPublicKeyInfoRef::from_der(&spki).unwrap();
    let pkcs1 = info.subject_public_key.as_bytes().unwrap();
    assert_eq!(PublicKey::from_any(pkcs1), Ok(PublicKey::Rsa(rsa.clone())));
    let mut with_zeros = vec![0, 0];
    with_zeros.extend(rsa.modulus());
    assert_eq!(PublicKey::from_rsa_numbers(&with_zeros, &[0, 1, 0, 1]), Ok(PublicKey::Rsa(rsa)));
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    let PublicKey::Ec(ec) = key(P384.spki) else { panic!("not an EC key") };
    let reason = PublicKey::from_point(&changed(ec.point())).unwrap_err();
    assert_eq!(reason.to_string(), "its point is not on the curve P-384");
}

#[test]
fn rsa_keys_of_other_sizes_are_refused_with_their_size() {
    for (length, bits) in [(128, 1024), (255, 2040), (513, 4104), (1024, 8192)] {
        let mut modulus = vec![0xff; length];
        modulus[0] = 0x80;
        let reason = PublicKey::from_rsa_numbers(&modulus, &[1, 0, 1]).unwrap_err().to_string();
        assert_eq!(reason, format!("its RSA key has {bits} bits, and 2048 to 4096 are supported"));
    }
}

#[test]
fn numbers_that_are_no_rsa_key_are_refused() {
    let even = vec![0x80; 256];
    assert!(PublicKey::from_rsa_numbers(&even, &[1, 0, 1]).is_err());
    let odd = vec![0x81; 256];
    for exponent in [&[][..], &[0], &[1], &[2], &[4], &[0xff; 257]] {
        assert!(PublicKey::from_rsa_numbers(&odd, exponent).is_err(), "{exponent:?}");
    }
    assert!(PublicKey::from_rsa_numbers(&[], &[1, 0, 1]).is_err());
}

#[test]
fn another_algorithm_or_curve_is_refused_by_its_name() {
    let ed25519 = bytes("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
    let reason = PublicKey::from_any(&ed25519).unwrap_err().to_string();
    assert_eq!(reason, "its algorithm 1.3.101.112 is neither RSA nor ECDSA");
    let mut secp256k1 = bytes(P256.spki);
    let place = secp256k1.windows(3).position(|oid| oid == [0x03, 0x01, 0x07]).unwrap();
    secp256k1[place + 2] = 0x08;
    let reason = PublicKey::from_any(&secp256k1).unwrap_err().to_string();
    assert_eq!(reason, "its curve 1.2.840.10045.3.1.8 is not P-256, P-384 or P-521");
}

#[test]
fn a_key_objects_to_what_it_cannot_sign() {
    let rsa = key(RSA_2048.spki);
    let ec = key(P256.spki);
    let what = |scheme, length| HashToSign { scheme, hash: vec![1; length] };
    let sha256 = Scheme::RsaPkcs1(HashAlgorithm::Sha256);
    assert_eq!(rsa.objection(&what(sha256, 32)), None);
    assert_eq!(ec.objection(&what(Scheme::Ecdsa, 64)), None);
    assert_eq!(
        rsa.objection(&what(sha256, 20)).unwrap(),
        "SHA-256 digests have 32 bytes, and this one has 20"
    );
    assert!(rsa.objection(&what(Scheme::Ecdsa, 32)).is_some());
    assert!(ec.objection(&what(sha256, 32)).is_some());
    assert!(ec.objection(&what(Scheme::Ecdsa, 0)).is_some());
}

#[test]
fn the_tables_agree_with_the_standards() {
    for curve in Curve::ALL {
        let oid = ObjectIdentifier::from_der(curve.oid_der()).unwrap();
        assert_eq!(Curve::from_oid(&oid), Some(curve));
        assert_eq!(curve.field_len(), curve.bits().div_ceil(8));
    }
    for hash in HashAlgorithm::ALL {
        let prefix = hash.digest_info_prefix();
        assert_eq!(usize::from(prefix[1]), prefix.len() - 2 + hash.len());
        assert_eq!(usize::from(*prefix.last().unwrap()), hash.len());
        let oid = ObjectIdentifier::new_unwrap(hash.oid()).to_der().unwrap();
        assert!(prefix.windows(oid.len()).any(|part| part == oid), "{}", hash.name());
    }
}

/// `publicKeyBytes` in every form: SubjectPublicKeyInfo, PKCS #1, a bare point.
fn public_keys() -> Vec<Vec<u8>> {
    let keys = [RSA_2048.spki, P256.spki, P384.spki, P521.spki].map(key);
    let inner = |key: &PublicKey| match key {
        // RFC 5280 §4.1: the RSAPublicKey is what an SPKI of 2048 bits ends with.
        PublicKey::Rsa(_) => key.spki_der().split_off(24),
        PublicKey::Ec(key) => key.point().to_vec(),
    };
    keys.iter().flat_map(|key| [key.spki_der(), inner(key)]).collect()
}

/// Whether a signature of zeros over a digest of zeros is taken; a key can be odd in ways that show when it is used.
fn verifies_zeros(key: &PublicKey) -> bool {
    let scheme = match key {
        PublicKey::Rsa(_) => Scheme::RsaPkcs1(HashAlgorithm::Sha256),
        PublicKey::Ec(_) => Scheme::Ecdsa,
    };
    key.verify(&HashToSign { scheme, hash: vec![0; 32] }, &vec![0; key.signature_len()])
}

/// Modulus and exponent.
fn numbers() -> Vec<Vec<u8>> {
    let PublicKey::Rsa(key) = key(RSA_2048.spki) else { panic!("not an RSA key") };
    vec![key.modulus().to_vec(), key.exponent().to_vec()]
}

#[test]
fn the_keys_that_are_damaged_below_are_whole() {
    assert!(public_keys().iter().all(|bytes| PublicKey::from_any(bytes).is_ok()));
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(data in prop::collection::vec(any::<u8>(), 0..600)) {
        drop(PublicKey::from_any(&data));
        drop(PublicKey::from_spki_der(&data));
        drop(PublicKey::from_pkcs1_der(&data));
        drop(PublicKey::from_point(&data));
        drop(PublicKey::from_rsa_numbers(&data, &data));
        for (_, vectors) in EC {
            drop(key(vectors.spki).fixed_signature(data.clone()));
        }
    }

    #[test]
    fn a_damaged_key_is_refused_or_read_but_never_panics(data in damage::bytes(public_keys())) {
        for read in [PublicKey::from_any, PublicKey::from_spki_der, PublicKey::from_point] {
            if let Ok(key) = read(&data) {
                prop_assert!(!verifies_zeros(&key));
                prop_assert_eq!(PublicKey::from_spki_der(&key.spki_der()), Ok(key));
            }
        }
    }

    #[test]
    fn damaged_numbers_are_refused_or_read_but_never_panic(data in damage::bytes(numbers())) {
        for (modulus, exponent) in [(&*data, &[1, 0, 1][..]), (&numbers()[0], &data)] {
            if let Ok(key) = PublicKey::from_rsa_numbers(modulus, exponent) {
                prop_assert!((2048..=4096).contains(&key.bits()));
                prop_assert!(!verifies_zeros(&key));
                prop_assert_eq!(PublicKey::from_spki_der(&key.spki_der()), Ok(key));
            }
        }
    }

    #[test]
    fn a_damaged_signature_never_verifies_and_never_panics(
        data in prop::collection::vec(any::<u8>(), 0..140),
        hash in prop::collection::vec(any::<u8>(), 0..140),
    ) {
        let what = HashToSign { scheme: Scheme::Ecdsa, hash };
        for (_, vectors) in EC {
            let key = key(vectors.spki);
            prop_assert!(!key.verify(&what, &data));
            if let Ok(signature) = key.fixed_signature(data.clone()) {
                prop_assert!(!key.verify(&what, &signature));
            }
        }
    }
}

#[test]
fn the_numbers_of_an_encoded_signature_have_no_leading_zeros_but_a_sign() {
    let mut fixed = [0; 64];
    (fixed[31], fixed[32]) = (0x80, 1);
    let der = key(P256.spki).encoded_signature(&fixed).unwrap();
    assert_eq!(der[..6], [0x30, 0x26, 0x02, 0x02, 0x00, 0x80]);
    assert_eq!(der[6..9], [0x02, 0x20, 0x01]);
}

proptest! {
    #[test]
    fn both_numbers_are_in_an_encoded_signature(mut fixed in prop::collection::vec(any::<u8>(), 64)) {
        // Numbers between 1 and the order of the curve.
        for (first, last) in [(0, 31), (32, 63)] {
            fixed[first] &= 0x7f;
            fixed[last] |= 1;
        }
        let der = key(P256.spki).encoded_signature(&fixed).unwrap();
        let read = Vec::<Uint>::from_der(&der).unwrap();
        let padded = |number: &Uint| [&vec![0; 32 - number.as_bytes().len()], number.as_bytes()].concat();
        prop_assert_eq!(read.iter().map(padded).collect::<Vec<_>>().concat(), fixed);
    }
}
