//! The attributes that have other values, or that only one of the modules has.

use super::Differences;

#[rustfmt::skip]
pub(super) const ATTRIBUTES: &[Differences] = &[
    Differences {
        why: "A key may have been imported into SignPath, so its origin is not claimed (design: Objects). 2.40 §5.7: \
              what the object does not have is CKR_ATTRIBUTE_TYPE_INVALID.",
        rows: &[
            ("CKA_ALWAYS_SENSITIVE of a private key", "CKR_ATTRIBUTE_TYPE_INVALID", "00"),
            ("CKA_KEY_GEN_MECHANISM of a private key", "CKR_ATTRIBUTE_TYPE_INVALID", "ffffffffffffffff"),
            ("CKA_KEY_GEN_MECHANISM of a public key", "CKR_ATTRIBUTE_TYPE_INVALID", "ffffffffffffffff"),
            ("CKA_LOCAL of a private key", "CKR_ATTRIBUTE_TYPE_INVALID", "00"),
            ("CKA_LOCAL of a public key", "CKR_ATTRIBUTE_TYPE_INVALID", "00"),
            ("CKA_NEVER_EXTRACTABLE of a private key", "CKR_ATTRIBUTE_TYPE_INVALID", "00"),
        ],
    },
    Differences {
        why: "The keys sign, and do nothing else at SignPath; SoftHSM's importer gives RSA keys every use.",
        rows: &[
            ("CKA_DECRYPT of a private key",
             "00",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: 00; demo/rsa: 01"),
            ("CKA_ENCRYPT of a public key",
             "00",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: 00; demo/rsa: 01"),
            ("CKA_SIGN_RECOVER of a private key", "00", "01"),
            ("CKA_UNWRAP of a private key",
             "00",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: 00; demo/rsa: 01"),
            ("CKA_VERIFY_RECOVER of a public key", "00", "01"),
            ("CKA_WRAP of a public key",
             "00",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: 00; demo/rsa: 01"),
        ],
    },
    Differences {
        why: "Nothing on the token can be changed, copied or destroyed through it (2.40 §4.4).",
        rows: &[
            ("CKA_COPYABLE of a certificate", "00", "01"),
            ("CKA_COPYABLE of a private key", "00", "01"),
            ("CKA_COPYABLE of a public key", "00", "01"),
            ("CKA_DESTROYABLE of a certificate", "00", "01"),
            ("CKA_DESTROYABLE of a private key", "00", "01"),
            ("CKA_DESTROYABLE of a public key", "00", "01"),
            ("CKA_MODIFIABLE of a certificate", "00", "01"),
            ("CKA_MODIFIABLE of a private key", "00", "01"),
            ("CKA_MODIFIABLE of a public key", "00", "01"),
        ],
    },
    Differences {
        why: "The mechanisms that the key can be used with (2.40 §4.7); SoftHSM's empty list would mean none. A public \
              key verifies with the same.",
        rows: &[
            ("CKA_ALLOWED_MECHANISMS of a private key", "bytes", "empty"),
            ("CKA_ALLOWED_MECHANISMS of a public key", "bytes", "empty"),
        ],
    },
    Differences {
        why: "No key wraps or unwraps, so none has a template for it (2.40 §4.8, §4.9).",
        rows: &[
            ("CKA_UNWRAP_TEMPLATE of a private key", "CKR_ATTRIBUTE_TYPE_INVALID", "empty"),
            ("CKA_WRAP_TEMPLATE of a public key", "CKR_ATTRIBUTE_TYPE_INVALID", "empty"),
        ],
    },
    Differences {
        why: "2.40 §4.6, §4.8, §4.9: the public key as SubjectPublicKeyInfo. SoftHSM leaves its default.",
        rows: &[
            ("CKA_PUBLIC_KEY_INFO of a certificate", "bytes", "empty"),
            ("CKA_PUBLIC_KEY_INFO of a private key", "bytes", "empty"),
            ("CKA_PUBLIC_KEY_INFO of a public key", "bytes", "empty"),
        ],
    },
    Differences {
        why: "2.40 §4.8, §4.9: the subject of the key's certificate. SoftHSM's importer does not set it.",
        rows: &[
            ("CKA_SUBJECT of a private key",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/rsa: bytes; demo/nocert: empty",
             "empty"),
            ("CKA_SUBJECT of a public key",
             "demo/approval demo/ec demo/ec384 demo/ec521 demo/rsa: bytes; demo/nocert: empty",
             "empty"),
        ],
    },
    Differences {
        why: "More than 2.40 has for private keys: clients look for the public half there (libp11, p11tool).",
        rows: &[
            ("CKA_EC_POINT of a private key",
             "demo/rsa: CKR_ATTRIBUTE_TYPE_INVALID; demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: bytes",
             "CKR_ATTRIBUTE_TYPE_INVALID"),
            ("CKA_MODULUS_BITS of a private key",
             "demo/rsa: 000c000000000000; demo/approval demo/ec demo/ec384 demo/ec521 demo/nocert: CKR_ATTRIBUTE_TYPE_INVALID",
             "CKR_ATTRIBUTE_TYPE_INVALID"),
        ],
    },
    Differences {
        why: "The certificate is the user's own (2.40 §4.6, CK_CERTIFICATE_CATEGORY_TOKEN_USER); SoftHSM's default is \
              unspecified.",
        rows: &[
            ("CKA_CERTIFICATE_CATEGORY of a certificate", "0100000000000000", "0000000000000000"),
        ],
    },
    Differences {
        why: "2.40 §4.6.2: the certificate's own days. SoftHSM's importer does not set them.",
        rows: &[
            ("CKA_END_DATE of a certificate", "date", "empty"),
            ("CKA_START_DATE of a certificate", "date", "empty"),
        ],
    },
    Differences {
        why: "3.0 §4.4 has it for every object, and SoftHSM knows 2.40 only.",
        rows: &[
            ("CKA_UNIQUE_ID of a certificate", "bytes", "CKR_ATTRIBUTE_TYPE_INVALID"),
            ("CKA_UNIQUE_ID of a private key", "bytes", "CKR_ATTRIBUTE_TYPE_INVALID"),
            ("CKA_UNIQUE_ID of a public key", "bytes", "CKR_ATTRIBUTE_TYPE_INVALID"),
        ],
    },
    Differences {
        why: "2.40 §4.6.2: a checksum of the certificate, which is shown whole.",
        rows: &[
            ("CKA_CHECK_VALUE of a certificate", "CKR_ATTRIBUTE_TYPE_INVALID", "bytes"),
        ],
    },
    Differences {
        why: "2.40 §4.6.3: without hashes of public keys there is no algorithm to name; absent means SHA-1, SoftHSM's \
              value.",
        rows: &[
            ("CKA_NAME_HASH_ALGORITHM of a certificate", "CKR_ATTRIBUTE_TYPE_INVALID", "2002000000000000"),
        ],
    },
];
