//! Handles: numbers that a C caller holds for values of ours.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cryptoki_sys::CK_ULONG;
use parking_lot::RwLock;

/// As many bits as a CK_ULONG has, which on Windows are fewer than a pointer's.
const BITS: usize = usize::MAX >> (usize::BITS - CK_ULONG::BITS);

/// Gives every handle of the process, from 1 on (0 is CK_INVALID_HANDLE) and none twice, so that a stale one finds
/// nothing: not in this run, and not in the next. On Windows they begin again after four thousand million.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicUsize);

impl Counter {
    pub(crate) fn next(&self) -> CK_ULONG {
        loop {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & BITS;
            match CK_ULONG::try_from(number) {
                Ok(0) | Err(_) => {}
                Ok(handle) => return handle,
            }
        }
    }
}

/// Shared values by handle.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    counter: &'static Counter,
    values: RwLock<HashMap<CK_ULONG, Arc<T>>>,
}

impl<T> Handles<T> {
    pub(crate) fn new(counter: &'static Counter) -> Self {
        Self { counter, values: RwLock::default() }
    }

    pub(crate) fn insert(&self, value: T) -> CK_ULONG {
        let handle = self.counter.next();
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
    pub(crate) fn remove_where(&self, doomed: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let mut values = self.values.write();
        values.extract_if(|_, value| doomed(value)).map(|(_, value)| value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_never_zero_and_never_given_twice() {
        static COUNTER: Counter = Counter(AtomicUsize::new(0));
        let first_run = Handles::new(&COUNTER);
        let first = first_run.insert('a');
        assert_ne!(first, 0);
        first_run.remove(first);
        let second_run = Handles::new(&COUNTER);
        assert_ne!(second_run.insert('b'), first);
        assert!(second_run.find(first).is_none());
    }
}
