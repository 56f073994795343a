//! The setting `TlsServerKeySha256`: which keys the server may have.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::value::Parsed;

/// What a value has to be.
pub(super) const ALLOWED: &str =
    "SHA-256 of SubjectPublicKeyInfo in Base64 or hex, several with commas between them";

/// What curl writes before a pin.
const CURLS_PREFIX: &str = "sha256//";

/// The SHA-256 of a public key (SubjectPublicKeyInfo, DER). Shows itself in Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPin([u8; 32]);

impl KeyPin {
    /// The pin of this SubjectPublicKeyInfo.
    pub fn of(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

impl FromStr for KeyPin {
    type Err = String;

    fn from_str(text: &str) -> Parsed<Self> {
        let text = text.strip_prefix(CURLS_PREFIX).unwrap_or(text);
        let bytes = from_hex(text).or_else(|| STANDARD.decode(text).ok());
        let bytes = bytes.ok_or_else(|| "it is neither hex nor Base64".to_owned())?;
        let length = bytes.len();
        let hash = bytes.try_into();
        hash.map(Self).map_err(|_| format!("it has {length} bytes, and SHA-256 has 32"))
    }
}

impl fmt::Display for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// All of the list; an empty one would allow any key, and is refused.
pub(super) fn list(text: &str) -> Parsed<Vec<KeyPin>> {
    text.split(',').map(|pin| pin.trim().parse()).collect()
}

/// Hex with an even number of digits, possibly with colons between the bytes as OpenSSL prints it.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    // `from_str_radix` reads a sign, too.
    let is_hex = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
    if is_hex { digits.chunks(2).map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE64: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_pin_is_written_in_hex_or_base64() {
        let colons: Vec<_> =
            HEX.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
        let curls = format!("sha256//{BASE64}");
        for text in [BASE64, HEX, &HEX.to_uppercase(), &colons.join(":"), &curls] {
            assert_eq!(text.parse(), Ok(KeyPin::of(b"")), "{text}");
        }
        assert_eq!(KeyPin::of(b"").to_string(), BASE64);
    }

    #[test]
    fn several_pins_have_commas_between_them() {
        assert_eq!(list(&format!("{BASE64}, {HEX}")).unwrap().len(), 2);
        for text in ["", ",", "x", &BASE64[1..], &HEX[2..], &format!("{HEX},")] {
            assert!(list(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_pin_is_read_as_it_is_shown(bytes: [u8; 32]) {
            prop_assert_eq!(KeyPin(bytes).to_string().parse(), Ok(KeyPin(bytes)));
        }

        #[test]
        fn any_text_can_be_read(text in "[+-9a-fA-F:=/,é ]{0,80}") {
            let all = list(&text).unwrap_or_default();
            prop_assert!(all.len() <= text.split(',').count());
        }
    }
}
