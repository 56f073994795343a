//! Sigstore's trusted root (sigstore/protobuf-specs v0.5.1, sigstore_trustroot.proto) with one certificate authority and no
//! log: what `cosign trusted-root create --fulcio=…` of v3.1.2 writes.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::error::Error;

use super::certificate::{Certificate, NEEDED};
use super::chain;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// The authority of a policy's certificate, and who the certificate is for.
pub(super) struct TrustedRoot<'a> {
    own: &'a Certificate,
    /// From the certificate's issuer to the root; of a certificate that has issued itself, this certificate.
    links: Vec<&'a Certificate>,
    root: &'a Certificate,
    identity: String,
    /// Where the certificate comes from. Nobody asks there.
    uri: String,
}

/// Why cosign would not verify, and what can be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) sentence: String,
    pub(super) hint: String,
}

impl<'a> TrustedRoot<'a> {
    /// For a policy's certificate, with the certificates that may be above it in any order.
    ///
    /// # Errors
    /// A certificate without an identity that cosign can name or not for signing code; nobody known above it.
    pub(super) fn of(
        own: &'a Certificate,
        known: &'a [Certificate],
        uri: &str,
    ) -> Result<Self, Refusal> {
        let Some(identity) = own.identity() else {
            return Err(Refusal {
                sentence:
                    "its certificate has no URI and no e-mail address as subject alternative name"
                        .to_owned(),
                hint: format!(
                    "verify by its key, or have a certificate issued that cosign can name: it needs {NEEDED}"
                ),
            });
        };
        let mut links = chain::above(own, known);
        if own.is_self_issued() {
            links = vec![own];
        }
        let Some(root) = links.last().copied() else {
            return Err(Refusal {
                sentence: format!("the certificate of its issuer, {}, is not known", own.issuer()),
                hint: "give it with those above it: --ca FILE, PEM".to_owned(),
            });
        };
        if let Some(other) = links.iter().chain([&own]).find(|link| !link.allows_code_signing()) {
            return Err(Refusal {
                sentence: format!(
                    "the certificate of {} is for other uses than signing code",
                    other.subject()
                ),
                hint: format!(
                    "verify by its key, or have another certificate issued: it needs {NEEDED}"
                ),
            });
        }
        Ok(Self { own, links, root, identity, uri: uri.to_owned() })
    }

    /// The file, JSON.
    ///
    /// # Errors
    /// None that could be provoked.
    pub(super) fn json(&self) -> Result<Vec<u8>, Error> {
        let certificates = self.links.iter();
        let certificates =
            certificates.map(|link| RawBytes { raw_bytes: STANDARD.encode(link.der()) });
        let file = File {
            media_type: MEDIA_TYPE,
            certificate_authorities: [Authority {
                subject: Subject {
                    organization: self.root.organization(),
                    common_name: self.root.common_name(),
                },
                uri: self.uri.clone(),
                cert_chain: Chain { certificates: certificates.collect() },
                valid_for: Start { start: self.root.start() },
            }],
        };
        let text = serde_json::to_string_pretty(&file)
            .map_err(|error| Error::failed("the trusted root cannot be written").because(error))?;
        Ok(format!("{text}\n").into_bytes())
    }

    /// The command that verifies with it, and what it then believes.
    pub(super) fn by_identity(&self, file: &str) -> String {
        let identity = self.identity.replace('\'', r"'\''");
        format!(
            "\
with the trusted root in {file}, bundles that were signed with the certificate shown (cosign v3):
  cosign verify --trusted-root {file} --certificate-identity '{identity}' --certificate-oidc-issuer-regexp '.*' \
--insecure-ignore-tlog=true --insecure-ignore-sct=true IMAGE
any certificate for this name will do that {} has issued. cosign judges at the time of verifying: this one does until {}",
            self.root.subject(),
            self.until()
        )
    }

    /// What makes it worth less than it seems.
    pub(super) fn warnings(&self) -> Vec<String> {
        let now = SystemTime::now();
        let mut warnings = Vec::new();
        if self.own.is_self_issued() {
            warnings.push(
                "the certificate has issued itself: it is its own root, nobody else vouches for the name in it, and a renewed \
                 one needs another trusted root. Its key says as much"
                    .to_owned(),
            );
        } else if !self.root.is_self_issued() {
            let (root, issuer) = (self.root.subject(), self.root.issuer());
            warnings.push(format!(
                "{root} is taken for the root, as the certificate of {issuer} is not known"
            ));
        }
        let expired = self.links.iter().chain([&self.own]).find(|link| !link.is_valid(now));
        if let Some(link) = expired {
            let (name, start, end) = (link.subject(), link.start(), link.end());
            warnings.push(format!(
                "the certificate of {name} is valid from {start} to {end} only, so cosign refuses signatures now"
            ));
        }
        warnings
    }

