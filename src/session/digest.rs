//! Digests, made in this process: from C_DigestInit to the call that ends it (2.40 §5.10).

use cryptoki_sys::{CK_OBJECT_HANDLE, CKF_DIGEST};

use super::{
    Session,
    operation::{Operation, Taken, Takes},
};
use crate::{
    digest::{Hasher, hasher},
    error::{Error, Result},
    mechanism::{DigestAlgorithm, RequestedMechanism},
};

/// A digest in the making.
pub(crate) struct DigestOperation {
    hasher: Hasher,
    has_parts: bool,
}

impl Takes for DigestOperation {
    fn out_of(operation: Operation) -> std::result::Result<Box<Self>, Operation> {
        match operation {
            Operation::Digest(digest) => Ok(digest),
            other => Err(other),
        }
    }

    fn into_operation(self: Box<Self>) -> Operation {
        Operation::Digest(self)
    }
}

impl Session {
    pub(crate) fn begin_digest(&self, requested: RequestedMechanism<'_>) -> Result<()> {
        let place = self.reserve(CKF_DIGEST)?;
        let hasher = hasher(DigestAlgorithm::requested(requested)?);
        place.put(Operation::Digest(Box::new(DigestOperation { hasher, has_parts: false })));
        Ok(())
    }

    /// The operation for C_Digest. One that has had parts is refused, and ends.
    pub(crate) fn take_whole_digest(&self) -> Result<Taken<'_, DigestOperation>> {
        let taken = self.take_digest()?;
        if taken.operation.has_parts {
            return Err(Error::OperationNotInitialized);
        }
        Ok(taken)
    }

    /// The operation for C_DigestUpdate and C_DigestFinal.
    pub(crate) fn take_digest(&self) -> Result<Taken<'_, DigestOperation>> {
        Taken::out_of(&self.operation)
    }

    /// C_DigestKey: only the value of a secret key could be digested, and this token has none. An error ends the
    /// operation.
    pub(crate) fn digest_key(&self, key: CK_OBJECT_HANDLE) -> Result<()> {
        let _ended = self.take_digest()?;
        self.token.object(key).map_err(|_| Error::KeyHandleInvalid)?;
        Err(Error::KeyIndigestible)
    }
}

impl Taken<'_, DigestOperation> {
    /// The length of the digest in bytes.
    pub(crate) fn digest_len(&self) -> usize {
        self.operation.hasher.output_size()
    }

    /// C_DigestUpdate.
    pub(crate) fn update(&mut self, part: &[u8]) {
        self.operation.has_parts = true;
        self.operation.hasher.update(part);
    }

    /// C_Digest.
    pub(crate) fn digest(mut self, data: &[u8]) -> Vec<u8> {
        self.update(data);
        self.finish()
    }

    /// C_DigestFinal.
    pub(crate) fn finish(self) -> Vec<u8> {
        let (_busy, operation) = self.into_parts();
        operation.hasher.finalize().into_vec()
    }
}
