//! A certificate as cosign v3.1.2 looks at it when it verifies by identity (sigstore-go v1.2.1: pkg/fulcio/certificate/summarize.go,
//! pkg/root/certificate_authority.go), and who has issued it.

use sha2::{Digest, Sha256, Sha384, Sha512};
use signpath_client::key::{HashAlgorithm, Scheme};
use signpath_client::{HashToSign, PublicKey};
use x509_cert::der::asn1::{ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

/// What cosign asks of a certificate, as the end of a sentence. Each was tried: without an extended key usage it verifies, with
/// others alone it does not; with a DNS name or an address alone it has no identity.
pub(super) const NEEDED: &str = "an X.509 certificate with a URI or an e-mail address as subject alternative name and, if it \
     names extended key usages, codeSigning among them";

/// id-kp-codeSigning and anyExtendedKeyUsage (RFC 5280 §4.2.1.12).
const CODE_SIGNING: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"),
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
];

/// X.520 §6.2.2, §6.4.1: commonName and organizationName.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The signatures of certificates that can be checked here: RFC 4055 §5, RFC 5758 §3.2.
const SIGNATURES: [(&str, HashAlgorithm, Kind); 6] = [
    ("1.2.840.113549.1.1.11", HashAlgorithm::Sha256, Kind::Rsa),
    ("1.2.840.113549.1.1.12", HashAlgorithm::Sha384, Kind::Rsa),
    ("1.2.840.113549.1.1.13", HashAlgorithm::Sha512, Kind::Rsa),
    ("1.2.840.10045.4.3.2", HashAlgorithm::Sha256, Kind::Ecdsa),
    ("1.2.840.10045.4.3.3", HashAlgorithm::Sha384, Kind::Ecdsa),
    ("1.2.840.10045.4.3.4", HashAlgorithm::Sha512, Kind::Ecdsa),
];

#[derive(Clone, Copy)]
enum Kind {
    Rsa,
    Ecdsa,
}

/// A certificate in DER, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    der: Vec<u8>,
    parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Reads one certificate (RFC 5280 §4.1), `None` if it is none.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let parsed = x509_cert::Certificate::from_der(der).ok()?;
        Some(Self { der: der.to_vec(), parsed })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// What `--certificate-identity` has to be: cosign takes the first URI, or else the first e-mail address, and looks at no
    /// other name. `None` also if it could not stand in a command.
    pub(super) fn identity(&self) -> Option<String> {
        let (_, names) = self.content().get_extension::<SubjectAltName>().ok()??;
        let uri = names.0.iter().find_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
            _ => None,
        });
        let email = || {
            names.0.iter().find_map(|name| match name {
                GeneralName::Rfc822Name(email) => Some(email.as_str()),
                _ => None,
            })
        };
        let identity = uri.or_else(email)?;
        let is_visible = identity.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        (is_visible && !identity.is_empty()).then(|| identity.to_owned())
    }

    /// Whether it may sign code. The rule is that of Go's x509, which holds for every certificate of a chain.
    pub(super) fn allows_code_signing(&self) -> bool {
        match self.content().get_extension::<ExtendedKeyUsage>() {
            Ok(None) => true,
            Ok(Some((_, usages))) => usages.0.iter().any(|usage| CODE_SIGNING.contains(usage)),
            Err(_) => false,
        }
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.content().subject() == self.content().issuer()
    }

    /// Whether this is an authority whose key has signed the other one. A signature of a kind that is not known here counts
    /// as made: cosign checks it once more.
    pub(super) fn has_issued(&self, other: &Self) -> bool {
        let constraints = self.content().get_extension::<BasicConstraints>().ok().flatten();
        constraints.is_some_and(|(_, constraints)| constraints.ca)
            && other.content().issuer() == self.content().subject()
            && self.has_signed(other).unwrap_or(true)
    }

    /// The subject's name as RFC 4514 writes it.
    pub(super) fn subject(&self) -> String {
        shown(self.content().subject())
    }

    /// The issuer's name as RFC 4514 writes it.
    pub(super) fn issuer(&self) -> String {
        shown(self.content().issuer())
    }

    /// The subject's organization, of several the first, as Go has it; empty without one.
    pub(super) fn organization(&self) -> String {
        texts(self.content().subject(), ORGANIZATION).into_iter().next().unwrap_or_default()
    }

    /// The subject's common name, of several the last, as Go has it; empty without one.
    pub(super) fn common_name(&self) -> String {
        texts(self.content().subject(), COMMON_NAME).pop().unwrap_or_default()
    }

    /// From when on it is valid, RFC 3339.
    pub(super) fn start(&self) -> String {
        self.content().validity().not_before.to_date_time().to_string()
    }

    /// Until when it is valid, RFC 3339.
    pub(super) fn end(&self) -> String {
        self.content().validity().not_after.to_date_time().to_string()
    }

    /// Whether it is valid at this time.
    pub(super) fn is_valid(&self, at: std::time::SystemTime) -> bool {
        let validity = self.content().validity();
        validity.not_before.to_system_time() <= at && at <= validity.not_after.to_system_time()
    }

    fn content(&self) -> &x509_cert::TbsCertificate {
        self.parsed.tbs_certificate()
    }

    /// `None` if it cannot be told.
    fn has_signed(&self, other: &Self) -> Option<bool> {
        let algorithm = other.parsed.signature_algorithm().oid.to_string();
        let (_, hash, kind) = SIGNATURES.iter().find(|row| row.0 == algorithm)?;
        let scheme = match kind {
            Kind::Rsa => Scheme::RsaPkcs1(*hash),
            Kind::Ecdsa => Scheme::Ecdsa,
        };
        let spki = self.content().subject_public_key_info().to_der().ok()?;
        let key = PublicKey::from_spki_der(&spki).ok()?;
        let signed = other.content().to_der().ok()?;
        let hash = match hash {
            HashAlgorithm::Sha384 => Sha384::digest(signed).to_vec(),
            HashAlgorithm::Sha512 => Sha512::digest(signed).to_vec(),
            _ => Sha256::digest(signed).to_vec(),
        };
        let signature = key.fixed_signature(other.parsed.signature().raw_bytes().to_vec());
        Some(signature.is_ok_and(|made| key.verify(&HashToSign { scheme, hash }, &made)))
    }
}

