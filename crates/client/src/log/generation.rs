//! One state for each process: a forked child inherits the parent's locks as they were, and whoever held one in the
//! parent is not there to let go of it. The child leaves the parent's state alone, and leaks it.

use once_cell::race::OnceBox;

use super::Console;
use super::subscriber::State;

/// Tells the process's id.
pub(super) type Process = Box<dyn Fn() -> u32 + Send + Sync>;

/// What all handles of one log share, in this process and in those that are forked from it.
pub(super) struct Shared {
    pub(super) console: Console,
    process: Process,
    first: Generation,
}

/// The state of one process. Without a lock on the way to the next: that one could be inherited, too.
struct Generation {
    process: u32,
    state: State,
    next: OnceBox<Self>,
}

impl Shared {
    pub(super) fn new(console: Console, process: Process) -> Self {
        let first = Generation::of(process());
        Self { console, process, first }
    }

    /// The state of this process. That of a child begins silent and without tokens: until it is configured nobody knows
    /// what must not be written.
    pub(super) fn state(&self) -> &State {
        let process = (self.process)();
        let mut last = &self.first;
        while let Some(next) = last.next.get() {
            last = next;
        }
        if last.process != process {
            last = last.next.get_or_init(|| Box::new(Generation::of(process)));
        }
        &last.state
    }
}

impl Generation {
    fn of(process: u32) -> Self {
        Self { process, state: State::default(), next: OnceBox::new() }
    }
}
