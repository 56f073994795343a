//! See [`signpath_command::plugin`].

use std::process::ExitCode;

fn main() -> ExitCode {
    signpath_command::plugin::main()
}
