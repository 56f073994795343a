//! Bundles: a statement in a DSSE envelope, and the key that it verifies with (Sigstore bundle v0.3, DSSE 1.0.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use signpath_client::PublicKey;

use crate::error::Error;
use crate::go_json;
use crate::statement::{self, Stated};

pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bundle {
    media_type: String,
    verification_material: VerificationMaterial,
    #[serde(skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<Envelope>,
}

/// What a signature verifies with: one of the first three. Protobuf's JSON knows each member by a second name as well, of
/// which nothing is known here: it is refused, as it could say something else.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerificationMaterial {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<PublicKeyHint>,
    #[serde(skip_serializing)]
    certificate: Option<RawCertificate>,
    /// Of older bundles, which cosign still reads; the signer's is the first.
    #[serde(skip_serializing)]
    x509_certificate_chain: Option<CertificateChain>,
    #[serde(rename = "tlogEntries", skip_serializing)]
    _log_entries: Option<IgnoredAny>,
    #[serde(rename = "timestampVerificationData", skip_serializing)]
    _timestamps: Option<IgnoredAny>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKeyHint {
    #[serde(default)]
    hint: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawCertificate {
    raw_bytes: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateChain {
    certificates: Vec<RawCertificate>,
}

impl VerificationMaterial {
    /// The signer's certificate, Base64, where it is not a key that is named.
    fn certificate(self) -> Result<Option<String>, String> {
        match (self.public_key, self.certificate, self.x509_certificate_chain) {
            (Some(_), None, None) => Ok(None),
            (None, Some(certificate), None) => Ok(Some(certificate.raw_bytes)),
            (None, None, Some(chain)) => match chain.certificates.into_iter().next() {
                Some(first) => Ok(Some(first.raw_bytes)),
                None => Err("its chain of certificates is empty".to_owned()),
            },
            (None, None, None) => Err("it names neither key nor certificate".to_owned()),
            _ => Err("it names several keys or certificates".to_owned()),
        }
    }
}

/// A DSSE envelope (DSSE, "envelope.md"), payload and signatures in Base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) payload: String,
    pub(crate) payload_type: String,
    pub(crate) signatures: Vec<Signature>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) sig: String,
}

/// What is signed for an envelope: DSSE's pre-authentication encoding.
pub(crate) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// The statement inside of a DSSE pre-authentication encoding (`DSSEv1 <length> <type> <length> <body>`), exactly as it is
/// there; `None` if the message is none of an in-toto statement.
pub(crate) fn statement_in(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"DSSEv1 ")?;
    let (kind, rest) = counted(rest)?;
    let (body, rest) = counted(rest.strip_prefix(b" ")?)?;
    (kind == statement::PAYLOAD_TYPE.as_bytes() && rest.is_empty()).then_some(body)
}

/// `<length> <bytes>`, and what follows.
fn counted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let (length, rest) = text.split_at_checked(space)?;
    let length = std::str::from_utf8(length).ok()?;
    let is_plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: usize = length.parse().ok().filter(|_| is_plain)?;
    rest.get(1..)?.split_at_checked(length)
}

/// The bundle of a statement and the signature over its pre-authentication encoding.
///
/// # Errors
/// None that can happen; see [`go_json::to_string`].
pub(crate) fn of(statement: &[u8], signature: &[u8], key: &PublicKey) -> Result<Vec<u8>, Error> {
    let bundle = Bundle {
        media_type: MEDIA_TYPE.to_owned(),
        verification_material: VerificationMaterial {
            public_key: Some(PublicKeyHint { hint: hint(key) }),
            ..VerificationMaterial::default()
        },
        dsse_envelope: Some(Envelope {
            payload: STANDARD.encode(statement),
            payload_type: statement::PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature { sig: STANDARD.encode(signature) }],
        }),
    };
    let text = go_json::to_string(&bundle);
    text.map(String::into_bytes)
        .map_err(|error| Error::failed("the bundle cannot be written").because(error))
}

/// How cosign finds the key of a bundle: Base64 of the SHA-256 of the SubjectPublicKeyInfo.
fn hint(key: &PublicKey) -> String {
    STANDARD.encode(Sha256::digest(key.spki_der()))
}

/// What a bundle holds. Nobody has checked the signatures.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) stated: Stated,
    /// What the signatures are over.
    pub(crate) message: Vec<u8>,
    pub(crate) signatures: Vec<Vec<u8>>,
    /// The signer's, DER, where it has one.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// Reads a bundle, whoever made it.
