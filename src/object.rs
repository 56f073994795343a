//! The objects of a token and their attributes, as a table: one row, one attribute.
//!
//! Attributes say what is known. A key may have been imported into SignPath, so CKA_LOCAL, CKA_ALWAYS_SENSITIVE,
//! CKA_NEVER_EXTRACTABLE and CKA_KEY_GEN_MECHANISM are not there at all.

use std::{borrow::Cow, sync::Arc};

use cryptoki_sys::*;
use sha2::{Digest, Sha256};
use signpath_client::{
    certificate::Certificate,
    key::{EcPublicKey, PublicKey, RsaPublicKey},
    policy::Policy,
};

use crate::mechanism::{KeyType, MECHANISMS};

mod attributes;
mod catalog;
mod feature;
mod template;

pub(crate) use catalog::Catalog;
pub(crate) use template::{Scope, Template, TemplateEntry};

use attributes::{ATTRIBUTES, Source};

/// An object of the token.
#[derive(Debug)]
pub(crate) struct Object {
    class: Class,
    /// CKA_LABEL. Of what a signing policy has: `project/policy`.
    label: String,
    /// CKA_ID. Of what a signing policy has: the label.
    id: Vec<u8>,
    subject: Subject,
}

/// The classes of object that the token has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Class {
    /// A certificate of a chain, above those of the signing policies.
    Authority,
    /// The certificate of a signing policy.
    Certificate,
    Mechanism,
    PrivateKey,
    Profile,
    PublicKey,
}

/// What an object is of.
#[derive(Debug)]
enum Subject {
    Authority(Certificate),
    Mechanism(CK_MECHANISM_TYPE),
    Policy { policy: Arc<Policy>, organization: Arc<str> },
    Profile(CK_PROFILE_ID),
}

/// The answer to a question for one attribute of one object.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Value<'a> {
    /// The object has no such attribute.
    Absent,
    Bytes(Cow<'a, [u8]>),
    /// The attribute is there and never shown: the private key stays in SignPath's HSM.
    Sensitive,
}

const TRUE: &[u8] = &[CK_TRUE];
const FALSE: &[u8] = &[CK_FALSE];

impl Object {
    /// One of the faces of a signing policy.
    pub(crate) fn of_policy(class: Class, policy: &Arc<Policy>, organization: &Arc<str>) -> Self {
        let label = policy.name();
        let (policy, organization) = (Arc::clone(policy), Arc::clone(organization));
        let id = label.clone().into_bytes();
        Self { class, label, id, subject: Subject::Policy { policy, organization } }
    }

    /// A certificate above that of a signing policy. Its label is not a policy's, which would be taken for one of the policy's
    /// faces, but its own name; its id is that of its key, by which the chain is followed.
    pub(crate) fn of_authority(certificate: &Certificate) -> Self {
        let id = certificate
            .subject_key_identifier()
            .map_or_else(|| Sha256::digest(certificate.der()).to_vec(), <[u8]>::to_vec);
        let label = certificate.common_name().unwrap_or_else(|| hex(&id));
        let subject = Subject::Authority(certificate.clone());
        Self { class: Class::Authority, label, id, subject }
    }

    fn feature(class: Class, subject: Subject) -> Self {
        Self { class, label: String::new(), id: Vec::new(), subject }
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.id
    }

    /// The signing policy whose face it is.
    pub(crate) fn policy(&self) -> Option<&Arc<Policy>> {
        match &self.subject {
            Subject::Policy { policy, .. } => Some(policy),
            Subject::Authority(_) | Subject::Mechanism(_) | Subject::Profile(_) => None,
        }
    }

    /// What it is known by from one answer of the service to the next: a policy's face by its name, a certificate above one by
    /// itself, as certificates of one authority may share name and key.
    pub(crate) fn identity(&self) -> (Class, Vec<u8>) {
        let known_by = match &self.subject {
            Subject::Authority(certificate) => certificate.der().to_vec(),
            _ => self.label.clone().into_bytes(),
        };
        (self.class, known_by)
    }

    /// Whether it is a profile or a mechanism, and so known without the service.
    pub(crate) fn is_feature(&self) -> bool {
        matches!(self.subject, Subject::Mechanism(_) | Subject::Profile(_))
    }

