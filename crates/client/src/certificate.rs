//! The X.509 certificate of a signing policy, with the fields that PKCS #11 shows. It is not judged: who trusts it is
//! decided where signatures are verified.

use std::fmt;

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, ErrorKind, Tag, Tagged};
use x509_cert::ext::pkix::{BasicConstraints, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::error::{is_invisible, shown};
use crate::key::{PublicKey, Unreadable};

mod placeholder;

/// X.520 §6.2.2: commonName.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A certificate in DER, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial_number: Vec<u8>,
    spki: Vec<u8>,
    start_date: [u8; 8],
    end_date: [u8; 8],
    is_authority: bool,
    subject_key_identifier: Option<Box<[u8]>>,
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

    /// The first day on which it is valid, in UTC, as the digits YYYYMMDD: CK_DATE (2.40 §3.4), for CKA_START_DATE.
    pub fn start_date(&self) -> [u8; 8] {
        self.start_date
    }

    /// The last day on which it is valid, like [`Self::start_date`]: CKA_END_DATE.
    pub fn end_date(&self) -> [u8; 8] {
        self.end_date
    }

    /// Whether it may issue certificates (RFC 5280 §4.2.1.9). One whose basicConstraints cannot be read may not.
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// The identifier of its key (RFC 5280 §4.2.1.2), `None` too if it cannot be read.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.subject_key_identifier.as_deref()
    }

    /// The common name of its subject (RFC 5280 §4.1.2.6), if it has one that is text in UTF-8 or ASCII; of several the most
    /// specific.
    pub fn common_name(&self) -> Option<String> {
        let name = Name::from_der(&self.subject).ok()?;
        let names = name.iter_rdn().flat_map(|part| part.iter());
        let common = names.filter(|attribute| attribute.oid == COMMON_NAME).last()?;
        let is_text =
            matches!(common.value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String);
        let text = std::str::from_utf8(common.value.value()).ok().filter(|_| is_text)?;
        (!text.is_empty() && !text.contains(is_invisible)).then(|| text.to_owned())
    }

    /// The issuer's name as text (RFC 4514), characters that are not seen escaped; `None` if it cannot be read.
    pub fn issuer_name(&self) -> Option<String> {
        Name::from_der(&self.issuer).ok().map(|name| shown(&name.to_string()))
    }

    /// Its public key, whatever its kind, as a SubjectPublicKeyInfo in DER: CKA_PUBLIC_KEY_INFO.
    pub fn public_key_info(&self) -> &[u8] {
        &self.spki
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
        let validity = content.validity();
        // An extension that is there twice (RFC 5280 §4.2 has each once) or damaged counts as not there: the
        // certificate is shown, not judged.
        let constraints = content.get_extension::<BasicConstraints>().ok().flatten();
        let identifier = content.get_extension::<SubjectKeyIdentifier>().ok().flatten();
        Ok(Self {
            der: der.to_vec(),
            subject: content.subject().to_der()?,
            issuer: content.issuer().to_der()?,
            serial_number: content.serial_number().to_der()?,
            spki: content.subject_public_key_info().to_der()?,
            start_date: digits(validity.not_before)?,
            end_date: digits(validity.not_after)?,
            is_authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            subject_key_identifier: identifier.map(|(_, identifier)| identifier.0.into_bytes()),
        })
    }
}

/// The day of a time, YYYYMMDD. Years have four digits in a certificate (RFC 5280 §4.1.2.5).
fn digits(time: Time) -> x509_cert::der::Result<[u8; 8]> {
    let date = time.to_date_time();
    let text = format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
    text.into_bytes().try_into().map_err(|_| ErrorKind::DateTime.into())
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod vectors;
