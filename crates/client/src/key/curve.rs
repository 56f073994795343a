//! The curves: one table.

use x509_cert::der::asn1::ObjectIdentifier;

/// An elliptic curve of FIPS 186-5 (SP 800-186 §3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

struct Row {
    curve: Curve,
    name: &'static str,
    bits: usize,
    field_len: usize,
    oid: ObjectIdentifier,
    oid_der: &'static [u8],
}

/// RFC 5480 §2.1.1.1.
const CURVES: [Row; 3] = [
    Row {
        curve: Curve::P256,
        name: "P-256",
        bits: 256,
        field_len: 32,
        oid: ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        oid_der: &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    },
    Row {
        curve: Curve::P384,
        name: "P-384",
        bits: 384,
        field_len: 48,
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        oid_der: &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
    },
    Row {
        curve: Curve::P521,
        name: "P-521",
        bits: 521,
        field_len: 66,
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        oid_der: &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
    },
];

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The name that people know, for example "P-256".
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Bits of the field, which are the bits of the order, too.
    pub fn bits(self) -> usize {
        self.row().bits
    }

    /// Bytes of a coordinate, and of each half of a signature.
    pub fn field_len(self) -> usize {
        self.row().field_len
    }

    /// The curve's object identifier in DER, with tag and length: CKA_EC_PARAMS of PKCS #11.
    pub fn oid_der(self) -> &'static [u8] {
        self.row().oid_der
    }

    pub(super) fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        CURVES.iter().find(|row| row.oid == *oid).map(|row| row.curve)
    }

    /// The curve whose uncompressed points have this length.
    pub(super) fn from_point_len(length: usize) -> Option<Self> {
        CURVES.iter().find(|row| 1 + 2 * row.field_len == length).map(|row| row.curve)
    }

    /// r‖s of an ECDSA signature in DER.
    pub(super) fn signature_from_der(self, der: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P256 => p256::ecdsa::Signature::from_der(der).ok().map(|s| s.to_bytes().to_vec()),
            Self::P384 => p384::ecdsa::Signature::from_der(der).ok().map(|s| s.to_bytes().to_vec()),
            Self::P521 => p521::ecdsa::Signature::from_der(der).ok().map(|s| s.to_bytes().to_vec()),
        }
    }

    /// DER of an ECDSA signature as r‖s.
    pub(super) fn signature_to_der(self, fixed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P256 => p256::ecdsa::Signature::from_slice(fixed)
                .ok()
                .map(|s| s.to_der().as_bytes().to_vec()),
            Self::P384 => p384::ecdsa::Signature::from_slice(fixed)
                .ok()
                .map(|s| s.to_der().as_bytes().to_vec()),
            Self::P521 => p521::ecdsa::Signature::from_slice(fixed)
                .ok()
                .map(|s| s.to_der().as_bytes().to_vec()),
        }
    }

    fn row(self) -> &'static Row {
        let [p256, p384, p521] = &CURVES;
        match self {
            Self::P256 => p256,
            Self::P384 => p384,
            Self::P521 => p521,
        }
    }
}
