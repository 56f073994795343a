//! Signing: from C_SignInit to the call that ends it (2.40 §5.11).

use std::sync::Arc;

use cryptoki_sys::{CK_OBJECT_HANDLE, CKF_SIGN};
use signpath_client::{key::HashToSign, policy::Policy};

use super::{
    Session,
    operation::{Operation, Place, Taken, Takes},
};
use crate::{
    error::{Error, Result},
    mechanism::{RequestedMechanism, SignatureMechanism},
    object::Class,
    request::Intake,
    token::Token,
    warm::Service,
};

/// A signing operation. It stays with the credentials that it began with.
pub(crate) struct SignOperation {
    token: Arc<Token>,
    service: Arc<Service>,
    policy: Arc<Policy>,
    intake: Intake,
}

impl Takes for SignOperation {
    fn out_of(operation: Operation) -> std::result::Result<Box<Self>, Operation> {
        match operation {
            Operation::Sign(sign) => Ok(sign),
            other => Err(other),
        }
    }

    fn into_operation(self: Box<Self>) -> Operation {
        Operation::Sign(self)
    }
}

impl Session {
    pub(crate) fn begin_sign(
        &self,
        requested: RequestedMechanism<'_>,
        key: CK_OBJECT_HANDLE,
    ) -> Result<()> {
        let place = self.reserve(CKF_SIGN)?;
        let mechanism = SignatureMechanism::requested(requested)?;
        let policy = self.key(key, Class::PrivateKey, &mechanism)?;
        let token = Arc::clone(self.token());
        let service = token.service().ok_or(Error::UserNotLoggedIn)?;
        let intake = Intake::new(mechanism, policy.key().signature_len());
        let operation = SignOperation { token, service, policy, intake };
        place.put(Operation::Sign(Box::new(operation)));
        Ok(())
    }

    /// The operation for C_Sign. One that has had parts is refused, and ends.
    pub(crate) fn take_whole_sign(&self) -> Result<Taken<'_, SignOperation>> {
        let taken = Taken::<SignOperation>::out_of(&self.operation)?;
        taken.operation.intake.check_whole()?;
        Ok(taken)
    }

    /// The operation for C_SignUpdate and C_SignFinal. A mechanism that takes a hash has no parts; the operation is over
    /// then, so that a client that tries again makes no second request.
    pub(crate) fn take_sign_in_parts(&self) -> Result<Taken<'_, SignOperation>> {
        let taken = Taken::<SignOperation>::out_of(&self.operation)?;
        taken.operation.intake.check_parts()?;
        Ok(taken)
    }
}

impl Taken<'_, SignOperation> {
    /// The length of the signature in bytes; EC: r‖s.
    pub(crate) fn signature_len(&self) -> usize {
        self.operation.policy.key().signature_len()
    }

    /// C_Sign.
    pub(crate) fn sign(self, data: &[u8]) -> Result<Vec<u8>> {
        let what = self.operation.intake.whole(data)?;
        self.ask(|_| Ok(what))
    }

    /// C_SignUpdate.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        self.operation.intake.update(part)
    }

    /// C_SignFinal.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        self.ask(Intake::finish)
    }

    /// The session stays busy until the service has answered.
    fn ask(self, plan: impl FnOnce(Intake) -> Result<HashToSign>) -> Result<Vec<u8>> {
        let (_busy, operation): (Place<'_>, _) = self.into_parts();
        let SignOperation { token, service, policy, intake } = *operation;
        let what = plan(intake)?;
        if !token.still_uses(&service) {
            return Err(Error::UserNotLoggedIn);
        }
        service.sign(&policy, &what)
    }
}
