//! What a file-based signing request is given, a zip with one file, and what comes back in the signed one.

use std::io::{Cursor, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use signpath_client::config::{CosignSettings, PayloadForm};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::message::{KEPT_MAX, Message};
use super::payload::{IN_TOTO, statement};

/// The signature of a message is no longer than this; an envelope is as long as its statement in Base64, and that.
const SIGNATURE_MAX: usize = 64 << 10;

/// The file that is signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Its path in the zip.
    file: String,
    content: Vec<u8>,
    form: PayloadForm,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

impl Artifact {
    /// What of a message is handed in.
    ///
    /// # Errors
    /// Only its digest is known, it is too long, or it is no statement where one is wanted.
    pub(super) fn of(message: &Message, settings: &CosignSettings) -> Result<Self, String> {
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
            PayloadForm::Dsse => statement(&text.start).ok_or(
                "form=dsse needs an in-toto statement, and this message is none (attestations are, and images signed in \
                 cosign v3's bundle format): use form=raw",
            )?,
        };
        Ok(Self { file: settings.file.clone(), content: content.to_vec(), form: settings.form })
    }

    /// What tells it from other artifacts.
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        let form = match self.form {
            PayloadForm::Raw => "raw",
            PayloadForm::Dsse => "dsse",
        };
        [form.as_bytes(), self.file.as_bytes(), &self.content]
    }

    /// The zip that is handed in.
    ///
    /// # Errors
    /// The zip cannot be written.
    pub(super) fn zip(&self) -> Result<Vec<u8>, String> {
        packed(&[(&self.file, &self.content)])
    }

    /// Whether a zip has this very file.
    ///
    /// # Errors
    /// It has none, or another one.
    pub(super) fn check_in(&self, zip: &[u8]) -> Result<(), String> {
        match unpacked(zip, &self.file, 2 * KEPT_MAX)? {
            Some(content) if content == self.content => Ok(()),
            Some(_) => Err(format!(
                "{} in it is not what cosign wants signed; SignPath may have put something into it, which only \
                 signpath-cosign can attach",
                self.file
            )),
            None => Err(format!("there is no {} in it", self.file)),
        }
    }

    /// The signature over the message in a signed zip, in whichever form the service makes it.
    ///
    /// # Errors
    /// The zip has none, or one of something else.
    pub(super) fn signature_in(&self, zip: &[u8]) -> Result<Vec<u8>, String> {
        match self.form {
            PayloadForm::Raw => {
                self.check_in(zip)?;
                let name = format!("{}.sig", self.file);
                unpacked(zip, &name, SIGNATURE_MAX)?
                    .ok_or_else(|| missing(&name, "create-raw-signature"))
            }
            PayloadForm::Dsse => {
                let name = format!("{}.dsse", self.file);
                let max = self.content.len().saturating_mul(2).saturating_add(SIGNATURE_MAX);
                let envelope =
                    unpacked(zip, &name, max)?.ok_or_else(|| missing(&name, "dsse-sign"))?;
                self.signature_of(&envelope).map_err(|why| format!("{name} in it {why}"))
            }
        }
    }

    fn signature_of(&self, envelope: &[u8]) -> Result<Vec<u8>, String> {
        let envelope: Envelope = serde_json::from_slice(envelope)
            .map_err(|error| format!("is no DSSE envelope: {error}"))?;
        if envelope.payload_type != IN_TOTO {
            return Err(format!(
                "has the payload type {:?}; it has to be {IN_TOTO}",
                envelope.payload_type
            ));
        }
        if STANDARD.decode(&envelope.payload).ok().as_deref() != Some(&self.content) {
            return Err("is around another statement than cosign's".to_owned());
        }
        let [signature] = envelope.signatures.as_slice() else {
            return Err(format!("has {} signatures instead of one", envelope.signatures.len()));
        };
        STANDARD.decode(&signature.sig).map_err(|_| "has a signature that is not Base64".to_owned())
    }
}

fn missing(name: &str, element: &str) -> String {
    format!("there is no {name} in it: the artifact configuration has to make it, by {element}")
}

fn packed(files: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the zip cannot be written: {error}");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, content) in files {
        zip.start_file(*path, options).map_err(|error| failed(&error))?;
        zip.write_all(content).map_err(|error| failed(&error))?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|error| failed(&error))
}

