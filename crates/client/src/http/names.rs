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

type Lookup = dyn Fn(&NextHop) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The addresses of the one host that connections are made to.
pub(super) struct Names {
    hop: NextHop,
    lookup: Box<Lookup>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone)]
struct Kept {
    since: Instant,
    addresses: Arc<[SocketAddr]>,
}

impl Names {
    pub(super) fn of_system(hop: NextHop) -> Self {
        Self::new(hop, Box::new(system_lookup))
    }

    pub(super) fn new(hop: NextHop, lookup: Box<Lookup>) -> Self {
        Self { hop, lookup, kept: Mutex::new(None) }
    }

    /// Looks the name up unless that was done in the last minute. Blocks as long as the system's resolver does; must
    /// not be called inside of the runtime.
    pub(super) fn refresh(&self, now: Instant) -> Result<(), Broken> {
        if self.hop.host.parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        let before = self.kept.lock().clone();
        if before.as_ref().is_some_and(|kept| now.saturating_duration_since(kept.since) < KEPT) {
            return Ok(());
        }
        let found = (self.lookup)(&self.hop).and_then(|addresses| match addresses.as_slice() {
            [] => Err(io::Error::other("the name has no address")),
            _ => Ok(addresses),
        });
        match (found, before) {
            (Ok(addresses), _) => {
                *self.kept.lock() = Some(Kept { since: now, addresses: addresses.into() });
                Ok(())
            }
            (Err(error), Some(_)) => {
                debug!(
                    "{} cannot be resolved now, its last addresses are used: {error}",
                    self.hop.host
                );
                Ok(())
            }
            (Err(error), None) => {
                let detail = format!("{}: {error}", self.hop.host);
                Err(Broken::Exchange { failure: Failure::Lookup, detail })
            }
        }
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
