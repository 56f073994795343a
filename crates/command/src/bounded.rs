//! What may take for ever, for as long as it is worth waiting.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Does it on a thread of its own, which goes with this program if it takes longer than this. `None`: it has not ended by then, has
/// panicked, or there is no thread to be had.
pub(crate) fn within<T: Send + 'static>(
    time: Duration,
    what: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tells, told) = mpsc::sync_channel(1);
    // Whoever has stopped waiting is not told.
    let thread = thread::Builder::new().spawn(move || tells.send(what()).ok());
    thread.ok().and_then(|_| told.recv_timeout(time).ok())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_does_not_end_is_not_waited_for() {
        let (keeps, kept) = mpsc::channel::<()>();
        let begun = Instant::now();
        assert_eq!(within(Duration::from_millis(20), move || kept.recv()), None);
        assert!(begun.elapsed() < LONG);
        drop(keeps);
        assert_eq!(within(LONG, || 7), Some(7));
        assert_eq!(within(LONG, || panic!("its own fault")), None::<()>);
    }
}
