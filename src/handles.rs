//! Handles: numbers that a C caller holds for values of ours.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cryptoki_sys::CK_ULONG;
use parking_lot::RwLock;

/// Shared values by handle. Handles count from 1 (0 is CK_INVALID_HANDLE) and are never given twice, so that a stale
/// one finds nothing.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    last: AtomicU64,
    values: RwLock<HashMap<CK_ULONG, Arc<T>>>,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self { last: AtomicU64::new(0), values: RwLock::default() }
    }
}

impl<T> Handles<T> {
    pub(crate) fn insert(&self, value: T) -> CK_ULONG {
        let handle = CK_ULONG::from(self.last.fetch_add(1, Ordering::Relaxed)).wrapping_add(1);
        self.values.write().insert(handle, Arc::new(value));
        handle
    }

    pub(crate) fn find(&self, handle: CK_ULONG) -> Option<Arc<T>> {
        self.values.read().get(&handle).cloned()
    }

    pub(crate) fn remove(&self, handle: CK_ULONG) -> Option<Arc<T>> {
        self.values.write().remove(&handle)
    }

    /// Removes the values for which `doomed` holds.
    pub(crate) fn remove_where(&self, doomed: impl Fn(&T) -> bool) {
        self.values.write().retain(|_, value| !doomed(value));
    }

    pub(crate) fn count_where(&self, counted: impl Fn(&T) -> bool) -> usize {
        self.values.read().values().filter(|value| counted(value)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_never_zero_and_never_given_twice() {
        let handles = Handles::default();
        let first = handles.insert('a');
        assert_ne!(first, 0);
        handles.remove(first);
        assert_ne!(handles.insert('b'), first);
        assert!(handles.find(first).is_none());
    }
}