    /// When the first certificate of the chain ends.
    fn until(&self) -> String {
        let ends = self.links.iter().chain([&self.own]).map(|link| link.end());
        ends.min().unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    media_type: &'static str,
    certificate_authorities: [Authority; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    subject: Subject,
    uri: String,
    cert_chain: Chain,
    valid_for: Start,
}

/// Protobuf's JSON has no empty texts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    #[serde(skip_serializing_if = "String::is_empty")]
    organization: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    common_name: String,
}

#[derive(Serialize)]
struct Chain {
    certificates: Vec<RawBytes>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: String,
}

#[derive(Serialize)]
struct Start {
    start: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::certificate::vectors::*;
    use super::*;

    const URI: &str = "https://ca.example";

    fn base64(pem: &str) -> String {
        STANDARD.encode(certificate(pem).der())
    }

    /// The file that `cosign trusted-root create` wrote of the same certificates; tests/command/trust.rs asks cosign again.
    #[test]
    fn the_file_has_the_chain_and_the_names_of_its_root() {
        let (own, known) = (certificate(VIA_INTERMEDIATE), [ROOT, INTERMEDIATE].map(certificate));
        let root = TrustedRoot::of(&own, &known, URI).unwrap();
        let json: Value = serde_json::from_slice(&root.json().unwrap()).unwrap();
        let expected = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "certificateAuthorities": [{
                "subject": {"organization": "Acme \"X\"", "commonName": "Root, é"},
                "uri": URI,
                "certChain": {"certificates": [
                    {"rawBytes": base64(INTERMEDIATE)}, {"rawBytes": base64(ROOT)},
                ]},
                "validFor": {"start": ROOT_START},
            }],
        });
        assert_eq!(json, expected);
        assert!(root.warnings().is_empty(), "{:?}", root.warnings());
    }

    #[test]
    fn a_certificate_that_has_issued_itself_is_its_own_root_with_a_warning() {
        let own = certificate(SELF_SIGNED);
        let root = TrustedRoot::of(&own, &[], URI).unwrap();
        let json: Value = serde_json::from_slice(&root.json().unwrap()).unwrap();
        let chain = &json["certificateAuthorities"][0]["certChain"]["certificates"];
        assert_eq!(*chain, json!([{"rawBytes": base64(SELF_SIGNED)}]));
        assert!(root.warnings()[0].contains("has issued itself"));
    }

    #[test]
    fn the_last_one_that_is_known_is_taken_for_the_root_with_a_warning() {
        let (own, known) = (certificate(VIA_INTERMEDIATE), [certificate(INTERMEDIATE)]);
        let root = TrustedRoot::of(&own, &known, URI).unwrap();
        assert!(root.warnings()[0].contains("is taken for the root"), "{:?}", root.warnings());
    }

    #[test]
    fn what_cosign_would_refuse_says_why() {
        for (pem, known, why) in [
            (NO_NAME, vec![ROOT], "no URI and no e-mail address"),
            (DNS_ONLY, vec![ROOT], "no URI and no e-mail address"),
            (SERVER, vec![ROOT], "for other uses"),
            (EMAIL, vec![], "is not known"),
            (EMAIL, vec![OTHER_ROOT, INTERMEDIATE], "is not known"),
        ] {
            let (own, known) =
                (certificate(pem), known.into_iter().map(certificate).collect::<Vec<_>>());
            let refusal = TrustedRoot::of(&own, &known, URI).err().expect("it is refused");
            assert!(refusal.sentence.contains(why), "{refusal:?}");
        }
    }

    #[test]
    fn an_expired_certificate_is_said() {
        let (own, known) = (certificate(EXPIRED), [certificate(ROOT)]);
        let root = TrustedRoot::of(&own, &known, URI).unwrap();
        assert!(root.warnings()[0].contains("cosign refuses"), "{:?}", root.warnings());
    }

    #[test]
    fn the_command_can_be_copied() {
        let (own, known) = (certificate(QUOTED), [certificate(ROOT)]);
        let said = TrustedRoot::of(&own, &known, URI).unwrap().by_identity("x.json");
        assert!(said.contains(r"--certificate-identity 'o'\''hara@b.example' "), "{said}");
    }
}
