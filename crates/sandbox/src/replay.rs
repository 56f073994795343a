//! Signatures that are given again for a digest that was signed before, so that measurements of clients do not measure this
//! service's arithmetic. No real service does that.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::algorithm::Algorithm;

/// So many are kept, so that nobody fills the memory.
const MOST: usize = 10_000;

/// What was signed, with what.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Signed {
    policy: String,
    algorithm: Algorithm,
    digest: Vec<u8>,
}

/// The signatures so far.
#[derive(Default)]
pub(crate) struct Replays {
    signatures: Mutex<HashMap<Signed, Vec<u8>>>,
}

impl Replays {
    /// The signature that was given before, or the one that is made now.
    pub(crate) fn signature(
        &self,
        policy: &str,
        algorithm: Algorithm,
        digest: &[u8],
        sign: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let key = Signed { policy: policy.to_owned(), algorithm, digest: digest.to_vec() };
        if let Some(signature) = self.signatures.lock().get(&key) {
            return Some(signature.clone());
        }
        let signature = sign()?;
        let mut signatures = self.signatures.lock();
        if signatures.len() < MOST {
            signatures.insert(key, signature.clone());
        }
        Some(signature)
    }
}
