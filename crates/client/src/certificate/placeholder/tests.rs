use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use x509_cert::der::Decode;

use super::*;
use crate::damage;
use crate::key::vectors::{P256, P384, P521, RSA_2048, RSA_3072};

fn key(spki: &str) -> PublicKey {
    PublicKey::from_spki_der(&STANDARD.decode(spki).unwrap()).unwrap()
}

fn placeholder(spki: &str) -> Certificate {
    Certificate::placeholder("demo/p", &key(spki)).unwrap()
}

fn decoded(certificate: &Certificate) -> x509_cert::Certificate {
    x509_cert::Certificate::from_der(certificate.der()).unwrap()
}

#[test]
fn a_placeholder_carries_the_key_and_says_that_it_is_one() {
    for spki in [RSA_2048.spki, RSA_3072.spki, P256.spki, P384.spki, P521.spki] {
        let certificate = placeholder(spki);
        assert_eq!(certificate.public_key(), Ok(key(spki)));
        assert_eq!(certificate.subject(), certificate.issuer());
        assert!(!certificate.is_authority());
        assert_eq!(
            (&certificate.start_date(), &certificate.end_date()),
            (b"20000101", b"99991231")
        );
        let decoded = decoded(&certificate);
        let content = decoded.tbs_certificate();
        let name = "CN=demo/p,O=Placeholder for a key without a certificate";
        assert_eq!(content.subject().to_string(), name);
        assert_eq!(content.version(), Version::V3);
        let (critical, usage) = content.get_extension::<KeyUsage>().unwrap().unwrap();
        assert!(critical && usage.digital_signature() && !usage.key_cert_sign());
    }
}

#[test]
fn its_signature_is_of_the_key_s_kind_and_visibly_none() {
    for (spki, oid, length, has_parameters) in [
        (RSA_2048.spki, RSA_SHA256, 256, true),
        (P256.spki, ECDSA_SHA256, 64, false),
        (P384.spki, ECDSA_SHA384, 96, false),
        (P521.spki, ECDSA_SHA512, 132, false),
    ] {
        let decoded = decoded(&placeholder(spki));
        assert_eq!(decoded.signature().raw_bytes(), vec![0; length]);
        let algorithm = decoded.signature_algorithm();
        assert_eq!((algorithm.oid, algorithm.parameters.is_some()), (oid, has_parameters));
        assert_eq!(decoded.tbs_certificate().signature(), algorithm);
    }
}

#[test]
fn it_is_the_same_for_the_same_name_and_key_and_another_for_others() {
    assert_eq!(placeholder(P256.spki), placeholder(P256.spki));
    let other_name = Certificate::placeholder("demo/q", &key(P256.spki)).unwrap();
    assert_ne!(placeholder(P256.spki), other_name);
    assert_eq!(placeholder(P256.spki).serial_number(), other_name.serial_number());
    assert_ne!(placeholder(P256.spki).serial_number(), placeholder(P384.spki).serial_number());
}

#[test]
fn its_serial_number_is_positive_and_has_the_longest_length() {
    for spki in [RSA_2048.spki, P256.spki, P384.spki, P521.spki] {
        let certificate = placeholder(spki);
        let number = certificate.serial_number();
        assert_eq!((number[0], number[1], number.len()), (0x02, 20, 22));
        assert!(number[2] < 0x80);
    }
}

proptest! {
    #[test]
    fn every_name_stands_in_it_as_it_is(name in "\\PC{1,200}") {
        let certificate = Certificate::placeholder(&name, &key(P256.spki)).unwrap();
        let holds = |bytes: &[u8]| certificate.subject().windows(bytes.len()).any(|part| part == bytes);
        prop_assert!(holds(name.as_bytes()));
        prop_assert_eq!(decoded(&certificate).tbs_certificate().subject().len(), 2);
    }

    #[test]
    fn a_damaged_placeholder_never_panics(der in damage::bytes(vec![
        placeholder(P256.spki).der().to_vec(),
        placeholder(RSA_2048.spki).der().to_vec(),
    ])) {
        drop(Certificate::from_der(&der).map(|certificate| certificate.public_key()));
    }
}
