//! Zip files, in bounds: read whole into memory and written anew, so that what was looked at is what is signed.

use std::io::{Cursor, Read, Write};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// All files of a zip together, uncompressed: enough for payloads, and no room for a zip bomb.
const LARGEST_CONTENT: u64 = 64 * 1024 * 1024;
const MOST_FILES: usize = 1000;

/// The files of a zip, in their order; folders are left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Archive {
    pub(crate) files: Vec<ArchiveFile>,
}

/// A file of a zip.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ArchiveFile {
    /// With `/` between its segments; it leads nowhere out of the zip.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

impl Archive {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::read_within(bytes, LARGEST_CONTENT)
    }

    fn read_within(bytes: &[u8], largest: u64) -> Result<Self, String> {
        let unreadable = |error: zip::result::ZipError| format!("it is no readable zip: {error}");
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
        if zip.len() > MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files"));
        }
        if zip.has_duplicate_names() {
            return Err("it has two files of the same path".to_owned());
        }
        let mut left = largest;
        let mut files = Vec::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).map_err(unreadable)?;
            let path = checked_path(file.name_raw())?;
            if path.ends_with('/') {
                continue;
            }
            let mut content = Vec::new();
            let limit = left.saturating_add(1);
            let read = Read::by_ref(&mut file).take(limit).read_to_end(&mut content);
            let read = read.map_err(|error| format!("its file {path} cannot be read: {error}"))?;
            left = u64::try_from(read)
                .ok()
                .and_then(|read| left.checked_sub(read))
                .ok_or_else(|| format!("its files have more than {largest} bytes together"))?;
            files.push(ArchiveFile { path, content });
        }
        Ok(Self { files })
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, String> {
        let failed = |error: zip::result::ZipError| format!("the zip cannot be written: {error}");
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for file in &self.files {
            zip.start_file(&file.path, options).map_err(failed)?;
            zip.write_all(&file.content).map_err(|error| failed(error.into()))?;
        }
        Ok(zip.finish().map_err(failed)?.into_inner())
    }

    /// The paths of all files, for a message.
    pub(crate) fn listing(&self) -> String {
        let paths: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        if paths.is_empty() { "no file".to_owned() } else { paths.join(", ") }
    }
}

fn checked_path(raw: &[u8]) -> Result<String, String> {
    let path = String::from_utf8(raw.to_vec())
        .map_err(|_| "the path of one of its files is no UTF-8".to_owned())?;
    let is_strange = path.is_empty() || path.contains('\\') || path.chars().any(char::is_control);
    let leaves = |segment: &str| matches!(segment, ".." | ".");
    if is_strange || path.starts_with('/') || path.split('/').any(leaves) {
        return Err(format!("the path '{}' is not one inside a zip", path.escape_debug()));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Archive {
        let file = |(path, content): &(&str, &[u8])| ArchiveFile {
            path: (*path).to_owned(),
            content: content.to_vec(),
        };
        Archive { files: files.iter().map(file).collect() }
    }

    #[test]
    fn what_leads_out_of_a_zip_is_refused() {
        for path in ["/etc/passwd", "../x", "a/../../x", "a\\b", "a\nb"] {
            let bytes = archive(&[(path, b"x")]).write().unwrap();
            let reason = Archive::read(&bytes).unwrap_err();
            assert!(reason.contains("not one inside a zip"), "{path}: {reason}");
        }
    }

    #[test]
    fn a_zip_that_grows_beyond_bounds_is_refused() {
        let zeros = [0; 5000];
        let bytes = archive(&[("a", &zeros), ("b", &zeros)]).write().unwrap();
        assert!(bytes.len() < 1000);
        assert!(Archive::read_within(&bytes, 10_000).is_ok());
        let reason = Archive::read_within(&bytes, 9_999).unwrap_err();
        assert!(reason.contains("more than 9999 bytes together"), "{reason}");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            files in prop::collection::btree_map("[a-zé]{1,8}(/[a-z. ]{1,8}x)?", prop::collection::vec(any::<u8>(), 0..200), 0..5)
        ) {
            let files = files.into_iter().map(|(path, content)| ArchiveFile { path, content });
            let archive = Archive { files: files.collect() };
            prop_assert_eq!(Archive::read(&archive.write().unwrap()).unwrap(), archive);
        }

        #[test]
        fn any_bytes_are_a_zip_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Archive::read(&bytes).is_err());
        }

        #[test]
        fn a_zip_with_wrong_bytes_is_read_or_an_error(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = archive(&[("payload.json", b"{}"), ("b/c", &[7; 100])]).write().unwrap();
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            drop(Archive::read(&bytes));
            drop(Archive::read(&bytes[..end.index(bytes.len())]));
        }
    }
}
