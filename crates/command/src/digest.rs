//! Content digests as registries write them: `sha256:` and 64 digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of some content. Another algorithm is in nobody's use for manifests and has no place in cosign's payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest(String);

const PREFIX: &str = "sha256:";

impl Digest {
    /// Of these bytes.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(format!("{PREFIX}{}", hex(&Sha256::digest(content))))
    }

    /// With its algorithm.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone.
    pub(crate) fn hex(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or_default()
    }

    /// `sha256-…`, as it stands in tags (OCI distribution 1.1, "Referrers Tag Schema") and in cosign's.
    pub(crate) fn as_tag(&self) -> String {
        format!("sha256-{}", self.hex())
    }
}

/// Digits in lower case, as digests and fingerprints are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix(PREFIX).unwrap_or_default();
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() == 64 && digits.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a digest is sha256: and 64 digits of 0-9 and a-f".to_owned())
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the example of the empty message.
    #[test]
    fn of_nothing_it_is_the_known_one() {
        let empty = Digest::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!((empty.hex(), empty.as_tag()), (hex, format!("sha256-{hex}")));
        assert_eq!(empty.as_str().parse(), Ok(empty));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let hex = "0".repeat(64);
        for text in [
            "",
            "sha256:",
            &hex,
            &format!("sha512:{hex}"),
            &format!("sha256:{hex}0"),
            &format!("sha256:{}G", &hex[1..]),
            &format!("sha256:{}A", &hex[1..]),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
