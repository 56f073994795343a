//! A zip and its artifact configuration: whether they fit, and the signatures that come out.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::{
    algorithm::{EcdsaFormat, HashAlgorithm, Padding},
    archive::{Archive, ArchiveFile},
    config::{ArtifactConfiguration, ArtifactHash, PolicyConfig, RsaPadding, SignatureForm},
    fault::Tamper,
    keys::KeyPair,
    pattern,
    payload::{self, Payload},
};

/// A DSSE envelope, in the order of its specification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    payload: String,
    payload_type: &'a str,
    signatures: [EnvelopeSignature; 1],
}

#[derive(Serialize)]
struct EnvelopeSignature {
    keyid: &'static str,
    sig: String,
}

/// Whether the files of a zip are those of the configuration, and what the policy may sign; if not, why.
pub(crate) fn check(
    policy: &PolicyConfig,
    configuration: &ArtifactConfiguration,
    archive: &Archive,
) -> Result<(), String> {
    for pattern in &configuration.paths {
        if !archive.files.iter().any(|file| pattern::matches(pattern, &file.path)) {
            return Err(format!(
                "The artifact configuration expects a file {pattern} in the zip, which has {}.",
                archive.listing()
            ));
        }
    }
    for file in signed_files(configuration, archive) {
        let output = format!("{}{}", file.path, configuration.suffix());
        if archive.files.iter().any(|other| other.path == output) {
            return Err(format!("The zip has a file {output} already, where the signature goes."));
        }
        if let Some(allowed) = &policy.allowed_repositories {
            let checked = Payload::read(&file.content).check(allowed);
            checked.map_err(|reason| format!("The file {} is refused: {reason}.", file.path))?;
        }
    }
    Ok(())
}

/// The files that the configuration names.
pub(crate) fn signed_files<'a>(
    configuration: &'a ArtifactConfiguration,
    archive: &'a Archive,
) -> impl Iterator<Item = &'a ArchiveFile> {
    archive.files.iter().filter(|file| configuration.names(&file.path))
}

/// The signed zip: each file that the configuration names has its signature behind it.
pub(crate) fn sign(
    policy: &PolicyConfig,
    configuration: &ArtifactConfiguration,
    key: &KeyPair,
    archive: &Archive,
    tamper: Option<&Tamper>,
) -> Result<Archive, String> {
    let mut files = Vec::new();
    for file in &archive.files {
        if !configuration.names(&file.path) {
            files.push(file.clone());
            continue;
        }
        let mut content = payload::inject(&file.content, &policy.inject);
        if let Some(Tamper::Replace(other)) = tamper {
            content.clone_from(other);
        }
        let output = signature_file(configuration, key, &content, tamper)
            .ok_or_else(|| format!("The key cannot sign {} like this.", file.path))?;
        let path = format!("{}{}", file.path, configuration.suffix());
        files.push(ArchiveFile { path: file.path.clone(), content });
        files.push(ArchiveFile { path, content: output });
    }
    Ok(Archive { files })
}

fn signature_file(
    configuration: &ArtifactConfiguration,
    key: &KeyPair,
    content: &[u8],
    tamper: Option<&Tamper>,
) -> Option<Vec<u8>> {
    let payload_type = &configuration.payload_type;
    let encoded = match configuration.form {
        SignatureForm::Raw => None,
        SignatureForm::Dsse => Some(payload::encode_for_dsse(payload_type, content)),
    };
    let message = encoded.as_deref().unwrap_or(content);
    let mut signature = signature(configuration, key, message, tamper)?;
    if let Some(tamper) = tamper {
        signature = tamper.apply(signature);
    }
    if configuration.form == SignatureForm::Raw {
        return Some(signature);
    }
    let signatures = [EnvelopeSignature { keyid: "", sig: STANDARD.encode(signature) }];
    let envelope = Envelope { payload: STANDARD.encode(content), payload_type, signatures };
    serde_json::to_vec(&envelope).ok()
}

fn signature(
    configuration: &ArtifactConfiguration,
    key: &KeyPair,
    message: &[u8],
    tamper: Option<&Tamper>,
) -> Option<Vec<u8>> {
    let hash = match configuration.hash_algorithm {
        ArtifactHash::Sha256 => HashAlgorithm::Sha256,
        ArtifactHash::Sha384 => HashAlgorithm::Sha384,
        ArtifactHash::Sha512 => HashAlgorithm::Sha512,
    };
    let digest = hash.digest(message)?;
    let digest = tamper.map_or_else(|| digest.clone(), |tamper| tamper.digest(&digest));
    let format = tamper.map_or(EcdsaFormat::Asn1, |tamper| tamper.format(EcdsaFormat::Asn1));
    let KeyPair::Rsa(_) = key else { return key.sign_ecdsa(format, &digest) };
    let padding = match configuration.rsa_padding? {
        RsaPadding::Pkcs1 => Padding::Pkcs1,
        RsaPadding::Pss => Padding::Pss,
    };
    key.sign_rsa(hash, padding, &digest)
}
