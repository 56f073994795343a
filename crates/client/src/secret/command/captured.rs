//! One pipe of a program, read up to a bound.

use std::io;
use std::task::{Context, Poll, ready};

use zeroize::Zeroizing;

use crate::system::Pipe;

/// So much is read at once.
const CHUNK: usize = 4 << 10;

/// What has come out of a pipe. It may be a secret, and is wiped.
pub(super) struct Captured {
    /// `None` when its end was reached.
    pipe: Option<Pipe>,
    bytes: Zeroizing<Vec<u8>>,
    max: usize,
    is_too_long: bool,
}

impl Captured {
    pub(super) fn new(pipe: Option<Pipe>, max: usize) -> Self {
        // All of the room at once: what grows leaves copies behind.
        let bytes = Zeroizing::new(Vec::with_capacity(max));
        Self { pipe, bytes, max, is_too_long: false }
    }

    /// Reads what is there; ready at the end of the pipe. What is beyond the bound is read and let go, so that the
    /// program does not wait for a reader.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut chunk = Zeroizing::new([0; CHUNK]);
        while let Some(pipe) = &self.pipe {
            match ready!(pipe.poll_read(cx, chunk.as_mut_slice()))? {
                0 => self.pipe = None,
                count => self.keep(chunk.get(..count).unwrap_or_default()),
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }

    fn keep(&mut self, chunk: &[u8]) {
        let room = self.max.saturating_sub(self.bytes.len());
        self.is_too_long |= chunk.len() > room;
        self.bytes.extend(chunk.iter().take(room));
    }
}
