//! A file that is handed in to be signed, and what of it stands in the signed zip.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signpath_client::config::PayloadForm;

use super::Unusable;
use super::archive::Archive;
use crate::bundle::Envelope;
use crate::statement::PAYLOAD_TYPE;

/// What comes back may have this much more in it than what was handed in.
const ADDED_MAX: usize = 1 << 20;

/// A file whose content nobody here knows is no longer than this.
pub(crate) const FOUND_MAX: usize = 8 << 20;

/// A signature is no longer than this; an envelope is as long as its statement in Base64, and that.
const SIGNATURE_MAX: usize = 64 << 10;

/// A file to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path in the zip.
    pub(crate) path: String,
    /// The message itself, or for [`PayloadForm::Dsse`] the statement.
    pub(crate) content: Vec<u8>,
    pub(crate) form: PayloadForm,
}

/// A file as it came back: the service may have put something into it, and signed that.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignedFile {
    pub(crate) content: Vec<u8>,
    /// As the service made it; nobody has checked it.
    pub(crate) signature: Vec<u8>,
}

impl File {
    /// What tells it from other files.
    pub(crate) fn parts(&self) -> [&[u8]; 3] {
        let form = match self.form {
            PayloadForm::Raw => "raw",
            PayloadForm::Dsse => "dsse",
        };
        [form.as_bytes(), self.path.as_bytes(), &self.content]
    }

    /// The file and its signature in a signed zip, in whichever form the service makes it.
    ///
    /// # Errors
    /// What the zip lacks.
    pub(crate) fn signed_in(&self, zip: &mut Archive<'_>) -> Result<SignedFile, Unusable> {
        let max = self.content.len().saturating_add(ADDED_MAX);
        signed(zip, &self.path, self.form, max)
    }

    /// Its content in a zip, signed or not; `None` if it is not there.
    ///
    /// # Errors
    /// As [`Archive::unpacked`].
    pub(crate) fn content_in(&self, zip: &mut Archive<'_>) -> Result<Option<Vec<u8>>, Unusable> {
        zip.unpacked(&self.path, self.content.len().saturating_add(ADDED_MAX))
    }
}

/// What a signed zip has at a path whose content nobody here knows.
///
/// # Errors
/// What the zip lacks.
pub(crate) fn found(
    zip: &mut Archive<'_>,
    path: &str,
    form: PayloadForm,
) -> Result<SignedFile, Unusable> {
    signed(zip, path, form, FOUND_MAX)
}

/// What the service appends to the path of a file of which it makes a signature or an envelope.
pub(crate) fn suffix(form: PayloadForm) -> &'static str {
    match form {
        PayloadForm::Raw => ".sig",
        PayloadForm::Dsse => ".dsse",
    }
}

fn signed(
    zip: &mut Archive<'_>,
    path: &str,
    form: PayloadForm,
    max: usize,
) -> Result<SignedFile, Unusable> {
    let name = format!("{path}{}", suffix(form));
    match form {
        PayloadForm::Raw => {
            let content = zip.unpacked(path, max)?;
            let missing_file = || Unusable::ForGood(format!("there is no {path} in it"));
            let content = content.ok_or_else(missing_file)?;
            let signature = zip.unpacked(&name, SIGNATURE_MAX)?;
            let signature = signature.ok_or_else(|| missing(&name, "create-raw-signature"))?;
            Ok(SignedFile { content, signature })
        }
        PayloadForm::Dsse => {
            let max = max.saturating_mul(2).saturating_add(SIGNATURE_MAX);
            let envelope = zip.unpacked(&name, max)?.ok_or_else(|| missing(&name, "dsse-sign"))?;
            opened(&envelope).map_err(|why| Unusable::ForGood(format!("{name} in it {why}")))
        }
    }
}

