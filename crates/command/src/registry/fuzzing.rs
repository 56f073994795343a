//! For `fuzz/`: what a registry answers.

use super::challenge::Challenge;
use super::manifest::{Descriptor, ImageManifest, Index};

/// Reads manifests, and the header of a 401. An index that was read keeps its entries when one is added.
pub fn manifests(bytes: &[u8]) {
    serde_json::from_slice::<ImageManifest>(bytes).ok();
    if let Ok(mut index) = Index::read(bytes) {
        let before = index.descriptors().len();
        let entry = Descriptor::of("application/x", bytes);
        assert!(index.add(&entry).is_ok() && index.has(&entry.digest));
        let after = serde_json::to_vec(&index).ok().and_then(|text| Index::read(&text).ok());
        assert!(after.is_some_and(|after| after.descriptors().len() == before + 1));
    }
    Challenge::read(str::from_utf8(bytes).into_iter());
}
