//! One call of a client, over all the requests that it takes.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::retry::{Clock as _, Limits, Wall};

/// The time of the call, and whether what may have been done was asked for once more.
pub(super) struct Effort {
    pub(super) clock: Wall,
    pub(super) once_used: Cell<bool>,
    /// When it has to be over, if that is sooner than the client's own time.
    pub(super) end: Option<Instant>,
}

impl Effort {
    /// The call begins now.
    pub(super) fn start() -> Self {
        Self { clock: Wall::start(), once_used: Cell::new(false), end: None }
    }

    /// Until the end that the limits set.
    pub(super) fn left(&self, limits: &Limits) -> Duration {
        limits.total.saturating_sub(self.clock.elapsed())
    }
}
