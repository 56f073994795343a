//! Objects that tell what the token is like: its profiles and its mechanisms. They are known without a request.

use cryptoki_sys::*;

use super::{Class, Object, Subject};
use crate::mechanism::MECHANISMS;

/// The profiles that are true of every token here (PKCS #11 Profiles 3.0 §2): the functions that every client may count on,
/// and keys to authenticate with.
const PROFILES: [CK_PROFILE_ID; 2] = [CKP_BASELINE_PROVIDER, CKP_AUTHENTICATION_TOKEN];

/// The profiles of a token and its mechanisms. With `public_certificates` they can be seen by whoever has not logged in.
pub(super) fn features(public_certificates: bool) -> impl Iterator<Item = Object> {
    let public_certificates = public_certificates.then_some(CKP_PUBLIC_CERTIFICATES_TOKEN);
    let profiles = PROFILES.into_iter().chain(public_certificates);
    let profiles = profiles.map(|id| Object::feature(Class::Profile, Subject::Profile(id)));
    profiles.chain(
        MECHANISMS
            .iter()
            .map(|mechanism| Object::feature(Class::Mechanism, Subject::Mechanism(mechanism.kind))),
    )
}