/// Somebody else's text, for a terminal.
fn shown(name: &Name) -> String {
    let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    name.to_string().chars().map(visible).collect()
}

/// The values of this attribute that are text in UTF-8 or ASCII.
fn texts(name: &Name, attribute: ObjectIdentifier) -> Vec<String> {
    let values = name.iter().filter(|value| value.oid == attribute);
    let text = |value: &x509_cert::attr::AttributeTypeAndValue| {
        let utf8 =
            value.value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
        let printable = || value.value.decode_as::<PrintableStringRef<'_>>();
        utf8.or_else(|_| printable().map(|text| text.as_str().to_owned())).ok()
    };
    values.filter_map(text).collect()
}

#[cfg(test)]
pub(super) mod vectors;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::vectors::*;
    use super::*;

    #[test]
    fn the_identity_is_the_one_that_cosign_takes() {
        for (pem, identity) in [
            (EMAIL, Some("a@b.example")),
            (SEVERAL, Some("https://c.example/x")),
            (NO_NAME, None),
            (DNS_ONLY, None),
        ] {
            assert_eq!(certificate(pem).identity().as_deref(), identity);
        }
    }

    #[test]
    fn code_signing_is_allowed_unless_other_usages_are_named() {
        for (pem, allowed) in [(EMAIL, true), (NO_USAGE, true), (SERVER, false), (ROOT, true)] {
            assert_eq!(certificate(pem).allows_code_signing(), allowed);
        }
    }

    #[test]
    fn who_has_issued_is_told_by_name_and_signature() {
        let [root, leaf, renamed] = [ROOT, EMAIL, OTHER_ROOT].map(certificate);
        assert_eq!(root.subject(), renamed.subject());
        assert!(root.has_issued(&leaf) && root.has_issued(&root));
        assert!(!renamed.has_issued(&leaf), "another key of the same name");
        assert!(!leaf.has_issued(&leaf));
        assert!(certificate(RSA_ROOT).has_issued(&certificate(RSA_ROOT)));
        // Nobody has said that it is an authority.
        assert!(!certificate(SELF_SIGNED).has_issued(&certificate(SELF_SIGNED)));
    }

    #[test]
    fn names_and_times_are_those_of_openssl() {
        let root = certificate(ROOT);
        assert_eq!((&*root.organization(), &*root.common_name()), ("Acme \"X\"", "Root, é"));
        assert_eq!(root.start(), ROOT_START);
        assert_eq!(certificate(EMAIL).issuer(), root.subject());
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic(at in 0_usize..700, byte: u8) {
            for pem in [ROOT, SEVERAL] {
                let mut der = certificate(pem).der().to_vec();
                let at = at % der.len();
                der[at] = byte;
                if let Some(damaged) = Certificate::from_der(&der) {
                    damaged.has_issued(&damaged);
                    damaged.identity();
                    damaged.allows_code_signing();
                    damaged.common_name();
                    damaged.end();
                }
            }
        }
    }
}
