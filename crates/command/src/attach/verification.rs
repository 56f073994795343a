//! Whether what is to be attached verifies. A registry takes everything: what does not verify would be found out by those who
//! want to run the image.

use std::path::Path;

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use signpath_client::config::Via;
use signpath_client::key::HashAlgorithm;
use signpath_client::{Certificate, PublicKey};
use x509_cert::der::Document;

use crate::bundle::Read;
use crate::error::Error;
use crate::files;
use crate::service::{self, PolicyName};

const PEM_LABEL: &str = "PUBLIC KEY";

type Hash = fn(&[u8]) -> Vec<u8>;

/// How a message may be hashed: cosign v2 takes SHA-256 for every key, v3 what the key's curve wants.
const HASHES: [(HashAlgorithm, Hash); 3] = [
    (HashAlgorithm::Sha256, |message| Sha256::digest(message).to_vec()),
    (HashAlgorithm::Sha384, |message| Sha384::digest(message).to_vec()),
    (HashAlgorithm::Sha512, |message| Sha512::digest(message).to_vec()),
];

/// What a signature has to verify with before it is attached.
pub(crate) enum Verification {
    /// Nothing more: it was checked where it was made, or somebody has said that it is not to be.
    Nothing,
    /// This key, and whose it is.
    Key(Box<PublicKey>, String),
}

impl Verification {
    /// The key in a file, PEM.
    ///
    /// # Errors
    /// A file that cannot be read, or has no such key.
    pub(crate) fn by_file(path: &Path) -> Result<Self, Error> {
        let text = files::read(path)?;
        let key = key_in(&text).map_err(|why| {
            Error::failed(format!("{} is no public key in PEM", path.display()))
                .because(why)
                .hint("`signpath-cosign trust PROJECT/POLICY` prints that of a signing policy")
        })?;
        Ok(Self::Key(Box::new(key), path.display().to_string()))
    }

    /// The key that a signing policy has now.
    ///
    /// # Errors
    /// What keeps the service from answering.
    pub(crate) fn by_policy(name: &PolicyName) -> Result<Self, Error> {
        let config = service::configuration()?;
        let policy = service::policy(&service::open(&config)?, name, Via::Request)?;
        Ok(Self::Key(Box::new(policy.key().clone()), name.to_string()))
    }

    /// # Errors
    /// A signature that does not verify.
    pub(super) fn of_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let Self::Key(key, whose) = self else { return Ok(()) };
        if verifies(key, message, signature) {
            return Ok(());
        }
        Err(wrong(format!("the signature does not verify with the public key of {whose}")))
    }

    /// # Errors
    /// A signature that does not verify, or a certificate beside it that is of another key: who verifies by the name in it
    /// takes its key.
    pub(super) fn of_bundle(&self, bundle: &Read) -> Result<(), Error> {
        let Self::Key(key, whose) = self else { return Ok(()) };
        let mut signatures = bundle.signatures.iter();
        if !signatures.all(|signature| verifies(key, &bundle.message, signature)) {
            return Err(wrong(format!(
                "the bundle does not verify with the public key of {whose}"
            )));
        }
        let Some(der) = &bundle.certificate else { return Ok(()) };
        let own = Certificate::from_der(der).and_then(|certificate| certificate.public_key());
        if own.is_ok_and(|own| own == **key) {
            return Ok(());
        }
        Err(wrong(format!("the certificate in the bundle does not have the public key of {whose}")))
    }
}

fn wrong(what: String) -> Error {
    Error::failed(what).because("nothing was attached").hint(
        "see whether it is the key that has signed, and the file that was signed: SignPath may have put something into it",
    )
}

fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let Ok(fixed) = key.fixed_signature(signature.to_vec()) else { return false };
    HASHES.iter().any(|(algorithm, digest)| {
        key.verify(&service::hash_to_sign(key, *algorithm, digest(message)), &fixed)
    })
}

fn key_in(text: &[u8]) -> Result<PublicKey, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is no text")?;
    let (label, der) = Document::from_pem(text.trim()).map_err(|error| error.to_string())?;
    if label != PEM_LABEL {
        return Err(format!("it holds {label:?} instead of {PEM_LABEL:?}"));
    }
    PublicKey::from_spki_der(der.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// A key, a message, and signatures of it: `openssl dgst -sha256 -sign`, with -sha384 and without a hash that is allowed.
    const KEY: &str = include_str!("vectors/p384.pub");
    const MESSAGE: &[u8] = include_bytes!("vectors/message");

    fn signature(name: &str) -> Vec<u8> {
        let text = match name {
            "sha256" => include_str!("vectors/p384.sha256.sig"),
            "sha384" => include_str!("vectors/p384.sha384.sig"),
            _ => include_str!("vectors/p384.sha1.sig"),
        };
        STANDARD.decode(text.trim()).unwrap()
    }

    fn verification() -> Verification {
        Verification::Key(Box::new(key_in(KEY.as_bytes()).unwrap()), "demo/ec".to_owned())
    }

    #[test]
    fn what_cosign_makes_with_a_curve_verifies_and_nothing_else() {
        for (name, is_right) in [("sha256", true), ("sha384", true), ("sha1", false)] {
            let checked = verification().of_signature(MESSAGE, &signature(name));
            assert_eq!(checked.is_ok(), is_right, "{name}");
        }
        let rows = [
            (&b"another"[..], signature("sha256")),
            (MESSAGE, b"sig".to_vec()),
            (MESSAGE, Vec::new()),
        ];
        for (message, signature) in rows {
            let error = verification().of_signature(message, &signature).unwrap_err();
            assert!(error.statement().contains("does not verify with the public key of demo/ec"));
            assert!(Verification::Nothing.of_signature(message, &signature).is_ok());
        }
    }

    #[test]
    fn a_bundle_counts_with_a_certificate_of_the_same_key_alone() {
        let decoded = signature("sha384");
        let bundle = |signatures: Vec<Vec<u8>>, certificate: Option<&[u8]>| Read {
            stated: crate::statement::Stated {
                subjects: Vec::new(),
                predicate_type: String::new(),
            },
            message: MESSAGE.to_vec(),
            signatures,
            certificate: certificate.map(<[u8]>::to_vec),
        };
        let own = der(include_str!("vectors/p384.pem"));
        let other = der(include_str!("vectors/other.pem"));
        for (signatures, certificate, is_right) in [
            (vec![decoded.clone()], None, true),
            (vec![decoded.clone()], Some(&*own), true),
            (vec![decoded.clone()], Some(&*other), false),
            (vec![decoded.clone()], Some(&b"none"[..]), false),
            (vec![decoded.clone(), b"another".to_vec()], None, false),
        ] {
            let checked = verification().of_bundle(&bundle(signatures, certificate));
            assert_eq!(checked.is_ok(), is_right, "{:?}", checked.err());
        }
    }

    fn der(pem: &str) -> Vec<u8> {
        Document::from_pem(pem.trim()).unwrap().1.as_bytes().to_vec()
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_keys_panic(bytes: Vec<u8>) {
            key_in(&bytes).ok();
        }
    }
}
