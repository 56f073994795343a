//! A connection and the bodies that go out on it, with the faults that are about bytes: cut, dripped, endless, closed.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::AbortHandle,
    time::Sleep,
};

/// One accepted connection.
pub(crate) struct Connection {
    /// Counted from 1.
    pub(crate) number: u64,
    task: OnceLock<AbortHandle>,
    closes_when_flushed: AtomicBool,
}

impl Connection {
    pub(crate) fn new(number: u64) -> Self {
        Self { number, task: OnceLock::new(), closes_when_flushed: AtomicBool::new(false) }
    }

    /// Says which task owns the socket.
    pub(crate) fn owned_by(&self, task: AbortHandle) {
        // A connection has one task from its start to its end.
        drop(self.task.set(task));
    }

    /// Closes the socket, without a word of TLS or HTTP.
    pub(crate) fn close(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    fn close_when_flushed(&self) {
        self.closes_when_flushed.store(true, Ordering::Relaxed);
    }
}

/// The socket under HTTP: closes the connection once everything written has left.
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    pub(crate) connection: Arc<Connection>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if self.connection.closes_when_flushed.load(Ordering::Relaxed) {
            self.connection.close();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How a body is sent.
pub(crate) enum Sending {
    Whole,
    /// Half of it, then the connection is closed.
    Half,
    /// All of it, then the connection is closed.
    ThenClose,
    /// Byte by byte, with a pause before each.
    Drip(Duration),
    /// A JSON string of this many bytes instead of it, the length not said beforehand.
    Endless(u64),
}

/// A body on its way out.
pub(crate) struct Outgoing {
    left: Bytes,
    announced: u64,
    sending: Sending,
    pause: Option<Pin<Box<Sleep>>>,
    is_finished: bool,
    connection: Arc<Connection>,
}

impl Outgoing {
    pub(crate) fn new(body: Vec<u8>, sending: Sending, connection: Arc<Connection>) -> Self {
        let announced = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let mut left = Bytes::from(body);
        match sending {
            Sending::Endless(_) => left = Bytes::from_static(b"\""),
            Sending::Half => left.truncate(left.len() / 2),
            Sending::Whole | Sending::ThenClose | Sending::Drip(_) => {}
        }
        if left.is_empty() && matches!(sending, Sending::Half | Sending::ThenClose) {
            // Nobody asks for pieces of a body without any: the head is all that leaves.
            connection.close_when_flushed();
        }
        let is_finished = left.is_empty() && matches!(sending, Sending::Whole | Sending::Drip(_));
        Self { left, announced, sending, pause: None, is_finished, connection }
    }

    /// The next piece; an empty one ends the body.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        match &mut self.sending {
            Sending::Whole => {}
            Sending::Half if self.left.is_empty() => return Poll::Pending,
            Sending::Half | Sending::ThenClose => self.connection.close_when_flushed(),
            Sending::Drip(pause) => {
                let pause = *pause;
                let waiting = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
                ready!(waiting.as_mut().poll(context));
                self.pause = None;
                return Poll::Ready(self.left.split_to(1.min(self.left.len())));
            }
            Sending::Endless(bytes) => return Poll::Ready(endless_piece(&mut self.left, bytes)),
        }
        Poll::Ready(std::mem::take(&mut self.left))
    }
}

const FILLER: &[u8] = &[b'a'; 8192];

/// The opening quote first, then filler.
fn endless_piece(left: &mut Bytes, bytes: &mut u64) -> Bytes {
    let opening = std::mem::take(left);
    if !opening.is_empty() {
        return opening;
    }
    let length = FILLER.len().min(usize::try_from(*bytes).unwrap_or(usize::MAX));
    *bytes = bytes.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
    Bytes::from_static(FILLER.get(..length).unwrap_or_default())
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.is_finished {
            return Poll::Ready(None);
        }
        let piece = ready!(this.poll_piece(context));
        let is_whole = !matches!(this.sending, Sending::Half | Sending::Endless(_));
        this.is_finished = piece.is_empty() || (is_whole && this.left.is_empty());
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_finished
    }

    fn size_hint(&self) -> SizeHint {
        match self.sending {
            Sending::Endless(_) => SizeHint::default(),
            Sending::Whole | Sending::Half | Sending::ThenClose | Sending::Drip(_) => {
                SizeHint::with_exact(self.announced)
            }
        }
    }
}
