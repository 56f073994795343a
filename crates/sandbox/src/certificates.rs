//! X.509 certificates: the authorities of the sandbox, the policies' certificates and the TLS server's.

use std::{
    net::IpAddr,
    str::FromStr,
    time::{Duration, SystemTime},
};

use p256::ecdsa::SigningKey;
use p256::elliptic_curve::Generate;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use x509_cert::{
    Certificate, TbsCertificate,
    builder::{self, Builder, CertificateBuilder, profile::BuilderProfile},
    der::{Decode, DecodePem, Encode, asn1::Ia5String, oid::ObjectIdentifier},
    ext::{
        Extension, ToExtension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            SubjectAltName, SubjectKeyIdentifier, name::GeneralName,
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};

use crate::{
    Error,
    keys::{self, KeyPair},
};

/// Clocks of verifiers may be behind ours.
const BACKDATED: Duration = Duration::from_secs(60 * 60);
const LIFETIME: Duration = Duration::from_secs(60 * 60 * 24 * 3650);

/// id-kp-serverAuth, id-kp-clientAuth and id-kp-codeSigning (RFC 5280, 4.2.1.12).
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

/// A root, or an authority below one, with its private key.
pub(crate) struct Authority {
    key: SigningKey,
    certificate: Certificate,
}

/// What a certificate is for.
pub(crate) enum Usage {
    /// Code signing, with the alternative name if there is one.
    CodeSigning(Option<String>),
    /// A TLS server for `localhost` and these addresses; it ends with its issuer, or then.
    Server { addresses: Vec<IpAddr>, ends: Option<SystemTime> },
    /// A TLS server of this DNS name alone.
    OtherServer(&'static str),
    /// A TLS client.
    Client,
}

impl Authority {
    /// A new authority: a root, or below the given one.
    pub(crate) fn create(common_name: &str, above: Option<&Self>) -> Result<Self, Error> {
        let subject = format!("the certificate of {common_name}");
        let key = SigningKey::generate_from_rng(&mut keys::random());
        let build = || -> builder::Result<Certificate> {
            let name = Name::from_str(&format!("CN={common_name}"))?;
            let spki = SubjectPublicKeyInfoOwned::from_key(key.verifying_key())?;
            if let Some(above) = above {
                return above.sign(
                    |issuer| Profile::Intermediate { issuer, subject: name },
                    spki,
                    None,
                );
            }
            let now = SystemTime::now();
            let validity =
                Validity::new(Time::try_from(now - BACKDATED)?, Time::try_from(now + LIFETIME)?);
            let profile = Profile::Root(name);
            CertificateBuilder::new(profile, serial_number(), validity, spki)?
                .build::<_, p256::ecdsa::DerSignature>(&key)
        };
        let certificate = build().map_err(|error| Error::crypto(subject, error))?;
        Ok(Self { key, certificate })
    }

    /// Reads what [`Self::key_pem`] and [`Self::certificate_pem`] gave.
    pub(crate) fn from_pem(key: &str, certificate: &str) -> Result<Self, String> {
        let key = SigningKey::from_pkcs8_pem(key)
            .map_err(|_| "the key file beside it holds no PKCS #8 key in PEM".to_owned())?;
        let certificate = Certificate::from_pem(certificate).map_err(|error| error.to_string())?;
        let ours = key.verifying_key().to_public_key_der().map_err(|error| error.to_string())?;
        if spki_of(&certificate)? != ours.as_bytes() {
            return Err("its key is another than the certificate's".to_owned());
        }
        Ok(Self { key, certificate })
    }

    pub(crate) fn key_pem(&self) -> Result<String, String> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF).map_err(|error| error.to_string())?;
        Ok(pem.to_string())
    }

    pub(crate) fn certificate_pem(&self) -> Result<String, String> {
        Ok(keys::pem("CERTIFICATE", &self.certificate_der()?))
    }

    pub(crate) fn certificate_der(&self) -> Result<Vec<u8>, String> {
        self.certificate.to_der().map_err(|error| error.to_string())
    }

    /// Issues a certificate for a public key, DER.
    pub(crate) fn issue(
        &self,
        common_name: &str,
        spki_der: &[u8],
        usage: Usage,
    ) -> Result<Vec<u8>, Error> {
        let build = || -> builder::Result<Vec<u8>> {
            let subject = Name::from_str(&format!("CN={common_name}"))?;
            let spki = SubjectPublicKeyInfoOwned::from_der(spki_der)?;
            let ends = match usage {
                Usage::Server { ends, .. } => ends,
                _ => None,
            };
            let ends = ends.map(Time::try_from).transpose()?;
            let profile = |issuer| Profile::Leaf { issuer, subject, usage };
            Ok(self.sign(profile, spki, ends)?.to_der()?)
        };
        build().map_err(|error| Error::crypto(format!("the certificate of {common_name}"), error))
    }

    /// Whether it is what was issued below this authority.
    pub(crate) fn is_above(&self, other: &Self) -> bool {
        self.has_issued(&other.certificate)
    }

    fn has_issued(&self, certificate: &Certificate) -> bool {
        let issuer = certificate.tbs_certificate().issuer();
        issuer == self.certificate.tbs_certificate().subject() && signed_by(certificate, self)
    }

    /// A certificate of this profile, valid from now until this authority ends, or until then.
    fn sign(
        &self,
        profile: impl FnOnce(Name) -> Profile,
        spki: SubjectPublicKeyInfoOwned,
        ends: Option<Time>,
    ) -> builder::Result<Certificate> {
        let tbs = self.certificate.tbs_certificate();
        let backdated = Time::try_from(SystemTime::now() - BACKDATED)?;
        let not_before = later(backdated, tbs.validity().not_before);
        let validity = Validity::new(not_before, ends.unwrap_or(tbs.validity().not_after));
        CertificateBuilder::new(profile(tbs.subject().clone()), serial_number(), validity, spki)?
            .build::<_, p256::ecdsa::DerSignature>(&self.key)
    }
}

