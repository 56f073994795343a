//! Windows, untried.

use std::fs::Metadata;
use std::io;

/// The file of the module.
pub(crate) const MODULE: &str = "signpath_pkcs11.dll";

/// There is no usual one.
pub(crate) const MODULE_FOLDERS: &[&str] = &[];

/// The file that is run by this name. Scripts are not looked for: cosign and its plugins are programs.
pub(crate) fn file_name_of(program: &str) -> String {
    format!("{program}.exe")
}

/// Whether it is a file: what can be run is told by its name.
pub(crate) fn is_program(found: &Metadata) -> bool {
    found.is_file()
}

/// Ctrl-C ends the program at once, and without a word on how to go on. A file that is just being written is left unfinished under
/// a name of its own, and the next writer removes it.
///
/// # Errors
/// None.
pub(crate) fn on_stop(_stop: impl Fn(&str, &dyn Fn()) + Send + 'static) -> io::Result<()> {
    Ok(())
}
