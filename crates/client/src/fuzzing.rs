//! For `fuzz/`: what reads bytes of others, with what has to hold for all of them, and a service without a socket.

use std::hint::black_box;
use std::sync::OnceLock;

use crate::certificate::Certificate;
use crate::error::ServiceMessage;
use crate::http::{Answer, Broken};
use crate::key::{HashAlgorithm, HashToSign, PublicKey, Scheme};
use crate::policy::Policy;
use crate::wire::{Body, Request, files, policies, sign};

pub use crate::http::fuzzing::identities;

/// A service: of a route and the body of a POST it makes a whole answer, or an error's status.
pub type Service = fn(route: &str, body: &[u8]) -> Result<Vec<u8>, u16>;

static SERVICE: OnceLock<Service> = OnceLock::new();

/// From now on this is the service of every client in the process, and nothing connects. The first one stays.
pub fn be_served_by(service: Service) {
    SERVICE.get_or_init(|| service);
}

/// The answer of that service, if there is one.
pub(crate) fn answered(request: &Request) -> Option<Result<Answer, Broken>> {
    let service = SERVICE.get()?;
    let body = match &request.body {
        Body::Json(json) => json.as_slice(),
        Body::None | Body::Form { .. } => &[],
    };
    let answer = service(&request.route, body);
    Some(answer.map(|body| Answer { body, location: None, date: None }).map_err(|status| {
        Broken::Status { status, message: ServiceMessage::read(b"", ""), retry_after: None }
    }))
}

/// Reads an answer of the service as everything that it could be.
pub fn answers(body: &[u8]) {
    drop(sign::decode(body));
    drop(files::status(body));
    drop(files::submitted(body, str::from_utf8(body).ok()));
    let entries = policies::decode(body).into_iter().flatten().flatten();
    for policy in entries.filter_map(|entry| Policy::from_entry(&entry, true).ok()) {
        let certificate = policy.certificate().map(Certificate::public_key);
        assert!(certificate.is_none_or(|key| key.as_ref() == Ok(policy.key())), "{policy:?}");
        assert!(policy.chain().len() <= 10);
        assert!(policy.chain().is_empty() || policy.certificate().is_some());
    }
    let text = ServiceMessage::read(body, "sEcReT").to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.len() < 8192, "{} bytes", text.len());
    assert!(!text.contains("sEcReT"), "{text}");
}

/// Reads bytes as a public key in every form and as a certificate. What can be read can be written and read again, and a
/// signature of zeros is none.
pub fn keys(bytes: &[u8]) {
    let (front, back) = bytes.split_at(bytes.len() / 2);
    let read = [
        PublicKey::from_any(bytes),
        PublicKey::from_spki_der(bytes),
        PublicKey::from_pkcs1_der(bytes),
        PublicKey::from_point(bytes),
        PublicKey::from_rsa_numbers(bytes, &[1, 0, 1]),
        PublicKey::from_rsa_numbers(front, back),
    ];
    // Checking a signature takes longer than everything else, and says little that is new.
    let checks = bytes.len().is_multiple_of(8);
    for key in read.into_iter().flatten() {
        let scheme = match key {
            PublicKey::Rsa(_) => Scheme::RsaPkcs1(HashAlgorithm::Sha256),
            PublicKey::Ec(_) => Scheme::Ecdsa,
        };
        let zeros = HashToSign { scheme, hash: vec![0; 32] };
        assert!(!checks || !key.verify(&zeros, &vec![0; key.signature_len()]));
        drop(key.fixed_signature(bytes.to_vec()).map(|fixed| key.encoded_signature(&fixed)));
        assert_eq!(PublicKey::from_spki_der(&key.spki_der()), Ok(key));
    }
    if let Ok(certificate) = Certificate::from_der(bytes) {
        assert_eq!(certificate.der(), bytes);
        drop((certificate.public_key(), certificate.common_name(), certificate.issuer_name()));
        black_box((certificate.is_authority(), certificate.subject_key_identifier()));
        for date in [certificate.start_date(), certificate.end_date()] {
            assert!(date.iter().all(u8::is_ascii_digit), "{date:?}");
        }
    }
}