/// A certificate for code signing that a policy's key issues for itself, DER. It is no authority.
pub(crate) fn self_signed(
    common_name: &str,
    key: &KeyPair,
    alternative_name: Option<String>,
) -> Result<Vec<u8>, Error> {
    let failed =
        |reason: String| Error::crypto(format!("the certificate of {common_name}"), reason);
    let spki = key.spki_der().map_err(failed)?;
    let build = || -> builder::Result<Vec<u8>> {
        let subject = Name::from_str(&format!("CN={common_name}"))?;
        let usage = Usage::CodeSigning(alternative_name);
        let profile = Profile::Leaf { issuer: subject.clone(), subject, usage };
        let now = SystemTime::now();
        let validity =
            Validity::new(Time::try_from(now - BACKDATED)?, Time::try_from(now + LIFETIME)?);
        let spki = SubjectPublicKeyInfoOwned::from_der(&spki)?;
        let builder = CertificateBuilder::new(profile, serial_number(), validity, spki)?;
        let certificate = match key {
            KeyPair::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(key.as_ref().clone());
                builder.build::<_, rsa::pkcs1v15::Signature>(&key)
            }
            KeyPair::P256(key) => builder.build::<_, p256::ecdsa::DerSignature>(key),
            KeyPair::P384(key) => builder.build::<_, p384::ecdsa::DerSignature>(key),
            KeyPair::P521(key) => builder.build::<_, p521::ecdsa::DerSignature>(key),
        };
        Ok(certificate?.to_der()?)
    };
    build().map_err(|error| failed(error.to_string()))
}

/// The public key of a certificate, SubjectPublicKeyInfo in DER.
fn spki_of(certificate: &Certificate) -> Result<Vec<u8>, String> {
    let spki = certificate.tbs_certificate().subject_public_key_info();
    spki.to_der().map_err(|error| error.to_string())
}

/// Whether a kept certificate is still the one that a policy should have: same key, same alternative name, same issuer, which
/// is the certificate itself where none is given.
pub(crate) fn fits(
    certificate_der: &[u8],
    spki_der: &[u8],
    alternative_name: Option<&str>,
    issuer: Option<&Authority>,
) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate_der) else { return false };
    let tbs = certificate.tbs_certificate();
    let wanted = alternative_name.and_then(|name| general_name(name).ok());
    let kept = match tbs.get_extension::<SubjectAltName>() {
        Ok(extension) => extension.and_then(|(_, names)| names.0.first().cloned()),
        Err(_) => return false,
    };
    let is_by_issuer = match issuer {
        Some(issuer) => issuer.has_issued(&certificate),
        None => tbs.issuer() == tbs.subject(),
    };
    is_by_issuer && kept == wanted && spki_of(&certificate).is_ok_and(|spki| spki == spki_der)
}

