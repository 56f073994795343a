//! Whether what is to be attached verifies. A registry takes everything: what does not verify would be found out by those who
//! want to run the image.

use std::path::Path;

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use signpath_client::config::Via;
use signpath_client::key::{Curve, HashAlgorithm};
use signpath_client::{Certificate, PublicKey};
use x509_cert::der::Document;

use crate::bundle::Read;
use crate::error::Error;
use crate::files;
use crate::service::{self, PolicyName};

const PEM_LABEL: &str = "PUBLIC KEY";

type Hash = fn(&[u8]) -> Vec<u8>;

const SHA256: (HashAlgorithm, Hash) =
    (HashAlgorithm::Sha256, |message| Sha256::digest(message).to_vec());
const SHA384: (HashAlgorithm, Hash) =
    (HashAlgorithm::Sha384, |message| Sha384::digest(message).to_vec());
const SHA512: (HashAlgorithm, Hash) =
    (HashAlgorithm::Sha512, |message| Sha512::digest(message).to_vec());

/// How those who verify hash a message: cosign v2 by SHA-256 for every key, v3 as the key's curve wants it.
fn hashes(key: &PublicKey) -> &'static [(HashAlgorithm, Hash)] {
    let PublicKey::Ec(key) = key else { return &[SHA256] };
    match key.curve() {
        Curve::P256 => &[SHA256],
        Curve::P384 => &[SHA256, SHA384],
        Curve::P521 => &[SHA256, SHA512],
    }
}

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

    /// The signature in cosign's form: ECDSA as r‖s becomes DER. What is not verified stays as it is.
    ///
    /// # Errors
    /// A signature that does not verify.
    pub(super) fn of_signature(
        &self,
        message: &[u8],
        signature: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let Self::Key(key, whose) = self else { return Ok(signature) };
        verified(key, message, &signature).ok_or_else(|| {
            wrong(format!("the signature does not verify with the public key of {whose}"))
        })
    }

    /// A bundle is attached as it is, so that its signatures have to be in cosign's form already.
    ///
    /// # Errors
    /// A signature that does not verify, here or with cosign, or a certificate beside it that is of another key: who verifies
    /// by the name in it takes its key.
    pub(super) fn of_bundle(&self, bundle: &Read) -> Result<(), Error> {
        let Self::Key(key, whose) = self else { return Ok(()) };
        for signature in &bundle.signatures {
            let Some(encoded) = verified(key, &bundle.message, signature) else {
                let what = format!("the bundle does not verify with the public key of {whose}");
                return Err(wrong(what));
            };
            if encoded != *signature {
                return Err(Error::failed("cosign could not read the signature in the bundle")
                    .because("it is r‖s, and nothing was attached")
                    .hint("put it into the bundle in DER, as `openssl dgst -sign` writes it"));
            }
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

/// The signature in cosign's form; `None` if it does not verify.
fn verified(key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let fixed = key.fixed_signature(signature.to_vec()).ok()?;
    let verifies = hashes(key).iter().any(|(algorithm, digest)| {
        key.verify(&service::hash_to_sign(key, *algorithm, digest(message)), &fixed)
    });
    verifies.then(|| key.encoded_signature(&fixed)).flatten()
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
            let checked = verification().of_signature(MESSAGE, signature(name));
            assert_eq!(checked.ok(), is_right.then(|| signature(name)), "{name}");
        }
        let rows = [
            (&b"another"[..], signature("sha256")),
            (MESSAGE, b"sig".to_vec()),
            (MESSAGE, Vec::new()),
        ];
        for (message, signature) in rows {
            let error = verification().of_signature(message, signature.clone()).unwrap_err();
            assert!(error.statement().contains("does not verify with the public key of demo/ec"));
            let unchecked = Verification::Nothing.of_signature(message, signature.clone());
            assert_eq!(unchecked.ok(), Some(signature));
        }
    }

    fn bundle(message: &[u8], signatures: Vec<Vec<u8>>, certificate: Option<&[u8]>) -> Read {
        Read {
            stated: crate::statement::Stated {
                subjects: Vec::new(),
                predicate_type: String::new(),
            },
            message: message.to_vec(),
            signatures,
            certificate: certificate.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn what_is_attached_has_the_form_that_cosign_reads() {
        let encoded = signature("sha256");
        let Verification::Key(key, _) = verification() else { panic!("there is a key") };
        let raw = key.fixed_signature(encoded.clone()).unwrap();
        assert_eq!(raw.len(), 96);
        let attached = verification().of_signature(MESSAGE, raw.clone()).unwrap();
        assert_eq!(attached, encoded);
        let refused = verification().of_bundle(&bundle(MESSAGE, vec![encoded, raw], None));
        let line = refused.unwrap_err().line();
        assert!(line.contains("in DER"), "{line}");
    }

    #[test]
    fn a_hash_that_those_who_verify_do_not_take_is_refused() {
        for (key, name) in
            [(include_str!("vectors/rsa.pub"), "rsa"), (include_str!("vectors/p256.pub"), "p256")]
        {
            let key = Verification::Key(Box::new(key_in(key.as_bytes()).unwrap()), name.to_owned());
            let (right, other) = match name {
                "rsa" => {
                    (include_str!("vectors/rsa.sha256.sig"), include_str!("vectors/rsa.sha512.sig"))
                }
                _ => (
                    include_str!("vectors/p256.sha256.sig"),
                    include_str!("vectors/p256.sha384.sig"),
                ),
            };
            let checked =
                |text: &str| key.of_signature(MESSAGE, STANDARD.decode(text.trim()).unwrap());
            assert!(checked(right).is_ok(), "{name}");
            assert!(checked(other).is_err(), "{name}");
        }
    }

    #[test]
    fn a_bundle_counts_with_a_certificate_of_the_same_key_alone() {
        let decoded = signature("sha384");
        let own = der(include_str!("vectors/p384.pem"));
        let other = der(include_str!("vectors/other.pem"));
        for (signatures, certificate, is_right) in [
            (vec![decoded.clone()], None, true),
            (vec![decoded.clone()], Some(&*own), true),
            (vec![decoded.clone()], Some(&*other), false),
            (vec![decoded.clone()], Some(&b"none"[..]), false),
            (vec![decoded.clone(), b"another".to_vec()], None, false),
        ] {
            let checked = verification().of_bundle(&bundle(MESSAGE, signatures, certificate));
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
