//! The attribute table: which attribute each class of object has, and where its value comes from (2.40 §4).

use cryptoki_sys::*;

/// One attribute, and its source for each class of object.
pub(super) struct Row {
    pub(super) kind: CK_ATTRIBUTE_TYPE,
    pub(super) private_key: Source,
    pub(super) public_key: Source,
    pub(super) certificate: Source,
    /// Profiles and mechanisms.
    pub(super) feature: Source,
}

/// Where the value of an attribute comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// Objects of this class do not have the attribute.
    None,
    True,
    False,
    /// There, with a value of no bytes.
    Empty,
    /// A CK_ULONG that is the same for all objects of the class.
    Number(&'static [u8]),
    Class,
    Label,
    Id,
    UniqueId,
    /// Whether a certificate is the user's or an authority's.
    Category,
    ProfileId,
    MechanismType,
    OrganizationId,
    Project,
    SigningPolicy,
    SigningPolicyId,
    KeyType,
    /// The mechanisms for keys of this type.
    Mechanisms,
    /// The key as a DER-encoded SubjectPublicKeyInfo.
    PublicKeyInfo,
    /// A part of an RSA private key.
    RsaSecret,
    /// The scalar of an EC private key.
    EcSecret,
    Modulus,
    ModulusBits,
    PublicExponent,
    EcParams,
    EcPoint,
    /// The subject of the key's certificate, empty without one.
    KeySubject,
    Subject,
    Issuer,
    SerialNumber,
    /// The first and the last day of a certificate (CK_DATE, 2.40 §3.4).
    StartDate,
    EndDate,
    Certificate,
}

/// The vendor attributes of include/signpath_pkcs11.h: CKA_VENDOR_DEFINED with "SP" in the middle.
pub(crate) const CKA_SIGNPATH_ORGANIZATION_ID: CK_ATTRIBUTE_TYPE = CKA_VENDOR_DEFINED | 0x5350_0001;
pub(crate) const CKA_SIGNPATH_PROJECT_SLUG: CK_ATTRIBUTE_TYPE = CKA_VENDOR_DEFINED | 0x5350_0002;
pub(crate) const CKA_SIGNPATH_SIGNING_POLICY_SLUG: CK_ATTRIBUTE_TYPE =
    CKA_VENDOR_DEFINED | 0x5350_0003;
pub(crate) const CKA_SIGNPATH_SIGNING_POLICY_ID: CK_ATTRIBUTE_TYPE =
    CKA_VENDOR_DEFINED | 0x5350_0004;

macro_rules! number {
    ($value:expr) => {
        Source::Number(&const { $value.to_ne_bytes() })
    };
}

use Source as S;

