//! For `fuzz/`: payloads, statements, bundles and archives that come back.

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use signpath_client::config::PayloadForm;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Annotations, Format, Message, resume, returned, submit};
use crate::image::Image;
use crate::request::archive::Archive;
use crate::request::file;
use crate::{bundle, payload, statement};

/// The messages that were asked for, all about one image.
static ASKED: LazyLock<Vec<(Format, Message)>> = LazyLock::new(|| {
    let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse::<Image>();
    let message = |format| {
        let image = image.as_ref().ok()?;
        Some((format, Message::of(image, format, &Annotations::new(), "x").ok()?))
    };
    [Format::SimpleSigning, Format::Bundle].into_iter().filter_map(message).collect()
});

/// Reads bytes as everything that a signing request, a registry or a file may hold. What is read as another message than
/// the one that was asked for names the same image.
pub fn payloads(bytes: &[u8]) {
    drop((payload::read(bytes), statement::read(bytes), bundle::read(bytes)));
    payload::annotations_in(bytes);
    drop(submit::read(bytes.to_vec(), "x".to_owned()));
    // Packing takes longer than everything else, and what is packed says little that is new.
    let packed = bytes.len().is_multiple_of(8).then(|| in_a_zip(bytes));
    for packed in [Some(bytes.to_vec()), packed].into_iter().flatten() {
        drop(resume::of_zip(&packed, Some(&packed)));
        let Ok(mut opened) = Archive::open(&packed) else { continue };
        drop(opened.paths());
        for form in [PayloadForm::Raw, PayloadForm::Dsse] {
            drop(file::found(&mut opened, "x", form));
        }
    }
    assert_eq!(ASKED.len(), 2);
    for (format, asked) in &*ASKED {
        drop(returned::content(*format, PayloadForm::Raw, bytes.to_vec()));
        if returned::added(asked, bytes).is_ok() {
            let named = submit::read(bytes.to_vec(), "x".to_owned()).map(|message| message.image);
            assert_eq!(named.as_ref(), Ok(&asked.image));
        }
    }
}

/// As it is: deflating takes longest, and a case that is a zip with deflated files is in the corpus.
fn in_a_zip(content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (path, content) in [("x", content), ("x.sig", b"s")] {
        let written = zip.start_file(path, options).is_ok() && zip.write_all(content).is_ok();
        assert!(written);
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}
