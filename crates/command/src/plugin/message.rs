//! The message on standard input: its digest and its beginning.

use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use signpath_client::key::HashAlgorithm;

use super::protocol::MessageFacts;

/// So much of a message is kept. What cosign wants signed for an image is a few kilobytes; only the files of `sign-blob` are
/// longer, and of these the digest is enough.
pub(super) const KEPT_MAX: usize = 16 << 20;

/// What is to be signed or checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The hash function of `digest`.
    pub(super) hash: HashAlgorithm,
    /// What is signed.
    pub(super) digest: Vec<u8>,
    /// The message, `None` where only its digest is known.
    pub(super) text: Option<Text>,
}

/// A message that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// Its beginning, up to [`KEPT_MAX`] bytes.
    pub(super) start: Vec<u8>,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

impl Message {
    /// Reads standard input to its end, and holds what it gives against the digest that cosign may have given.
    ///
    /// sigstore's `CryptoSigner` gives a digest and an empty message. Whoever hashes the message then signs the digest of
    /// nothing.
    ///
    /// # Errors
    /// Standard input cannot be read, or it is another message than the digest's.
    pub(super) fn read(input: &mut dyn Read, facts: MessageFacts) -> Result<Self, String> {
        let MessageFacts { hash, digest: given } = facts;
        let failed = |error: io::Error| format!("the message cannot be read: {error}");
        let (digest, text) = match hash {
            HashAlgorithm::Sha1 => hashed::<Sha1>(input),
            HashAlgorithm::Sha256 => hashed::<Sha256>(input),
            HashAlgorithm::Sha384 => hashed::<Sha384>(input),
            HashAlgorithm::Sha512 => hashed::<Sha512>(input),
        }
        .map_err(failed)?;
        match given {
            Some(given) if given != digest && text.start.is_empty() => {
                Ok(Self { hash, digest: given, text: None })
            }
            Some(given) if given != digest => Err(format!(
                "the digest that cosign gives is not the {} digest of the message that it gives; nothing was signed",
                hash.name()
            )),
            _ => Ok(Self { hash, digest, text: Some(text) }),
        }
    }
}

fn hashed<D: sha2::Digest>(input: &mut dyn Read) -> io::Result<(Vec<u8>, Text)> {
    let mut digest = D::new();
    let mut text = Text { start: Vec::new(), is_whole: true };
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => return Ok((digest.finalize().to_vec(), text)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = buffer.get(..count).unwrap_or_default();
        digest.update(read);
        let room = KEPT_MAX.saturating_sub(text.start.len());
        text.start.extend(read.iter().take(room));
        text.is_whole &= count <= room;
    }
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    fn sha256(text: &[u8]) -> Vec<u8> {
        Sha256::digest(text).to_vec()
    }

    fn read(mut text: &[u8], digest: Option<Vec<u8>>) -> Result<Message, String> {
        Message::read(&mut text, MessageFacts { hash: HashAlgorithm::Sha256, digest })
    }

    #[test]
    fn without_a_digest_the_message_s_own_is_signed() {
        for text in [b"message".as_slice(), b""] {
            let message = read(text, None).unwrap();
            assert_eq!(message.digest, sha256(text));
            assert_eq!(message.text.unwrap().start, text);
        }
    }

    #[test]
    fn a_digest_has_to_be_that_of_the_message() {
        let message = read(b"message", Some(sha256(b"message"))).unwrap();
        assert_eq!(message.digest, sha256(b"message"));
        let error = read(b"message", Some(sha256(b"another"))).unwrap_err();
        assert!(error.contains("nothing was signed"), "{error}");
    }

    #[test]
    fn of_an_empty_message_with_another_digest_only_the_digest_is_known() {
        let message = read(b"", Some(sha256(b"message"))).unwrap();
        assert_eq!((message.digest, message.text), (sha256(b"message"), None));
    }

    #[test]
    fn the_empty_message_s_own_digest_is_that_of_a_message() {
        let message = read(b"", Some(sha256(b""))).unwrap();
        assert_eq!(message.text.unwrap().start, b"");
    }

    #[test]
    fn every_hash_function_is_the_one_of_its_name() {
        for hash in HashAlgorithm::ALL {
            let facts = MessageFacts { hash, digest: None };
            let message = Message::read(&mut b"x".as_slice(), facts).unwrap();
            assert_eq!(message.digest.len(), hash.len());
        }
    }

    #[test]
    fn a_long_message_is_hashed_whole_and_kept_in_part() {
        let long = vec![7; KEPT_MAX + 1];
        let message = read(&long, None).unwrap();
        assert_eq!(message.digest, sha256(&long));
        let text = message.text.unwrap();
        assert_eq!((text.start.len(), text.is_whole), (KEPT_MAX, false));
        assert!(read(&long[1..], None).unwrap().text.unwrap().is_whole);
    }

    #[test]
    fn an_input_that_fails_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let facts = MessageFacts { hash: HashAlgorithm::Sha256, digest: None };
        let error = Message::read(&mut Broken, facts).unwrap_err();
        assert_eq!(error, "the message cannot be read: broken");
    }
}
