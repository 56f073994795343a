//! What of a message a file-based signing request is given.

use signpath_client::config::{CosignSettings, PayloadForm};

use super::message::{KEPT_MAX, Message};
use crate::bundle::statement_in;
use crate::request::File;

/// Why a file that came back cannot be used: cosign attaches what it made itself.
pub(super) const CHANGED: &str = "is not what cosign wants signed; SignPath may have put something into it, which only \
     signpath-cosign can attach";

/// The file that is handed in.
///
/// # Errors
/// Only the message's digest is known, it is too long, or it is no statement where one is wanted.
pub(super) fn of(message: &Message, settings: &CosignSettings) -> Result<File, String> {
    let text = message.text.as_ref().ok_or(
        "cosign gives the digest of the message alone, and via=request needs the message: use via=hash",
    )?;
    if !text.is_whole {
        return Err(format!(
            "via=request takes messages of {KEPT_MAX} bytes at most: use via=hash"
        ));
    }
    let content = match settings.form {
        PayloadForm::Raw => text.start.as_slice(),
        PayloadForm::Dsse => statement_in(&text.start).ok_or(
            "form=dsse needs an in-toto statement, and this message is none (attestations are, and images signed in \
             cosign v3's bundle format): use form=raw",
        )?,
    };
    Ok(File { path: settings.file.clone(), content: content.to_vec(), form: settings.form })
}

#[cfg(test)]
mod tests {
    use signpath_client::key::HashAlgorithm;

    use super::super::message::Text;
    use super::*;
    use crate::statement::PAYLOAD_TYPE as IN_TOTO;

    fn message(text: &[u8]) -> Message {
        let text = Some(Text { start: text.to_vec(), is_whole: true });
        Message { hash: HashAlgorithm::Sha256, digest: vec![0; 32], text }
    }

    fn settings(form: PayloadForm) -> CosignSettings {
        CosignSettings { form, file: "a/payload.json".to_owned(), ..CosignSettings::default() }
    }

    #[test]
    fn raw_is_the_message_and_dsse_the_statement_in_it() {
        let text = format!("DSSEv1 {} {IN_TOTO} 2 {{}}", IN_TOTO.len());
        let message = message(text.as_bytes());
        for (form, content) in [(PayloadForm::Raw, text.as_str()), (PayloadForm::Dsse, "{}")] {
            let file = of(&message, &settings(form)).unwrap();
            let path = "a/payload.json".to_owned();
            assert_eq!(file, File { path, content: content.as_bytes().to_vec(), form });
        }
    }

    #[test]
    fn simple_signing_is_no_statement() {
        let error = of(&message(b"{}"), &settings(PayloadForm::Dsse)).unwrap_err();
        assert!(error.contains("use form=raw"), "{error}");
    }

    #[test]
    fn a_bare_digest_and_a_message_that_was_not_kept_cannot_be_handed_in() {
        let settings = settings(PayloadForm::Raw);
        let bare = Message { text: None, ..message(b"") };
        assert!(of(&bare, &settings).unwrap_err().contains("use via=hash"));
        let text = Some(Text { start: vec![], is_whole: false });
        let long = Message { text, ..message(b"") };
        assert!(of(&long, &settings).unwrap_err().contains("use via=hash"));
    }
}
