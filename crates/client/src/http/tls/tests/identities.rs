//! Our certificate and its key in every form that programs write them. The files in `identities` are all of
//! `test_server.pem`, with `test_ca.pem` as the chain, written by OpenSSL 3.0, Java 17 (`java`) and NSS (`nss`) and encrypted
//! with the same password.

use super::super::pkcs12::{self, Unreadable};
use super::*;
use crate::log::lines;
use crate::secret::Token;

use proptest::prelude::*;

const PASSWORD: &str = "a password";

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tls/identities")).join(name)
}

fn with_password(certificate: PathBuf, password: &str) -> ClientIdentity {
    let password = Some(Token::new(password.to_owned())).filter(|it| !it.expose().is_empty());
    ClientIdentity { password, ..client(certificate) }
}

fn with_key(key: &str, password: &str) -> ClientIdentity {
    ClientIdentity { key: Some(path(key)), ..with_password(SERVER.into(), password) }
}

/// The length of the chain of an identity that TLS takes.
fn taken(client: ClientIdentity) -> usize {
    let length = identity::of(&client).unwrap().0.len();
    let settings = Settings { tls_client: Some(client), ..https(([127, 0, 0, 1], 1).into()) };
    assert!(configuration(&settings).unwrap().client_auth_cert_resolver.has_certs());
    length
}

fn refusal(client: ClientIdentity) -> String {
    let settings = Settings { tls_client: Some(client), ..https(([127, 0, 0, 1], 1).into()) };
    let text = configuration(&settings).unwrap_err().to_string();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

#[test]
fn pkcs_12_files_of_present_programs_are_taken() {
    for name in ["pbes2.p12", "pbes2-sha1.p12", "java.p12"] {
        assert_eq!(taken(with_password(path(name), PASSWORD)), 2, "{name}");
        for wrong in ["", "another password"] {
            let text = refusal(with_password(path(name), wrong));
            assert!(text.contains("TlsClientCertificatePassword is wrong, or missing"), "{text}");
            assert!(text.contains(name) && text.contains("allowed: "), "{text}");
        }
    }
    assert_eq!(taken(client(path("unencrypted.p12"))), 2);
}

#[test]
fn older_encryption_is_told_with_what_to_do() {
    let text = refusal(with_password(path("pbes1.p12"), PASSWORD));
    assert!(text.contains("openssl pkcs12 -legacy -in OLD.p12"), "{text}");
    let text = refusal(with_key("pbes1.pem", PASSWORD));
    assert!(text.contains("TlsClientKey names") && text.contains("openssl pkcs8 -topk8"), "{text}");
    assert!(refusal(with_key("scrypt.pem", PASSWORD)).contains("openssl pkcs8 -topk8"));
    let text = refusal(with_key("old.pem", PASSWORD));
    assert!(text.contains("openssl pkcs8 -topk8"), "{text}");
}

#[test]
fn the_key_has_a_file_of_its_own_encrypted_or_not() {
    for name in ["pbkdf2-sha256.pem", "pbkdf2-sha1.pem", "pbkdf2-sha512.pem"] {
        assert_eq!(taken(with_key(name, PASSWORD)), 1, "{name}");
        for wrong in ["", "another password"] {
            let text = refusal(with_key(name, wrong));
            assert!(text.contains("TlsClientKey names") && text.contains("is wrong, or"), "{text}");
        }
    }
    assert_eq!(taken(ClientIdentity { key: Some(SERVER.into()), ..client(SERVER) }), 1);
    let beside = ClientIdentity {
        key: Some(SERVER.into()),
        ..with_password(path("certificates.p12"), PASSWORD)
    };
    assert_eq!(identity::of(&beside).unwrap().0.len(), 2);
}

#[test]
fn an_encrypted_key_stands_beside_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.pem");
    let key = std::fs::read(path("pbkdf2-sha256.pem")).unwrap();
    std::fs::write(&both, [servers_own_certificate(), key].concat()).unwrap();
    assert_eq!(taken(with_password(both, PASSWORD)), 1);
}

