//! What differs between systems: the signals that stop a program, what a program and a library are called and where they lie.
//!
//! Linux is the one that is tested; on macOS and Windows nothing of it has run.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as own;
#[cfg(windows)]
use windows as own;

pub(crate) use own::{MODULE, MODULE_FOLDERS, file_name_of, is_program, on_stop};

/// Whether its libraries are ELF files.
pub(crate) const HAS_ELF: bool = cfg!(target_os = "linux");
