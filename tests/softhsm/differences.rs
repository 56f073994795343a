//! The differences between the two modules: the one table, by reason. A row has its name, our answer and SoftHSM's; of
//! attributes the answers are summaries ([`super::attributes::summary`]).

mod attributes;

/// Rows whose answers differ for one reason.
pub(super) struct Differences {
    /// The section of the standard (2.40), or the decision of ARCHITECTURE.md and docs/module.md, that ours stands on.
    pub(super) why: &'static str,
    rows: &'static [(&'static str, &'static str, &'static str)],
}

/// A row whose answers differ.
pub(super) struct Difference {
    pub(super) row: &'static str,
    pub(super) ours: &'static str,
    pub(super) softhsm: &'static str,
}

/// Every reason with its rows.
pub(super) fn groups() -> impl Iterator<Item = &'static Differences> {
    CALLS.iter().chain(attributes::ATTRIBUTES)
}

pub(super) fn all() -> impl Iterator<Item = Difference> {
    let rows = groups().flat_map(|differences| differences.rows);
    rows.map(|&(row, ours, softhsm)| Difference { row, ours, softhsm })
}

#[rustfmt::skip]
const CALLS: &[Differences] = &[
    Differences {
        why: "No function of this kind: it would write, make keys, or use a key otherwise than to sign, which \
              SignPath's keys are not there for (design: Slots and tokens). 2.40 §5.1.6: the stub of such a function \
              simply returns CKR_FUNCTION_NOT_SUPPORTED, whatever its arguments are and before C_Initialize too.",
        rows: &[
            ("before C_Initialize: what the token does not have",
             "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_CRYPTOKI_NOT_INITIALIZED; CKR_CRYPTOKI_NOT_INITIALIZED"),
            ("C_CopyObject: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_CreateObject: a session object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_Decrypt, C_DecryptUpdate, C_DecryptFinal: without C_DecryptInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_DecryptInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_DeriveKey: no such key", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_DestroyObject: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_Encrypt, C_EncryptUpdate, C_EncryptFinal: without C_EncryptInit",
             "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_EncryptInit", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OK"),
            ("C_GenerateKey: no such mechanism", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_MECHANISM_INVALID"),
            ("C_GenerateKeyPair: no such mechanism", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_MECHANISM_INVALID"),
            ("C_InitPIN: as the user", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_USER_NOT_LOGGED_IN"),
            ("C_InitToken: with a session open", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_SESSION_EXISTS"),
            ("C_SetAttributeValue: no such object", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_SetPIN: a wrong old PIN", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_PIN_INCORRECT"),
            ("C_UnwrapKey: no such key", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_UNWRAPPING_KEY_HANDLE_INVALID"),
            ("C_WrapKey: no such keys", "CKR_FUNCTION_NOT_SUPPORTED", "CKR_WRAPPING_KEY_HANDLE_INVALID"),
        ],
    },
    Differences {
        why: "The module has the interfaces of 3.0 and 3.2 as well (C_GetInterface); C_GetInfo names the newest (3.0 §5.4).",
        rows: &[
            ("C_GetInfo: the version of the standard", "CKR_OK 3.2", "CKR_OK 2.40"),
        ],
    },
    Differences {
        why: "3.0 §4.13: profiles are objects of the token, found by whoever asks for everything; SoftHSM knows 2.40 only.",
        rows: &[
            ("search: everything", "CKR_OK 19", "CKR_OK 17"),
            ("search: profiles", "CKR_OK 2 profile: profile:", "CKR_OK 0"),
            ("search: token objects", "CKR_OK 19", "CKR_OK 17"),
        ],
    },
    Differences {
        why: "3.0 §5.12.1, §5.15.1: NULL for the mechanism ends the operation that is under way.",
        rows: &[
            ("C_DigestInit: NULL for the mechanism, with an operation under way",
             "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_ARGUMENTS_BAD; CKR_OK 32 ba7816bf"),
            ("C_VerifyInit: NULL for the mechanism, with an operation under way",
             "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_ARGUMENTS_BAD; CKR_SIGNATURE_INVALID"),
        ],
    },
    Differences {
        why: "2.40 §5.10, C_Digest: it cannot end an operation that has had parts.",
        rows: &[
            ("C_Digest: after C_DigestUpdate",
             "CKR_OK; CKR_OK; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_OK; CKR_OK 32 ba7816bf"),
        ],
    },
    Differences {
        why: "SignPath makes PSS with MGF1 of the same hash and a salt as long as the digest; what it does not make is refused \
              where it is asked for, with the code for a wrong parameter (2.40 §5.1.6).",
        rows: &[
            ("C_SignInit: PSS with a hash that is none", "CKR_MECHANISM_PARAM_INVALID", "CKR_ARGUMENTS_BAD"),
            ("C_SignInit: PSS with a salt of another length", "CKR_MECHANISM_PARAM_INVALID", "CKR_OK"),
            ("C_SignInit: PSS with another MGF", "CKR_MECHANISM_PARAM_INVALID", "CKR_ARGUMENTS_BAD"),
            ("C_SignInit: PSS with the longest salt", "CKR_MECHANISM_PARAM_INVALID", "CKR_OK"),
            ("C_SignInit: PSS without its parameter", "CKR_MECHANISM_PARAM_INVALID", "CKR_ARGUMENTS_BAD"),
            ("C_SignInit: hashing PSS with the parameter of another hash",
             "CKR_MECHANISM_PARAM_INVALID",
             "CKR_ARGUMENTS_BAD"),
        ],
    },
    Differences {
        why: "2.40 §5.11: data of a length that the mechanism does not take is CKR_DATA_LEN_RANGE.",
        rows: &[
            ("C_Sign: CKM_RSA_PKCS of too much for the key", "CKR_OK; CKR_DATA_LEN_RANGE", "CKR_OK; CKR_GENERAL_ERROR"),
            ("C_Sign: an error ends the operation",
             "CKR_OK; CKR_DATA_LEN_RANGE; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_GENERAL_ERROR; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_Sign: PSS of a digest of another length",
             "CKR_OK; CKR_DATA_LEN_RANGE; CKR_OPERATION_NOT_INITIALIZED",
             "CKR_OK; CKR_GENERAL_ERROR; CKR_OPERATION_NOT_INITIALIZED"),
        ],
    },
    Differences {
        why: "2.40 §5.1.6: CKR_KEY_TYPE_INCONSISTENT has priority over CKR_KEY_FUNCTION_NOT_PERMITTED.",
        rows: &[
            ("C_SignInit: a key of another type for another use",
             "CKR_KEY_TYPE_INCONSISTENT; CKR_KEY_TYPE_INCONSISTENT",
             "CKR_KEY_FUNCTION_NOT_PERMITTED; CKR_KEY_FUNCTION_NOT_PERMITTED"),
            ("C_VerifyInit: a key of another type for another use",
             "CKR_KEY_TYPE_INCONSISTENT; CKR_KEY_TYPE_INCONSISTENT",
             "CKR_KEY_FUNCTION_NOT_PERMITTED; CKR_KEY_FUNCTION_NOT_PERMITTED"),
        ],
    },
    Differences {
        why: "2.40 §5.12, C_VerifyInit: the handle of no key is CKR_KEY_HANDLE_INVALID, and a key of another type than the \
              mechanism's is CKR_KEY_TYPE_INCONSISTENT.",
        rows: &[
            ("C_VerifyInit: a certificate", "CKR_KEY_HANDLE_INVALID", "CKR_KEY_FUNCTION_NOT_PERMITTED"),
            ("C_VerifyInit: an EC key for an RSA mechanism", "CKR_KEY_TYPE_INCONSISTENT", "CKR_OK"),
            ("C_VerifyInit: an RSA key for an EC mechanism", "CKR_KEY_TYPE_INCONSISTENT", "CKR_OK"),
            ("C_VerifyInit: key 0", "CKR_KEY_HANDLE_INVALID", "CKR_OBJECT_HANDLE_INVALID"),
            ("C_VerifyInit: no such key", "CKR_KEY_HANDLE_INVALID", "CKR_OBJECT_HANDLE_INVALID"),
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
            ("C_DigestInit: MD5", "CKR_MECHANISM_INVALID", "CKR_OK"),
            ("C_GetMechanismInfo: CKM_ECDSA", "CKR_OK 256 to 521, 0x1902801", "CKR_OK 112 to 521, 0x1902800"),
            ("C_GetMechanismInfo: CKM_RSA_PKCS", "CKR_OK 2048 to 4096, 0x2801", "CKR_OK 512 to 16384, 0x62b00"),
            ("C_GetMechanismInfo: CKM_SHA256_RSA_PKCS", "CKR_OK 2048 to 4096, 0x2801", "CKR_OK 512 to 16384, 0x2800"),
            ("C_GetMechanismList: how many", "CKR_OK 17", "CKR_OK 70"),
            ("C_SignInit: CKM_ECDSA_SHA256", "CKR_OK", "CKR_MECHANISM_INVALID"),
            ("C_VerifyInit: CKM_ECDSA_SHA256", "CKR_OK", "CKR_MECHANISM_INVALID"),
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
            ("C_SignUpdate: PSS of a digest",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OK",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED; CKR_OK"),
            ("C_VerifyFinal: with a mechanism of one part",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED"),
            ("C_VerifyUpdate: with a mechanism of one part",
             "CKR_OK; CKR_FUNCTION_NOT_SUPPORTED; CKR_OK",
             "CKR_OK; CKR_OPERATION_NOT_INITIALIZED; CKR_OK"),
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
];
