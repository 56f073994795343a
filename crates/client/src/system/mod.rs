//! What differs between systems, behind one face: whose a file is and what others may do with it, links and pipes in the place
//! of files, the running process and its parent, standard error, the pipes of a program. Nothing else in this crate calls what
//! is one system's own.
//!
//! What a system does not tell is `None`, and each caller says what it makes of that: where it has promised that something is
//! this user's alone, it goes without.
//!
//! | file | of |
//! | --- | --- |
//! | `unix` | files, standard error, pipes and names of users on Linux and macOS |
//! | `linux` | processes on Linux, by /proc |
//! | `without_proc` | processes on macOS and Windows, which have no /proc |
//! | `macos` | users, rights and signals on macOS |
//! | `windows` | all else on Windows: an owner and an ACL take `unsafe` there, and are not known |
//!
//! Linux is the one that is tested. The others are held to compile (`scripts/test other-systems`), and nothing of them has run.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(all(unix, not(target_os = "linux")))]
mod macos;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(not(target_os = "linux"))]
mod without_proc;

#[cfg(unix)]
use unix as files;
#[cfg(windows)]
use windows as files;

#[cfg(target_os = "linux")]
use linux as processes;
#[cfg(not(target_os = "linux"))]
use without_proc as processes;

#[cfg(target_os = "linux")]
use linux as rights;
#[cfg(all(unix, not(target_os = "linux")))]
use macos as rights;
#[cfg(windows)]
use windows as rights;

pub(crate) use files::{
    Pipe, all_may_read, appending, identity, keep_for_owner, keeps_names, names, open_itself,
    others_may_use, others_may_write, own_folders, owner, user_name, with_rights,
    write_to_standard_error,
};
pub(crate) use processes::{
    arguments, arguments_of, executable, executable_of, parent, parent_surroundings, version,
};
pub(crate) use rights::{KIND, has_more_rights, ignores, user_ids};
