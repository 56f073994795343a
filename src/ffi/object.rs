//! Object management functions (2.40 §5.7).

use cryptoki_sys::*;

use super::{
    input,
    output::{self, UNAVAILABLE, ck_len},
};
use crate::{
    error::{Error, Result},
    module,
    object::Value,
};

/// Answers every attribute of the template, whatever becomes of the others; a length of CK_UNAVAILABLE_INFORMATION marks
/// those without an answer, and the return value names one of the reasons.
///
/// # Safety
/// `template` is NULL or has `count` attributes, whose values are NULL or writable for their lengths.
pub(super) unsafe fn attribute_values(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    // SAFETY: the caller's promise is the same.
    let template = unsafe { input::array_mut(template, count, "pTemplate") }?;
    let object = session.token().object(object)?;
    let mut outcome = Ok(());
    for attribute in template {
        let value = object.attribute(attribute.type_);
        // SAFETY: the caller vouches for the value's length.
        let answered = unsafe { answer(attribute, &value) };
        outcome = outcome.and(answered);
    }
    outcome
}

/// What an object takes at SignPath is not known, and it takes nothing here (2.40 §5.7, C_GetObjectSize).
///
/// # Safety
/// `size` is NULL or writable.
pub(super) unsafe fn size(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    size: *mut CK_ULONG,
) -> Result<()> {
    module::session(session)?.token().object(object)?;
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(size, UNAVAILABLE, "pulSize") }
}

/// # Safety
/// The attribute's value is NULL or writable for its length.
unsafe fn answer(attribute: &mut CK_ATTRIBUTE, value: &Value<'_>) -> Result<()> {
    let bytes = match value {
        Value::Absent => {
            attribute.ulValueLen = UNAVAILABLE;
            return Err(Error::AttributeTypeInvalid);
        }
        Value::Sensitive => {
            attribute.ulValueLen = UNAVAILABLE;
            return Err(Error::AttributeSensitive);
        }
        Value::Bytes(bytes) => bytes,
    };
    let length_only = attribute.pValue.is_null();
    if !length_only && attribute.ulValueLen < ck_len(bytes.len()) {
        attribute.ulValueLen = UNAVAILABLE;
        return Err(Error::BufferTooSmall);
    }
    attribute.ulValueLen = ck_len(bytes.len());
    if !length_only {
        // SAFETY: not NULL, and the caller has room for at least as many bytes.
        unsafe { output::copy(bytes, attribute.pValue.cast()) };
    }
    Ok(())
}

/// # Safety
/// `template` is NULL or has `count` attributes whose values are readable for their lengths.
pub(super) unsafe fn find_init(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    // SAFETY: the caller's promise is the same.
    let template = unsafe { input::template(template, count) }?;
    session.begin_find(&template)
}

/// # Safety
/// `objects` has room for `max` handles, `found` is NULL or writable.
pub(super) unsafe fn find(
    session: CK_SESSION_HANDLE,
    objects: *mut CK_OBJECT_HANDLE,
    max: CK_ULONG,
    found: *mut CK_ULONG,
) -> Result<()> {
    let session = module::session(session)?;
    if objects.is_null() || found.is_null() {
        return Err(Error::Arguments("phObject or pulObjectCount"));
    }
    let handles = session.found(usize::try_from(max).unwrap_or(usize::MAX))?;
    // SAFETY: not NULL, and the caller has room for `max` handles, of which there are at most as many.
    unsafe { output::copy(&handles, objects) };
    // SAFETY: the caller's promise is the same.
    unsafe { output::value(found, ck_len(handles.len()), "pulObjectCount") }
}

pub(super) fn find_final(session: CK_SESSION_HANDLE) -> Result<()> {
    module::session(session)?.end_find()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    const GUARD: u8 = 0xa5;

    /// The outcome, the length that was written back, and the buffer with the bytes behind it.
    fn asked(value: &Value<'_>, room: usize) -> (Result<()>, CK_ULONG, Vec<u8>) {
        let mut buffer = vec![GUARD; room + 16];
        let pointer = buffer.as_mut_ptr().cast();
        let mut attribute =
            CK_ATTRIBUTE { type_: CKA_LABEL, pValue: pointer, ulValueLen: ck_len(room) };
        // SAFETY: the buffer is longer than the length says.
        let outcome = unsafe { answer(&mut attribute, value) };
        (outcome, attribute.ulValueLen, buffer)
    }

    proptest! {
        #[test]
        fn a_value_is_written_whole_or_not_at_all_and_never_past_its_room(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            room in 0..40usize,
        ) {
            let value = Value::Bytes(Cow::Borrowed(&bytes));
            let (outcome, len, buffer) = asked(&value, room);
            if bytes.len() <= room {
                prop_assert!(outcome.is_ok());
                prop_assert_eq!(len, ck_len(bytes.len()));
                prop_assert_eq!(&buffer[..bytes.len()], &bytes[..]);
                prop_assert!(buffer[bytes.len()..].iter().all(|byte| *byte == GUARD));
            } else {
                prop_assert!(matches!(outcome, Err(Error::BufferTooSmall)));
                prop_assert_eq!(len, UNAVAILABLE);
                prop_assert!(buffer.iter().all(|byte| *byte == GUARD));
            }
        }

        #[test]
        fn what_is_not_told_leaves_the_buffer_alone(room in 0..40usize, sensitive: bool) {
            let value = if sensitive { Value::Sensitive } else { Value::Absent };
            let (outcome, len, buffer) = asked(&value, room);
            prop_assert!(outcome.is_err());
            prop_assert_eq!(len, UNAVAILABLE);
            prop_assert!(buffer.iter().all(|byte| *byte == GUARD));
        }
    }
}
