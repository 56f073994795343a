//! The one harness: the module behind its C ABI, a process of its own for each test that needs one, the sandbox.

#[macro_use]
mod module;
mod alone;
mod session;
mod tools;

pub(crate) use alone::builder as sandbox_builder;
pub(crate) use alone::{
    Alone, Ended, Repeatedly, alone, alone_beside_a_sandbox, alone_repeatedly, alone_with,
    requested, until_requested, variable,
};
pub(crate) use module::{Module, module_path};
pub(crate) use session::{Find, Pss, Session};
pub(crate) use tools::{Ran, Registry, Tool, Workplace, repository_file};
