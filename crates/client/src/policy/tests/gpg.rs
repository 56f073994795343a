//! Keys for GnuPG, and the placeholder for the certificate that they do not have.

use super::*;
use crate::log::lines;

/// A public-key packet of OpenPGP (RFC 4880 §5.5.2), as far as it matters here.
const PACKET: &str = "mQENBGAAAAABCADAAAAA";

fn with_placeholder(properties: Value) -> Policy {
    read_with(properties, true).unwrap()
}

#[test]
fn a_gpg_policy_has_a_key_and_no_certificate() {
    for properties in [
        json!({ "keyType": "Gpg" }),
        json!({ "certificateType": "Gpg", "keyType": "Rsa" }),
        json!({ "certificateType": "Gpg", "certificateBytes": PACKET }),
        json!({ "certificateType": "OpenPgp", "certificateBytes": PACKET, "publicKeyBytes": PACKET }),
        json!({ "keyType": "GPG", "certificateBytes": PACKET, "publicKeyBytes": "%" }),
        json!({ "keyType": "Gpg", "certificateType": "X509", "certificateBytes": PACKET }),
    ] {
        let mut entry = properties.clone();
        entry["rsaParameters"] = numbers(RSA_3072.spki);
        for placeholders in [false, true] {
            let read = || read_with(entry.clone(), placeholders).unwrap();
            let (policy, lines) = lines::of(read);
            assert_eq!(policy.key(), &key(RSA_3072.spki), "{properties}");
            assert_eq!(policy.certificate().is_some(), placeholders, "{properties}");
            assert!(policy.chain().is_empty());
            assert!(lines.len() <= 1, "{lines:?}");
        }
    }
}

#[test]
fn a_certificate_that_is_one_counts_whatever_the_key_is_for() {
    for word in ["Gpg", "Rsa"] {
        let policy = with_placeholder(json!({ "certificateBytes": CERTIFICATE, "keyType": word }));
        assert_eq!(policy.certificate().unwrap().der(), bytes(CERTIFICATE));
    }
}

#[test]
fn a_placeholder_stands_in_for_a_certificate_that_is_not_there_and_for_no_other() {
    let without = json!({ "publicKeyBytes": P256.spki, "x509CertificateChain": [ROOT] });
    let policy = with_placeholder(without);
    let placeholder = policy.certificate().unwrap();
    assert_eq!(placeholder.public_key().as_ref(), Ok(policy.key()));
    assert!(policy.chain().is_empty());

    let damaged = json!({ "publicKeyBytes": P256.spki, "certificateBytes": "AAAA" });
    assert!(with_placeholder(damaged).certificate().is_none());
}

#[test]
fn a_gpg_policy_without_numbers_is_left_out_and_says_its_type() {
    let why = why(json!({ "keyType": "Gpg", "publicKeyBytes": PACKET }));
    assert!(why.starts_with("its publicKeyBytes cannot be used: "), "{why}");
    assert!(why.ends_with("(its key type is Gpg)"), "{why}");
}
