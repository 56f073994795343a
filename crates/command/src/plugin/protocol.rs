//! Version 1 of the protocol between cosign and its KMS plugins (sigstore, `pkg/signature/kms/cliplugin`): the shapes of
//! argument 2 and of the answer. Byte strings are Base64, hash functions have the numbers of Go's `crypto.Hash`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use signpath_client::key::HashAlgorithm;

/// Argument 1.
pub(super) const VERSION: &str = "v1";

/// The hash functions by their numbers.
const HASHES: [(u32, HashAlgorithm); 4] = [
    (3, HashAlgorithm::Sha1),
    (5, HashAlgorithm::Sha256),
    (6, HashAlgorithm::Sha384),
    (7, HashAlgorithm::Sha512),
];

/// Argument 2: what is to be done with which key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    pub(super) init_options: InitOptions,
    pub(super) method_name: String,
    pub(super) sign_message: Option<SignMessage>,
    pub(super) verify_signature: Option<VerifySignature>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InitOptions {
    ctx_deadline: Option<String>,
    pub(super) protocol_version: String,
    #[serde(rename = "keyResourceID")]
    pub(super) key_resource_id: String,
    hash_func: u32,
    rpc_options: Option<RpcOptions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SignMessage {
    sign_options: Option<Options>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VerifySignature {
    signature: Option<String>,
    verify_options: Option<Options>,
}

/// Of signing and of checking.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    rpc_options: Option<RpcOptions>,
    message_options: Option<MessageOptions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RpcOptions {
    ctx_deadline: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MessageOptions {
    digest: Option<String>,
    hash_func: Option<u32>,
}

/// What comes with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageFacts {
    /// How it is hashed.
    pub(super) hash: HashAlgorithm,
    /// Its digest, if cosign gives it.
    pub(super) digest: Option<Vec<u8>>,
}

/// The answer: one JSON object on standard output.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_algorithm: Option<DefaultAlgorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_algorithms: Option<SupportedAlgorithms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<PublicKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_message: Option<Signature>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_signature: Option<Verified>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct DefaultAlgorithm {
    default_algorithm: &'static str,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SupportedAlgorithms {
    supported_algorithms: &'static [&'static str],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct PublicKey {
    #[serde(rename = "publicKeyPEM")]
    pem: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Signature {
    signature: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Verified {}

impl Call {
    /// Reads argument 2.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let call: Self = serde_json::from_str(text)
            .map_err(|error| format!("argument 2 is not a call of the plugin protocol: {error}"))?;
        match call.init_options.protocol_version.as_str() {
            VERSION => Ok(call),
            other => Err(unknown_version(other)),
        }
    }

    /// When cosign stops waiting, in RFC 3339; the earliest of them counts.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = &str> {
        let signing = self.sign_message.as_ref().and_then(|call| call.sign_options.as_ref());
        let of_signing = signing.and_then(|options| options.rpc_options.as_ref());
        let of_calls = [self.init_options.rpc_options.as_ref(), of_signing].into_iter().flatten();
        let of_calls = of_calls.filter_map(|options| options.ctx_deadline.as_deref());
        self.init_options.ctx_deadline.as_deref().into_iter().chain(of_calls)
    }

    /// What comes with the message to be signed.
    ///
    /// # Errors
    /// A hash function that the service does not know, or a digest that is not Base64.
    pub(super) fn message_to_sign(&self) -> Result<MessageFacts, String> {
        let options = self.sign_message.as_ref().and_then(|call| call.sign_options.as_ref());
        self.facts(options)
    }

    /// The signature to be checked, and what comes with its message.
    ///
    /// # Errors
    /// As [`Self::message_to_sign`]; no signature, or one that is not Base64.
    pub(super) fn signature_to_check(&self) -> Result<(Vec<u8>, MessageFacts), String> {
        let call = self.verify_signature.as_ref().ok_or("verifySignature has no arguments")?;
        let text = call.signature.as_deref().unwrap_or_default();
        let signature = STANDARD.decode(text).map_err(|_| "the signature is not Base64")?;
        Ok((signature, self.facts(call.verify_options.as_ref())?))
    }

    fn facts(&self, options: Option<&Options>) -> Result<MessageFacts, String> {
        let message = options.and_then(|options| options.message_options.as_ref());
        let digest = message.and_then(|message| message.digest.as_deref());
        let digest = digest.filter(|text| !text.is_empty()).map(|text| STANDARD.decode(text));
        let digest = digest.transpose().map_err(|_| "the digest is not Base64")?;
        let hash = match (message.and_then(|message| message.hash_func), &digest) {
            (Some(number), _) => hash_of(number)?,
            // cosign v3 hashes as the key's curve wants it, and only the digest's length says so.
            (None, Some(digest)) => HashAlgorithm::ALL
                .into_iter()
                .find(|hash| hash.len() == digest.len())
                .map_or_else(|| hash_of(self.init_options.hash_func), Ok)?,
            (None, None) => hash_of(self.init_options.hash_func)?,
        };
        match &digest {
            Some(digest) if digest.len() != hash.len() => Err(format!(
                "{} digests have {} bytes, and the given one has {}",
                hash.name(),
                hash.len(),
                digest.len()
            )),
            _ => Ok(MessageFacts { hash, digest }),
        }
    }
}

fn hash_of(number: u32) -> Result<HashAlgorithm, String> {
    let row = HASHES.iter().find(|(known, _)| *known == number);
    row.map(|(_, hash)| *hash).ok_or_else(|| {
        format!(
            "the hash function {number} of Go cannot be used; allowed: 5 (SHA-256), 6 (SHA-384), 7 (SHA-512), 3 (SHA-1)"
        )
    })
}

impl Answer {
    /// The failure of any method.
    pub(super) fn error(message: String) -> Self {
        Self { error_message: Some(message), ..Self::default() }
    }

    pub(super) fn default_algorithm(name: &'static str) -> Self {
        let default_algorithm = Some(DefaultAlgorithm { default_algorithm: name });
        Self { default_algorithm, ..Self::default() }
    }

    pub(super) fn supported_algorithms(names: &'static [&'static str]) -> Self {
        let supported_algorithms = Some(SupportedAlgorithms { supported_algorithms: names });
        Self { supported_algorithms, ..Self::default() }
    }

    pub(super) fn public_key(pem: &str) -> Self {
        let public_key = Some(PublicKey { pem: STANDARD.encode(pem) });
        Self { public_key, ..Self::default() }
    }

    pub(super) fn signature(bytes: &[u8]) -> Self {
        let sign_message = Some(Signature { signature: STANDARD.encode(bytes) });
        Self { sign_message, ..Self::default() }
    }

    pub(super) fn verified() -> Self {
        Self { verify_signature: Some(Verified {}), ..Self::default() }
    }
}

/// What is said of another version of the protocol.
pub(super) fn unknown_version(found: &str) -> String {
    format!(
        "this plugin speaks version {VERSION} of cosign's plugin protocol, and {found:?} was asked for"
    )
}
