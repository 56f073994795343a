//! What can go wrong in the module, as sentences, and the one match that turns it into a CK_RV.

use std::fmt;

use cryptoki_sys::*;
use signpath_client::{
    error::{Class, Error as ServiceError},
    key::HashAlgorithm,
};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a C_ function did not answer CKR_OK.
#[derive(Debug)]
pub(crate) enum Error {
    AlreadyInitialized,
    /// A NULL pointer, or a length or flag that the standard excludes; the text names the argument.
    Arguments(&'static str),
    AttributeSensitive,
    AttributeTypeInvalid,
    /// The caller's buffer is too short; the length that is needed has been written back.
    BufferTooSmall,
    /// Mutex callbacks without CKF_OS_LOCKING_OK: this module locks with the operating system only.
    CannotLock,
    /// CKM_RSA_PKCS was given something else than a DigestInfo of a hash that SignPath signs.
    DataInvalid,
    /// Data of a length that the mechanism does not take; the text says which it takes.
    DataLength(&'static str),
    /// CKM_RSA_PKCS_PSS was given something else than a digest of the hash that its parameter names.
    DigestLength(HashAlgorithm),
    /// A function that this token does not have.
    FunctionNotSupported,
    /// Legacy C_GetFunctionStatus and C_CancelFunction.
    FunctionNotParallel,
    /// The key exists, but not for this use: a public key does not sign.
    KeyFunctionNotPermitted,
    KeyHandleInvalid,
    /// Only secret keys could be digested, and there are none.
    KeyIndigestible,
    KeyTypeInconsistent,
    MechanismInvalid,
    MechanismParameterInvalid,
    NoEvent,
    NotInitialized,
    ObjectHandleInvalid,
    OperationActive,
    /// An operation that waits for the service cannot be taken back.
    OperationCancelFailed,
    OperationNotInitialized,
    /// A panic was stopped at the boundary: a defect of this module. The text says where and why.
    Panic(String),
    /// The login was refused; the text says why and what to do.
    PinIncorrect(String),
    /// The operating system gave no random bytes.
    Random(getrandom::Error),
    /// The service, the way to it or the configuration.
    Service(ServiceError),
    /// CKF_ASYNC_SESSION (3.2): every function here is done when it returns.
    SessionAsyncNotSupported,
    /// The sessions were closed, or somebody else logged in or out, while C_Login waited for the service.
    SessionClosed,
    SessionHandleInvalid,
    SessionParallelNotSupported,
    SignatureInvalid,
    SignatureLength,
    SlotIdInvalid,
    UserAlreadyLoggedIn,
    UserNotLoggedIn,
    UserTypeInvalid,
}

impl Error {
    /// The return value for C. The service's part is the table of SignPath's own module (time-outs and 503 are
    /// CKR_FUNCTION_FAILED, and so on); everything else is the standard's sharper code.
    pub(crate) fn rv(&self) -> CK_RV {
        match self {
            Self::AlreadyInitialized => CKR_CRYPTOKI_ALREADY_INITIALIZED,
            Self::Arguments(_) => CKR_ARGUMENTS_BAD,
            Self::AttributeSensitive => CKR_ATTRIBUTE_SENSITIVE,
            Self::AttributeTypeInvalid => CKR_ATTRIBUTE_TYPE_INVALID,
            Self::BufferTooSmall => CKR_BUFFER_TOO_SMALL,
            Self::CannotLock => CKR_CANT_LOCK,
            Self::DataInvalid => CKR_DATA_INVALID,
            Self::DataLength(_) | Self::DigestLength(_) => CKR_DATA_LEN_RANGE,
            Self::FunctionNotSupported => CKR_FUNCTION_NOT_SUPPORTED,
            Self::FunctionNotParallel => CKR_FUNCTION_NOT_PARALLEL,
            Self::KeyFunctionNotPermitted => CKR_KEY_FUNCTION_NOT_PERMITTED,
            Self::KeyHandleInvalid => CKR_KEY_HANDLE_INVALID,
            Self::KeyIndigestible => CKR_KEY_INDIGESTIBLE,
            Self::KeyTypeInconsistent => CKR_KEY_TYPE_INCONSISTENT,
            Self::MechanismInvalid => CKR_MECHANISM_INVALID,
            Self::MechanismParameterInvalid => CKR_MECHANISM_PARAM_INVALID,
            Self::NoEvent => CKR_NO_EVENT,
            Self::NotInitialized => CKR_CRYPTOKI_NOT_INITIALIZED,
            Self::ObjectHandleInvalid => CKR_OBJECT_HANDLE_INVALID,
            Self::OperationActive => CKR_OPERATION_ACTIVE,
            Self::OperationCancelFailed => CKR_OPERATION_CANCEL_FAILED,
            Self::OperationNotInitialized => CKR_OPERATION_NOT_INITIALIZED,
            Self::Panic(_) => CKR_GENERAL_ERROR,
            Self::PinIncorrect(_) => CKR_PIN_INCORRECT,
            Self::Random(_) => CKR_FUNCTION_FAILED,
            Self::Service(error) => service_rv(error.class()),
            Self::SessionAsyncNotSupported => CKR_SESSION_ASYNC_NOT_SUPPORTED,
            Self::SessionClosed => CKR_SESSION_CLOSED,
            Self::SessionHandleInvalid => CKR_SESSION_HANDLE_INVALID,
            Self::SessionParallelNotSupported => CKR_SESSION_PARALLEL_NOT_SUPPORTED,
            Self::SignatureInvalid => CKR_SIGNATURE_INVALID,
            Self::SignatureLength => CKR_SIGNATURE_LEN_RANGE,
            Self::SlotIdInvalid => CKR_SLOT_ID_INVALID,
            Self::UserAlreadyLoggedIn => CKR_USER_ALREADY_LOGGED_IN,
            Self::UserNotLoggedIn => CKR_USER_NOT_LOGGED_IN,
            Self::UserTypeInvalid => CKR_USER_TYPE_INVALID,
        }
    }

    /// Whether a person has to hear of it. The rest is the ordinary conversation between a client and a token.
    pub(crate) fn concerns_the_user(&self) -> bool {
        matches!(
            self,
            Self::CannotLock
                | Self::DataInvalid
                | Self::DataLength(_)
                | Self::DigestLength(_)
                | Self::MechanismParameterInvalid
                | Self::Panic(_)
                | Self::PinIncorrect(_)
                | Self::Random(_)
                | Self::Service(_)
        )
    }
}

fn service_rv(class: Class) -> CK_RV {
    match class {
        Class::Transient => CKR_FUNCTION_FAILED,
        Class::Service => CKR_DEVICE_ERROR,
        Class::Unauthorized | Class::Refused => CKR_ARGUMENTS_BAD,
        Class::Answer | Class::Configuration | Class::Untrusted => CKR_GENERAL_ERROR,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Arguments(what) => return write!(f, "the argument {what} is not usable"),
            Self::Panic(what) => {
                return write!(f, "a defect in the module was caught, please report it: {what}");
            }
            Self::DataLength(takes) => return f.write_str(takes),
            Self::DigestLength(hash) => {
                let (name, len) = (hash.name(), hash.len());
                return write!(
                    f,
                    "the mechanism's parameter names {name}, whose digests have {len} bytes"
                );
            }
            Self::PinIncorrect(why) => return f.write_str(why),
            Self::Random(error) => return write!(f, "no random bytes: {error}"),
            Self::Service(error) => return error.fmt(f),
            Self::AlreadyInitialized => "C_Initialize was called before",
            Self::AttributeSensitive => "the private key does not leave SignPath",
            Self::AttributeTypeInvalid => "the object does not have this attribute",
            Self::BufferTooSmall => "the buffer is too short",
            Self::CannotLock => {
                "the module locks with the operating system only: pass CKF_OS_LOCKING_OK"
            }
            Self::DataInvalid => {
                "CKM_RSA_PKCS takes a DigestInfo with SHA-1, SHA-256, SHA-384 or SHA-512; \
                 for plain data use a mechanism that hashes, such as CKM_SHA256_RSA_PKCS"
            }
            Self::FunctionNotSupported => "this token does not have the function",
            Self::FunctionNotParallel => "no function runs in parallel",
            Self::KeyFunctionNotPermitted => "the key is not for this use",
            Self::KeyHandleInvalid => "there is no key with this handle",
            Self::KeyIndigestible => "only secret keys can be digested",
            Self::KeyTypeInconsistent => "the mechanism is for keys of another type",
            Self::MechanismInvalid => "the token does not have this mechanism",
            Self::MechanismParameterInvalid => {
                "the mechanism does not take this parameter; PSS takes SHA-1, SHA-256, SHA-384 or SHA-512, MGF1 with \
                 the same hash and a salt as long as the digest (OpenSSL: rsa_pss_saltlen:digest)"
            }
            Self::NoEvent => "slots do not change",
            Self::NotInitialized => "C_Initialize comes first, in a forked process again",
            Self::ObjectHandleInvalid => "there is no object with this handle",
            Self::OperationActive => "the session has an operation under way already",
            Self::OperationCancelFailed => "the operation waits for the service",
            Self::OperationNotInitialized => "the session has no operation of this kind under way",
            Self::SessionAsyncNotSupported => "there are no asynchronous sessions",
            Self::SessionClosed => "the session was closed during the login",
            Self::SessionHandleInvalid => "there is no session with this handle",
            Self::SessionParallelNotSupported => "CKF_SERIAL_SESSION has to be set",
            Self::SignatureInvalid => "the signature does not verify",
            Self::SignatureLength => "the signature is not as long as the key's signatures are",
            Self::SlotIdInvalid => "there is no slot with this id",
            Self::UserAlreadyLoggedIn => "the user is logged in",
            Self::UserNotLoggedIn => "the user is not logged in",
            Self::UserTypeInvalid => "the token knows the normal user (CKU_USER) only",
        };
        f.write_str(text)
    }
}

impl std::error::Error for Error {}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a person hears of, in the order of docs/troubleshooting.md; what the service is the reason for has a test of
    /// its own in the client.
    fn samples() -> [Error; 9] {
        [
            Error::CannotLock,
            Error::DataInvalid,
            Error::DataLength("the data is longer than the key can sign"),
            Error::DataLength("CKM_ECDSA takes a digest of 20 to 64 bytes"),
            Error::DigestLength(HashAlgorithm::Sha256),
            Error::MechanismParameterInvalid,
            Error::PinIncorrect("the login was refused: …".to_owned()),
            Error::Random(getrandom::Error::UNSUPPORTED),
            Error::Panic("…".to_owned()),
        ]
    }

