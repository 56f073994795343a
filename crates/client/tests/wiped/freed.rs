//! An allocator that looks into every block that a thread gives back for what must not be in it any more. What lies on the
//! stack, in registers and in blocks that are never given back is not seen.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::slice;

/// A secret in one spelling.
#[derive(Clone)]
pub(crate) struct Spelling {
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
}

/// A block that was given back with a secret in it.
pub(crate) struct Left {
    pub(crate) what: String,
    pub(crate) size: usize,
    /// Who gave it back.
    pub(crate) by: Backtrace,
}

struct Watch {
    wanted: Vec<Spelling>,
    left: Vec<Left>,
}

thread_local! {
    /// What is looked for in the blocks of this thread. It is taken out while a block is looked into, so that the looking
    /// itself is not looked at.
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// The blocks that this thread gives back meanwhile with one of the secrets in them.
pub(crate) fn while_running(wanted: Vec<Spelling>, run: impl FnOnce()) -> Vec<Left> {
    WATCH.with(|watch| *watch.borrow_mut() = Some(Watch { wanted, left: Vec::new() }));
    run();
    WATCH.with(|watch| watch.borrow_mut().take()).expect("it is put back each time").left
}

struct Searching;

#[global_allocator]
static ALLOCATOR: Searching = Searching;

// SAFETY: all memory is the system allocator's. A block that grows is a new one, by the trait's own `realloc`, so that the
// old one is looked into as well.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that what somebody else has left in it before is not found.
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // A thread that ends has no watch any more.
        let taken = WATCH.try_with(|watch| watch.try_borrow_mut().ok()?.take());
        if let Some(mut watch) = taken.ok().flatten() {
            // SAFETY: the block is the caller's until it is given back below, and every byte of it was written to.
            watch.look(unsafe { slice::from_raw_parts(block, layout.size()) });
            WATCH.with(|kept| *kept.borrow_mut() = Some(watch));
        }
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.dealloc(block, layout) }
    }
}

impl Watch {
    fn look(&mut self, block: &[u8]) {
        for Spelling { what, bytes } in &self.wanted {
            if is_in(block, bytes) {
                let by = Backtrace::force_capture();
                self.left.push(Left { what: what.clone(), size: block.len(), by });
            }
        }
    }
}

fn is_in(block: &[u8], wanted: &[u8]) -> bool {
    // SAFETY: both ranges are valid for reading.
    let found = unsafe {
        libc::memmem(block.as_ptr().cast(), block.len(), wanted.as_ptr().cast(), wanted.len())
    };
    !found.is_null()
}
