//! Signatures as cosign has them: ECDSA in DER (RFC 3279 §2.2.3), RSA as it is.

use signpath_client::PublicKey;
use x509_cert::der::Encode;
use x509_cert::der::asn1::UintRef;

use crate::error::Error;

/// A signature of [`signpath_client`] (ECDSA: r‖s) in cosign's form.
///
/// # Errors
/// None for a signature that was checked.
pub(crate) fn for_cosign(key: &PublicKey, signature: Vec<u8>) -> Result<Vec<u8>, Error> {
    match key {
        PublicKey::Rsa(_) => Ok(signature),
        PublicKey::Ec(_) => {
            let (r, s) = signature.split_at(signature.len() / 2);
            let der = UintRef::new(r).and_then(|r| vec![r, UintRef::new(s)?].to_der());
            der.map_err(|error| Error::failed("the signature cannot be written").because(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use x509_cert::der::Decode;
    use x509_cert::der::asn1::Uint;

    use super::*;

    /// A point of P-256: its generator (SEC 2 §2.4.2).
    fn key() -> PublicKey {
        let point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
        let bytes: Vec<u8> = (0..point.len() / 2)
            .map(|at| u8::from_str_radix(&point[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        PublicKey::from_point(&bytes).unwrap()
    }

    #[test]
    fn numbers_have_no_leading_zeros_but_a_sign() {
        let mut fixed = [0; 64];
        (fixed[31], fixed[32]) = (0x80, 1);
        let der = for_cosign(&key(), fixed.to_vec()).unwrap();
        assert_eq!(der[..6], [0x30, 0x26, 0x02, 0x02, 0x00, 0x80]);
        assert_eq!(der[6..9], [0x02, 0x20, 0x01]);
    }

    proptest! {
        #[test]
        fn both_numbers_are_in_it(fixed in prop::collection::vec(any::<u8>(), 64)) {
            let der = for_cosign(&key(), fixed.clone()).unwrap();
            let read = Vec::<Uint>::from_der(&der).unwrap();
            let padded = |number: &Uint| [&vec![0; 32 - number.as_bytes().len()], number.as_bytes()].concat();
            prop_assert_eq!(read.iter().map(padded).collect::<Vec<_>>().concat(), fixed);
        }
    }
}
