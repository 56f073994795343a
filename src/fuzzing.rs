//! For `fuzz/`: what reads the bytes of a caller, with what has to hold for all of them.

use std::{collections::HashSet, hint::black_box, sync::Arc};

use cryptoki_sys::*;
use signpath_client::Policy;

use crate::{
    mechanism::{DigestAlgorithm, MECHANISMS, RequestedMechanism, SignatureMechanism},
    object::{Catalog, Template, TemplateEntry},
    request::Intake,
};

/// The template of a search: triples of a type (two bytes), a length (one) and a value. What it finds is found by its classes
/// alone, too, and once.
pub fn template(bytes: &[u8], shown: &Shown) {
    let mut rest = bytes;
    let mut entries = Vec::new();
    while let [high, low, len, tail @ ..] = rest {
        let kind = CK_ATTRIBUTE_TYPE::from(u16::from_be_bytes([*high, *low]));
        let (value, tail) = tail.split_at(usize::from(*len).min(tail.len()));
        entries.push(TemplateEntry { kind, value: value.to_vec() });
        rest = tail;
    }
    let classes = entries
        .iter()
        .filter(|entry| entry.kind == CKA_CLASS)
        .map(|entry| TemplateEntry { kind: entry.kind, value: entry.value.clone() });
    let wider = Template::new(classes.collect());
    let template = Template::new(entries);
    let found = shown.0.search(&template);
    black_box((template.scope(), template.wanted_key()));
    let all: HashSet<_> = shown.0.search(&wider).into_iter().collect();
    assert!(found.iter().all(|handle| all.contains(handle)));
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), found.len());
}

/// The objects of a token.
pub struct Shown(Catalog);

impl Shown {
    /// Profiles, mechanisms, and what these policies have.
    pub fn of(policies: Vec<Policy>) -> Self {
        let mut catalog = Catalog::new(Box::leak(Box::default()), true);
        catalog.show(&policies.into_iter().map(Arc::new).collect(), ORGANIZATION, true);
        Self(catalog)
    }
}

const ORGANIZATION: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

/// A mechanism's parameter, for every mechanism. Only that of PSS has bytes, and those name one of four hashes.
pub fn mechanism(parameter: &[u8]) {
    for row in MECHANISMS {
        let requested = RequestedMechanism { kind: row.kind, parameter };
        let signs = SignatureMechanism::requested(requested).is_ok();
        let digests = DigestAlgorithm::requested(requested).is_ok();
        assert!(!(signs && digests));
        let is_pss = [
            CKM_RSA_PKCS_PSS,
            CKM_SHA256_RSA_PKCS_PSS,
            CKM_SHA384_RSA_PKCS_PSS,
            CKM_SHA512_RSA_PKCS_PSS,
        ]
        .contains(&row.kind);
        let is_whole = parameter.len() == size_of::<CK_RSA_PKCS_PSS_PARAMS>();
        assert!(if is_pss {
            !signs || is_whole
        } else {
            (signs || digests) == parameter.is_empty()
        });
    }
}

/// Data to be signed with every mechanism, whole and in parts. A hash is only made of a DigestInfo that ends with it.
pub fn data(bytes: &[u8]) {
    let pss: Vec<_> =
        [CKM_SHA256, CKG_MGF1_SHA256, 32].iter().flat_map(|word| word.to_ne_bytes()).collect();
    for row in MECHANISMS {
        for (parameter, signature_len) in [(&[][..], 64), (&[], 256), (&pss, 256)] {
            let requested = RequestedMechanism { kind: row.kind, parameter };
            let Ok(mechanism) = SignatureMechanism::requested(requested) else { continue };
            let whole = Intake::new(mechanism, signature_len).whole(bytes);
            let plain = [CKM_RSA_PKCS, CKM_ECDSA, CKM_RSA_PKCS_PSS].contains(&row.kind);
            if let Ok(what) = &whole {
                assert!((20..=64).contains(&what.hash.len()));
                assert!(!plain || bytes.ends_with(&what.hash));
            }
            let mut parts = Intake::new(mechanism, signature_len);
            let halves = bytes.split_at(bytes.len() / 2);
            let taken = parts.update(halves.0).and_then(|()| parts.update(halves.1));
            assert_eq!(taken.is_ok(), !plain);
            if taken.is_ok() {
                assert!(parts.check_whole().is_err());
                assert_eq!(parts.finish().ok(), whole.ok());
            }
        }
    }
}
