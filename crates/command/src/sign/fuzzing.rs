//! For `fuzz/`: payloads, statements, bundles and archives that come back.

use signpath_client::config::PayloadForm;

use super::{Annotations, Format, Message, resume, returned, submit};
use crate::image::Image;
use crate::request::{archive, file};
use crate::{bundle, payload, statement};

/// Reads bytes as everything that a signing request, a registry or a file may hold. What is read as another message than
/// the one that was asked for names the same image.
pub fn payloads(bytes: &[u8]) {
    drop((payload::read(bytes), statement::read(bytes), bundle::read(bytes)));
    payload::annotations_in(bytes);
    drop(submit::read(bytes.to_vec(), "x".to_owned()));
    // Packing takes longer than everything else, and what is packed says little that is new.
    let packed = bytes.len().is_multiple_of(8).then(|| in_a_zip(bytes));
    for packed in [Some(bytes.to_vec()), packed].into_iter().flatten() {
        drop((archive::paths(&packed), resume::of_zip(&packed, Some(&packed))));
        for form in [PayloadForm::Raw, PayloadForm::Dsse] {
            drop(file::found(&packed, "x", form));
        }
    }
    let Ok(image) = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse::<Image>() else {
        return;
    };
    for format in [Format::SimpleSigning, Format::Bundle] {
        let Ok(asked) = Message::of(&image, format, &Annotations::new(), "x") else { return };
        drop(returned::content(format, PayloadForm::Raw, bytes.to_vec()));
        if returned::added(&asked, bytes).is_ok() {
            let named = submit::read(bytes.to_vec(), "x".to_owned()).map(|message| message.image);
            assert_eq!(named, Ok(image.clone()));
        }
    }
}

fn in_a_zip(content: &[u8]) -> Vec<u8> {
    archive::packed([("x", content), ("x.sig", b"s")]).unwrap_or_default()
}
