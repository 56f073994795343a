//! How long registries can hold a command up, all of them together: each answer may be slow, and there are many.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::error::Error;

/// A thousand manifests take less over a slow line.
pub(super) const REGISTRY_TIME: Duration = Duration::from_secs(20 * 60);

/// The time that is left for registries, pauses between two attempts included. What a command does meanwhile is not counted:
/// an approval may take a day.
#[derive(Debug)]
pub(super) struct Budget(Cell<Duration>);

impl Budget {
    pub(super) fn new(time: Duration) -> Self {
        Self(Cell::new(time))
    }

    /// Does something that ends within the time that is left, which it is given.
    pub(super) fn spend<T>(&self, what: impl FnOnce(Duration) -> T) -> T {
        let begun = Instant::now();
        let done = what(self.0.get());
        self.0.set(self.0.get().saturating_sub(begun.elapsed()));
        done
    }
}

/// Nothing is left.
pub(super) fn spent(asked: &str, registry: &str) -> Error {
    let minutes = REGISTRY_TIME.as_secs() / 60;
    Error::failed(format!("{asked} failed"))
        .because(format!("{registry} has not answered within the {minutes} minutes that registries have in one command"))
        .hint("name fewer images at once, or look for what keeps the registry from answering")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_is_spent_is_not_there_for_the_next() {
        let budget = Budget::new(Duration::from_millis(30));
        assert_eq!(budget.spend(|left| left), Duration::from_millis(30));
        budget.spend(thread::sleep);
        assert_eq!(budget.spend(|left| left), Duration::ZERO);
    }
}
