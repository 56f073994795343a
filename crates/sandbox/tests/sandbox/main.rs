//! The sandbox from outside: over its sockets and its command line, with a client that shares no code with it.

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod command;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod http;
#[cfg(test)]
mod measuring;
#[cfg(test)]
mod page;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod state;
#[cfg(test)]
mod submission;
#[cfg(test)]
mod transport;
