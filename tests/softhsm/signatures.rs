//! The same data signed by both modules. RSA PKCS #1 signatures have nothing random in them and are equal byte for byte; EC
//! ones verify with the same public key.

use cryptoki_sys::*;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256, Sha384, Sha512};
use signpath_sandbox::Sandbox;

use crate::{
    harness::{Module, Session},
    signing::{SHA1_INFO, SHA256_INFO, SHA384_INFO, SHA512_INFO},
    states::{Answers, caller::hex, pin},
};

const MESSAGE: &[u8] = b"a message, long enough to come in parts";

/// The hashes that a DigestInfo is made of, with its prefix and their length.
const DIGEST_INFOS: &[(&str, &[u8], usize)] = &[
    ("SHA-1", SHA1_INFO, 20),
    ("SHA-256", SHA256_INFO, 32),
    ("SHA-384", SHA384_INFO, 48),
    ("SHA-512", SHA512_INFO, 64),
];

const HASHING: &[(&str, CK_MECHANISM_TYPE)] = &[
    ("CKM_SHA256_RSA_PKCS", CKM_SHA256_RSA_PKCS),
    ("CKM_SHA384_RSA_PKCS", CKM_SHA384_RSA_PKCS),
    ("CKM_SHA512_RSA_PKCS", CKM_SHA512_RSA_PKCS),
];

/// PSS signatures are random; both modules' verify with the same public key.
const PSS: &[(&str, CK_MECHANISM_TYPE)] = &[
    ("CKM_SHA256_RSA_PKCS_PSS", CKM_SHA256_RSA_PKCS_PSS),
    ("CKM_SHA384_RSA_PKCS_PSS", CKM_SHA384_RSA_PKCS_PSS),
    ("CKM_SHA512_RSA_PKCS_PSS", CKM_SHA512_RSA_PKCS_PSS),
];

const EC_KEYS: [&str; 4] = ["demo/ec", "demo/ec384", "demo/ec521", "demo/nocert"];

/// The lengths of the hashes that CKM_ECDSA is given.
const EC_HASHES: [usize; 4] = [20, 32, 48, 64];

/// The signatures of this process's module, in hex, by what was signed how.
pub(super) fn answers() -> Answers {
    let module = Module::started();
    let session = module.session();
    session.login(&pin()).expect("C_Login");
    let mut answers = Answers::new();
    let rsa = session.private_key("demo/rsa");
    for (name, prefix, len) in DIGEST_INFOS {
        let data = [*prefix, &vec![7; *len]].concat();
        let signature = session.sign(CKM_RSA_PKCS, rsa, &data).expect("C_Sign");
        answers.insert(format!("RSA, a DigestInfo of {name}"), hex(&signature));
    }
    for (name, kind) in HASHING {
        let whole = session.sign(*kind, rsa, MESSAGE).expect("C_Sign");
        answers.insert(format!("RSA, {name} in one part"), hex(&whole));
        answers.insert(format!("RSA, {name} in three parts"), hex(&in_parts(&session, *kind, rsa)));
    }
    for (name, kind) in PSS {
        let whole = session.sign(*kind, rsa, MESSAGE).expect("C_Sign");
        answers.insert(format!("PSS, {name} in one part"), hex(&whole));
        answers.insert(format!("PSS, {name} in three parts"), hex(&in_parts(&session, *kind, rsa)));
    }
    for name in EC_KEYS {
        let key = session.private_key(name);
        for len in EC_HASHES {
            let signature = session.sign(CKM_ECDSA, key, &vec![7; len]).expect("C_Sign");
            answers.insert(ec_row(name, len), hex(&signature));
        }
    }
    answers
}

