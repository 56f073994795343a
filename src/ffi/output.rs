//! Answers into the caller's memory, and the rule for lengths (2.40 §5.2): a NULL buffer asks for the length, a
//! short one gets the length and CKR_BUFFER_TOO_SMALL, and neither of them ends an operation.

use std::ptr::{self, NonNull};

use cryptoki_sys::{CK_BYTE, CK_ULONG, CK_ULONG_PTR};

use crate::{
    error::{Error, Result},
    session::{Taken, Takes},
};

/// CK_UNAVAILABLE_INFORMATION (2.40 §3.1), which cryptoki-sys does not have.
pub(super) const UNAVAILABLE: CK_ULONG = CK_ULONG::MAX;

/// A buffer of the caller with its length, in values of `T`. The buffer is only ever written to: it may hold nothing
/// that could be read.
pub(super) struct Output<'a, T> {
    buffer: Option<NonNull<T>>,
    len: &'a mut CK_ULONG,
}

/// What a call has to do after a look at the caller's buffer.
enum Room<'a, T> {
    /// There is room: make the answer and write it here.
    Enough(Reserved<'a, T>),
    /// The length has been written; the function answers with this and has done nothing.
    LengthOnly(Result<()>),
}

/// Room for an answer of the measured length.
struct Reserved<'a, T> {
    buffer: NonNull<T>,
    room: usize,
    len: &'a mut CK_ULONG,
}

impl<'a, T: Copy> Output<'a, T> {
    /// # Safety
    /// `len` is NULL or writable, and nobody else uses it for as long as the output lives; `buffer` is NULL or writable for
    /// `*len` values. The buffer may be where the data is (2.40 §5.10, C_Digest): it is written to after the data was read for
    /// the last time.
    pub(super) unsafe fn new(
        buffer: *mut T,
        len: CK_ULONG_PTR,
        len_name: &'static str,
    ) -> Result<Self> {
        // SAFETY: NULL, or the caller vouches for it.
        let len = unsafe { len.as_mut() }.ok_or(Error::Arguments(len_name))?;
        Ok(Self { buffer: NonNull::new(buffer), len })
    }

    /// Whether an answer of `needed` values has room; writes the length when it has not, or when it was the question.
    fn measure(self, needed: usize) -> Room<'a, T> {
        let room = usize::try_from(*self.len).unwrap_or(usize::MAX);
        match self.buffer {
            Some(buffer) if room >= needed => {
                Room::Enough(Reserved { buffer, room: needed, len: self.len })
            }
            buffer => {
                *self.len = ck_len(needed);
                let asked = if buffer.is_none() { Ok(()) } else { Err(Error::BufferTooSmall) };
                Room::LengthOnly(asked)
            }
        }
    }

    /// Ends an operation with an answer of `len` bytes if the caller has room for it; otherwise the operation goes on.
    pub(super) fn answer<'o, O: Takes>(
        self,
        len: usize,
        taken: Taken<'o, O>,
        make: impl FnOnce(Taken<'o, O>) -> Result<Vec<T>>,
    ) -> Result<()> {
        match self.measure(len) {
            Room::Enough(room) => room.write(&make(taken)?),
            Room::LengthOnly(answer) => {
                taken.keep();
                answer
            }
        }
    }

    /// Writes an answer that costs nothing to make.
    pub(super) fn write(self, values: &[T]) -> Result<()> {
        match self.measure(values.len()) {
            Room::Enough(reserved) => reserved.write(values),
            Room::LengthOnly(answer) => answer,
        }
    }
}

impl<T: Copy> Reserved<'_, T> {
    /// `values` are at most as many as were measured.
    fn write(self, values: &[T]) -> Result<()> {
        if values.len() > self.room {
            return Err(Error::BufferTooSmall);
        }
        // SAFETY: `Output::new` was promised `*len` writable values, `room` is at most that, and `values`, a borrow
        // of ours, is not the caller's buffer.
        unsafe { copy(values, self.buffer.as_ptr()) };
        *self.len = ck_len(values.len());
        Ok(())
    }
}

/// Writes one value through a pointer that must not be NULL.
///
/// # Safety
/// `pointer` is NULL, or aligned and writable.
pub(super) unsafe fn value<T>(pointer: *mut T, value: T, name: &'static str) -> Result<()> {
    if pointer.is_null() {
        return Err(Error::Arguments(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Copies values to where the caller has room for them.
///
/// # Safety
/// `target` is writable for as many values and does not overlap them.
pub(super) unsafe fn copy<T: Copy>(values: &[T], target: *mut T) {
    // SAFETY: the caller's promise is the same.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr(), target, values.len()) };
}

/// A text field of a CK_*_INFO: UTF-8, cut at a character, padded with spaces and not terminated (2.40 §3.1).
pub(super) fn padded<const N: usize>(text: &str) -> [CK_BYTE; N] {
    let mut field = [b' '; N];
    let end = (0..=N.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    for (place, byte) in field.iter_mut().zip(text.bytes().take(end)) {
        *place = byte;
    }
    field
}

/// A length as C sees it.
pub(super) fn ck_len(len: usize) -> CK_ULONG {
    CK_ULONG::try_from(len).unwrap_or(CK_ULONG::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_query_writes_the_length_and_nothing_else() {
        let mut len = 99;
        // SAFETY: `len` is ours.
        let output = unsafe { Output::<u8>::new(ptr::null_mut(), &raw mut len, "x") }.unwrap();
        assert!(output.write(b"abc").is_ok());
        assert_eq!(len, 3);
    }

    #[test]
    fn a_short_buffer_gets_the_length_and_stays_as_it_was() {
        let mut buffer = [7; 2];
        let mut len = 2;
        // SAFETY: both are ours.
        let output = unsafe { Output::new(buffer.as_mut_ptr(), &raw mut len, "x") }.unwrap();
        assert!(matches!(output.write(b"abc"), Err(Error::BufferTooSmall)));
        assert_eq!((buffer, len), ([7; 2], 3));
    }

    #[test]
    fn a_long_buffer_gets_the_answer_and_its_length() {
        let mut buffer = [7; 4];
        let mut len = 4;
        // SAFETY: both are ours.
        let output = unsafe { Output::new(buffer.as_mut_ptr(), &raw mut len, "x") }.unwrap();
        assert!(output.write(b"abc").is_ok());
        assert_eq!((&buffer, len), (b"abc\x07", 3));
    }

    #[test]
    fn text_is_cut_between_characters_and_padded_with_spaces() {
        assert_eq!(&padded::<4>("ab"), b"ab  ");
        assert_eq!(&padded::<4>("abc\u{e9}"), b"abc ");
    }
}
