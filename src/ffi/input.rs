//! The caller's raw pointers as borrowed values. NULL and impossible lengths are CKR_ARGUMENTS_BAD here, once.

use std::slice;

use cryptoki_sys::*;

use crate::{
    error::{Error, Result},
    mechanism::RequestedMechanism,
    object::{Template, TemplateEntry},
    session::Session,
};

/// `len` bytes at `pointer`; NULL is allowed for no bytes at all.
///
/// # Safety
/// A pointer that is not NULL is readable for `len` bytes for as long as the answer is used.
pub(super) unsafe fn bytes<'a>(
    pointer: *const CK_BYTE,
    len: CK_ULONG,
    name: &'static str,
) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise is the same.
    unsafe { array(pointer, len, name) }
}

/// `count` values at `pointer`; NULL is allowed for none.
///
/// # Safety
/// A pointer that is not NULL is aligned and readable for `count` values for as long as the answer is used.
pub(super) unsafe fn array<'a, T>(
    pointer: *const T,
    count: CK_ULONG,
    name: &'static str,
) -> Result<&'a [T]> {
    let count = checked_count::<T>(count, name)?;
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Error::Arguments(name));
    }
    // SAFETY: not NULL; the caller vouches for `count` values, and their size fits into an isize.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// Like [`array()`], for values that the function changes.
///
/// # Safety
/// As for [`array()`], and nobody else reads or writes the values meanwhile.
pub(super) unsafe fn array_mut<'a, T>(
    pointer: *mut T,
    count: CK_ULONG,
    name: &'static str,
) -> Result<&'a mut [T]> {
    let count = checked_count::<T>(count, name)?;
    if count == 0 {
        return Ok(&mut []);
    }
    if pointer.is_null() {
        return Err(Error::Arguments(name));
    }
    // SAFETY: not NULL; the caller vouches for `count` values of its own, and their size fits into an isize.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, count) })
}

/// A value that has to be there.
///
/// # Safety
/// A pointer that is not NULL is aligned and readable for as long as the answer is used.
pub(super) unsafe fn required<'a, T>(pointer: *const T, name: &'static str) -> Result<&'a T> {
    // SAFETY: NULL, or the caller vouches for it.
    unsafe { pointer.as_ref() }.ok_or(Error::Arguments(name))
}

/// A mechanism with its parameter (2.40 §3.5).
///
/// # Safety
/// `pointer` is NULL or a CK_MECHANISM whose parameter is readable for its length.
pub(super) unsafe fn mechanism<'a>(pointer: *const CK_MECHANISM) -> Result<RequestedMechanism<'a>> {
    // SAFETY: the caller's promise is the same.
    let mechanism = unsafe { required(pointer, "pMechanism") }?;
    // SAFETY: the caller vouches for the parameter's length.
    let parameter = unsafe {
        bytes(mechanism.pParameter.cast(), mechanism.ulParameterLen, "pMechanism->pParameter")
    }?;
    Ok(RequestedMechanism { kind: mechanism.mechanism, parameter })
}

/// Whether the caller of C_SignInit or its kin wants the operation of this kind ended that is under way: it gives no
/// mechanism then (3.0 §5.12.1, §5.13.1, §5.15.1).
pub(super) fn ends_operation(
    mechanism: *const CK_MECHANISM,
    session: &Session,
    kind: CK_FLAGS,
) -> Result<bool> {
    Ok(mechanism.is_null() && session.cancel(kind)?)
}

/// The template of a search; the values are copied, as the search outlives the call.
///
/// # Safety
/// `pointer` is NULL or has `count` attributes whose values are readable for their lengths.
pub(super) unsafe fn template(pointer: *const CK_ATTRIBUTE, count: CK_ULONG) -> Result<Template> {
    // SAFETY: the caller's promise is the same.
    let attributes = unsafe { array(pointer, count, "pTemplate") }?;
    let entries = attributes.iter().map(|attribute| {
        let value = attribute.pValue.cast_const().cast();
        // SAFETY: the caller vouches for each value's length.
        let value = unsafe { bytes(value, attribute.ulValueLen, "pTemplate->pValue") }?;
        Ok(TemplateEntry { kind: attribute.type_, value: value.to_vec() })
    });
    entries.collect::<Result<Vec<_>>>().map(Template::new)
}

fn checked_count<T>(count: CK_ULONG, name: &'static str) -> Result<usize> {
    let count = usize::try_from(count).map_err(|_| Error::Arguments(name))?;
    let size = count.checked_mul(size_of::<T>()).filter(|size| isize::try_from(*size).is_ok());
    size.map(|_| count).ok_or(Error::Arguments(name))
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn null_with_a_length_is_refused_and_without_one_is_empty() {
        // SAFETY: NULL is allowed.
        assert!(unsafe { bytes(ptr::null(), 1, "x") }.is_err());
        // SAFETY: NULL is allowed.
        assert!(unsafe { bytes(ptr::null(), 0, "x") }.is_ok_and(<[u8]>::is_empty));
    }

    #[test]
    fn a_length_that_no_memory_can_have_is_refused_before_anything_is_read() {
        let byte = 0;
        // SAFETY: the length is refused before the pointer is used.
        assert!(unsafe { bytes(&raw const byte, CK_ULONG::MAX, "x") }.is_err());
        let attribute = CK_ATTRIBUTE { type_: 0, pValue: ptr::null_mut(), ulValueLen: 0 };
        // SAFETY: as above.
        assert!(unsafe { template(&raw const attribute, CK_ULONG::MAX / 2) }.is_err());
    }
}
