//! The command line. See the crate `signpath_command`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    signpath_command::cli::run(std::env::args_os())
}
