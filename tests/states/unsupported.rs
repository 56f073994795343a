//! What our token does not have: one row a function. The arguments are those of a caller that means it, but for handles
//! and PINs, so that SoftHSM's token stays as it was.

use std::ptr;

use cryptoki_sys::*;

use super::caller::{
    Caller, NO_HANDLE,
    Start::{Initialized, User},
};
use super::{Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        "2.40 §5.5",
        "C_InitToken: with a session open",
        User,
        |on| {
            let mut label = [b' '; 32];
            let (pin, label) = (b"0000".as_ptr().cast_mut(), label.as_mut_ptr());
            on.note(call!(on, C_InitToken(on.slot, pin, 4, label)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.5",
        "C_InitPIN: as the user",
        User,
        |on| {
            on.note(call!(on, C_InitPIN(on.session, b"0000".as_ptr().cast_mut(), 4)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.5",
        "C_SetPIN: a wrong old PIN",
        User,
        |on| {
            let pin = b"0000".as_ptr().cast_mut();
            on.note(call!(on, C_SetPIN(on.session, pin, 4, pin, 4)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.6",
        "C_GetOperationState",
        User,
        |on| {
            let mut len = 0;
            on.note(call!(on, C_GetOperationState(on.session, ptr::null_mut(), &raw mut len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.6",
        "C_SetOperationState",
        User,
        |on| {
            on.note(call!(on, C_SetOperationState(on.session, [0; 4].as_mut_ptr(), 4, 0, 0)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.7",
        "C_CreateObject: a session object",
        User,
        |on| {
            let (mut class, mut handle) = (CKO_DATA, 0);
            let mut template = CK_ATTRIBUTE {
                type_: CKA_CLASS,
                pValue: (&raw mut class).cast(),
                ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
            };
            let template = &raw mut template;
            on.note(call!(on, C_CreateObject(on.session, template, 1, &raw mut handle)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.7",
        "C_CopyObject: no such object",
        User,
        |on| {
            let (mut attribute, mut copy) = (CK_ATTRIBUTE::default(), 0);
            let template = &raw mut attribute;
            on.note(call!(on, C_CopyObject(on.session, NO_HANDLE, template, 0, &raw mut copy)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.7",
        "C_DestroyObject: no such object",
        User,
        |on| {
            on.note(call!(on, C_DestroyObject(on.session, NO_HANDLE)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.7",
        "C_GetObjectSize",
        User,
        |on| {
            let key = on.private_key("demo/rsa");
            let mut size = 0;
            on.note(call!(on, C_GetObjectSize(on.session, key, &raw mut size)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.7",
        "C_SetAttributeValue: no such object",
        User,
        |on| {
            let mut attribute = CK_ATTRIBUTE::default();
            let template = &raw mut attribute;
            on.note(call!(on, C_SetAttributeValue(on.session, NO_HANDLE, template, 1)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.8",
        "C_EncryptInit",
        User,
        |on| init(on, Kind::Encrypt),
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.9",
        "C_DecryptInit",
        User,
        |on| init(on, Kind::Decrypt),
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.11",
        "C_SignRecoverInit",
        User,
        |on| init(on, Kind::SignRecover),
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row("2.40 §5.12", "C_VerifyInit", User, |on| init(on, Kind::Verify), "CKR_OK"),
    row(
        "2.40 §5.12",
        "C_VerifyRecoverInit",
        User,
        |on| init(on, Kind::VerifyRecover),
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.10",
        "C_DigestInit",
        User,
        |on| {
            let mut mechanism = mechanism(CKM_SHA256);
            on.note(call!(on, C_DigestInit(on.session, &raw mut mechanism)));
        },
        "CKR_OK",
    ),
    row(
        "2.40 §5.8",
        "C_Encrypt, C_EncryptUpdate, C_EncryptFinal: without C_EncryptInit",
        User,
        |on| {
            let (mut data, mut len) = ([0; 8], 8);
            let (bytes, len) = (data.as_mut_ptr(), &raw mut len);
            on.note(call!(on, C_Encrypt(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_EncryptUpdate(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_EncryptFinal(on.session, bytes, len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.9",
        "C_Decrypt, C_DecryptUpdate, C_DecryptFinal: without C_DecryptInit",
        User,
        |on| {
            let (mut data, mut len) = ([0; 8], 8);
            let (bytes, len) = (data.as_mut_ptr(), &raw mut len);
            on.note(call!(on, C_Decrypt(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_DecryptUpdate(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_DecryptFinal(on.session, bytes, len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.10",
        "C_Digest, C_DigestUpdate, C_DigestKey, C_DigestFinal: without C_DigestInit",
        User,
        |on| {
            let (mut data, mut len) = ([0; 8], 8);
            let (bytes, len) = (data.as_mut_ptr(), &raw mut len);
            on.note(call!(on, C_Digest(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_DigestUpdate(on.session, bytes, 8)));
            on.note(call!(on, C_DigestKey(on.session, NO_HANDLE)));
            on.note(call!(on, C_DigestFinal(on.session, bytes, len)));
        },
        "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.12",
        "C_Verify, C_VerifyUpdate, C_VerifyFinal: without C_VerifyInit",
        User,
        |on| {
            let mut data = [0; 8];
            let bytes = data.as_mut_ptr();
            on.note(call!(on, C_Verify(on.session, bytes, 8, bytes, 8)));
            on.note(call!(on, C_VerifyUpdate(on.session, bytes, 8)));
            on.note(call!(on, C_VerifyFinal(on.session, bytes, 8)));
        },
        "CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED; CKR_OPERATION_NOT_INITIALIZED",
    ),
    row(
        "2.40 §5.11",
        "C_SignRecover, C_VerifyRecover",
        User,
        |on| {
            let (mut data, mut len) = ([0; 8], 8);
            let (bytes, len) = (data.as_mut_ptr(), &raw mut len);
            on.note(call!(on, C_SignRecover(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_VerifyRecover(on.session, bytes, 8, bytes, len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.13",
        "the functions with two purposes",
        User,
        |on| {
            let (mut data, mut len) = ([0; 8], 8);
            let (bytes, len) = (data.as_mut_ptr(), &raw mut len);
            on.note(call!(on, C_DigestEncryptUpdate(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_DecryptDigestUpdate(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_SignEncryptUpdate(on.session, bytes, 8, bytes, len)));
            on.note(call!(on, C_DecryptVerifyUpdate(on.session, bytes, 8, bytes, len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED; CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.14",
        "C_GenerateKey: no such mechanism",
        User,
        |on| {
            let (mut mechanism, mut key) = (mechanism(CKM_VENDOR_DEFINED | 0x1234), 0);
            let template = &mut CK_ATTRIBUTE::default();
            let mechanism = &raw mut mechanism;
            on.note(call!(on, C_GenerateKey(on.session, mechanism, template, 0, &raw mut key)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.14",
        "C_GenerateKeyPair: no such mechanism",
        User,
        |on| {
            let (mut mechanism, mut public, mut private) =
                (mechanism(CKM_VENDOR_DEFINED | 0x1234), 0, 0);
            let template = &mut CK_ATTRIBUTE::default();
            let (mechanism, public, private) =
                (&raw mut mechanism, &raw mut public, &raw mut private);
            let session = on.session;
            on.note(call!(
                on,
                C_GenerateKeyPair(session, mechanism, template, 0, template, 0, public, private)
            ));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.14",
        "C_WrapKey: no such keys",
        User,
        |on| {
            let (mut mechanism, mut len) = (mechanism(CKM_RSA_PKCS), 0);
            let (mechanism, len, key) = (&raw mut mechanism, &raw mut len, NO_HANDLE);
            on.note(call!(on, C_WrapKey(on.session, mechanism, key, key, ptr::null_mut(), len)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.14",
        "C_UnwrapKey: no such key",
        User,
        |on| {
            let (mut mechanism, mut wrapped, mut key) = (mechanism(CKM_RSA_PKCS), [0; 8], 0);
            let (mechanism, wrapped, key) =
                (&raw mut mechanism, wrapped.as_mut_ptr(), &raw mut key);
            let (session, by, template) = (on.session, NO_HANDLE, &mut CK_ATTRIBUTE::default());
            on.note(call!(on, C_UnwrapKey(session, mechanism, by, wrapped, 8, template, 0, key)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.14",
        "C_DeriveKey: no such key",
        User,
        |on| {
            let (mut mechanism, mut key) = (mechanism(CKM_ECDH1_DERIVE), 0);
            let (mechanism, key) = (&raw mut mechanism, &raw mut key);
            let (session, from, template) = (on.session, NO_HANDLE, &mut CK_ATTRIBUTE::default());
            on.note(call!(on, C_DeriveKey(session, mechanism, from, template, 0, key)));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
    row(
        "2.40 §5.5",
        "C_WaitForSlotEvent: waiting",
        Initialized,
        |on| {
            let mut slot = 0;
            on.note(call!(on, C_WaitForSlotEvent(0, &raw mut slot, ptr::null_mut())));
        },
        "CKR_FUNCTION_NOT_SUPPORTED",
    ),
];

/// An operation that begins with a mechanism and a key.
#[derive(Clone, Copy)]
enum Kind {
    Decrypt,
    Encrypt,
    SignRecover,
    Verify,
    VerifyRecover,
}

/// Begins it with the RSA key: the public half where that is the one it needs.
fn init(on: &mut Caller<'_>, kind: Kind) {
    let mut mechanism = mechanism(CKM_RSA_PKCS);
    let mechanism = &raw mut mechanism;
    let (private, public) = (on.private_key("demo/rsa"), on.public_key("demo/rsa"));
    on.note(match kind {
        Kind::Decrypt => call!(on, C_DecryptInit(on.session, mechanism, private)),
        Kind::Encrypt => call!(on, C_EncryptInit(on.session, mechanism, public)),
        Kind::SignRecover => call!(on, C_SignRecoverInit(on.session, mechanism, private)),
        Kind::Verify => call!(on, C_VerifyInit(on.session, mechanism, public)),
        Kind::VerifyRecover => call!(on, C_VerifyRecoverInit(on.session, mechanism, public)),
    });
}

fn mechanism(kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: kind, pParameter: ptr::null_mut(), ulParameterLen: 0 }
}