/// The DER of a certificate in PEM.
pub(crate) fn der_of_pem(pem: &str) -> Result<Vec<u8>, String> {
    let certificate = Certificate::from_pem(pem).map_err(|error| error.to_string())?;
    certificate.to_der().map_err(|error| error.to_string())
}

fn signed_by(certificate: &Certificate, issuer: &Authority) -> bool {
    use p256::ecdsa::signature::Verifier;
    let Ok(signed) = certificate.tbs_certificate().to_der() else { return false };
    p256::ecdsa::DerSignature::from_bytes(certificate.signature().raw_bytes())
        .is_ok_and(|signature| issuer.key.verifying_key().verify(&signed, &signature).is_ok())
}

fn serial_number() -> SerialNumber {
    SerialNumber::generate(&mut keys::random())
}

/// An e-mail address has an `@`, a URI a `://`; anything else is taken for a DNS name.
fn general_name(name: &str) -> Result<GeneralName, x509_cert::der::Error> {
    let text = Ia5String::new(name)?;
    Ok(if name.contains("://") {
        GeneralName::UniformResourceIdentifier(text)
    } else if name.contains('@') {
        GeneralName::Rfc822Name(text)
    } else {
        GeneralName::DnsName(text)
    })
}

fn later(one: Time, other: Time) -> Time {
    if one.to_unix_duration() >= other.to_unix_duration() { one } else { other }
}

enum Profile {
    Root(Name),
    Intermediate { issuer: Name, subject: Name },
    Leaf { issuer: Name, subject: Name, usage: Usage },
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        match self {
            Self::Root(_) => subject.clone(),
            Self::Intermediate { issuer, .. } | Self::Leaf { issuer, .. } => issuer.clone(),
        }
    }

    fn get_subject(&self) -> Name {
        match self {
            Self::Root(subject)
            | Self::Intermediate { subject, .. }
            | Self::Leaf { subject, .. } => subject.clone(),
        }
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let mut list = Extensions { subject: tbs.subject(), list: Vec::new() };
        list.push(&SubjectKeyIdentifier::try_from(spk)?)?;
        if !matches!(self, Self::Root(_)) {
            let issuer = SubjectKeyIdentifier::try_from(issuer_spk)?.0;
            list.push(&AuthorityKeyIdentifier {
                key_identifier: Some(issuer),
                ..Default::default()
            })?;
        }
        match self {
            Self::Root(_) | Self::Intermediate { .. } => {
                let below = matches!(self, Self::Intermediate { .. }).then_some(0);
                list.push(&BasicConstraints { ca: true, path_len_constraint: below })?;
                list.push(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?;
            }
            Self::Leaf { usage, .. } => {
                list.push(&BasicConstraints { ca: false, path_len_constraint: None })?;
                list.push(&KeyUsage(KeyUsages::DigitalSignature.into()))?;
                list.push(&ExtendedKeyUsage(vec![usage.oid()]))?;
                let names = usage.names()?;
                if !names.is_empty() {
                    list.push(&SubjectAltName(names))?;
                }
            }
        }
        Ok(list.list)
    }
}

impl Usage {
    fn oid(&self) -> ObjectIdentifier {
        match self {
            Self::CodeSigning(_) => CODE_SIGNING,
            Self::Server { .. } | Self::OtherServer(_) => SERVER_AUTH,
            Self::Client => CLIENT_AUTH,
        }
    }

    fn names(&self) -> Result<Vec<GeneralName>, x509_cert::der::Error> {
        match self {
            Self::CodeSigning(Some(name)) => Ok(vec![general_name(name)?]),
            Self::CodeSigning(None) | Self::Client => Ok(Vec::new()),
            Self::OtherServer(name) => Ok(vec![GeneralName::DnsName(Ia5String::new(*name)?)]),
            Self::Server { addresses, .. } => {
                let localhost = GeneralName::DnsName(Ia5String::new("localhost")?);
                let addresses = addresses.iter().map(|address| GeneralName::from(*address));
                Ok([localhost].into_iter().chain(addresses).collect())
            }
        }
    }
}

/// Extensions in the making: whether one is critical can depend on the subject and on those before it.
struct Extensions<'a> {
    subject: &'a Name,
    list: Vec<Extension>,
}

impl Extensions<'_> {
    fn push<'e, E>(&mut self, extension: &'e E) -> builder::Result<()>
    where
        &'e E: ToExtension<Error = x509_cert::der::Error>,
    {
        let extension = extension.to_extension(self.subject, &self.list)?;
        self.list.push(extension);
        Ok(())
    }
}
