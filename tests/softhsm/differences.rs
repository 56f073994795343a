//! The differences between the two modules: the one table, by reason. A row has its name, our answer and SoftHSM's; of
//! attributes the answers are summaries ([`super::attributes::summary`]).

/// Rows whose answers differ for one reason.
pub(super) struct Differences {
    /// The section of the standard (2.40), or the decision of ARCHITECTURE.md and the README, that ours stands on.
    pub(super) why: &'static str,
    rows: &'static [(&'static str, &'static str, &'static str)],
}

/// A row whose answers differ.
pub(super) struct Difference {
    pub(super) row: &'static str,
    pub(super) ours: &'static str,
    pub(super) softhsm: &'static str,
}

pub(super) fn all() -> impl Iterator<Item = Difference> {
    let rows = DIFFERENCES.iter().flat_map(|differences| differences.rows);
    rows.map(|&(row, ours, softhsm)| Difference { row, ours, softhsm })
}

#[rustfmt::skip]
pub(super) const DIFFERENCES: &[Differences] = &[
    Differences {
        why: "No function of this kind: it would write, make keys, or use a key otherwise than to sign, which \
              SignPath's keys are not there for (design: Slots and tokens). 2.40 §5.1.6: the stub of such a function \
              simply returns CKR_FUNCTION_NOT_SUPPORTED, whatever its arguments are and before C_Initialize too.",
        rows: &[
            ("C_CopyObject: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_CreateObject: a session object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_Decrypt, C_DecryptUpdate, C_DecryptFinal: without C_DecryptInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_DecryptInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_DeriveKey: no such key", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_DestroyObject: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_Digest, C_DigestUpdate, C_DigestKey, C_DigestFinal: without C_DigestInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_DigestInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_Encrypt, C_EncryptUpdate, C_EncryptFinal: without C_EncryptInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_EncryptInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_GenerateKey: no such mechanism", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_MECHANISM_INVALID"),
            ("C_GenerateKeyPair: no such mechanism", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_MECHANISM_INVALID"),
            ("C_GetObjectSize", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_InitPIN: as the user", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_USER_NOT_LOGGED_IN"),
            ("C_InitToken: with a session open", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_SESSION_EXISTS"),
            ("C_SetAttributeValue: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_SetPIN: a wrong old PIN", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_PIN_INCORRECT"),
            ("C_UnwrapKey: no such key", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_UNWRAPPING_KEY_HANDLE_INVALID"),
            ("C_Verify, C_VerifyUpdate, C_VerifyFinal: without C_VerifyInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_VerifyInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_WrapKey: no such keys", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_WRAPPING_KEY_HANDLE_INVALID"),
            ("before C_Initialize: what the token does not have",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED"),
        ],
    },
    Differences {
        why: "The module has the interfaces of 3.0 as well (C_GetInterface); C_GetInfo names the newest (3.0 §5.4).",
        rows: &[
            ("C_GetInfo: the version of the standard", "CKR_OK 3.0", "CKR_OK 2.40"),
        ],
    },
    Differences {
        why: "2.40 §5.4, C_Initialize, case 3: a library that cannot use the callbacks says CKR_CANT_LOCK. Ours locks \
              with the system's means; SoftHSM calls the callbacks.",
        rows: &[
            ("C_Initialize: callbacks and nothing else", "CKR_CANT_LOCK", "CKR_OK"),
        ],
    },
    Differences {
        why: "A slot for each organization, and none for a token yet to be made (design: Slots and tokens).",
        rows: &[
            ("C_GetSlotList: how many", "CKR_OK 1", "CKR_OK 2"),
        ],
    },
    Differences {
        why: "Ours has the mechanisms that SignPath signs with, for keys of the sizes that it has, with CKF_HW because \
              the signature is made elsewhere (pkcs11-tool chooses by it), and what a curve is like (2.40 §2.3.2 of \
              the mechanisms).",
        rows: &[
            ("C_GetMechanismInfo: CKM_ECDSA", "CKR_OK 256 to 521, 0x1900801", "CKR_OK 112 to 521, 0x1902800"),
            ("C_GetMechanismInfo: CKM_RSA_PKCS", "CKR_OK 2048 to 4096, 0x801", "CKR_OK 512 to 16384, 0x62b00"),
            ("C_GetMechanismInfo: CKM_SHA256_RSA_PKCS", "CKR_OK 2048 to 4096, 0x801", "CKR_OK 512 to 16384, 0x2800"),
            ("C_GetMechanismList: how many", "CKR_OK 8", "CKR_OK 70"),
            ("C_SignInit: CKM_ECDSA_SHA256", "CKR_OK", "CKR_MECHANISM_INVALID"),
            ("C_SignInit: CKM_RSA_X_509", "CKR_MECHANISM_INVALID", "CKR_OK"),
            ("C_SignInit: CKM_SHA1_RSA_PKCS", "CKR_MECHANISM_INVALID", "CKR_OK"),
        ],
    },
    Differences {
        why: "A PIN is `organization:token`, or empty where the configuration has credentials (design: Login).",
        rows: &[
            ("C_GetTokenInfo: PIN lengths", "CKR_OK 0 1024", "CKR_OK 4 255"),
        ],
    },
    Differences {
        why: "2.40 §3.2, CK_TOKEN_INFO: ours counts its sessions; SoftHSM says CK_UNAVAILABLE_INFORMATION.",
        rows: &[
            ("C_GetTokenInfo: session counts", "CKR_OK 2 1", "CKR_OK 18446744073709551615 18446744073709551615"),
        ],
    },
    Differences {
        why: "CKF_RESTORE_KEY_NOT_NEEDED (2.40 §3.2) is about C_SetOperationState, which neither module has.",
        rows: &[
            ("C_GetTokenInfo: the other flags", "CKR_OK 0x0", "CKR_OK 0x20"),
        ],
    },
    Differences {
        why: "NULL stands for the configuration (design: Login). There is none here, so the login is refused as any \
              other wrong PIN is.",
        rows: &[
            ("C_Login: NULL", "CKR_PIN_INCORRECT", "CKR_ARGUMENTS_BAD"),
        ],
    },
    Differences {
        why: "The token has no security officer: there is nothing to set up on it (design: Slots and tokens).",
        rows: &[
            ("C_Login: the security officer while the user is there",
             "CKR_USER_TYPE_INVALID",
             "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"),
            ("C_Login: the security officer, with a wrong PIN", "CKR_USER_TYPE_INVALID", "CKR_PIN_INCORRECT"),
        ],
    },
    Differences {
        why: "2.40 §5.6, C_Logout: CKR_USER_NOT_LOGGED_IN when nobody is logged in.",
        rows: &[
            ("C_Logout: nobody is logged in", "CKR_USER_NOT_LOGGED_IN", "CKR_OK"),
            ("C_Logout: twice", "CKR_OK; CKR_USER_NOT_LOGGED_IN", "CKR_OK; CKR_OK"),
        ],
    },
    Differences {
        why: "Without credentials nothing is known of the token's objects, public ones included (design: Login).",
        rows: &[
            ("before C_Login: public keys", "CKR_OK 0", "CKR_OK 6"),
        ],
    },
    Differences {
        why: "2.40 §5.11, C_Sign: CKR_USER_NOT_LOGGED_IN. After C_Logout there is no token to ask SignPath with.",
        rows: &[
            ("after C_Logout: C_Sign of an operation from before",
             "CKR_OK; CKR_OK; CKR_USER_NOT_LOGGED_IN",
             "CKR_OK; CKR_OK; CKR_OK 64"),
        ],
    },
    Differences {
        why: "2.40 §5.11, C_SignInit: a handle that is no key's is CKR_KEY_HANDLE_INVALID, also where it is another \
              object's (§5.1.6); CKR_OBJECT_HANDLE_INVALID is not among its return values.",
        rows: &[
            ("C_SignInit: a certificate", "CKR_KEY_HANDLE_INVALID", "CKR_KEY_FUNCTION_NOT_PERMITTED"),
            ("C_SignInit: key 0", "CKR_KEY_HANDLE_INVALID", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_SignInit: no such key", "CKR_KEY_HANDLE_INVALID", "CKR_OBJECT_HANDLE_INVALID"),
            ("after C_Logout: C_SignInit with the handle of a private key",
             "CKR_OK; CKR_KEY_HANDLE_INVALID",
             "CKR_OK; CKR_OBJECT_HANDLE_INVALID"),
        ],
    },
    Differences {
        why: "2.40 §5.1.6: of two errors a function may return either. Ours looks at the mechanism first.",
        rows: &[
            ("C_SignInit: no such mechanism and no such key", "CKR_MECHANISM_INVALID", "CKR_OBJECT_HANDLE_INVALID"),
        ],
    },
    Differences {
        why: "2.40 §5.11, C_SignInit: CKR_KEY_TYPE_INCONSISTENT, and CKR_MECHANISM_PARAM_INVALID. SoftHSM finds out in \
              C_Sign, or not at all.",
        rows: &[
            ("C_SignInit: a parameter that the mechanism does not have", "CKR_MECHANISM_PARAM_INVALID", "CKR_OK"),
            ("C_SignInit: an EC key for an RSA mechanism", "CKR_KEY_TYPE_INCONSISTENT", "CKR_OK"),
            ("C_SignInit: an RSA key for an EC mechanism", "CKR_KEY_TYPE_INCONSISTENT", "CKR_OK"),
        ],
    },
    Differences {
        why: "3.0 §5.13, C_SignInit: NULL for the mechanism ends the operation that is under way.",
        rows: &[
            ("C_SignInit: NULL for the mechanism, with an operation under way",
             "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_ARGUMENTS_BAD; CKR_OK 64"),
        ],
    },
    Differences {
        why: "SignPath signs hashes and has to be told which: CKM_RSA_PKCS takes a DigestInfo and nothing else. A \
              client that sends a bare hash would get a signature that verifies nowhere.",
        rows: &[
            ("C_Sign: CKM_RSA_PKCS of a bare hash", "CKR_OK; CKR_DATA_INVALID", "CKR_OK; CKR_OK 384"),
            ("C_Sign: CKM_RSA_PKCS of nothing", "CKR_OK; CKR_DATA_INVALID", "CKR_OK; CKR_OK 384"),
            ("C_Sign: CKM_RSA_PKCS of too much for the key", "CKR_OK; CKR_DATA_INVALID", "CKR_OK; CKR_GENERAL_ERROR"),
            ("C_Sign: an error ends the operation",
             "CKR_OK; CKR_DATA_INVALID; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_GENERAL_ERROR; CKR_OPERATION_NOT_INITIALIZED"),
        ],
    },
    Differences {
        why: "SignPath signs hashes: CKM_ECDSA takes what has the length of one, from SHA-1's to SHA-512's. 2.40 \
              §2.3.6 of the mechanisms has the raw digest as its input.",
        rows: &[
            ("C_Sign: CKM_ECDSA of 19 bytes", "CKR_OK; CKR_DATA_LEN_RANGE", "CKR_OK; CKR_OK 64"),
            ("C_Sign: CKM_ECDSA of 65 bytes", "CKR_OK; CKR_DATA_LEN_RANGE", "CKR_OK; CKR_OK 64"),
            ("C_Sign: CKM_ECDSA of nothing", "CKR_OK; CKR_DATA_LEN_RANGE", "CKR_OK; CKR_OK 64"),
        ],
    },
    Differences {
        why: "The mechanism has one part: ours says that it does not have the function, which pkcs11-tool --test takes \
              for what it is. In both modules the operation is over.",
        rows: &[
            ("C_SignFinal: a mechanism of one part",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_SignUpdate: a mechanism of one part",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_SignUpdate: a mechanism of one part ends the operation",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
        ],
    },
    Differences {
        why: "2.40 §5.2 and §5.11 do not forbid NULL where there are no bytes to point to.",
        rows: &[
            ("C_SignUpdate: NULL for an empty part", "CKR_OK; CKR_OK", "CKR_OK; CKR_ARGUMENTS_BAD"),
            ("value: NULL for an empty template", "CKR_OK", "CKR_ARGUMENTS_BAD"),
        ],
    },
    Differences {
        why: "2.40 §5.7, C_GetAttributeValue: of several errors it returns one; all attributes are processed. Ours \
              returns the first.",
        rows: &[
            ("value: a short buffer, then an unknown one",
             "CKR_BUFFER_TOO_SMALL -1 -1 01",
             "CKR_ATTRIBUTE_TYPE_INVALID -1 -1 01"),
            ("value: an unknown one, then a sensitive one",
             "CKR_ATTRIBUTE_TYPE_INVALID -1 -1",
             "CKR_ATTRIBUTE_SENSITIVE -1 -1"),
        ],
    },
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
              key is used with none.",
        rows: &[
            ("CKA_ALLOWED_MECHANISMS of a private key", "bytes", "empty"),
            ("CKA_ALLOWED_MECHANISMS of a public key", "CKR_ATTRIBUTE_TYPE_INVALID", "empty"),
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
