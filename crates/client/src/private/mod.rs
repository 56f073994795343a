//! Files that are this user's alone: a folder nobody else can write to or read, and what is kept there between two
//! processes of this user.
//!
//! The rules, each with a test: the folder is made for its owner alone (0700) and refused if it is not, or not ours; neither
//! the folder nor a file in it may be a link; files are regular, ours, and nobody else's to read; they are replaced whole
//! or not at all. Whoever can break them is this user, or root.

mod folder;
mod keys;

pub use folder::{Lock, PrivateFolder};
pub use keys::KnownKeys;
