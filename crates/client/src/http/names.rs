//! Names to addresses, by the standard library on the calling thread. The HTTP stack's own resolver starts a thread for
//! each look-up, and a look-up inside of the runtime would stop everybody who waits for an answer.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tracing::debug;

use crate::error::Failure;
use crate::http::{Broken, NextHop};

/// How long addresses are kept.
const KEPT: Duration = Duration::from_secs(60);

/// How long they are used on after a look-up began that has not brought new ones: a resolver that is gone would hold up
/// every request for as long as it takes to say so.
const KEPT_ON: Duration = Duration::from_secs(10);

type Lookup = dyn Fn(&NextHop) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The addresses of the one host that connections are made to.
pub(super) struct Names {
    hop: NextHop,
    lookup: Box<Lookup>,
    kept: Mutex<Option<Kept>>,
    loopback_only: bool,
}

struct Kept {
    until: Instant,
    addresses: Arc<[SocketAddr]>,
}

impl Names {
    pub(super) fn of_system(hop: NextHop) -> Self {
        Self::new(hop, Box::new(system_lookup))
    }

    pub(super) fn new(hop: NextHop, lookup: Box<Lookup>) -> Self {
        Self { hop, lookup, kept: Mutex::new(None), loopback_only: false }
    }

    /// Takes no address that is not of this machine, whatever the resolver says: for plain http.
    pub(super) fn loopback_only(self, loopback_only: bool) -> Self {
        Self { loopback_only, ..self }
    }

    /// Looks the name up unless that was done in the last minute. Blocks as long as the system's resolver does; must
    /// not be called inside of the runtime.
    pub(super) fn refresh(&self, now: Instant) -> Result<(), Broken> {
        if self.hop.host.parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        let Some(has_others) = self.is_due(now) else { return Ok(()) };
        let begun = Instant::now();
        match self.addresses() {
            Ok(addresses) => {
                let kept = Kept { until: now + KEPT, addresses: addresses.into() };
                *self.kept.lock() = Some(kept);
                Ok(())
            }
            Err(error) if has_others => {
                let host = &self.hop.host;
                debug!("{host} cannot be resolved now, its last addresses are used: {error}");
                Ok(())
            }
            Err(error) => {
                let (host, seconds) = (&self.hop.host, begun.elapsed().as_secs_f64());
                let detail = format!(
                    "{host}: {error}; the system's resolver took {seconds:.1} s, which no setting here limits"
                );
                Err(Broken::Exchange { failure: Failure::Lookup, detail })
            }
        }
    }

    /// Whether the caller has to look the name up, and then whether there are older addresses. Where there are, the others
    /// use them meanwhile.
    fn is_due(&self, now: Instant) -> Option<bool> {
        match self.kept.lock().as_mut() {
            Some(kept) if now < kept.until => None,
            Some(kept) => {
                kept.until = now + KEPT_ON;
                Some(true)
            }
            None => Some(false),
        }
    }

    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let mut addresses = (self.lookup)(&self.hop)?;
        if addresses.is_empty() {
            return Err(io::Error::other("the name has no address"));
        }
        addresses.retain(|address| !self.loopback_only || address.ip().is_loopback());
        if addresses.is_empty() {
            return Err(io::Error::other(
                "the name has no address of this machine, and plain http goes nowhere else",
            ));
        }
        Ok(addresses)
    }

    /// After a connection that could not be made: the host may have moved.
    pub(super) fn forget(&self) {
        *self.kept.lock() = None;
    }
}

impl Resolve for Names {
    /// Hands out what [`Names::refresh`] found, without waiting.
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.kept.lock().as_ref().map(|kept| kept.addresses.to_vec());
        let asked_for = name.as_str().eq_ignore_ascii_case(&self.hop.host);
        let answer = known.filter(|_| asked_for).ok_or_else(|| {
            format!("{} was not resolved before the connection was made", name.as_str())
        });
        Box::pin(async move {
            let addresses: Addrs = Box::new(answer?.into_iter());
            Ok(addresses)
        })
    }
}

fn system_lookup(hop: &NextHop) -> io::Result<Vec<SocketAddr>> {
    Ok((hop.host.as_str(), hop.port).to_socket_addrs()?.collect())
}
