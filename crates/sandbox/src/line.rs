//! The line under a connection to a service far away: whatever an end sends arrives half a round trip later. The handshake of
//! TCP, which the system has answered at once, is charged as well: no byte arrives sooner than it would have over such a distance.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::AbortHandle,
    time::{Instant, Sleep},
};

/// At most so much is read at once.
const PIECE: usize = 16 * 1024;

/// Bytes on their way; none of them is the end.
struct Piece {
    arrives: Instant,
    bytes: VecDeque<u8>,
}

/// A socket whose bytes are under way for a while.
pub(crate) struct LongLine {
    one_way: Duration,
    incoming: UnboundedReceiver<Piece>,
    arriving: Option<Piece>,
    clock: Pin<Box<Sleep>>,
    outgoing: Option<UnboundedSender<Piece>>,
    reading: AbortHandle,
}

impl LongLine {
    /// Under a connection that was accepted now.
    pub(crate) fn under(stream: TcpStream, round_trip: Duration) -> Self {
        let (from_client, to_client) = stream.into_split();
        let (incoming, arriving) = mpsc::unbounded_channel();
        let (outgoing, leaving) = mpsc::unbounded_channel();
        let connected = Instant::now() + round_trip;
        let one_way = round_trip / 2;
        tokio::spawn(send(leaving, to_client));
        let reading = tokio::spawn(receive(from_client, incoming, connected, one_way));
        Self {
            one_way,
            incoming: arriving,
            arriving: None,
            clock: Box::pin(tokio::time::sleep(Duration::ZERO)),
            outgoing: Some(outgoing),
            reading: reading.abort_handle(),
        }
    }
}

async fn receive(
    from_client: OwnedReadHalf,
    incoming: UnboundedSender<Piece>,
    connected: Instant,
    one_way: Duration,
) {
    let mut bytes = vec![0; PIECE];
    while from_client.readable().await.is_ok() {
        let read = match from_client.try_read(&mut bytes) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            // A broken connection ends as one that was closed.
            Err(_) => 0,
        };
        let arrives = Instant::now().max(connected) + one_way;
        let piece = bytes.get(..read).unwrap_or_default().iter().copied().collect();
        if incoming.send(Piece { arrives, bytes: piece }).is_err() || read == 0 {
            return;
        }
    }
}

async fn send(mut leaving: UnboundedReceiver<Piece>, to_client: OwnedWriteHalf) {
    while let Some(Piece { arrives, mut bytes }) = leaving.recv().await {
        tokio::time::sleep_until(arrives).await;
        if write_all(&to_client, bytes.make_contiguous()).await.is_err() {
            return;
        }
    }
}

async fn write_all(to_client: &OwnedWriteHalf, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to_client.writable().await?;
        match to_client.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Drop for LongLine {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl AsyncRead for LongLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.arriving.is_none() {
            let Some(piece) = ready!(self.incoming.poll_recv(context)) else {
                return Poll::Ready(Ok(()));
            };
            self.clock.as_mut().reset(piece.arrives);
            self.arriving = Some(piece);
        }
        ready!(self.clock.as_mut().poll(context));
        if let Some(piece) = &mut self.arriving {
            let count = buffer.remaining().min(piece.bytes.len());
            let (taken, rest) = piece.bytes.make_contiguous().split_at(count);
            buffer.put_slice(taken);
            if rest.is_empty() {
                self.arriving = None;
            } else {
                drop(piece.bytes.drain(..count));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LongLine {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let arrives = Instant::now() + self.one_way;
        let piece = Piece { arrives, bytes: bytes.iter().copied().collect() };
        let sent = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.send(piece).is_ok());
        Poll::Ready(sent.then_some(bytes.len()).ok_or_else(|| io::ErrorKind::BrokenPipe.into()))
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the way to the client behind what is on it.
    fn poll_shutdown(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing = None;
        Poll::Ready(Ok(()))
    }
}
