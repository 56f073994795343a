//! What is signed: (mechanism, data) → a hash and how it is to be signed. Pure; nothing here knows a session, a key or the
//! network.

use signpath_client::key::{HashAlgorithm, HashToSign, Scheme};

use crate::{
    digest::{self, Hasher},
    error::{Error, Result},
    mechanism::{Algorithm, Input, SignatureMechanism},
};

/// The digests that CKM_ECDSA takes: from SHA-1's length to SHA-512's, on any curve. A digest longer than the curve's
/// order is cut by the signer (FIPS 186-5 §6.4.1); which lengths a service takes is for it to say.
const ECDSA_DIGEST_LEN: std::ops::RangeInclusive<usize> = 20..=64;

/// PKCS #1 v1.5 needs as many bytes of the modulus besides the data (RFC 8017 §9.2).
const PKCS1_OVERHEAD: usize = 11;

/// Data on its way to a signature, or to the check of one: in one part or in many.
pub(crate) struct Intake {
    mechanism: SignatureMechanism,
    /// The length of the key's signatures in bytes; RSA: of its modulus.
    signature_len: usize,
    /// The parts so far, once there was one.
    message: Option<Hasher>,
}

impl Intake {
    pub(crate) fn new(mechanism: SignatureMechanism, signature_len: usize) -> Self {
        Self { mechanism, signature_len, message: None }
    }

    /// For a call with all of the data, which cannot end what began in parts (2.40 §5.11, C_Sign and C_SignFinal).
    pub(crate) fn check_whole(&self) -> Result<()> {
        if self.message.is_some() { Err(Error::OperationNotInitialized) } else { Ok(()) }
    }

    /// For a call with a part, or after the parts: a hash that the caller made has none.
    pub(crate) fn check_parts(&self) -> Result<()> {
        match self.mechanism.input {
            Input::Message(_) => Ok(()),
            _ => Err(Error::FunctionNotSupported),
        }
    }

    /// The hash to sign when this is all of the data.
    pub(crate) fn whole(&self, data: &[u8]) -> Result<HashToSign> {
        let SignatureMechanism { algorithm, input } = self.mechanism;
        match input {
            Input::Message(hash) => {
                let mut message = digest::hasher(hash.into());
                message.update(data);
                Ok(hash_to_sign(algorithm, hash, message))
            }
            // 2.40 §5.1.6: a wrong length has priority over wrong data.
            Input::DigestInfo if data.len().saturating_add(PKCS1_OVERHEAD) > self.signature_len => {
                Err(Error::DataLength("the data is longer than the key can sign"))
            }
            Input::DigestInfo => digest_info(data),
            Input::Digest(hash) if data.len() == hash.len() => {
                Ok(HashToSign { scheme: scheme(algorithm, hash), hash: data.to_vec() })
            }
            Input::AnyDigest if ECDSA_DIGEST_LEN.contains(&data.len()) => {
                Ok(HashToSign { scheme: Scheme::Ecdsa, hash: data.to_vec() })
            }
            Input::Digest(hash) => Err(Error::DigestLength(hash)),
            Input::AnyDigest => {
                Err(Error::DataLength("CKM_ECDSA takes a digest of 20 to 64 bytes"))
            }
        }
    }

    /// One more part.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        let Input::Message(hash) = self.mechanism.input else {
            return Err(Error::FunctionNotSupported);
        };
        self.message.get_or_insert_with(|| digest::hasher(hash.into())).update(part);
        Ok(())
    }

    /// The hash to sign when there are no more parts.
    pub(crate) fn finish(self) -> Result<HashToSign> {
        let Input::Message(hash) = self.mechanism.input else {
            return Err(Error::FunctionNotSupported);
        };
        let message = self.message.unwrap_or_else(|| digest::hasher(hash.into()));
        Ok(hash_to_sign(self.mechanism.algorithm, hash, message))
    }
}

fn hash_to_sign(algorithm: Algorithm, hash: HashAlgorithm, message: Hasher) -> HashToSign {
    HashToSign { scheme: scheme(algorithm, hash), hash: message.finalize().into_vec() }
}

fn scheme(algorithm: Algorithm, hash: HashAlgorithm) -> Scheme {
    match algorithm {
        Algorithm::Ecdsa => Scheme::Ecdsa,
        Algorithm::RsaPkcs1 => Scheme::RsaPkcs1(hash),
        Algorithm::RsaPss => Scheme::RsaPss(hash),
    }
}

/// The algorithm and the hash in a DER-encoded DigestInfo (RFC 8017 §9.2). The encoding is one of a table's rows, so
/// there is nothing to parse: whatever is not exactly one of them is no DigestInfo that the service can sign.
fn digest_info(data: &[u8]) -> Result<HashToSign> {
    let mut known = HashAlgorithm::ALL.iter().filter_map(|algorithm| {
        let hash = data.strip_prefix(algorithm.digest_info_prefix())?;
        (hash.len() == algorithm.len())
            .then(|| HashToSign { scheme: Scheme::RsaPkcs1(*algorithm), hash: hash.to_vec() })
    });
    known.next().ok_or(Error::DataInvalid)
}

#[cfg(test)]
mod tests {
    use cryptoki_sys::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::mechanism::RequestedMechanism;

