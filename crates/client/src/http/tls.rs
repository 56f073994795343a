//! The TLS configuration: ring as the provider, TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1 offered, roots of the system and of
//! the settings. Made when the first https connection is, never before. Whether a certificate was revoked (CRL, OCSP) is
//! not looked up.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tracing::debug;
use zeroize::Zeroizing;

use crate::config::SystemRoots;
use crate::error::{Error, unusable_file};
use crate::http::Settings;
use crate::process::read_regular;

use verifier::Verifier;

pub(super) use verifier::OtherKey;
pub(crate) use verifier::Seen;
pub(super) use wish::Wish;

#[cfg(feature = "fuzzing")]
pub(super) mod fuzzing;
mod identity;
mod pbes2;
mod pkcs12;
mod verifier;
mod wish;

/// ALPN, best first. A configuration that is handed to the HTTP stack ready-made offers only what is set here.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where distributions keep all roots in one file, which is read ten times as fast as a directory of them.
const ROOT_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// No PEM file of a setting is longer: 1 MiB is hundreds of certificates.
const PEM_MAX: usize = 1 << 20;

/// Where they keep them one by one.
const ROOT_DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The configuration for https. Without https there are no roots in it, so that nothing could be trusted by mistake.
///
/// # Errors
/// A file that cannot be used, or no root at all.
pub(super) fn configuration(settings: &Settings) -> Result<ClientConfig, Error> {
    let roots = if settings.https { roots(settings)? } else { RootCertStore::empty() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Error::Setup { why: error.to_string() })?;
    let is_ordinary = settings.seen.is_none() && settings.tls_server_keys.is_empty();
    let builder = if is_ordinary || !settings.https {
        builder.with_root_certificates(roots)
    } else {
        let verifier = Verifier::new(roots, provider, settings)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let client = settings.tls_client.as_ref().filter(|_| settings.https);
    let mut configuration = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let (chain, key) = identity::of(client)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                let why = format!("does not fit together with its key: {error}");
                unusable_file(identity::CERTIFICATE, &client.certificate, why)
            })?
        }
    };
    configuration.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
    Ok(configuration)
}

const CA_SETTING: &str = "TlsCaCertificate";

fn roots(settings: &Settings) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let (found, _) = roots.add_parsable_certificates(system_roots(&settings.system_roots));
    debug!("{found} root certificates of the system are trusted");
    if let Some(path) = &settings.tls_ca_certificate {
        for certificate in certificates(CA_SETTING, path, &read(CA_SETTING, path)?)? {
            roots.add(certificate).map_err(|error| {
                unusable_file(
                    CA_SETTING,
                    path,
                    format!("holds a certificate that cannot be trusted: {error}"),
                )
            })?;
        }
    }
    if roots.is_empty() {
        return Err(Error::Setup { why: no_roots(&settings.system_roots) });
    }
    Ok(roots)
}

fn no_roots(said: &SystemRoots) -> String {
    let file = said.file.iter().map(|path| ("SSL_CERT_FILE", path));
    let directories = said.directories.iter().map(|path| ("SSL_CERT_DIR", path));
    let places: Vec<String> = file
        .chain(directories)
        .map(|(variable, path)| format!("{} ({variable})", path.display()))
        .collect();
    if places.is_empty() {
        return "this system has no root certificates: install its ca-certificates package, or name a PEM file in \
                SIGNPATH_TLS_CA_CERTIFICATE"
            .to_owned();
    }
    format!(
        "there is no root certificate in {}: correct the variable or take it away, or name a PEM file in \
         SIGNPATH_TLS_CA_CERTIFICATE",
        places.join(" and ")
    )
}

/// From where the environment says, as far as the configuration let it, else from the usual places.
fn system_roots(said: &SystemRoots) -> Vec<CertificateDer<'static>> {
    if said.file.is_some() || !said.directories.is_empty() {
        let in_file = load(said.file.as_deref(), None);
        let in_directories = said.directories.iter().flat_map(|path| load(None, Some(path)));
        return in_file.into_iter().chain(in_directories).collect();
    }
    let files = ROOT_FILES.iter().map(|path| (Some(Path::new(*path)), None));
    let directories = ROOT_DIRECTORIES.iter().map(|path| (None, Some(Path::new(*path))));
    files
        .chain(directories)
        .map(|(file, directory)| load(file, directory))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn load(file: Option<&Path>, directory: Option<&Path>) -> Vec<CertificateDer<'static>> {
    let path = file.or(directory).unwrap_or(Path::new(""));
    if !path.exists() {
        return Vec::new();
    }
    let result = rustls_native_certs::load_certs_from_paths(file, directory);
    for error in result.errors {
        debug!("a root certificate is not used: {error}");
    }
    result.certs
}

fn certificates(
    setting: &str,
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&without_keys(pem))
        .collect::<Result<_, _>>()
        .map_err(|error| unusable_file(setting, path, format!("is damaged: {error}")))?;
    if certificates.is_empty() {
        return Err(unusable_file(setting, path, "holds no certificate in PEM"));
    }
    Ok(certificates)
}

/// The reader of certificates reads all that there is, and does not wipe it.
fn without_keys(pem: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(pem.len());
    let mut rest = pem;
    while let Some(key) = identity::key_range(rest) {
        kept.extend_from_slice(rest.get(..key.start).unwrap_or_default());
        rest = rest.get(key.end..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept
}

fn read(setting: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    read_regular(path, PEM_MAX)
        .map_err(|error| unusable_file(setting, path, format!("cannot be read: {error}")))
}

#[cfg(test)]
mod tests;
