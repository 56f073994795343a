//! The objects of a token and their attributes, as a table: one row, one attribute.
//!
//! Attributes say what is known. A key may have been imported into SignPath, so CKA_LOCAL, CKA_ALWAYS_SENSITIVE,
//! CKA_NEVER_EXTRACTABLE and CKA_KEY_GEN_MECHANISM are not there at all.

use std::{borrow::Cow, sync::Arc};

use cryptoki_sys::*;
use signpath_client::{
    certificate::Certificate,
    key::{EcPublicKey, PublicKey, RsaPublicKey},
    policy::Policy,
};

use crate::mechanism::{KeyType, MECHANISMS};

mod attributes;
mod catalog;
mod template;

pub(crate) use catalog::Catalog;
pub(crate) use template::{Template, TemplateEntry};

use attributes::{ATTRIBUTES, Source};

/// An object of the token: one of the three faces of a signing policy.
#[derive(Debug)]
pub(crate) struct Object {
    class: Class,
    policy: Arc<Policy>,
    organization: Arc<str>,
    /// CKA_LABEL and CKA_ID: `project/policy`.
    name: String,
}

/// The classes of object that the token has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Class {
    Certificate,
    PrivateKey,
    PublicKey,
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
    pub(crate) fn new(class: Class, policy: Arc<Policy>, organization: Arc<str>) -> Self {
        let name = policy.name();
        Self { class, policy, organization, name }
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Whether an object of the same class and name, from a later answer of the service, is this one still: with the
    /// same key and, if it is that, the same certificate.
    pub(crate) fn is_same_as(&self, later: &Self) -> bool {
        self.policy.key() == later.policy.key()
            && (self.class != Class::Certificate || self.certificate() == later.certificate())
    }

    pub(crate) fn attribute(&self, kind: CK_ATTRIBUTE_TYPE) -> Value<'_> {
        let Some(row) = ATTRIBUTES.iter().find(|row| row.kind == kind) else {
            return Value::Absent;
        };
        match self.class {
            Class::Certificate => self.value(row.certificate),
            Class::PrivateKey => self.value(row.private_key),
            Class::PublicKey => self.value(row.public_key),
        }
    }

    fn value(&self, source: Source) -> Value<'_> {
        let key = self.policy.key();
        match source {
            Source::None => Value::Absent,
            Source::True => borrowed(TRUE),
            Source::False => borrowed(FALSE),
            Source::Empty => borrowed(&[]),
            Source::Number(bytes) => borrowed(bytes),
            Source::Name => borrowed(self.name.as_bytes()),
            Source::UniqueId => owned(self.unique_id().into_bytes()),
            Source::OrganizationId => borrowed(self.organization.as_bytes()),
            Source::Project => borrowed(self.policy.project().as_bytes()),
            Source::SigningPolicy => borrowed(self.policy.slug().as_bytes()),
            Source::SigningPolicyId => optional(self.policy.id().map(str::as_bytes)),
            Source::KeyType => owned(ck_bytes(KeyType::of(key).ck())),
            Source::Mechanisms => owned(mechanisms_for(KeyType::of(key))),
            Source::PublicKeyInfo => owned(key.spki_der()),
            Source::RsaSecret => secret(rsa(key).is_some()),
            Source::EcSecret => secret(ec(key).is_some()),
            Source::Modulus => optional(rsa(key).map(RsaPublicKey::modulus)),
            Source::PublicExponent => optional(rsa(key).map(RsaPublicKey::exponent)),
            Source::ModulusBits => rsa(key).map_or(Value::Absent, |_| owned(bits(key))),
            Source::EcParams => optional(ec(key).map(|key| key.curve().oid_der())),
            Source::EcPoint => {
                ec(key).map_or(Value::Absent, |key| owned(octet_string(key.point())))
            }
            Source::KeySubject => borrowed(self.certificate().map_or(&[], Certificate::subject)),
            Source::Subject => optional(self.certificate().map(Certificate::subject)),
            Source::Issuer => optional(self.certificate().map(Certificate::issuer)),
            Source::SerialNumber => optional(self.certificate().map(Certificate::serial_number)),
            Source::Certificate => optional(self.certificate().map(Certificate::der)),
        }
    }

    fn unique_id(&self) -> String {
        let policy = self.policy.id().unwrap_or(&self.name);
        let class = match self.class {
            Class::Certificate => "certificate",
            Class::PrivateKey => "private-key",
            Class::PublicKey => "public-key",
        };
        format!("{policy}/{class}")
    }

    fn certificate(&self) -> Option<&Certificate> {
        self.policy.certificate()
    }
}

impl Class {
    pub(crate) const fn ck(self) -> CK_OBJECT_CLASS {
        match self {
            Self::Certificate => CKO_CERTIFICATE,
            Self::PrivateKey => CKO_PRIVATE_KEY,
            Self::PublicKey => CKO_PUBLIC_KEY,
        }
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
    let usable = MECHANISMS.iter().filter(|mechanism| mechanism.key_type == key_type);
    usable.flat_map(|mechanism| mechanism.kind.to_ne_bytes()).collect()
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