    /// hashAlg, mgf and sLen of SHA-256.
    fn pss() -> Vec<u8> {
        [CKM_SHA256, CKG_MGF1_SHA256, 32].iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn intake(kind: CK_MECHANISM_TYPE) -> Intake {
        let parameter = if [CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS].contains(&kind) {
            pss()
        } else {
            vec![]
        };
        let requested = RequestedMechanism { kind, parameter: &parameter };
        Intake::new(SignatureMechanism::requested(requested).unwrap(), 256)
    }

    #[test]
    fn a_digest_info_of_each_hash_is_taken_apart() {
        for algorithm in HashAlgorithm::ALL {
            let hash = vec![7; algorithm.len()];
            let info = [algorithm.digest_info_prefix(), &hash].concat();
            let planned = intake(CKM_RSA_PKCS).whole(&info).unwrap();
            assert_eq!((planned.scheme, planned.hash), (Scheme::RsaPkcs1(algorithm), hash));
        }
    }

    #[test]
    fn rsa_refuses_a_bare_hash_and_a_digest_info_with_a_byte_more_or_less() {
        let info = [HashAlgorithm::Sha256.digest_info_prefix(), &[7; 32]].concat();
        let longer = [info.as_slice(), &[0]].concat();
        for data in [&[7; 32], &info[..info.len() - 1], &longer, &[]] {
            assert!(matches!(intake(CKM_RSA_PKCS).whole(data), Err(Error::DataInvalid)));
        }
    }

    #[test]
    fn rsa_refuses_what_is_too_long_for_the_key_for_its_length() {
        for (len, is_length) in [(245, false), (246, true), (600, true)] {
            let refused = intake(CKM_RSA_PKCS).whole(&vec![7; len]).unwrap_err();
            assert_eq!(matches!(refused, Error::DataLength(_)), is_length, "{len} bytes");
        }
    }

    #[test]
    fn pss_takes_the_digest_that_its_parameter_names() {
        let planned = intake(CKM_RSA_PKCS_PSS).whole(&[7; 32]).unwrap();
        assert_eq!(planned.scheme, Scheme::RsaPss(HashAlgorithm::Sha256));
        for len in [0, 20, 31, 33, 64] {
            let refused = intake(CKM_RSA_PKCS_PSS).whole(&vec![7; len]);
            assert!(matches!(refused, Err(Error::DigestLength(HashAlgorithm::Sha256))));
        }
    }

    #[test]
    fn ecdsa_takes_what_a_hash_can_be() {
        for len in [20, 32, 48, 64] {
            assert_eq!(intake(CKM_ECDSA).whole(&vec![1; len]).unwrap().hash.len(), len);
        }
        for len in [0, 19, 65] {
            let refused = intake(CKM_ECDSA).whole(&vec![1; len]);
            assert!(matches!(refused, Err(Error::DataLength(_))));
        }
    }

    #[test]
    fn a_message_in_parts_gives_the_hash_of_the_whole() {
        for kind in [CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_ECDSA_SHA256] {
            let mut parts = intake(kind);
            assert!(parts.check_parts().is_ok() && parts.check_whole().is_ok());
            parts.update(b"ab").unwrap();
            parts.update(b"c").unwrap();
            assert!(matches!(parts.check_whole(), Err(Error::OperationNotInitialized)));
            let whole = intake(kind).whole(b"abc").unwrap();
            assert_eq!(parts.finish().unwrap(), whole);
            assert_eq!(whole.hash, Sha256::digest(b"abc").to_vec());
        }
    }

    #[test]
    fn a_hash_of_the_callers_has_no_parts() {
        for kind in [CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_ECDSA] {
            assert!(matches!(intake(kind).check_parts(), Err(Error::FunctionNotSupported)));
            assert!(matches!(intake(kind).update(b"x"), Err(Error::FunctionNotSupported)));
            assert!(matches!(intake(kind).finish(), Err(Error::FunctionNotSupported)));
        }
    }

    const KINDS: [CK_MECHANISM_TYPE; 6] = [
        CKM_RSA_PKCS,
        CKM_RSA_PKCS_PSS,
        CKM_ECDSA,
        CKM_SHA256_RSA_PKCS,
        CKM_SHA256_RSA_PKCS_PSS,
        CKM_ECDSA_SHA512,
    ];

    proptest! {
        #[test]
        fn no_data_makes_it_panic(data in prop::collection::vec(any::<u8>(), 0..600), row in 0..6usize) {
            if let Ok(planned) = intake(KINDS[row]).whole(&data) {
                prop_assert!((20..=64).contains(&planned.hash.len()));
            }
        }

        #[test]
        fn a_damaged_digest_info_is_refused_or_another_hash(place in 0..51usize, bit in 0..8u32) {
            let mut info = [HashAlgorithm::Sha256.digest_info_prefix(), &[7; 32]].concat();
            info[place] ^= 1 << bit;
            let prefix = HashAlgorithm::Sha256.digest_info_prefix().len();
            let taken = intake(CKM_RSA_PKCS).whole(&info).map(|planned| planned.hash);
            prop_assert_eq!(taken.is_ok(), place >= prefix);
        }
    }
}