#[test]
fn a_key_in_pem_is_found_however_its_lines_are_broken_and_whatever_stands_around_it() {
    let server = std::fs::read_to_string(SERVER).unwrap();
    let key = |text: &str| identity::key_in_pem("", Path::new(""), text.as_bytes(), None);
    let expected = key(&server).unwrap();
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----");
    let (before, rest) = server.split_once(begin).unwrap();
    let (body, _) = rest.split_once(end).unwrap();
    let one_line = body.replace('\n', "");
    for text in [
        server.replace('\n', "\r\n"),
        format!("{begin}{one_line}\n{end}"),
        format!(
            "words -----BEGIN\n{before}words\n{begin} {}\n{end}{before}",
            body.replace('\n', " \n\t")
        ),
    ] {
        assert_eq!(key(&text).unwrap(), expected, "{text}");
    }
    for text in [
        "",
        before,
        "-----BEGIN PRIVATE KEY",
        &format!("{begin}{one_line}"),
        &format!("{begin}{one_line}={end}"),
        &server.replace(" PRIVATE", " PUBLIC"),
        &server.replace(" PRIVATE", " OPENSSH PRIVATE"),
    ] {
        assert!(key(text).unwrap_err().to_string().contains("holds no private key"), "{text}");
    }
}

#[test]
fn a_pkcs_12_file_without_a_key_and_a_key_of_another_certificate_are_refused() {
    let text = refusal(with_password(path("certificates.p12"), PASSWORD));
    assert!(text.contains("holds no private key"), "{text}");
    let other = ClientIdentity { key: Some(SERVER.into()), ..client(CA) };
    let text = refusal(other);
    assert!(text.contains("does not fit together with its key"), "{text}");
}

#[test]
fn what_is_neither_pem_nor_pkcs_12_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    for bytes in [&b"0\x80"[..], b"\x30\x03\x02\x01\x03", b"nothing", &[0; 100]] {
        std::fs::write(&file, bytes).unwrap();
        let text = refusal(client(&file));
        assert!(text.contains("neither PEM nor PKCS #12"), "{text}");
    }
    let text = refusal(with_password(path("nss.p12"), PASSWORD));
    assert!(text.contains("in BER") && text.contains("openssl pkcs12 -in OLD.p12"), "{text}");
}

#[test]
fn a_private_key_that_everybody_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::copy(SERVER, &file).unwrap();
    for (mode, expected) in [(0o644, 1), (0o640, 0)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let client = ClientIdentity { key: Some(file.clone()), ..client(SERVER) };
        let (_, lines) = lines::of(|| identity::of(&client).unwrap());
        let text = format!("the private key in {}; chmod 600", file.display());
        assert_eq!(lines.iter().filter(|line| line.contains(&text)).count(), expected);
    }
}

#[test]
fn our_own_certificate_comes_first_whatever_the_order() {
    let (chain, key) = identity::of(&with_password(path("pbes2.p12"), PASSWORD)).unwrap();
    let mut turned: Vec<_> = chain.iter().rev().cloned().collect();
    identity::own_first(&mut turned, &key);
    assert_eq!(turned, chain);
    identity::own_first(&mut turned, &key);
    assert_eq!(turned, chain);
}

proptest! {
    #[test]
    fn any_bytes_can_be_read_as_pkcs_12(bytes: Vec<u8>) {
        prop_assert!(pkcs12::open(&bytes, b"").is_err());
        prop_assert!(pkcs12::decrypted_key(&bytes, b"").is_err());
    }

    #[test]
    fn any_bytes_can_be_read_as_a_key_in_pem(
        before: Vec<u8>,
        label in "(EC |RSA |ENCRYPTED |X )?(PRIVATE KEY)?-{0,5}",
        body in "[A-Za-z0-9+/=\n]{0,200}",
        end in "(-----END )?",
    ) {
        let text = [&before[..], b"-----BEGIN ", label.as_bytes(), body.as_bytes(), end.as_bytes()].concat();
        if let Err(error) = identity::key_in_pem("S", Path::new("/f"), &text, None) {
            prop_assert!(error.to_string().contains("/f"));
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(at in 0_usize..1200, byte: u8) {
        let mut bytes = std::fs::read(path("unencrypted.p12")).unwrap();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        if let Err(why) = pkcs12::open(&bytes, b"") {
            prop_assert!(matches!(why, Unreadable::Damaged | Unreadable::Encryption | Unreadable::Keys));
        }
    }
}