    fn message(error: &Error) -> String {
        let text = error.to_string();
        match error {
            Error::Random(why) => text.replace(&why.to_string(), "…"),
            _ => text,
        }
    }

    #[test]
    fn troubleshooting_has_a_row_for_each_message() {
        let page = include_str!("../docs/troubleshooting.md");
        let (_, table) = page.split_once("<!-- module -->\n").unwrap();
        let (table, _) = table.split_once("<!-- /module -->").unwrap();
        let rows = table.lines().skip(2).map(|row| row.split(" | ").collect::<Vec<_>>());
        let rows: Vec<_> = rows.inspect(|row| assert_eq!(row.len(), 3, "{row:?}")).collect();
        let documented: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
        assert_eq!(documented, samples().map(|error| format!("| `{}`", message(&error))));
    }

    #[test]
    fn every_error_that_concerns_the_user_has_a_sample() {
        let source = include_str!("error.rs");
        let (_, body) = source.split_once("fn concerns_the_user(").unwrap();
        let (body, _) = body.split_once("\n    }\n").unwrap();
        let names = body.split("Self::").skip(1);
        let names = names.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap());
        let concerning: BTreeSet<_> = names.filter(|name| *name != "Service").collect();
        let sampled = samples().map(|error| format!("{error:?}"));
        let sampled = sampled.iter().map(|text| text.split('(').next().unwrap());
        assert_eq!(concerning, sampled.collect::<BTreeSet<_>>());
        assert!(samples().iter().all(Error::concerns_the_user));
    }

    #[test]
    fn every_length_that_is_refused_has_a_sample() {
        let source = include_str!("request.rs");
        let (source, _) = source.split_once("#[cfg(test)]").unwrap();
        let texts = source.split("Error::DataLength(\"").skip(1);
        let texts: BTreeSet<_> = texts.map(|rest| rest.split('"').next().unwrap()).collect();
        let samples = samples();
        let sampled = samples.iter().filter_map(|error| match error {
            Error::DataLength(takes) => Some(*takes),
            _ => None,
        });
        assert_eq!(texts, sampled.collect());
    }
}