    /// Whether an object of the same identity, from a later answer of the service, is this one still: with the
    /// same key and, if it is that, the same certificate.
    pub(crate) fn is_same_as(&self, later: &Self) -> bool {
        let is_certificate = matches!(self.class, Class::Authority | Class::Certificate);
        self.key() == later.key() && (!is_certificate || self.certificate() == later.certificate())
    }

    pub(crate) fn attribute(&self, kind: CK_ATTRIBUTE_TYPE) -> Value<'_> {
        let Some(row) = ATTRIBUTES.iter().find(|row| row.kind == kind) else {
            return Value::Absent;
        };
        self.value(match self.class {
            Class::Authority | Class::Certificate => row.certificate,
            Class::Mechanism | Class::Profile => row.feature,
            Class::PrivateKey => row.private_key,
            Class::PublicKey => row.public_key,
        })
    }

    fn value(&self, source: Source) -> Value<'_> {
        match source {
            Source::None => Value::Absent,
            Source::True => borrowed(TRUE),
            Source::False => borrowed(FALSE),
            Source::Empty => borrowed(&[]),
            Source::Number(bytes) => borrowed(bytes),
            Source::Class => owned(ck_bytes(self.class.ck())),
            Source::Label => borrowed(self.label.as_bytes()),
            Source::Id => borrowed(&self.id),
            Source::UniqueId => owned(self.unique_id().into_bytes()),
            Source::Category => owned(ck_bytes(self.category())),
            Source::KeySubject => borrowed(self.certificate().map_or(&[], Certificate::subject)),
            Source::Subject => optional(self.certificate().map(Certificate::subject)),
            Source::Issuer => optional(self.certificate().map(Certificate::issuer)),
            Source::StartDate => date(self.certificate().map(Certificate::start_date)),
            Source::EndDate => date(self.certificate().map(Certificate::end_date)),
            Source::SerialNumber => optional(self.certificate().map(Certificate::serial_number)),
            Source::Certificate => optional(self.certificate().map(Certificate::der)),
            source => self.value_of_subject(source),
        }
    }

    /// What only some kinds of subject have.
    fn value_of_subject(&self, source: Source) -> Value<'_> {
        match (&self.subject, source) {
            (Subject::Authority(certificate), Source::PublicKeyInfo) => {
                borrowed(certificate.public_key_info())
            }
            (Subject::Mechanism(kind), Source::MechanismType) => owned(ck_bytes(*kind)),
            (Subject::Profile(id), Source::ProfileId) => owned(ck_bytes(*id)),
            (Subject::Policy { organization, .. }, Source::OrganizationId) => {
                borrowed(organization.as_bytes())
            }
            (Subject::Policy { policy, .. }, Source::Project) => {
                borrowed(policy.project().as_bytes())
            }
            (Subject::Policy { policy, .. }, Source::SigningPolicy) => {
                borrowed(policy.slug().as_bytes())
            }
            (Subject::Policy { policy, .. }, Source::SigningPolicyId) => {
                optional(policy.id().map(str::as_bytes))
            }
            (Subject::Policy { policy, .. }, source) => value_of_key(policy.key(), source),
            _ => Value::Absent,
        }
    }

    /// 3.0 §4.4.1: one for each object of the token.
    fn unique_id(&self) -> String {
        let owner = match &self.subject {
            Subject::Authority(certificate) => hex(&Sha256::digest(certificate.der())),
            Subject::Mechanism(kind) => kind.to_string(),
            Subject::Policy { policy, .. } => policy.id().unwrap_or(&self.label).to_owned(),
            Subject::Profile(id) => id.to_string(),
        };
        format!("{owner}/{}", self.class.name())
    }

    fn category(&self) -> CK_ULONG {
        match &self.subject {
            Subject::Authority(certificate) if certificate.is_authority() => {
                CK_CERTIFICATE_CATEGORY_AUTHORITY
            }
            Subject::Authority(_) => CK_CERTIFICATE_CATEGORY_OTHER_ENTITY,
            _ => CK_CERTIFICATE_CATEGORY_TOKEN_USER,
        }
    }

    fn key(&self) -> Option<&PublicKey> {
        self.policy().map(|policy| policy.key())
    }

    fn certificate(&self) -> Option<&Certificate> {
        match &self.subject {
            Subject::Authority(certificate) => Some(certificate),
            Subject::Policy { policy, .. } => policy.certificate(),
            Subject::Mechanism(_) | Subject::Profile(_) => None,
        }
    }
}

