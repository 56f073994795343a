//! Signatures by hash signing: the service sees a digest alone.

use sha2::{Digest, Sha256};
use signpath_client::key::{HashAlgorithm, Scheme};
use signpath_client::{Client, HashToSign, Policy, PublicKey};

use crate::error::Error;
use crate::sign::{Message, Signed, Signer};

pub(super) struct ByHash {
    pub(super) client: Client,
    pub(super) policy: Policy,
}

impl Signer for ByHash {
    fn key(&self) -> &PublicKey {
        self.policy.key()
    }

    /// The client checks each signature against the policy's key.
    fn sign(&self, message: Message) -> Result<Signed, Error> {
        let scheme = match self.key() {
            PublicKey::Rsa(_) => Scheme::RsaPkcs1(HashAlgorithm::Sha256),
            PublicKey::Ec(_) => Scheme::Ecdsa,
        };
        let hash = Sha256::digest(message.to_sign()).to_vec();
        let made = self.client.sign_hash(&self.policy, &HashToSign { scheme, hash })?;
        let signature = self.key().encoded_signature(&made);
        let signature =
            signature.ok_or_else(|| Error::failed("the signature cannot be written"))?;
        Ok(Signed { message, signature })
    }
}
