//! The algorithms of hash signing as the service names them, in `SignHash` and in the fast signing request.

use sha2::Digest;

/// A digest algorithm of an RSA signature.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum HashAlgorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// `paddingMode` of `SignHash`; part of the algorithm's name in the multipart form.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Padding {
    Pkcs1,
    Pss,
}

/// `signatureFormat` of `SignHash`, `EcdsaSignatureFormat` of the multipart form.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum EcdsaFormat {
    /// r and s in the length of the curve's order, one after the other.
    Ieee,
    /// SEQUENCE of two INTEGERs, DER.
    Asn1,
}

/// What a client wants a digest to become.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Algorithm {
    Rsa { hash: HashAlgorithm, padding: Padding },
    Ecdsa { format: EcdsaFormat },
}

struct HashRow {
    algorithm: HashAlgorithm,
    /// `hashAlgorithmName` of `SignHash`; MD5 is gone there.
    name: Option<&'static str>,
    oid: &'static str,
    /// Bytes of a digest.
    length: usize,
    /// DER of a DigestInfo up to the digest (RFC 8017, 9.2, note 1).
    prefix: &'static [u8],
}

const HASHES: &[HashRow] = &[
    HashRow {
        algorithm: HashAlgorithm::Md5,
        name: None,
        oid: "1.2.840.113549.2.5",
        length: 16,
        prefix: b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
    },
    HashRow {
        algorithm: HashAlgorithm::Sha1,
        name: Some("Sha1"),
        oid: "1.3.14.3.2.26",
        length: 20,
        prefix: b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
    },
    HashRow {
        algorithm: HashAlgorithm::Sha256,
        name: Some("Sha256"),
        oid: "2.16.840.1.101.3.4.2.1",
        length: 32,
        prefix: b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
    },
    HashRow {
        algorithm: HashAlgorithm::Sha384,
        name: Some("Sha384"),
        oid: "2.16.840.1.101.3.4.2.2",
        length: 48,
        prefix: b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
    },
    HashRow {
        algorithm: HashAlgorithm::Sha512,
        name: Some("Sha512"),
        oid: "2.16.840.1.101.3.4.2.3",
        length: 64,
        prefix: b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    },
];

/// The digest lengths that are signed with an EC key, whatever its curve.
const ECDSA_LENGTHS: &[usize] = &[20, 32, 48, 64];

impl HashAlgorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        HASHES.iter().find(|row| row.name == Some(name)).map(|row| row.algorithm)
    }

    pub(crate) fn from_oid(oid: &str) -> Option<Self> {
        HASHES.iter().find(|row| row.oid == oid).map(|row| row.algorithm)
    }

    /// The length of a digest, in bytes.
    pub(crate) fn length(self) -> usize {
        self.row().map_or(0, |row| row.length)
    }

    pub(crate) fn digest_info_prefix(self) -> &'static [u8] {
        self.row().map_or(&[], |row| row.prefix)
    }

    /// The digest of a message, with an algorithm of SHA-2; the older ones are for digests that clients bring.
    pub(crate) fn digest(self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Md5 | Self::Sha1 => None,
            Self::Sha256 => Some(sha2::Sha256::digest(message).to_vec()),
            Self::Sha384 => Some(sha2::Sha384::digest(message).to_vec()),
            Self::Sha512 => Some(sha2::Sha512::digest(message).to_vec()),
        }
    }

    fn row(self) -> Option<&'static HashRow> {
        HASHES.iter().find(|row| row.algorithm == self)
    }
}

impl Algorithm {
    pub(crate) fn fits(self, digest: &[u8]) -> bool {
        match self {
            Self::Rsa { hash, .. } => digest.len() == hash.length(),
            Self::Ecdsa { .. } => ECDSA_LENGTHS.contains(&digest.len()),
        }
    }

    /// As the audit log shows it: `Rsa Pkcs1 Sha256`, `Ecdsa Ieee`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Rsa { hash, padding } => format!("Rsa {padding:?} {hash:?}"),
            Self::Ecdsa { format } => format!("Ecdsa {format:?}"),
        }
    }
}
