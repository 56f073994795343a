//! What the service is asked for: (mechanism, data) → the hash to sign. Pure; nothing here knows a session, a key or
//! the network.

use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512, digest::DynDigest};
use signpath_client::key::{HashAlgorithm, HashToSign, Scheme};

use crate::{
    error::{Error, Result},
    mechanism::{Input, KeyType, Mechanism},
};

/// The digests that CKM_ECDSA takes: from SHA-1's length to SHA-512's, on any curve. A digest longer than the curve's
/// order is cut by the signer (FIPS 186-5 §6.4.1); which lengths a service takes is for it to say.
const ECDSA_DIGEST_LEN: std::ops::RangeInclusive<usize> = 20..=64;

/// The hash to sign for a single-part call with `data`.
pub(crate) fn plan(mechanism: &Mechanism, data: &[u8]) -> Result<HashToSign> {
    match (mechanism.input, mechanism.key_type) {
        (Input::Message(_), _) => {
            let mut message = Message::begin(mechanism)?;
            message.update(data);
            Ok(message.finish())
        }
        (Input::Hash, KeyType::Rsa) => digest_info(data),
        (Input::Hash, KeyType::Ec) if ECDSA_DIGEST_LEN.contains(&data.len()) => {
            Ok(HashToSign { scheme: Scheme::Ecdsa, hash: data.to_vec() })
        }
        (Input::Hash, KeyType::Ec) => Err(Error::DataLength),
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

/// A message that arrives in parts and is hashed on the way.
pub(crate) struct Message {
    algorithm: HashAlgorithm,
    key_type: KeyType,
    hasher: Box<dyn DynDigest + Send>,
}

impl Message {
    /// CKR_FUNCTION_NOT_SUPPORTED for a mechanism that takes a hash: it has one part only.
    pub(crate) fn begin(mechanism: &Mechanism) -> Result<Self> {
        match mechanism.input {
            Input::Hash => Err(Error::FunctionNotSupported),
            Input::Message(algorithm) => {
                let hasher = hasher(algorithm);
                Ok(Self { algorithm, key_type: mechanism.key_type, hasher })
            }
        }
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        self.hasher.update(part);
    }

    pub(crate) fn finish(self) -> HashToSign {
        let scheme = match self.key_type {
            KeyType::Ec => Scheme::Ecdsa,
            KeyType::Rsa => Scheme::RsaPkcs1(self.algorithm),
        };
        HashToSign { scheme, hash: self.hasher.finalize().into_vec() }
    }
}

fn hasher(algorithm: HashAlgorithm) -> Box<dyn DynDigest + Send> {
    match algorithm {
        HashAlgorithm::Sha1 => Box::new(Sha1::default()),
        HashAlgorithm::Sha256 => Box::new(Sha256::default()),
        HashAlgorithm::Sha384 => Box::new(Sha384::default()),
        HashAlgorithm::Sha512 => Box::new(Sha512::default()),
    }
}

#[cfg(test)]
mod tests {
    use cryptoki_sys::*;
    use proptest::prelude::*;
    use sha2::Digest;

    use super::*;

    fn planned(kind: CK_MECHANISM_TYPE, data: &[u8]) -> Result<HashToSign> {
        plan(Mechanism::find(kind)?, data)
    }

    #[test]
    fn a_digest_info_of_each_hash_is_taken_apart() {
        for algorithm in HashAlgorithm::ALL {
            let hash = vec![7; algorithm.len()];
            let info = [algorithm.digest_info_prefix(), &hash].concat();
            let planned = planned(CKM_RSA_PKCS, &info).unwrap();
            assert_eq!((planned.scheme, planned.hash), (Scheme::RsaPkcs1(algorithm), hash));
        }
    }

    #[test]
    fn rsa_refuses_a_bare_hash_and_a_digest_info_with_a_byte_more_or_less() {
        let info = [HashAlgorithm::Sha256.digest_info_prefix(), &[7; 32]].concat();
        let longer = [info.as_slice(), &[0]].concat();
        for data in [&[7; 32], &info[..info.len() - 1], &longer, &[]] {
            assert!(matches!(planned(CKM_RSA_PKCS, data), Err(Error::DataInvalid)));
        }
    }

    #[test]
    fn ecdsa_takes_what_a_hash_can_be() {
        for len in [20, 32, 48, 64] {
            assert_eq!(planned(CKM_ECDSA, &vec![1; len]).unwrap().hash.len(), len);
        }
        for len in [0, 19, 65] {
            assert!(matches!(planned(CKM_ECDSA, &vec![1; len]), Err(Error::DataLength)));
        }
    }

    #[test]
    fn a_message_in_parts_gives_the_hash_of_the_whole() {
        let mechanism = Mechanism::find(CKM_SHA256_RSA_PKCS).unwrap();
        let mut message = Message::begin(mechanism).unwrap();
        message.update(b"ab");
        message.update(b"c");
        let whole = plan(mechanism, b"abc").unwrap();
        assert_eq!(message.finish(), whole);
        assert_eq!(whole.hash, Sha256::digest(b"abc").to_vec());
    }

    proptest! {
        #[test]
        fn no_data_makes_it_panic(data in prop::collection::vec(any::<u8>(), 0..600), row in 0..8usize) {
            let mechanism = &crate::mechanism::MECHANISMS[row];
            if let Ok(planned) = plan(mechanism, &data) {
                prop_assert!((20..=64).contains(&planned.hash.len()));
            }
        }
    }
}
