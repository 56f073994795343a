//! Signatures by hash signing: what is signed is a digest, and the rest is told beside it.

use sha2::{Digest, Sha256};
use signpath_client::config::{Config, CosignSettings};
use signpath_client::error::Situation;
use signpath_client::key::HashAlgorithm;
use signpath_client::metadata::{Payload, SigningContext};
use signpath_client::{Client, HashToSign, Policy, PublicKey};

use crate::error::Error;
use crate::payload;
use crate::service;
use crate::sign::{Format, Message, Signed};
use crate::statement;

pub(super) struct ByHash<'a> {
    pub(super) client: &'a Client,
    pub(super) policy: &'a Policy,
    pub(super) config: &'a Config,
    pub(super) settings: &'a CosignSettings,
}

impl ByHash<'_> {
    /// The client checks each signature against the policy's key.
    pub(super) fn sign(&self, message: Message) -> Result<Signed, Error> {
        let key = self.policy.key();
        let what = to_sign(key, &message);
        let context = SigningContext {
            process: None,
            payload: Some(told(&message)),
            ci_run: self.config.ci_run.clone(),
            artifact_configuration: self.settings.artifact_configuration.clone(),
            description: self.settings.description.clone(),
        };
        let made = self.client.sign_hash_in(&context, self.policy, &what);
        let made = made.map_err(|error| match error.situation() {
            Some(Situation::Approval) => Error::from(error).also("--via request makes them"),
            _ => error.into(),
        })?;
        let signature = key.encoded_signature(&made);
        let signature =
            signature.ok_or_else(|| Error::failed("the signature cannot be written"))?;
        Ok(Signed { message, signature, added: Vec::new() })
    }
}

/// cosign checks SHA-256.
pub(super) fn to_sign(key: &PublicKey, message: &Message) -> HashToSign {
    let digest = Sha256::digest(message.to_sign()).to_vec();
    service::hash_to_sign(key, HashAlgorithm::Sha256, digest)
}

/// What the audit shows of a message.
fn told(message: &Message) -> Payload {
    let (kind, predicate_type) = match message.format {
        Format::Bundle => ("bundle", Some(statement::PREDICATE_TYPE.to_owned())),
        Format::SimpleSigning => ("simple signing", None),
    };
    Payload {
        kind,
        digest: Some(message.image.digest.to_string()),
        image: Some(message.image.repository.to_string()),
        predicate_type,
        annotations: payload::annotations_in(&message.content),
    }
}
