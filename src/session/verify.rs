//! Checking signatures, in this process: from C_VerifyInit to the call that ends it (2.40 §5.12), and the other way round,
//! with the signature first (3.2, C_VerifySignatureInit).

use std::sync::Arc;

use cryptoki_sys::{CK_OBJECT_HANDLE, CKF_VERIFY};
use signpath_client::{key::HashToSign, policy::Policy};

use super::{
    Session,
    operation::{Operation, Taken, Takes},
};
use crate::{
    error::{Error, Result},
    mechanism::{RequestedMechanism, SignatureMechanism},
    object::Class,
    request::Intake,
};

/// The check of a signature.
pub(crate) struct VerifyOperation {
    policy: Arc<Policy>,
    intake: Intake,
    /// The signature, where it came first.
    signature: Option<Vec<u8>>,
}

/// When the caller hands in the signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signature {
    /// At the beginning: C_VerifySignature and its kin.
    First,
    /// At the end: C_Verify and its kin.
    Last,
}

impl Takes for VerifyOperation {
    fn out_of(operation: Operation) -> std::result::Result<Box<Self>, Operation> {
        match operation {
            Operation::Verify(verify) => Ok(verify),
            other => Err(other),
        }
    }

    fn into_operation(self: Box<Self>) -> Operation {
        Operation::Verify(self)
    }
}

impl Session {
    /// With a signature: the one that comes first.
    pub(crate) fn begin_verify(
        &self,
        requested: RequestedMechanism<'_>,
        key: CK_OBJECT_HANDLE,
        signature: Option<&[u8]>,
    ) -> Result<()> {
        let place = self.reserve(CKF_VERIFY)?;
        let mechanism = SignatureMechanism::requested(requested)?;
        let policy = self.key(key, Class::PublicKey, &mechanism)?;
        let signature = signature.map(<[u8]>::to_vec);
        let intake = Intake::new(mechanism, policy.key().signature_len());
        let operation = VerifyOperation { policy, intake, signature };
        place.put(Operation::Verify(Box::new(operation)));
        Ok(())
    }

    /// The operation for a call that has all of the data.
    pub(crate) fn take_whole_verify(
        &self,
        signature: Signature,
    ) -> Result<Taken<'_, VerifyOperation>> {
        let taken = self.take_verify(signature)?;
        taken.operation.intake.check_whole()?;
        Ok(taken)
    }

    /// The operation for a part, and for the end of the parts.
    pub(crate) fn take_verify_in_parts(
        &self,
        signature: Signature,
    ) -> Result<Taken<'_, VerifyOperation>> {
        let taken = self.take_verify(signature)?;
        taken.operation.intake.check_parts()?;
        Ok(taken)
    }

    fn take_verify(&self, signature: Signature) -> Result<Taken<'_, VerifyOperation>> {
        let taken = Taken::<VerifyOperation>::out_of(&self.operation)?;
        let came_first = taken.operation.signature.is_some();
        if came_first != (signature == Signature::First) {
            taken.keep();
            return Err(Error::OperationNotInitialized);
        }
        Ok(taken)
    }
}

impl Taken<'_, VerifyOperation> {
    /// The end, with all of the data.
    pub(crate) fn verify(self, data: &[u8], signature: &[u8]) -> Result<()> {
        let what = self.operation.intake.whole(data)?;
        check(&self.operation.policy, &what, signature)
    }

    /// A part of the data.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        self.operation.intake.update(part)
    }

    /// The end, after the parts.
    pub(crate) fn finish(self, signature: &[u8]) -> Result<()> {
        let (_busy, operation) = self.into_parts();
        check(&operation.policy, &operation.intake.finish()?, signature)
    }

    /// The signature that came first.
    pub(crate) fn signature(&mut self) -> Vec<u8> {
        self.operation.signature.take().unwrap_or_default()
    }
}

/// 2.40 §5.12, C_Verify: a length that no signature of the key has is told apart from a wrong signature.
fn check(policy: &Policy, what: &HashToSign, signature: &[u8]) -> Result<()> {
    if signature.len() != policy.key().signature_len() {
        return Err(Error::SignatureLength);
    }
    if policy.key().verify(what, signature) { Ok(()) } else { Err(Error::SignatureInvalid) }
}
