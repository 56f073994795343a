//! Hashing in this process: one table from an algorithm to its hasher.

use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, digest::DynDigest};
use signpath_client::key::HashAlgorithm;

use crate::mechanism::DigestAlgorithm;

/// A hash in the making.
pub(crate) type Hasher = Box<dyn DynDigest + Send>;

/// A hasher that has been given nothing yet.
pub(crate) fn hasher(algorithm: DigestAlgorithm) -> Hasher {
    match algorithm {
        DigestAlgorithm::Sha1 => Box::new(Sha1::default()),
        DigestAlgorithm::Sha224 => Box::new(Sha224::default()),
        DigestAlgorithm::Sha256 => Box::new(Sha256::default()),
        DigestAlgorithm::Sha384 => Box::new(Sha384::default()),
        DigestAlgorithm::Sha512 => Box::new(Sha512::default()),
    }
}

impl From<HashAlgorithm> for DigestAlgorithm {
    fn from(hash: HashAlgorithm) -> Self {
        match hash {
            HashAlgorithm::Sha1 => Self::Sha1,
            HashAlgorithm::Sha256 => Self::Sha256,
            HashAlgorithm::Sha384 => Self::Sha384,
            HashAlgorithm::Sha512 => Self::Sha512,
        }
    }
}
