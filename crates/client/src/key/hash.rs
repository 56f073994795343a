//! The hash algorithms: one table.

/// A hash algorithm that the service signs digests of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1 (FIPS 180-4).
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

struct Row {
    name: &'static str,
    service_name: &'static str,
    oid: &'static str,
    len: usize,
    digest_info_prefix: &'static [u8],
}

/// Names and identifiers: SignPath's `SignHash` and older form; prefixes: RFC 8017 §9.2, note 1.
const HASHES: [Row; 4] = [
    Row {
        name: "SHA-1",
        service_name: "Sha1",
        oid: "1.3.14.3.2.26",
        len: 20,
        digest_info_prefix: &[
            0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
            0x14,
        ],
    },
    Row {
        name: "SHA-256",
        service_name: "Sha256",
        oid: "2.16.840.1.101.3.4.2.1",
        len: 32,
        digest_info_prefix: &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ],
    },
    Row {
        name: "SHA-384",
        service_name: "Sha384",
        oid: "2.16.840.1.101.3.4.2.2",
        len: 48,
        digest_info_prefix: &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02, 0x05, 0x00, 0x04, 0x30,
        ],
    },
    Row {
        name: "SHA-512",
        service_name: "Sha512",
        oid: "2.16.840.1.101.3.4.2.3",
        len: 64,
        digest_info_prefix: &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x03, 0x05, 0x00, 0x04, 0x40,
        ],
    },
];

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name that people know, for example "SHA-256".
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// `hashAlgorithmName` of `SignHash`.
    pub fn service_name(self) -> &'static str {
        self.row().service_name
    }

    /// The object identifier in dotted form: `RsaHashAlgorithm` of the older form.
    pub fn oid(self) -> &'static str {
        self.row().oid
    }

    /// Bytes of a digest.
    #[expect(clippy::len_without_is_empty, reason = "the length of a digest, not of a collection")]
    pub fn len(self) -> usize {
        self.row().len
    }

    /// What stands before the digest in a DigestInfo.
    pub fn digest_info_prefix(self) -> &'static [u8] {
        self.row().digest_info_prefix
    }

    fn row(self) -> &'static Row {
        let [sha1, sha256, sha384, sha512] = &HASHES;
        match self {
            Self::Sha1 => sha1,
            Self::Sha256 => sha256,
            Self::Sha384 => sha384,
            Self::Sha512 => sha512,
        }
    }
}