///
/// # Errors
/// What it is not, as the end of a sentence.
pub(crate) fn read(content: &[u8]) -> Result<Read, String> {
    let bundle: Bundle =
        serde_json::from_slice(content).map_err(|error| format!("it is no bundle: {error}"))?;
    if bundle.media_type != MEDIA_TYPE {
        return Err(format!("its media type is {:?} instead of {MEDIA_TYPE}", bundle.media_type));
    }
    let envelope = bundle.dsse_envelope.ok_or("it has no DSSE envelope")?;
    if envelope.payload_type != statement::PAYLOAD_TYPE {
        return Err(format!("its envelope holds {:?}, no statement", envelope.payload_type));
    }
    if envelope.signatures.is_empty() {
        return Err("its envelope has no signature".to_owned());
    }
    let decoded = |text: &str, what: &str| {
        STANDARD.decode(text).map_err(|_| format!("its {what} is not Base64"))
    };
    let statement = decoded(&envelope.payload, "payload")?;
    let signatures = envelope.signatures.iter().map(|one| decoded(&one.sig, "signature"));
    let certificate = bundle.verification_material.certificate()?;
    let certificate = certificate.map(|der| decoded(&der, "certificate"));
    Ok(Read {
        stated: statement::read(&statement)?,
        message: pre_authentication_encoding(statement::PAYLOAD_TYPE, &statement),
        signatures: signatures.collect::<Result<_, _>>()?,
        certificate: certificate.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::payload::Annotations;

    /// DSSE, protocol.md, "Test Vectors".
    #[test]
    fn the_encoding_is_that_of_the_test_vector() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    fn key() -> PublicKey {
        PublicKey::from_rsa_numbers(&[0xff; 256], &[1, 0, 1]).unwrap()
    }

    fn made() -> (Vec<u8>, Vec<u8>) {
        let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64)).parse().unwrap();
        let statement = statement::of(&image, &Annotations::new()).unwrap();
        (of(&statement, b"signature", &key()).unwrap(), statement)
    }

    #[test]
    fn a_bundle_has_statement_signature_and_key() {
        let (bundle, statement) = made();
        let json: Value = serde_json::from_slice(&bundle).unwrap();
        let hint = STANDARD.encode(Sha256::digest(key().spki_der()));
        assert_eq!(
            json,
            json!({
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {"publicKey": {"hint": hint}},
                "dsseEnvelope": {
                    "payload": STANDARD.encode(&statement),
                    "payloadType": "application/vnd.in-toto+json",
                    "signatures": [{"sig": STANDARD.encode("signature")}],
                },
            })
        );
        let read = read(&bundle).unwrap();
        assert_eq!(read.stated, statement::read(&statement).unwrap());
        assert_eq!(statement_in(&read.message), Some(&*statement));
        assert_eq!((read.signatures, read.certificate), (vec![b"signature".to_vec()], None));
    }

    #[test]
    fn a_certificate_is_found_wherever_a_bundle_has_it() {
        let text = String::from_utf8(made().0).unwrap();
        let with = |material: &str| {
            let (before, rest) = text.split_once("{\"publicKey\":").unwrap();
            let (_, after) = rest.split_once("}}").unwrap();
            read(format!("{before}{material}{after}").as_bytes()).map(|read| read.certificate)
        };
        let found = Ok(Some(b"der".to_vec()));
        assert_eq!(with(r#"{"certificate":{"rawBytes":"ZGVy"}}"#), found);
        let chain = r#"{"x509CertificateChain":{"certificates":[{"rawBytes":"ZGVy"}]}}"#;
        assert_eq!(with(chain), found);
        let of_a_log =
            r#"{"publicKey":{"hint":"x"},"tlogEntries":[{}],"timestampVerificationData":{}}"#;
        assert_eq!(with(of_a_log), Ok(None));
        for material in [
            "{}",
            r#"{"certificate":null}"#,
            r#"{"certificate":{"rawBytes":7}}"#,
            r#"{"certificate":{"raw_bytes":"ZGVy"}}"#,
            r#"{"certificate":{"rawBytes":"ZGVy","raw_bytes":"eA=="}}"#,
            r#"{"certificate":{"rawBytes":"ZGVy"},"certificate":{"rawBytes":"eA=="}}"#,
            r#"{"certificate":{"rawBytes":"ZGVy"},"publicKey":{"hint":"x"}}"#,
            r#"{"publicKey":{"hint":"x"},"x509_certificate_chain":{"certificates":[]}}"#,
            r#"{"x509CertificateChain":{"certificates":[]}}"#,
            r#"{"publicKey":{"hint":"x"}},"verification_material":{"certificate":{"rawBytes":"ZGVy"}}"#,
        ] {
            assert!(with(material).is_err(), "{material}");
        }
    }

    #[test]
    fn what_is_no_bundle_of_a_statement_is_refused() {
        let text = String::from_utf8(made().0).unwrap();
        for (from, to) in [
            ("v0.3", "v0.1"),
            ("dsseEnvelope", "messageSignature"),
            ("vnd.in-toto+json", "vnd.x"),
            ("\"payload\":\"", "\"payload\":\"!"),
            ("{\"sig\"", "{\"six\""),
        ] {
            assert!(read(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            read(&bytes).ok();
        }

        #[test]
        fn two_messages_have_two_encodings(a: (String, Vec<u8>), b: (String, Vec<u8>)) {
            prop_assume!(a != b);
            let of = |(kind, payload): &(String, Vec<u8>)| pre_authentication_encoding(kind, payload);
            prop_assert_ne!(of(&a), of(&b));
        }
    }
}
