//! Decryption with a password (PBES2, RFC 8018): PBKDF2 and AES in CBC mode, which is what programs write. pkcs5 could do it
//! with all that the standard allows, which is another 70 KB in a library that other programs load.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use pbkdf2::pbkdf2_hmac;
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Pbkdf2Params, Pbkdf2Prf};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::pkcs12::Unreadable;

/// The plain bytes.
///
/// # Errors
/// [`Unreadable::Encryption`], or [`Unreadable::Password`] where the padding is not right.
pub(super) fn decrypt(
    scheme: &EncryptionScheme,
    password: &[u8],
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return Err(Unreadable::Encryption) };
    let Kdf::Pbkdf2(derivation) = &parameters.kdf else { return Err(Unreadable::Encryption) };
    let key = |length| derived(derivation, password, length);
    match parameters.encryption {
        Cipher::Aes128Cbc { iv } => decrypt_with::<aes::Aes128Dec>(&key(16)?, iv, encrypted),
        Cipher::Aes192Cbc { iv } => decrypt_with::<aes::Aes192Dec>(&key(24)?, iv, encrypted),
        Cipher::Aes256Cbc { iv } => decrypt_with::<aes::Aes256Dec>(&key(32)?, iv, encrypted),
        _ => Err(Unreadable::Encryption),
    }
}

fn derived(
    parameters: &Pbkdf2Params,
    password: &[u8],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (salt, rounds) = (parameters.salt.as_ref(), parameters.iteration_count);
    let mut key = Zeroizing::new(vec![0; length]);
    match parameters.prf {
        Pbkdf2Prf::HmacWithSha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut key),
        Pbkdf2Prf::HmacWithSha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut key),
        Pbkdf2Prf::HmacWithSha384 => pbkdf2_hmac::<Sha384>(password, salt, rounds, &mut key),
        Pbkdf2Prf::HmacWithSha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut key),
        _ => return Err(Unreadable::Encryption),
    }
    Ok(key)
}

fn decrypt_with<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: [u8; 16],
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let mut bytes = Zeroizing::new(encrypted.to_vec());
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, &iv);
    let cipher = cipher.map_err(|_| Unreadable::Encryption)?;
    let length = match cipher.decrypt_padded::<Pkcs7>(&mut bytes) {
        Ok(plain) => plain.len(),
        Err(_) => return Err(Unreadable::Password),
    };
    bytes.truncate(length);
    Ok(bytes)
}