/// A file of a zip, of `max` bytes at most; `None` if there is none of this path.
fn unpacked(zip: &[u8], path: &str, max: usize) -> Result<Option<Vec<u8>>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("it is no readable zip: {error}");
    let mut zip = ZipArchive::new(Cursor::new(zip)).map_err(|error| unreadable(&error))?;
    let Some(index) = zip.index_for_name(path) else { return Ok(None) };
    let file = zip.by_index(index).map_err(|error| unreadable(&error))?;
    let mut content = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut content).map_err(|error| unreadable(&error))?;
    if content.len() > max {
        return Err(format!("{path} in it is longer than {max} bytes"));
    }
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use signpath_client::key::HashAlgorithm;

    use super::super::message::Text;
    use super::*;

    fn message(text: &[u8]) -> Message {
        let text = Some(Text { start: text.to_vec(), is_whole: true });
        Message { hash: HashAlgorithm::Sha256, digest: vec![0; 32], text }
    }

    fn settings(form: PayloadForm) -> CosignSettings {
        CosignSettings { form, file: "a/payload.json".to_owned(), ..CosignSettings::default() }
    }

    fn raw() -> Artifact {
        Artifact::of(&message(b"message"), &settings(PayloadForm::Raw)).unwrap()
    }

    fn dsse() -> Artifact {
        let text = format!("DSSEv1 {} {IN_TOTO} 2 {{}}", IN_TOTO.len());
        Artifact::of(&message(text.as_bytes()), &settings(PayloadForm::Dsse)).unwrap()
    }

    fn envelope(payload: &str, kind: &str, signatures: &[&str]) -> Vec<u8> {
        let signatures: Vec<_> = signatures.iter().map(|sig| json!({ "sig": sig })).collect();
        let payload = STANDARD.encode(payload);
        json!({ "payload": payload, "payloadType": kind, "signatures": signatures })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn the_zip_has_the_message_at_the_path_that_was_asked_for() {
        let zip = raw().zip().unwrap();
        assert_eq!(unpacked(&zip, "a/payload.json", 7).unwrap().unwrap(), b"message");
        assert_eq!(raw().check_in(&zip), Ok(()));
        assert_eq!(unpacked(&dsse().zip().unwrap(), "a/payload.json", 9).unwrap().unwrap(), b"{}");
    }

    #[test]
    fn a_raw_signature_is_taken_from_beside_the_same_message() {
        let zip = packed(&[("a/payload.json", b"message"), ("a/payload.json.sig", b"sig")]);
        assert_eq!(raw().signature_in(&zip.unwrap()), Ok(b"sig".to_vec()));
    }

    #[test]
    fn a_changed_message_and_a_missing_signature_are_refused() {
        for (files, expected) in [
            (
                &[("a/payload.json", b"massage".as_slice()), ("a/payload.json.sig", b"s")][..],
                "is not what cosign wants signed",
            ),
            (
                &[("a/payload.json", b"message and more"), ("a/payload.json.sig", b"s")],
                "is not what cosign wants signed",
            ),
            (
                &[("payload.json", b"message"), ("payload.json.sig", b"s")],
                "there is no a/payload.json in it",
            ),
            (&[("a/payload.json", b"message")], "by create-raw-signature"),
        ] {
            let error = raw().signature_in(&packed(files).unwrap()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(raw().signature_in(b"no zip").unwrap_err().contains("no readable zip"));
    }

    #[test]
    fn an_envelope_s_signature_is_taken_if_it_is_around_the_same_statement() {
        let signed = |envelope: &[u8]| {
            dsse().signature_in(&packed(&[("a/payload.json.dsse", envelope)]).unwrap())
        };
        assert_eq!(signed(&envelope("{}", IN_TOTO, &["c2ln"])), Ok(b"sig".to_vec()));
        for (envelope, expected) in [
            (envelope("{ }", IN_TOTO, &["c2ln"]), "another statement"),
            (envelope("{}", "text/plain", &["c2ln"]), "payload type \"text/plain\""),
            (envelope("{}", IN_TOTO, &[]), "0 signatures"),
            (envelope("{}", IN_TOTO, &["c2ln", "c2ln"]), "2 signatures"),
            (envelope("{}", IN_TOTO, &["-"]), "not Base64"),
            (b"{}".to_vec(), "no DSSE envelope"),
        ] {
            let error = signed(&envelope).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let none = packed(&[("a/payload.json", b"{}".as_slice())]).unwrap();
        assert!(dsse().signature_in(&none).unwrap_err().contains("by dsse-sign"));
    }

    #[test]
    fn simple_signing_is_no_statement() {
        let error = Artifact::of(&message(b"{}"), &settings(PayloadForm::Dsse)).unwrap_err();
        assert!(error.contains("use form=raw"), "{error}");
    }

    #[test]
    fn a_bare_digest_and_a_message_that_was_not_kept_cannot_be_handed_in() {
        let settings = settings(PayloadForm::Raw);
        let bare = Message { text: None, ..message(b"") };
        assert!(Artifact::of(&bare, &settings).unwrap_err().contains("use via=hash"));
        let text = Some(Text { start: vec![], is_whole: false });
        let long = Message { text, ..message(b"") };
        assert!(Artifact::of(&long, &settings).unwrap_err().contains("use via=hash"));
    }

    proptest! {
        #[test]
        fn no_zip_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..200) {
            raw().signature_in(&bytes).ok();
            let whole = raw().zip().unwrap();
            raw().signature_in(&whole[..cut.min(whole.len())]).ok();
        }

        #[test]
        fn what_is_packed_comes_out_again(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let zip = packed(&[("x", &content)]).unwrap();
            prop_assert_eq!(unpacked(&zip, "x", 300).unwrap(), Some(content));
        }
    }
}