/// What the parent has to see in the answers of both modules.
pub(super) fn check(sandbox: &Sandbox, (ours, softhsm): &(Answers, Answers)) {
    assert_eq!(
        ours.len(),
        DIGEST_INFOS.len() + 2 * (HASHING.len() + PSS.len()) + EC_KEYS.len() * EC_HASHES.len()
    );
    for (row, signature) in ours.iter().filter(|(row, _)| row.starts_with("RSA")) {
        assert_eq!(signature.len(), 2 * 384, "{row}");
        assert_eq!(Some(signature), softhsm.get(row), "{row}");
    }
    for (name, kind) in HASHING {
        assert_eq!(
            ours[&format!("RSA, {name} in one part")],
            ours[&format!("RSA, {name} in three parts")]
        );
        let verified =
            rsa_verifies(sandbox, *kind, &bytes(&ours[&format!("RSA, {name} in one part")]));
        assert!(verified, "{name}");
    }
    check_pss(sandbox, ours);
    check_pss(sandbox, softhsm);
    for (name, len) in EC_KEYS.iter().flat_map(|name| EC_HASHES.map(|len| (*name, len))) {
        for (module, answers) in [("ours", ours), ("SoftHSM", softhsm)] {
            let signature = bytes(&answers[&ec_row(name, len)]);
            assert!(
                ec_verifies(sandbox, name, &vec![7; len], &signature),
                "{module}: {name}, {len}"
            );
            assert!(
                !ec_verifies(sandbox, name, &vec![8; len], &signature),
                "{module}: {name}, {len}"
            );
        }
    }
}

fn check_pss(sandbox: &Sandbox, answers: &Answers) {
    for ((name, kind), parts) in
        PSS.iter().flat_map(|row| [(row, "one part"), (row, "three parts")])
    {
        let signature = bytes(&answers[&format!("PSS, {name} in {parts}")]);
        assert!(pss_verifies(sandbox, *kind, &signature), "{name} in {parts}");
    }
}

fn ec_row(name: &str, len: usize) -> String {
    format!("EC, {name} over {len} bytes")
}

fn in_parts(session: &Session<'_>, kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) -> Vec<u8> {
    session.sign_init(kind, key).expect("C_SignInit");
    for part in [&MESSAGE[..1], &MESSAGE[1..20], &MESSAGE[20..]] {
        session.sign_update(part).expect("C_SignUpdate");
    }
    session.sign_final().expect("C_SignFinal")
}

fn rsa_verifies(sandbox: &Sandbox, kind: CK_MECHANISM_TYPE, signature: &[u8]) -> bool {
    let hash = match kind {
        CKM_SHA256_RSA_PKCS => Sha256::digest(MESSAGE).to_vec(),
        CKM_SHA384_RSA_PKCS => Sha384::digest(MESSAGE).to_vec(),
        _ => Sha512::digest(MESSAGE).to_vec(),
    };
    let found = DIGEST_INFOS.iter().find(|(_, _, len)| *len == hash.len());
    let (_, prefix, _) = found.expect("a prefix for each hash");
    let pem = sandbox.public_key_pem("demo/rsa").expect("a public key");
    let key = rsa::RsaPublicKey::from_public_key_pem(&pem).expect("an RSA key");
    let scheme = rsa::Pkcs1v15Sign::new_unprefixed();
    key.verify(scheme, &[*prefix, &hash].concat(), signature).is_ok()
}

fn pss_verifies(sandbox: &Sandbox, kind: CK_MECHANISM_TYPE, signature: &[u8]) -> bool {
    let pem = sandbox.public_key_pem("demo/rsa").expect("a public key");
    let key = rsa::RsaPublicKey::from_public_key_pem(&pem).expect("an RSA key");
    let verified = match kind {
        CKM_SHA256_RSA_PKCS_PSS => {
            key.verify(rsa::Pss::<Sha256>::new(), &Sha256::digest(MESSAGE), signature)
        }
        CKM_SHA384_RSA_PKCS_PSS => {
            key.verify(rsa::Pss::<Sha384>::new(), &Sha384::digest(MESSAGE), signature)
        }
        _ => key.verify(rsa::Pss::<Sha512>::new(), &Sha512::digest(MESSAGE), signature),
    };
    verified.is_ok()
}

fn ec_verifies(sandbox: &Sandbox, name: &str, hash: &[u8], signature: &[u8]) -> bool {
    let pem = sandbox.public_key_pem(name).expect("a public key");
    macro_rules! verifies {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_public_key_pem(&pem).expect("an EC key");
            let signature = $curve::ecdsa::Signature::from_slice(signature).expect("r and s");
            key.verify_prehash(hash, &signature).is_ok()
        }};
    }
    match name {
        "demo/ec384" => verifies!(p384),
        "demo/ec521" => verifies!(p521),
        _ => verifies!(p256),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}
