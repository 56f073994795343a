//! A session: its operation, one at a time, and how it begins and ends (2.40 §5.1.6, §5.2, §5.11).

use std::{collections::VecDeque, sync::Arc};

use cryptoki_sys::*;
use parking_lot::Mutex;
use signpath_client::policy::Policy;

use crate::{
    error::{Error, Result},
    mechanism::{Input, KeyType, Mechanism, RequestedMechanism},
    object::{Class, Template},
    request::{self, Message},
    token::Token,
};

/// A session with a token. The lock is held for moments only: an operation is taken out, works, and is put back by
/// those answers that keep it.
pub(crate) struct Session {
    token: Arc<Token>,
    read_write: bool,
    operations: Mutex<Operations>,
}

#[derive(Default)]
struct Operations {
    find: Option<VecDeque<CK_OBJECT_HANDLE>>,
    sign: Option<SignOperation>,
}

/// A signing operation, from C_SignInit to the call that ends it.
pub(crate) struct SignOperation {
    token: Arc<Token>,
    policy: Arc<Policy>,
    mechanism: &'static Mechanism,
    /// The parts so far, once there was one.
    message: Option<Message>,
}

impl Session {
    pub(crate) fn new(token: Arc<Token>, read_write: bool) -> Self {
        Self { token, read_write, operations: Mutex::default() }
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
        if self.operations.lock().is_any_active() {
            return Err(Error::OperationActive);
        }
        let found = self.token.search(template)?;
        self.operations.lock().find = Some(found.into());
        Ok(())
    }

    /// At most `count` further objects of the search.
    pub(crate) fn found(&self, count: usize) -> Result<Vec<CK_OBJECT_HANDLE>> {
        let mut operations = self.operations.lock();
        let find = operations.find.as_mut().ok_or(Error::OperationNotInitialized)?;
        let count = count.min(find.len());
        Ok(find.drain(..count).collect())
    }

    pub(crate) fn end_find(&self) -> Result<()> {
        let ended = self.operations.lock().find.take();
        ended.map(drop).ok_or(Error::OperationNotInitialized)
    }

    pub(crate) fn begin_sign(
        &self,
        requested: RequestedMechanism<'_>,
        key: CK_OBJECT_HANDLE,
    ) -> Result<()> {
        if self.operations.lock().is_any_active() {
            return Err(Error::OperationActive);
        }
        let mechanism = Mechanism::requested(requested)?;
        let key = self.token.object(key).map_err(|_| Error::KeyHandleInvalid)?;
        match key.class() {
            Class::Certificate => return Err(Error::KeyHandleInvalid),
            Class::PublicKey => return Err(Error::KeyFunctionNotPermitted),
            Class::PrivateKey => {}
        }
        if mechanism.key_type != KeyType::of(key.policy().key()) {
            return Err(Error::KeyTypeInconsistent);
        }
        let (token, policy) = (Arc::clone(&self.token), Arc::clone(key.policy()));
        self.operations.lock().sign =
            Some(SignOperation { token, policy, mechanism, message: None });
        Ok(())
    }

    /// Takes the signing operation out of the session, which ends it unless it is restored.
    pub(crate) fn take_sign(&self) -> Result<SignOperation> {
        self.operations.lock().sign.take().ok_or(Error::OperationNotInitialized)
    }

    /// Puts the operation back: after a length query, a short buffer, and a part of a message.
    pub(crate) fn restore_sign(&self, operation: SignOperation) {
        self.operations.lock().sign = Some(operation);
    }
}

impl Operations {
    /// 2.40 §5.1.6, CKR_OPERATION_ACTIVE: a search keeps a signature from beginning, and the other way round.
    fn is_any_active(&self) -> bool {
        self.find.is_some() || self.sign.is_some()
    }
}

impl SignOperation {
    /// The length of the signature in bytes; EC: r‖s.
    pub(crate) fn signature_len(&self) -> usize {
        self.policy.key().signature_len()
    }

    /// Whether C_Sign may end it: not after a part of a message has been given.
    pub(crate) fn is_single_part(&self) -> bool {
        self.message.is_none()
    }

    /// C_Sign.
    pub(crate) fn sign(self, data: &[u8]) -> Result<Vec<u8>> {
        self.token.sign(&self.policy, &request::plan(self.mechanism, data)?)
    }

    /// C_SignUpdate. An error ends the operation, so that a client that tries again makes no second request.
    pub(crate) fn update(mut self, part: &[u8]) -> Result<Self> {
        let mut message = self.take_message()?;
        message.update(part);
        self.message = Some(message);
        Ok(self)
    }

    /// Whether C_SignFinal may end it: a mechanism that takes a hash has no parts.
    pub(crate) fn is_multi_part(&self) -> bool {
        matches!(self.mechanism.input, Input::Message(_))
    }

    /// C_SignFinal.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        let what = self.take_message()?.finish();
        self.token.sign(&self.policy, &what)
    }

    fn take_message(&mut self) -> Result<Message> {
        self.message.take().map_or_else(|| Message::begin(self.mechanism), Ok)
    }
}
