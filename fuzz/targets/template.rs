//! Templates of searches.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signpath_client::{Policy, PublicKey};
use signpath_pkcs11::fuzzing::{Shown, template};

/// SubjectPublicKeyInfo on P-256.
const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExB3O/xGejDUcVwd7dnnj8GqcWFPb02nq6H36FoOOLaam2d7wITLbx/p2IYsWCLT7pyMUZ+NFkCoXqIzw3oPygg==";

static SHOWN: LazyLock<Shown> = LazyLock::new(|| {
    let key = PublicKey::from_spki_der(&STANDARD.decode(KEY).expect("Base64")).expect("a key");
    let policy = |slug| Policy::known("demo", slug, key.clone());
    Shown::of(vec![policy("one"), policy("two")])
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| template(bytes, &SHOWN));
