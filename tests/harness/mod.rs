//! The one harness: the module behind its C ABI, a process of its own for each test that needs one, the sandbox.

#[macro_use]
mod module;
mod alone;

pub(crate) use alone::{Alone, alone, alone_beside_a_sandbox, requested, variable};
pub(crate) use module::{Module, Session, module_path};