impl Class {
    pub(crate) const fn ck(self) -> CK_OBJECT_CLASS {
        match self {
            Self::Authority | Self::Certificate => CKO_CERTIFICATE,
            Self::Mechanism => CKO_MECHANISM,
            Self::PrivateKey => CKO_PRIVATE_KEY,
            Self::Profile => CKO_PROFILE,
            Self::PublicKey => CKO_PUBLIC_KEY,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Certificate => "certificate",
            Self::Mechanism => "mechanism",
            Self::PrivateKey => "private-key",
            Self::Profile => "profile",
            Self::PublicKey => "public-key",
        }
    }
}

/// What a key says of itself.
fn value_of_key(key: &PublicKey, source: Source) -> Value<'_> {
    match source {
        Source::KeyType => owned(ck_bytes(KeyType::of(key).ck())),
        Source::Mechanisms => owned(mechanisms_for(KeyType::of(key))),
        Source::PublicKeyInfo => owned(key.spki_der()),
        Source::RsaSecret => secret(rsa(key).is_some()),
        Source::EcSecret => secret(ec(key).is_some()),
        Source::Modulus => optional(rsa(key).map(RsaPublicKey::modulus)),
        Source::PublicExponent => optional(rsa(key).map(RsaPublicKey::exponent)),
        Source::ModulusBits => rsa(key).map_or(Value::Absent, |_| owned(bits(key))),
        Source::EcParams => optional(ec(key).map(|key| key.curve().oid_der())),
        Source::EcPoint => ec(key).map_or(Value::Absent, |key| owned(octet_string(key.point()))),
        _ => Value::Absent,
    }
}

fn borrowed(bytes: &[u8]) -> Value<'_> {
    Value::Bytes(Cow::Borrowed(bytes))
}

fn owned(bytes: Vec<u8>) -> Value<'static> {
    Value::Bytes(Cow::Owned(bytes))
}

fn optional(bytes: Option<&[u8]>) -> Value<'_> {
    bytes.map_or(Value::Absent, borrowed)
}

fn date(day: Option<[u8; 8]>) -> Value<'static> {
    day.map_or(Value::Absent, |day| owned(day.to_vec()))
}

fn secret(present: bool) -> Value<'static> {
    if present { Value::Sensitive } else { Value::Absent }
}

fn rsa(key: &PublicKey) -> Option<&RsaPublicKey> {
    match key {
        PublicKey::Rsa(key) => Some(key),
        PublicKey::Ec(_) => None,
    }
}

fn ec(key: &PublicKey) -> Option<&EcPublicKey> {
    match key {
        PublicKey::Ec(key) => Some(key),
        PublicKey::Rsa(_) => None,
    }
}

fn ck_bytes(value: CK_ULONG) -> Vec<u8> {
    value.to_ne_bytes().to_vec()
}

fn bits(key: &PublicKey) -> Vec<u8> {
    ck_bytes(CK_ULONG::try_from(key.bits()).unwrap_or(0))
}

fn mechanisms_for(key_type: KeyType) -> Vec<u8> {
    let usable = MECHANISMS.iter().filter(|mechanism| mechanism.key_type() == Some(key_type));
    usable.flat_map(|mechanism| mechanism.kind.to_ne_bytes()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// CKA_EC_POINT is the DER encoding of an OCTET STRING around the point (2.40 §2.3.3). A point of the largest curve has
/// 133 bytes, so two length bytes are the most that is needed.
fn octet_string(point: &[u8]) -> Vec<u8> {
    const OCTET_STRING: u8 = 0x04;
    const ONE_LENGTH_BYTE: u8 = 0x81;
    let len = u8::try_from(point.len()).unwrap_or(u8::MAX);
    let header: &[u8] =
        if len < 0x80 { &[OCTET_STRING, len] } else { &[OCTET_STRING, ONE_LENGTH_BYTE, len] };
    [header, point].concat()
}
