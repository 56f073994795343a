//! SignPath, as the module under test sees it: two policies, one of which signs.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Value, json};

/// A modulus of 2048 bits. Nobody has its private key, and the service signs nothing with it.
const MODULUS: [u8; 256] = [0xc5; 256];

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_slice(&[7; 32]).expect("a scalar below the order"));

/// What was signed. The same few digests come again and again.
static SIGNED: Mutex<Option<HashMap<String, Vec<u8>>>> = Mutex::new(None);

/// An answer, or an error's status.
pub(crate) fn answer(route: &str, body: &[u8]) -> Result<Vec<u8>, u16> {
    match route {
        "/Cryptoki/MySigningPolicies" => Ok(policies().to_string().into_bytes()),
        "/SigningRequests/SignHash" => sign(body),
        _ => Err(404),
    }
}

fn policies() -> Value {
    let spki = KEY.verifying_key().to_public_key_der().expect("a public key");
    json!({ "signingPolicies": [
        { "projectSlug": "demo", "signingPolicySlug": "ec", "publicKeyBytes": STANDARD.encode(spki) },
        { "projectSlug": "demo", "signingPolicySlug": "rsa", "rsaParameters": {
            "modulus": STANDARD.encode(MODULUS), "publicExponent": "AQAB",
        } },
    ] })
}

fn sign(body: &[u8]) -> Result<Vec<u8>, u16> {
    let body: Value = serde_json::from_slice(body).expect("the module writes JSON");
    if body["signingPolicySlug"] != "ec" {
        return Err(403);
    }
    let hash = body["hashSigningData"]["hash"].as_str().expect("a hash").to_owned();
    let mut signed = SIGNED.lock().expect("one thread");
    let signed = signed.get_or_insert_default();
    let signature = signed.entry(hash).or_insert_with_key(|hash| {
        let hash = STANDARD.decode(hash).expect("Base64");
        let signature: Signature = KEY.sign_prehash(&hash).expect("a digest long enough");
        signature.to_bytes().to_vec()
    });
    let signature = STANDARD.encode(signature);
    Ok(json!({ "hashSigningResult": { "signature": signature } }).to_string().into_bytes())
}
