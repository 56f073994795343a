//! A session: its operation, one at a time, and how it begins and ends (2.40 §5.1.6, §5.2).

use std::{collections::VecDeque, sync::Arc};

use cryptoki_sys::*;
use parking_lot::Mutex;
use signpath_client::policy::Policy;

use crate::{
    error::{Error, Result},
    mechanism::{KeyType, SignatureMechanism},
    object::{Class, Template},
    token::Token,
};

mod digest;
mod operation;
mod sign;
mod verify;

pub(crate) use operation::{Taken, Takes};
pub(crate) use verify::Signature;

use operation::{Operation, Place};

/// A session with a token. The lock is held for moments only: an operation is taken out, works, and is put back by
/// those answers that keep it.
pub(crate) struct Session {
    token: Arc<Token>,
    read_write: bool,
    operation: Mutex<Operation>,
}

impl Session {
    pub(crate) fn new(token: Arc<Token>, read_write: bool) -> Self {
        Self { token, read_write, operation: Mutex::new(Operation::None) }
    }

    pub(crate) fn token(&self) -> &Arc<Token> {
        &self.token
    }

    pub(crate) fn is_read_write(&self) -> bool {
        self.read_write
    }

    pub(crate) fn state(&self) -> CK_STATE {
        match (self.token.is_logged_in(), self.read_write) {
            (true, true) => CKS_RW_USER_FUNCTIONS,
            (true, false) => CKS_RO_USER_FUNCTIONS,
            (false, true) => CKS_RW_PUBLIC_SESSION,
            (false, false) => CKS_RO_PUBLIC_SESSION,
        }
    }

    pub(crate) fn begin_find(&self, template: &Template) -> Result<()> {
        let place = self.reserve(CKF_FIND_OBJECTS)?;
        let found = self.token.search(template)?;
        place.put(Operation::Find(found.into()));
        Ok(())
    }

    /// At most `count` further objects of the search.
    pub(crate) fn found(&self, count: usize) -> Result<Vec<CK_OBJECT_HANDLE>> {
        match &mut *self.operation.lock() {
            Operation::Find(found) => Ok(next(found, count)),
            _ => Err(Error::OperationNotInitialized),
        }
    }

    pub(crate) fn end_find(&self) -> Result<()> {
        let mut operation = self.operation.lock();
        if !matches!(*operation, Operation::Find(_)) {
            return Err(Error::OperationNotInitialized);
        }
        *operation = Operation::None;
        Ok(())
    }

    /// Ends the operation if it is of one of these kinds (CKF_SIGN and so on), and says whether it was: C_SessionCancel (3.0
    /// §5.6.5), and C_SignInit and its kin without a mechanism (3.0 §5.12.1, §5.13.1, §5.15.1). One that is at work, waiting
    /// for the service, cannot be taken back.
    pub(crate) fn cancel(&self, kinds: CK_FLAGS) -> Result<bool> {
        let mut operation = self.operation.lock();
        if operation.kind() & kinds == 0 {
            return Ok(false);
        }
        if matches!(*operation, Operation::Busy(_)) {
            return Err(Error::OperationCancelFailed);
        }
        *operation = Operation::None;
        Ok(true)
    }

    /// The policy whose key of this class has the handle, for a mechanism.
    fn key(
        &self,
        handle: CK_OBJECT_HANDLE,
        wanted: Class,
        mechanism: &SignatureMechanism,
    ) -> Result<Arc<Policy>> {
        let object = self.token.object(handle).map_err(|_| Error::KeyHandleInvalid)?;
        let is_key = matches!(object.class(), Class::PrivateKey | Class::PublicKey);
        let policy = object.policy().filter(|_| is_key).ok_or(Error::KeyHandleInvalid)?;
        // 2.40 §5.1.6: the wrong type of key has priority over the wrong use of it.
        if mechanism.key_type() != KeyType::of(policy.key()) {
            return Err(Error::KeyTypeInconsistent);
        }
        if object.class() != wanted {
            return Err(Error::KeyFunctionNotPermitted);
        }
        Ok(Arc::clone(policy))
    }

    fn reserve(&self, kind: CK_FLAGS) -> Result<Place<'_>> {
        Place::reserve(&self.operation, kind)
    }
}

fn next(found: &mut VecDeque<CK_OBJECT_HANDLE>, count: usize) -> Vec<CK_OBJECT_HANDLE> {
    found.drain(..count.min(found.len())).collect()
}
