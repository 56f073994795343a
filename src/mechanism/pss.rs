//! The parameter of the PSS mechanisms (2.40 §2.1.9, CK_RSA_PKCS_PSS_PARAMS). SignPath's API names the hash alone: MGF1 is
//! made with the same one, and the salt is as long as the digest, so everything else is refused.

use cryptoki_sys::*;
use signpath_client::key::HashAlgorithm;

use crate::error::{Error, Result};

/// The hash, its CKM, and the MGF that goes with it.
const HASHES: [(HashAlgorithm, CK_MECHANISM_TYPE, CK_RSA_PKCS_MGF_TYPE); 4] = [
    (HashAlgorithm::Sha1, CKM_SHA_1, CKG_MGF1_SHA1),
    (HashAlgorithm::Sha256, CKM_SHA256, CKG_MGF1_SHA256),
    (HashAlgorithm::Sha384, CKM_SHA384, CKG_MGF1_SHA384),
    (HashAlgorithm::Sha512, CKM_SHA512, CKG_MGF1_SHA512),
];

/// Bytes of a CK_ULONG.
const WORD: usize = size_of::<CK_ULONG>();

/// The hash of a CK_RSA_PKCS_PSS_PARAMS (hashAlg, mgf, sLen) whose other fields are what SignPath does with it.
pub(super) fn hash(parameter: &[u8]) -> Result<HashAlgorithm> {
    let words: Vec<_> = parameter
        .chunks(WORD)
        .filter_map(|word| word.try_into().ok().map(CK_ULONG::from_ne_bytes))
        .collect();
    let is_whole = parameter.len() == size_of::<CK_RSA_PKCS_PSS_PARAMS>();
    let found = HASHES.iter().find(|(hash, kind, mgf)| {
        let salt = CK_ULONG::try_from(hash.len()).ok();
        salt.is_some_and(|salt| words == [*kind, *mgf, salt])
    });
    found.filter(|_| is_whole).map(|(hash, ..)| *hash).ok_or(Error::MechanismParameterInvalid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameter(kind: CK_ULONG, mgf: CK_ULONG, salt: CK_ULONG) -> Vec<u8> {
        [kind, mgf, salt].iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn the_hash_the_same_hash_in_the_mgf_and_its_length_as_the_salt_are_taken() {
        for (expected, kind, mgf) in HASHES {
            let salt = CK_ULONG::try_from(expected.len()).unwrap();
            assert_eq!(hash(&parameter(kind, mgf, salt)).unwrap(), expected);
        }
    }

    #[test]
    fn another_mgf_salt_hash_or_length_is_refused() {
        let odd = [
            parameter(CKM_SHA256, CKG_MGF1_SHA1, 32),
            parameter(CKM_SHA256, CKG_MGF1_SHA256, 20),
            parameter(CKM_SHA256, CKG_MGF1_SHA256, 350),
            parameter(CKM_SHA256, CKG_MGF1_SHA256, CK_ULONG::MAX),
            parameter(CKM_SHA224, CKG_MGF1_SHA224, 28),
            parameter(CKM_SHA256, CKG_MGF1_SHA256, 32)[..23].to_vec(),
            [parameter(CKM_SHA256, CKG_MGF1_SHA256, 32), vec![0]].concat(),
            Vec::new(),
        ];
        for parameter in odd {
            assert!(matches!(hash(&parameter), Err(Error::MechanismParameterInvalid)));
        }
    }

    proptest! {
        #[test]
        fn no_parameter_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(hash(&bytes).is_err());
        }

        #[test]
        fn only_the_lengths_of_the_digests_are_salts(row in 0..4usize, salt in 0..600u64) {
            let (expected, kind, mgf) = HASHES[row];
            let taken = hash(&parameter(kind, mgf, salt)).is_ok();
            prop_assert_eq!(taken, usize::try_from(salt) == Ok(expected.len()));
        }
    }
}
