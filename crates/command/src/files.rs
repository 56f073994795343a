//! Files that commands are given and make.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use signpath_client::replacement::Replacement;

use crate::error::Error;
use crate::interruption;

/// Longest file that is read: payloads and bundles go into registries, whose manifests are smaller still.
const MAX: u64 = 8 << 20;

/// The rights of a file that is made, before the process's umask.
const EVERYBODYS: u32 = 0o666;

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

/// Writes a file into a folder, which is made when it is missing: whole or not at all, in place of one of this name.
///
/// # Errors
/// A folder or file that cannot be written.
pub(crate) fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    fs::create_dir_all(folder).and_then(|()| put(folder, name, content)).map_err(|error| {
        Error::failed(format!("{} cannot be written", path.display())).because(error)
    })
}

/// A link is replaced as a file is, never followed: in a folder of several users another one may have laid it.
fn put(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let kind = fs::symlink_metadata(folder.join(name)).map(|found| found.file_type());
    if kind.is_ok_and(|kind| !kind.is_file() && !kind.is_symlink()) {
        return Err(io::Error::other("there is something else of this name that is no file"));
    }
    interruption::whole(|| Replacement::begin(folder, EVERYBODYS)?.finish(name, content))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::thread;

    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_and_nothing_is_left_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        write(&folder, "file", b"a longer one").unwrap();
        write(&folder, "file", b"short").unwrap();
        assert_eq!(read(&folder.join("file")).unwrap(), b"short");
        let names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["file"]);
    }

    #[test]
    fn who_reads_while_others_write_sees_one_whole_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        write(folder, "file", &[b'a'; 100_000]).unwrap();
        let writer = |letter: u8| {
            for _ in 0..50 {
                write(folder, "file", &[letter; 100_000]).unwrap();
            }
        };
        thread::scope(|scope| {
            let writers = [b'a', b'b'].map(|letter| scope.spawn(move || writer(letter)));
            while writers.iter().any(|writer| !writer.is_finished()) {
                let found = read(&folder.join("file")).unwrap();
                assert!(found.len() == 100_000 && found.iter().all(|byte| *byte == found[0]));
            }
        });
    }

    #[test]
    fn a_link_is_replaced_and_what_it_leads_to_stays() {
        let place = tempfile::tempdir().unwrap();
        let (target, link) = (place.path().join("target"), place.path().join("link"));
        fs::write(&target, b"another's").unwrap();
        symlink(&target, &link).unwrap();
        write(place.path(), "link", b"1").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"another's");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read(&link).unwrap(), b"1");
        symlink(place.path().join("nowhere"), place.path().join("dangling")).unwrap();
        write(place.path(), "dangling", b"2").unwrap();
        assert!(!place.path().join("nowhere").exists());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("folder");
        fs::create_dir_all(folder.join("file/in-it")).unwrap();
        assert!(write(&folder, "file", b"1").is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
        assert!(write(&folder, "socket", b"1").is_err());
        drop(socket);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    }
}