/// Statement and signature of an envelope (DSSE, "envelope.md").
fn opened(envelope: &[u8]) -> Result<SignedFile, String> {
    let envelope: Envelope = serde_json::from_slice(envelope)
        .map_err(|error| format!("is no DSSE envelope: {error}"))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        let found = envelope.payload_type;
        return Err(format!("has the payload type {found:?}; it has to be {PAYLOAD_TYPE}"));
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(format!("has {} signatures instead of one", envelope.signatures.len()));
    };
    let decoded = |text: &str, what: &str| {
        STANDARD.decode(text).map_err(|_| format!("has a {what} that is not Base64"))
    };
    Ok(SignedFile {
        content: decoded(&envelope.payload, "payload")?,
        signature: decoded(&signature.sig, "signature")?,
    })
}

fn missing(name: &str, element: &str) -> Unusable {
    Unusable::ForGood(format!(
        "there is no {name} in it: the artifact configuration has to make it, by {element}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::archive::packed;
    use super::*;

    fn file(form: PayloadForm) -> File {
        File { path: "a/payload.json".to_owned(), content: b"{}".to_vec(), form }
    }

    fn signed_in(zip: &[u8], form: PayloadForm) -> Result<SignedFile, Unusable> {
        file(form).signed_in(&mut Archive::open(zip)?)
    }

    fn envelope(payload: &str, kind: &str, signatures: &[&str]) -> Vec<u8> {
        let signatures: Vec<_> = signatures.iter().map(|sig| json!({ "sig": sig })).collect();
        let payload = STANDARD.encode(payload);
        json!({ "payload": payload, "payloadType": kind, "signatures": signatures })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_raw_signature_stands_beside_what_was_signed() {
        let files = [("a/payload.json", &b"{ }"[..]), ("a/payload.json.sig", b"sig")];
        let signed = signed_in(&packed(files).unwrap(), PayloadForm::Raw).unwrap();
        assert_eq!(signed, SignedFile { content: b"{ }".to_vec(), signature: b"sig".to_vec() });
    }

    #[test]
    fn an_envelope_has_statement_and_signature() {
        let zip = |envelope: &[u8]| packed([("a/payload.json.dsse", envelope)]).unwrap();
        let signed = |envelope: Vec<u8>| signed_in(&zip(&envelope), PayloadForm::Dsse);
        let expected = SignedFile { content: b"{}".to_vec(), signature: b"sig".to_vec() };
        assert_eq!(signed(envelope("{}", PAYLOAD_TYPE, &["c2ln"])), Ok(expected));
        for (envelope, expected) in [
            (envelope("{}", "text/plain", &["c2ln"]), "payload type \"text/plain\""),
            (envelope("{}", PAYLOAD_TYPE, &[]), "0 signatures"),
            (envelope("{}", PAYLOAD_TYPE, &["c2ln", "c2ln"]), "2 signatures"),
            (envelope("{}", PAYLOAD_TYPE, &["-"]), "not Base64"),
            (b"{}".to_vec(), "no DSSE envelope"),
        ] {
            let error = signed(envelope).unwrap_err();
            assert!(error.why().contains(expected), "{error:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_makes_it() {
        for (path, form, expected) in [
            ("a/payload.json", PayloadForm::Raw, "by create-raw-signature"),
            ("payload.json", PayloadForm::Raw, "there is no a/payload.json in it"),
            ("a/payload.json", PayloadForm::Dsse, "by dsse-sign"),
        ] {
            let zip = packed([(path, &b"{}"[..])]).unwrap();
            let error = signed_in(&zip, form).unwrap_err();
            assert!(error.why().contains(expected), "{error:?}");
        }
        assert!(matches!(signed_in(b"x", PayloadForm::Raw), Err(Unusable::Now(_))));
    }

    proptest! {
        #[test]
        fn no_envelope_makes_the_reader_panic(bytes: Vec<u8>, text in "\\PC*") {
            opened(&bytes).ok();
            opened(&envelope(&text, &text, &[&text])).ok();
        }
    }
}
