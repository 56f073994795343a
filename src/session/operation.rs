//! The one operation of a session: its place, and how it is taken out and put back.

use std::{collections::VecDeque, mem};

use cryptoki_sys::*;
use parking_lot::Mutex;

use super::{digest::DigestOperation, sign::SignOperation, verify::VerifyOperation};
use crate::error::{Error, Result};

/// 2.40 §5.1.6, CKR_OPERATION_ACTIVE: a search keeps a signature from beginning, and the other way round.
pub(crate) enum Operation {
    None,
    /// One of this kind is beginning or working.
    Busy(CK_FLAGS),
    Digest(Box<DigestOperation>),
    Find(VecDeque<CK_OBJECT_HANDLE>),
    Sign(Box<SignOperation>),
    Verify(Box<VerifyOperation>),
}

/// An operation that is taken out of its session to work.
pub(crate) trait Takes: Sized {
    /// The operation, or what is there instead.
    fn out_of(operation: Operation) -> std::result::Result<Box<Self>, Operation>;

    fn into_operation(self: Box<Self>) -> Operation;
}

/// A session's place for an operation while one is beginning or working: the session is busy for as long as this lives,
/// and has no operation afterwards unless one was put in.
pub(super) struct Place<'a>(&'a Mutex<Operation>);

/// An operation that was taken out of its session, which ends it unless it is kept.
pub(crate) struct Taken<'a, T> {
    place: Place<'a>,
    pub(super) operation: Box<T>,
}

impl Operation {
    /// The flag by which C_SessionCancel knows it.
    pub(super) fn kind(&self) -> CK_FLAGS {
        match self {
            Self::None => 0,
            Self::Busy(kind) => *kind,
            Self::Digest(_) => CKF_DIGEST,
            Self::Find(_) => CKF_FIND_OBJECTS,
            Self::Sign(_) => CKF_SIGN,
            Self::Verify(_) => CKF_VERIFY,
        }
    }
}

impl<'a> Place<'a> {
    /// The place of a session that has no operation.
    pub(super) fn reserve(operation: &'a Mutex<Operation>, kind: CK_FLAGS) -> Result<Self> {
        let mut current = operation.lock();
        if !matches!(*current, Operation::None) {
            return Err(Error::OperationActive);
        }
        *current = Operation::Busy(kind);
        Ok(Self(operation))
    }

    pub(super) fn put(self, operation: Operation) {
        *self.0.lock() = operation;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut operation = self.0.lock();
        if matches!(*operation, Operation::Busy(_)) {
            *operation = Operation::None;
        }
    }
}

impl<'a, T: Takes> Taken<'a, T> {
    pub(super) fn out_of(place: &'a Mutex<Operation>) -> Result<Self> {
        let mut current = place.lock();
        let kind = current.kind();
        match T::out_of(mem::replace(&mut *current, Operation::Busy(kind))) {
            Ok(operation) => Ok(Self { place: Place(place), operation }),
            Err(other) => {
                *current = other;
                Err(Error::OperationNotInitialized)
            }
        }
    }

    /// Leaves the operation in its session: after a length query, a short buffer, and a part of a message.
    pub(crate) fn keep(self) {
        self.place.put(self.operation.into_operation());
    }

    /// Leaves the operation, and the session busy for as long as the place lives.
    pub(super) fn into_parts(self) -> (Place<'a>, Box<T>) {
        (self.place, self.operation)
    }
}
