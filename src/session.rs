//! A session: its operation, one at a time, and how it begins and ends (2.40 §5.1.6, §5.2, §5.11).

use std::{collections::VecDeque, mem, sync::Arc};

use cryptoki_sys::*;
use parking_lot::Mutex;
use signpath_client::{key::HashToSign, policy::Policy};

use crate::{
    error::{Error, Result},
    mechanism::{Input, KeyType, Mechanism, RequestedMechanism},
    object::{Class, Template},
    request::{self, Message},
    token::Token,
    warm::Service,
};

/// A session with a token. The lock is held for moments only: an operation is taken out, works, and is put back by
/// those answers that keep it.
pub(crate) struct Session {
    token: Arc<Token>,
    read_write: bool,
    operation: Mutex<Operation>,
}

/// 2.40 §5.1.6, CKR_OPERATION_ACTIVE: a search keeps a signature from beginning, and the other way round.
enum Operation {
    None,
    /// One is beginning or working.
    Busy,
    Find(VecDeque<CK_OBJECT_HANDLE>),
    Sign(Box<SignOperation>),
}

/// A session's place for an operation while one is beginning or working: the session is busy for as long as this lives,
/// and has no operation afterwards unless one was put in.
struct Place<'a>(&'a Session);

/// A signing operation, from C_SignInit to the call that ends it. It stays with the credentials that it began with.
pub(crate) struct SignOperation {
    service: Arc<Service>,
    policy: Arc<Policy>,
    mechanism: &'static Mechanism,
    /// The parts so far, once there was one.
    message: Option<Message>,
}

/// A signing operation that was taken out of its session, which ends it unless it is kept.
pub(crate) struct TakenSign<'a> {
    place: Place<'a>,
    operation: Box<SignOperation>,
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
        let place = self.reserve()?;
        let found = self.token.search(template)?;
        place.put(Operation::Find(found.into()));
        Ok(())
    }

    /// At most `count` further objects of the search.
    pub(crate) fn found(&self, count: usize) -> Result<Vec<CK_OBJECT_HANDLE>> {
        match &mut *self.operation.lock() {
            Operation::Find(found) => Ok(found.drain(..count.min(found.len())).collect()),
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

    pub(crate) fn begin_sign(
        &self,
        requested: RequestedMechanism<'_>,
        key: CK_OBJECT_HANDLE,
    ) -> Result<()> {
        let place = self.reserve()?;
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
        let service = self.token.service().ok_or(Error::UserNotLoggedIn)?;
        let policy = Arc::clone(key.policy());
        let operation = SignOperation { service, policy, mechanism, message: None };
        place.put(Operation::Sign(Box::new(operation)));
        Ok(())
    }

    /// 3.0 §5.13.1: C_SignInit without a mechanism ends the operation that is under way.
    pub(crate) fn cancel_sign(&self) -> Result<()> {
        self.take_sign().map(drop)
    }

    /// The operation for C_Sign, which does not end one that has had parts.
    pub(crate) fn take_single_part(&self) -> Result<TakenSign<'_>> {
        let taken = self.take_sign()?;
        if taken.operation.message.is_some() {
            return Err(Error::OperationNotInitialized);
        }
        Ok(taken)
    }

    /// The operation for C_SignUpdate and C_SignFinal. A mechanism that takes a hash has no parts; the operation is over
    /// then, so that a client that tries again makes no second request.
    pub(crate) fn take_multi_part(&self) -> Result<TakenSign<'_>> {
        let taken = self.take_sign()?;
        match taken.operation.mechanism.input {
            Input::Hash => Err(Error::FunctionNotSupported),
            Input::Message(_) => Ok(taken),
        }
    }

    fn take_sign(&self) -> Result<TakenSign<'_>> {
        let mut operation = self.operation.lock();
        match mem::replace(&mut *operation, Operation::Busy) {
            Operation::Sign(sign) => Ok(TakenSign { place: Place(self), operation: sign }),
            other => {
                *operation = other;
                Err(Error::OperationNotInitialized)
            }
        }
    }

    fn reserve(&self) -> Result<Place<'_>> {
        let mut operation = self.operation.lock();
        if !matches!(*operation, Operation::None) {
            return Err(Error::OperationActive);
        }
        *operation = Operation::Busy;
        Ok(Place(self))
    }
}

impl Place<'_> {
    fn put(self, operation: Operation) {
        *self.0.operation.lock() = operation;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut operation = self.0.operation.lock();
        if matches!(*operation, Operation::Busy) {
            *operation = Operation::None;
        }
    }
}

impl TakenSign<'_> {
    /// The length of the signature in bytes; EC: r‖s.
    pub(crate) fn signature_len(&self) -> usize {
        self.operation.policy.key().signature_len()
    }

    /// Leaves the operation in its session: after a length query, a short buffer, and a part of a message.
    pub(crate) fn keep(self) {
        self.place.put(Operation::Sign(self.operation));
    }

    /// C_Sign.
    pub(crate) fn sign(self, data: &[u8]) -> Result<Vec<u8>> {
        let what = request::plan(self.operation.mechanism, data)?;
        self.ask(&what)
    }

    /// C_SignUpdate.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        let mut message = self.take_message()?;
        message.update(part);
        self.operation.message = Some(message);
        Ok(())
    }

    /// C_SignFinal.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        let what = self.take_message()?.finish();
        self.ask(&what)
    }

    fn take_message(&mut self) -> Result<Message> {
        let begun = self.operation.message.take();
        begun.map_or_else(|| Message::begin(self.operation.mechanism), Ok)
    }

    /// The session stays busy until the service has answered.
    fn ask(&self, what: &HashToSign) -> Result<Vec<u8>> {
        let SignOperation { service, policy, .. } = &*self.operation;
        if !self.place.0.token.still_uses(service) {
            return Err(Error::UserNotLoggedIn);
        }
        service.sign(policy, what)
    }
}
