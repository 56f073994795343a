//! Files that commands are given and make.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;

/// Longest file that is read: payloads and bundles go into registries, whose manifests are smaller still.
const MAX: u64 = 8 << 20;

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// A file that cannot be read or is too long.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::failed(format!("{} cannot be read", path.display())).because(error)
    };
    let mut content = Vec::new();
    let limit = MAX + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut content)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut content))
    };
    read.map_err(|error| failed(&error))?;
    if u64::try_from(content.len()).is_ok_and(|length| length > MAX) {
        return Err(failed(&format_args!("it has more than {MAX} bytes")));
    }
    Ok(content)
}

/// Writes a file into a folder, which is made when it is missing.
///
/// # Errors
/// A folder or file that cannot be written.
pub(crate) fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    fs::create_dir_all(folder).and_then(|()| fs::write(&path, content)).map_err(|error| {
        Error::failed(format!("{} cannot be written", path.display())).because(error)
    })
}
