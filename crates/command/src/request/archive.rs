//! The zips that file-based signing requests take and give.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::Unusable;

/// A zip with these files, by path and content.
///
/// # Errors
/// The zip cannot be written; a path that is there twice.
pub(crate) fn packed<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the zip cannot be written: {error}");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, content) in files {
        zip.start_file(path, options).map_err(|error| failed(&error))?;
        zip.write_all(content).map_err(|error| failed(&error))?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|error| failed(&error))
}

/// Most files of a zip: payload and statement of the manifests that are signed at once, with a signature for each.
const FILES_MAX: usize = 4000;

/// Most bytes that come out of one: payloads and statements have a few hundred each.
const CONTENT_MAX: usize = 64 << 20;

/// A zip that was made elsewhere. Its list of files is read once.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// So much may still come out.
    left: usize,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// A zip that cannot be read, or has more files than anybody asked for.
    pub(crate) fn open(zip: &'a [u8]) -> Result<Self, Unusable> {
        let zip = ZipArchive::new(Cursor::new(zip)).map_err(|error| unreadable(&error))?;
        if zip.len() > FILES_MAX {
            return Err(Unusable::ForGood(format!("it has more than {FILES_MAX} files")));
        }
        Ok(Self { zip, left: CONTENT_MAX })
    }

    /// A file, of `max` bytes at most; `None` if there is none of this path.
    ///
    /// # Errors
    /// A zip that cannot be read; a file that is longer; more than all files may have together.
    pub(crate) fn unpacked(&mut self, path: &str, max: usize) -> Result<Option<Vec<u8>>, Unusable> {
        let Some(index) = self.zip.index_for_name(path) else { return Ok(None) };
        let file = self.zip.by_index(index).map_err(|error| unreadable(&error))?;
        let mut content = Vec::new();
        let limit = u64::try_from(max.min(self.left)).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut content).map_err(|error| unreadable(&error))?;
        if content.len() > max {
            return Err(Unusable::ForGood(format!("{path} in it is longer than {max} bytes")));
        }
        self.left = self.left.checked_sub(content.len()).ok_or_else(|| {
            Unusable::ForGood(format!("its files have more than {CONTENT_MAX} bytes"))
        })?;
        Ok(Some(content))
    }

    /// The paths in it.
    ///
    /// # Errors
    /// A zip that cannot be read.
    pub(crate) fn paths(&self) -> Result<Vec<String>, Unusable> {
        let names = self.zip.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
        names.collect::<Result<_, _>>().map_err(|error| unreadable(&error))
    }
}

/// The service may give it whole in another run.
fn unreadable(error: &dyn std::fmt::Display) -> Unusable {
    Unusable::Now(format!("it is no readable zip: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(zip: &[u8], path: &str, max: usize) -> Result<Option<Vec<u8>>, Unusable> {
        Archive::open(zip)?.unpacked(path, max)
    }

    fn paths(zip: &[u8]) -> Result<Vec<String>, Unusable> {
        Archive::open(zip)?.paths()
    }

    #[test]
    fn a_damaged_file_may_be_whole_in_another_run_and_a_long_one_may_not() {
        let zip = packed([("x", &[7; 300][..])]).unwrap();
        assert!(matches!(unpacked(&zip, "x", 299), Err(Unusable::ForGood(_))));
        let at = 30 + "x".len() + 2;
        let mut damaged = zip.clone();
        damaged[at] ^= 0xff;
        assert!(matches!(unpacked(&damaged, "x", 300), Err(Unusable::Now(_))));
        assert!(matches!(unpacked(&zip[..40], "x", 300), Err(Unusable::Now(_))));
    }

    #[test]
    fn a_zip_has_no_more_files_than_are_signed_at_once() {
        let named =
            |count: usize| (0..count).map(|name| format!("{name}.json")).collect::<Vec<_>>();
        for (count, is_read) in [(FILES_MAX, true), (FILES_MAX + 1, false)] {
            let names = named(count);
            let zip = packed(names.iter().map(|name| (&**name, &b""[..]))).unwrap();
            let opened = Archive::open(&zip).map(|_| ());
            assert_eq!(opened.is_ok(), is_read, "{opened:?}");
            assert!(
                is_read || matches!(opened, Err(Unusable::ForGood(why)) if why.contains("4000"))
            );
        }
    }

    #[test]
    fn all_files_together_are_no_longer_than_one_may_be() {
        let eighth = vec![0; CONTENT_MAX / 8];
        let zip = packed([("x", &*eighth)]).unwrap();
        let mut archive = Archive::open(&zip).unwrap();
        for _ in 0..8 {
            assert_eq!(archive.unpacked("x", CONTENT_MAX).unwrap().unwrap().len(), eighth.len());
        }
        assert!(matches!(archive.unpacked("x", CONTENT_MAX), Err(Unusable::ForGood(_))));
    }

    #[test]
    fn a_path_cannot_be_packed_twice() {
        assert!(packed([("a", &b"1"[..]), ("a", b"2")]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..200) {
            let whole = packed([("x", &b"message"[..])]).unwrap();
            for zip in [&bytes[..], &whole[..cut.min(whole.len())]] {
                unpacked(zip, "x", 99).ok();
                paths(zip).ok();
            }
        }

        #[test]
        fn what_is_packed_comes_out_again(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let zip = packed([("a/x", content.as_slice())]).unwrap();
            prop_assert_eq!(paths(&zip).unwrap(), ["a/x"]);
            prop_assert_eq!(unpacked(&zip, "a/x", 300).unwrap(), Some(content));
            prop_assert_eq!(unpacked(&zip, "x", 300).unwrap(), None);
        }
    }
}
