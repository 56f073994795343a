//! Checks signatures as the module does: with the same crates, and the JSON read.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;
use signpath_client::{
    HashToSign, PublicKey,
    key::{HashAlgorithm, Scheme},
};

use crate::{Failure, job};

/// A key, and what is signed with it.
pub(crate) struct Checker {
    key: PublicKey,
    what: HashToSign,
}

/// An answer in either of the service's forms.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(alias = "Signature")]
    signature: Option<String>,
    hash_signing_result: Option<SigningResult>,
}

#[derive(Deserialize)]
struct SigningResult {
    signature: String,
}

impl Checker {
    pub(crate) fn of(check: &job::Check) -> Result<Self, Failure> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(check.key.as_bytes())?;
        let key = PublicKey::from_spki_der(&der).map_err(|error| error.to_string())?;
        let scheme = match check.scheme.as_str() {
            "Ecdsa" => Scheme::Ecdsa,
            "RsaPkcs1" => Scheme::RsaPkcs1(HashAlgorithm::Sha256),
            other => return Err(format!("no scheme is called '{other}'").into()),
        };
        Ok(Self { key, what: HashToSign { scheme, hash: from_base64(&check.digest)? } })
    }

    /// # Errors
    /// When there is no right signature in the answer.
    pub(crate) fn check(&self, answer: &[u8]) -> Result<(), Failure> {
        let answer: Answer = serde_json::from_slice(answer)?;
        let signature = answer.hash_signing_result.map(|result| result.signature);
        let signature = signature.or(answer.signature).ok_or("there is no signature")?;
        if self.key.verify(&self.what, &from_base64(&signature)?) {
            Ok(())
        } else {
            Err("the signature is wrong".into())
        }
    }
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, Failure> {
    Ok(STANDARD.decode(text)?)
}
