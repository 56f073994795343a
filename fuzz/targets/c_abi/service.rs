//! SignPath, as the module under test sees it: two policies, the same for every organization. Most digests are signed, some
//! are refused, and some get a signature of something else.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use serde_json::{Value, json};

use crate::signed::Answer;

/// A prime of 1024 bits (RFC 2409, section 6.2). A key of primes that everybody knows is no secret.
const PRIME: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74\
    020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
    4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
    ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

/// Another (RFC 5054, appendix A).
const OTHER_PRIME: &str = "eeaf0ab9adb38dd69c33f80afa8fc5e86072618775ff3c0b9ea2314c9c256576\
    d674df7496ea81d3383b4813d692c6e0e0d5d8e250b98be48e495c1d6089dad1\
    5dc7d7b46154d6b6ce8ef4ad69b15d4982559b297bcf1885c529f566660e57ec\
    68edbc3c05726cc02fd4cbf4976eaa9afd5138fe8376435b9fc61d2fc0eb06e3";

static EC: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_slice(&[7; 32]).expect("a scalar below the order"));

static RSA: LazyLock<RsaPrivateKey> = LazyLock::new(|| {
    let prime = |hex| BoxedUint::from_be_hex(hex, 1024).expect("a number of 1024 bits");
    RsaPrivateKey::from_p_q(prime(PRIME), prime(OTHER_PRIME), 65_537_u64.into()).expect("primes")
});

/// What was signed, by what was asked. The same few digests come again and again.
static SIGNED: LazyLock<Mutex<HashMap<String, Vec<u8>>>> = LazyLock::new(Mutex::default);

/// An answer, or an error's status.
pub(crate) fn answer(route: &str, body: &[u8]) -> Result<Vec<u8>, u16> {
    match route {
        "/Cryptoki/MySigningPolicies" => Ok(policies().to_string().into_bytes()),
        "/SigningRequests/SignHash" => sign(body),
        _ => Err(404),
    }
}

fn policies() -> Value {
    let spki = EC.verifying_key().to_public_key_der().expect("a public key");
    json!({ "signingPolicies": [
        { "projectSlug": "demo", "signingPolicySlug": "ec", "publicKeyBytes": STANDARD.encode(spki) },
        { "projectSlug": "demo", "signingPolicySlug": "rsa", "rsaParameters": {
            "modulus": STANDARD.encode(RSA.n().to_be_bytes()), "publicExponent": "AQAB",
        } },
    ] })
}

fn sign(body: &[u8]) -> Result<Vec<u8>, u16> {
    let body: Value = serde_json::from_slice(body).expect("the module writes JSON");
    let data = &body["hashSigningData"];
    let hash = STANDARD.decode(data["hash"].as_str().expect("a hash")).expect("Base64");
    let signed = match Answer::to(&hash) {
        Answer::Signature => hash,
        Answer::OfSomethingElse => vec![9; hash.len()],
        Answer::Refusal => return Err(403),
    };
    let options = &data["rsaOptions"];
    let scheme = (options["paddingMode"].as_str(), options["hashAlgorithmName"].as_str());
    let mut known = SIGNED.lock().expect("nothing panics while it holds this");
    let signature =
        known.entry(format!("{scheme:?} {signed:?}")).or_insert_with(|| signature(scheme, &signed));
    let signature = STANDARD.encode(signature);
    Ok(json!({ "hashSigningResult": { "signature": signature } }).to_string().into_bytes())
}

/// By padding and hash algorithm; EC has neither.
fn signature(scheme: (Option<&str>, Option<&str>), hash: &[u8]) -> Vec<u8> {
    let signed = match scheme {
        (None, None) => {
            let signature: Signature = EC.sign_prehash(hash).expect("a digest long enough");
            return signature.to_bytes().to_vec();
        }
        (Some("Pkcs1"), Some("Sha256")) => RSA.sign(Pkcs1v15Sign::new::<sha2::Sha256>(), hash),
        (Some("Pss"), Some("Sha256")) => {
            RSA.sign_with_rng(&mut Fixed, Pss::<sha2::Sha256>::new_with_salt(32), hash)
        }
        other => panic!("nothing that a case asks for: {other:?}"),
    };
    signed.expect("a digest of the scheme's length")
}

/// So that a run comes out the same again; zeros would not do, as what blinds a number has to have an inverse.
struct Fixed;

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x5555_5555)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x5555_5555_5555_5555)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0x55);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}
