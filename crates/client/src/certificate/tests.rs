use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::vectors::{BMP_NAME, CERTIFICATE, INTERMEDIATE, LEAF, ROOT};
use super::*;
use crate::damage;

/// Extensions by the content of their OIDs (RFC 5280 §4.2.1).
const SUBJECT_KEY_IDENTIFIER: [u8; 3] = [0x55, 0x1d, 14];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 19];
const AUTHORITY_KEY_IDENTIFIER: [u8; 3] = [0x55, 0x1d, 35];

fn der() -> Vec<u8> {
    STANDARD.decode(CERTIFICATE).unwrap()
}

fn whole() -> Vec<Vec<u8>> {
    [CERTIFICATE, LEAF, INTERMEDIATE, ROOT].map(|text| STANDARD.decode(text).unwrap()).to_vec()
}

fn read(der: &[u8]) -> Certificate {
    Certificate::from_der(der).unwrap()
}

fn place_of(bytes: impl AsRef<[u8]>) -> usize {
    let wanted = bytes.as_ref();
    der().windows(wanted.len()).position(|window| window == wanted).unwrap()
}

/// Where the value of an extension stands, inside of its OCTET STRING.
fn value_of(extension: [u8; 3]) -> Range<usize> {
    let der = der();
    let after = place_of(extension) + 3;
    let start = after + der[after..].iter().position(|byte| *byte == 0x04).unwrap() + 2;
    start..start + usize::from(der[start - 1])
}

#[test]
fn the_fields_of_pkcs11_are_taken_out_in_der() {
    let der = der();
    let certificate = read(&der);
    let name = [0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, b'T'];
    assert_eq!(certificate.subject(), name);
    assert_eq!(certificate.issuer(), name);
    assert_eq!(certificate.issuer_name().as_deref(), Some("CN=T"));
    assert_eq!(certificate.serial_number(), [0x02, 0x02, 0x01, 0x02]);
    assert_eq!(certificate.der(), der);
    assert_eq!(certificate.public_key().unwrap().bits(), 256);
}

#[test]
fn the_days_of_its_validity_are_digits_in_utc() {
    let certificate = read(&der());
    assert_eq!(&certificate.start_date(), b"20261123");
    assert_eq!(&certificate.end_date(), b"21261030");
}

#[test]
fn an_authority_and_its_key_identifier_are_known_by_the_extensions() {
    let certificate = read(&der());
    assert!(certificate.is_authority());
    let identifier = certificate.subject_key_identifier().unwrap();
    assert_eq!(identifier, &der()[value_of(SUBJECT_KEY_IDENTIFIER)][2..]);
    assert_eq!(identifier.len(), 20);
}

#[test]
fn an_extension_that_is_there_twice_counts_as_not_there() {
    let mut der = der();
    // The authority's key identifier becomes a second one of the subject's.
    let place = place_of(AUTHORITY_KEY_IDENTIFIER);
    der[place..place + 3].copy_from_slice(&SUBJECT_KEY_IDENTIFIER);
    assert_eq!(read(&der).subject_key_identifier(), None);
}

#[test]
fn a_common_name_in_sixteen_bits_a_character_is_not_taken_for_ascii() {
    assert_eq!(read(&STANDARD.decode(BMP_NAME).unwrap()).common_name(), None);
}

#[test]
fn bytes_behind_a_certificate_are_refused() {
    let mut der = der();
    der.push(0);
    assert!(Certificate::from_der(&der).is_err());
}

proptest! {
    #[test]
    fn a_damaged_certificate_never_panics(der in damage::bytes(whole())) {
        if let Ok(certificate) = Certificate::from_der(&der) {
            drop(certificate.public_key());
            drop(certificate.common_name());
            drop(certificate.issuer_name());
            prop_assert_eq!(certificate.der(), &der);
            for date in [certificate.start_date(), certificate.end_date()] {
                prop_assert!(date.iter().all(u8::is_ascii_digit));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Certificate::from_der(&data));
    }

    #[test]
    fn a_damaged_extension_leaves_the_certificate_readable(
        constraints in any::<[u8; 5]>(),
        identifier in any::<[u8; 22]>(),
    ) {
        let mut der = der();
        der[value_of(BASIC_CONSTRAINTS)].copy_from_slice(&constraints);
        der[value_of(SUBJECT_KEY_IDENTIFIER)].copy_from_slice(&identifier);
        let (certificate, whole) = (read(&der), read(&self::der()));
        prop_assert_eq!(certificate.subject(), whole.subject());
        prop_assert_eq!(certificate.is_authority(), constraints == [0x30, 3, 1, 1, 0xff]);
        let expected = (identifier[..2] == [0x04, 20]).then_some(&identifier[2..]);
        prop_assert_eq!(certificate.subject_key_identifier(), expected);
    }

    #[test]
    fn every_day_is_read_as_it_stands(year in 0u8..50, month in 1u8..13, day in 1u8..29, hour in 0u8..24) {
        let mut der = der();
        let place = place_of("261123022546Z");
        let time = format!("{year:02}{month:02}{day:02}{hour:02}2546Z");
        der[place..place + time.len()].copy_from_slice(time.as_bytes());
        let expected = format!("20{}", &time[..6]);
        let date = read(&der).start_date();
        prop_assert_eq!(date.as_slice(), expected.as_bytes());
    }
}
