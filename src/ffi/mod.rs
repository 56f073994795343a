//! The C boundary, and the only room with `unsafe`.
//!
//! A call comes in through [`table`], passes [`boundary`] and reaches a handler, which parses its arguments
//! ([`input`]), calls the core and writes the answer back ([`output`]). Handlers keep no state, read no files and
//! no environment, and choose no CK_RV.

mod digest;
mod general;
mod input;
mod interface;
mod object;
mod output;
pub(crate) mod process;
mod random;
mod session;
mod sign;
mod slot;
#[expect(non_snake_case, reason = "the functions have the names of the standard")]
mod table;
mod verify;

use std::time::Instant;

use cryptoki_sys::{CK_RV, CKR_OK};
use tracing::{debug, error};

use crate::{
    error::{Error, Result},
    module,
};

/// Every C_ function runs in here: SIGPIPE and SIGXFSZ are kept from the host, a panic stops, an error is logged in one line and
/// becomes a CK_RV.
fn boundary(function: &'static str, call: impl FnOnce() -> Result<()>) -> CK_RV {
    let _signals = process::WriteSignalsBlocked::new();
    let started = Instant::now();
    let outcome = process::stop_panics(call).unwrap_or_else(|panic| Err(Error::Panic(panic)));
    // Logging runs code of its own, and what it does must not unwind into C either.
    process::stop_panics(|| report(function, started, outcome.as_ref().err())).ok();
    outcome.map_or_else(|error| error.rv(), |()| CKR_OK)
}

fn report(function: &'static str, started: Instant, error: Option<&Error>) {
    if !module::is_ours() {
        return;
    }
    let Some(error) = error else {
        debug!("{function}: CKR_OK after {} us", started.elapsed().as_micros());
        return;
    };
    if error.concerns_the_user() {
        error!("{function}: {error}");
    } else {
        debug!("{function}: {:#x}: {error}", error.rv());
    }
}

#[cfg(test)]
mod tests {
    use cryptoki_sys::CKR_GENERAL_ERROR;

    use super::*;

    #[test]
    fn a_panic_stops_at_the_boundary() {
        assert_eq!(boundary("C_Test", || panic!("a defect")), CKR_GENERAL_ERROR);
    }
}
