//! The caller's memory: buffers with something around them that has to stay, and pointers with lengths that do not fit.

use std::ptr;

use cryptoki_sys::*;

use crate::script::Script;

const GUARD: u8 = 0xa5;
const MARGIN: usize = 32;

/// Where an answer goes.
pub(crate) struct Output {
    memory: Vec<u8>,
    room: usize,
    has_buffer: bool,
    has_len: bool,
    /// What the module reads and writes.
    pub(crate) len: CK_ULONG,
}

impl Output {
    /// Of a room around what is needed.
    pub(crate) fn around(needed: usize, script: &mut Script<'_>) -> Self {
        let kind = script.byte();
        let room = match kind % 8 {
            0 => 0,
            1 => needed.saturating_sub(1),
            2 => needed.saturating_add(9),
            _ => needed,
        };
        let has_buffer = kind & 0x18 != 0x18;
        // Without a buffer the length is only written.
        let len = if has_buffer || kind & 0x40 == 0 { ck(room) } else { CK_ULONG::MAX };
        let memory = vec![GUARD; room + 2 * MARGIN];
        Self { memory, room, has_buffer, has_len: kind & 0xe0 != 0xe0, len }
    }

    pub(crate) fn buffer(&mut self) -> *mut u8 {
        if self.has_buffer { self.memory[MARGIN..].as_mut_ptr() } else { ptr::null_mut() }
    }

    pub(crate) fn len(&mut self) -> *mut CK_ULONG {
        if self.has_len { &raw mut self.len } else { ptr::null_mut() }
    }

    /// What a function answers that has `needed` bytes to give (2.40 §5.2), and whether its operation goes on.
    pub(crate) fn expected(&self, needed: usize) -> (CK_RV, bool) {
        match (self.has_len, self.has_buffer) {
            (false, _) => (CKR_ARGUMENTS_BAD, false),
            (_, false) => (CKR_OK, true),
            _ if self.room < needed => (CKR_BUFFER_TOO_SMALL, true),
            _ => (CKR_OK, false),
        }
    }

    /// What stands in the buffer after the call, once everything around it has been found as it was.
    pub(crate) fn checked(&self, rv: CK_RV, needed: usize) -> &[u8] {
        let is_guard = |bytes: &[u8]| bytes.iter().all(|byte| *byte == GUARD);
        let answered = rv == CKR_OK && self.has_buffer;
        let written = if answered { needed } else { 0 };
        let (before, rest) = self.memory.split_at(MARGIN);
        let (value, after) = rest.split_at(written);
        assert!(is_guard(before) && is_guard(after), "written beside an answer of {written} bytes");
        if self.has_len && (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL) {
            assert_eq!(self.len, ck(needed), "the length that was written back");
        }
        value
    }
}

impl Output {
    /// Everything but the first bytes of the buffer, where there is one, has to be as it was.
    pub(crate) fn unchanged_beyond(&self, len: CK_ULONG) {
        let written = if self.has_buffer { usize::try_from(len).unwrap_or(0) } else { 0 };
        let (before, rest) = self.memory.split_at(MARGIN);
        let after = rest.iter().skip(written);
        assert!(
            before.iter().chain(after).all(|byte| *byte == GUARD),
            "written beyond {written} bytes"
        );
    }
}

/// Bytes for the module to read: pointer, length, and whether they can be.
pub(crate) struct Input {
    bytes: Vec<u8>,
    pub(crate) len: CK_ULONG,
    is_null: bool,
}

impl Input {
    pub(crate) fn of(bytes: Vec<u8>, script: &mut Script<'_>) -> Self {
        let len = ck(bytes.len());
        match script.byte() % 16 {
            0 => Self { bytes, len, is_null: true },
            // No memory has so many bytes, so none is read.
            1 => Self { bytes, len: CK_ULONG::MAX, is_null: false },
            2 => Self { bytes: Vec::new(), len: 0, is_null: true },
            _ => Self { bytes, len, is_null: false },
        }
    }

    pub(crate) fn pointer(&mut self) -> *mut u8 {
        if self.is_null { ptr::null_mut() } else { self.bytes.as_mut_ptr() }
    }

    /// The bytes, unless the pointer is NULL with a length or the length impossible.
    pub(crate) fn readable(&self) -> Option<&[u8]> {
        (self.len == ck(self.bytes.len()) && (!self.is_null || self.len == 0))
            .then_some(&self.bytes)
    }
}

pub(crate) fn ck(len: usize) -> CK_ULONG {
    CK_ULONG::try_from(len).expect("a length of this machine")
}
