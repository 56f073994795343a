//! The sandbox from outside: over its sockets and its command line, with a client that shares no code with it.

#[cfg(test)]
mod command;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod http;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod state;
#[cfg(test)]
mod transport;
