//! The X.509 certificate of a signing policy, with the fields that PKCS #11 shows. It is not judged: who trusts it is
//! decided where signatures are verified.

use std::fmt;

use x509_cert::der::{Decode, Encode};

use crate::key::{PublicKey, Unreadable};

/// A certificate in DER, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial_number: Vec<u8>,
    spki: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate (RFC 5280 §4.1).
    ///
    /// # Errors
    /// Not an X.509 certificate in DER, or something behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, Unreadable> {
        Self::read(der)
            .map_err(|_| Unreadable::because("its certificate is not an X.509 certificate in DER"))
    }

    /// The whole certificate: CKA_VALUE.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject's name in DER: CKA_SUBJECT.
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The issuer's name in DER: CKA_ISSUER.
    pub fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// The serial number as an INTEGER in DER: CKA_SERIAL_NUMBER.
    pub fn serial_number(&self) -> &[u8] {
        &self.serial_number
    }

    /// Its public key.
    ///
    /// # Errors
    /// A key of another kind or size than [`PublicKey`] knows.
    pub fn public_key(&self) -> Result<PublicKey, Unreadable> {
        PublicKey::from_spki_der(&self.spki)
    }

    fn read(der: &[u8]) -> x509_cert::der::Result<Self> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let content = certificate.tbs_certificate();
        Ok(Self {
            der: der.to_vec(),
            subject: content.subject().to_der()?,
            issuer: content.issuer().to_der()?,
            serial_number: content.serial_number().to_der()?,
            spki: content.subject_public_key_info().to_der()?,
        })
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

/// P-256, subject and issuer CN=T, serial number 0x0102, made with `openssl req -x509`.
#[cfg(test)]
pub(crate) const CERTIFICATE: &str = "MIIBXjCCAQOgAwIBAgICAQIwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBVDAgFw0yNjExMjMwMjI1NDZaGA8yMTI2MTAz\
     MDAyMjU0NlowDDEKMAgGA1UEAwwBVDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPynX1RtV6iK943QCUSPJ7rSxOL7\
     /wAi9IogAmXraNuRn1LFmpFscwBypPjbWv0eo3KC/qKEBNZb4mR8/8fBYw6jUzBRMB0GA1UdDgQWBBTDgG2l4/hV0Uxr\
     frdefiiMFRDS9jAfBgNVHSMEGDAWgBTDgG2l4/hV0UxrfrdefiiMFRDS9jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49\
     BAMCA0kAMEYCIQCblPys7+D/vmuiiWYGB/+tMcJJhzZ6az+7ETbdKJPW1wIhALS5qNzVrg76m79C+XggSyxm6ykFyvGf\
     +mzzEylPUbND";

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fields_of_pkcs11_are_taken_out_in_der() {
        let der = STANDARD.decode(CERTIFICATE).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        let name =
            [0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, b'T'];
        assert_eq!(certificate.subject(), name);
        assert_eq!(certificate.issuer(), name);
        assert_eq!(certificate.serial_number(), [0x02, 0x02, 0x01, 0x02]);
        assert_eq!(certificate.der(), der);
        assert_eq!(certificate.public_key().unwrap().bits(), 256);
    }

    #[test]
    fn bytes_behind_a_certificate_are_refused() {
        let mut der = STANDARD.decode(CERTIFICATE).unwrap();
        der.push(0);
        assert!(Certificate::from_der(&der).is_err());
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_never_panics(place in 0usize..1000, bit in 0u8..8, keep in 0usize..1000) {
            let mut der = STANDARD.decode(CERTIFICATE).unwrap();
            let place = place % der.len();
            der[place] ^= 1 << bit;
            drop(Certificate::from_der(&der).map(|certificate| certificate.public_key()));
            der.truncate(keep);
            drop(Certificate::from_der(&der));
        }

        #[test]
        fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
            drop(Certificate::from_der(&data));
        }
    }
}