#[rustfmt::skip]
pub(super) const ATTRIBUTES: &[Row] = &[
    //  attribute                         private key          public key           certificate                       profile, mechanism
    row(CKA_CLASS,                        S::Class,            S::Class,            S::Class,                         S::Class),
    row(CKA_TOKEN,                        S::True,             S::True,             S::True,                          S::True),
    row(CKA_PRIVATE,                      S::True,             S::False,            S::False,                         S::False),
    row(CKA_MODIFIABLE,                   S::False,            S::False,            S::False,                         S::None),
    row(CKA_COPYABLE,                     S::False,            S::False,            S::False,                         S::None),
    row(CKA_DESTROYABLE,                  S::False,            S::False,            S::False,                         S::None),
    row(CKA_UNIQUE_ID,                    S::UniqueId,         S::UniqueId,         S::UniqueId,                      S::UniqueId),
    row(CKA_PROFILE_ID,                   S::None,             S::None,             S::None,                          S::ProfileId),
    row(CKA_MECHANISM_TYPE,               S::None,             S::None,             S::None,                          S::MechanismType),
    row(CKA_LABEL,                        S::Label,            S::Label,            S::Label,                         S::None),
    row(CKA_ID,                           S::Id,               S::Id,               S::Id,                            S::None),
    row(CKA_KEY_TYPE,                     S::KeyType,          S::KeyType,          S::None,                          S::None),
    row(CKA_START_DATE,                   S::Empty,            S::Empty,            S::StartDate,                     S::None),
    row(CKA_END_DATE,                     S::Empty,            S::Empty,            S::EndDate,                       S::None),
    row(CKA_SUBJECT,                      S::KeySubject,       S::KeySubject,       S::Subject,                       S::None),
    row(CKA_PUBLIC_KEY_INFO,              S::PublicKeyInfo,    S::PublicKeyInfo,    S::PublicKeyInfo,                 S::None),
    row(CKA_ALLOWED_MECHANISMS,           S::Mechanisms,       S::Mechanisms,       S::None,                          S::None),
    row(CKA_DERIVE,                       S::False,            S::False,            S::None,                          S::None),
    row(CKA_MODULUS,                      S::Modulus,          S::Modulus,          S::None,                          S::None),
    row(CKA_MODULUS_BITS,                 S::ModulusBits,      S::ModulusBits,      S::None,                          S::None),
    row(CKA_PUBLIC_EXPONENT,              S::PublicExponent,   S::PublicExponent,   S::None,                          S::None),
    row(CKA_EC_PARAMS,                    S::EcParams,         S::EcParams,         S::None,                          S::None),
    row(CKA_EC_POINT,                     S::EcPoint,          S::EcPoint,          S::None,                          S::None),
    row(CKA_SENSITIVE,                    S::True,             S::None,             S::None,                          S::None),
    row(CKA_EXTRACTABLE,                  S::False,            S::None,             S::None,                          S::None),
    row(CKA_SIGN,                         S::True,             S::None,             S::None,                          S::None),
    row(CKA_SIGN_RECOVER,                 S::False,            S::None,             S::None,                          S::None),
    row(CKA_DECRYPT,                      S::False,            S::None,             S::None,                          S::None),
    row(CKA_UNWRAP,                       S::False,            S::None,             S::None,                          S::None),
    row(CKA_WRAP_WITH_TRUSTED,            S::False,            S::None,             S::None,                          S::None),
    row(CKA_ALWAYS_AUTHENTICATE,          S::False,            S::None,             S::None,                          S::None),
    row(CKA_PRIVATE_EXPONENT,             S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_PRIME_1,                      S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_PRIME_2,                      S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_EXPONENT_1,                   S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_EXPONENT_2,                   S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_COEFFICIENT,                  S::RsaSecret,        S::None,             S::None,                          S::None),
    row(CKA_VERIFY,                       S::None,             S::True,             S::None,                          S::None),
    row(CKA_VERIFY_RECOVER,               S::None,             S::False,            S::None,                          S::None),
    row(CKA_ENCRYPT,                      S::None,             S::False,            S::None,                          S::None),
    row(CKA_WRAP,                         S::None,             S::False,            S::None,                          S::None),
    row(CKA_TRUSTED,                      S::None,             S::False,            S::False,                         S::None),
    row(CKA_CERTIFICATE_TYPE,             S::None,             S::None,             number!(CKC_X_509),               S::None),
    row(CKA_CERTIFICATE_CATEGORY,         S::None,             S::None,             S::Category,                      S::None),
    row(CKA_ISSUER,                       S::None,             S::None,             S::Issuer,                        S::None),
    row(CKA_SERIAL_NUMBER,                S::None,             S::None,             S::SerialNumber,                  S::None),
    row(CKA_VALUE,                        S::EcSecret,         S::None,             S::Certificate,                   S::None),
    row(CKA_URL,                          S::None,             S::None,             S::Empty,                         S::None),
    row(CKA_HASH_OF_SUBJECT_PUBLIC_KEY,   S::None,             S::None,             S::Empty,                         S::None),
    row(CKA_HASH_OF_ISSUER_PUBLIC_KEY,    S::None,             S::None,             S::Empty,                         S::None),
    row(CKA_JAVA_MIDP_SECURITY_DOMAIN,    S::None,             S::None,             number!(CK_SECURITY_DOMAIN_UNSPECIFIED), S::None),
    row(CKA_SIGNPATH_ORGANIZATION_ID,     S::OrganizationId,   S::OrganizationId,   S::OrganizationId,                S::None),
    row(CKA_SIGNPATH_PROJECT_SLUG,        S::Project,          S::Project,          S::Project,                       S::None),
    row(CKA_SIGNPATH_SIGNING_POLICY_SLUG, S::SigningPolicy,    S::SigningPolicy,    S::SigningPolicy,                 S::None),
    row(CKA_SIGNPATH_SIGNING_POLICY_ID,   S::SigningPolicyId,  S::SigningPolicyId,  S::SigningPolicyId,               S::None),
];

const fn row(
    kind: CK_ATTRIBUTE_TYPE,
    private_key: Source,
    public_key: Source,
    certificate: Source,
    feature: Source,
) -> Row {
    Row { kind, private_key, public_key, certificate, feature }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_stands_in_the_table_once() {
        for (index, row) in ATTRIBUTES.iter().enumerate() {
            let first = ATTRIBUTES.iter().position(|other| other.kind == row.kind);
            assert_eq!(first, Some(index), "{:#x}", row.kind);
        }
    }
}
