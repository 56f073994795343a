//! A server whose key is known.

use super::*;
use crate::config::KeyPin;

fn server_pin() -> KeyPin {
    let (_, der) = x509_cert::der::pem::decode_vec(&servers_own_certificate()).unwrap();
    let certificate = crate::certificate::Certificate::from_der(&der).unwrap();
    KeyPin::of(certificate.public_key_info())
}

fn pinned(address: SocketAddr, pins: &[KeyPin]) -> Settings {
    Settings { tls_server_keys: pins.to_vec(), ..https(address) }
}

#[test]
fn one_of_the_pinned_keys_is_enough() {
    let other = KeyPin::of(b"another key");
    for pins in [&[server_pin()][..], &[other, server_pin()]] {
        let (address, _told) = http1_server(&["http/1.1"]);
        assert_eq!(send(pinned(address, pins)).unwrap(), b"ok");
    }
}

#[test]
fn a_server_with_another_key_gets_no_request_and_its_key_is_named() {
    let (address, told) = http1_server(&["http/1.1"]);
    let broken = send(pinned(address, &[KeyPin::of(b"another key")])).unwrap_err();
    assert_eq!(failure(&broken), Failure::Pin);
    assert!(format!("{broken:?}").contains(&server_pin().to_string()), "{broken:?}");
    assert!(told.try_recv().is_err());
}

#[test]
fn a_pinned_key_does_not_make_up_for_a_chain_that_is_not_trusted() {
    let (address, told) = http1_server(&["http/1.1"]);
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), servers_own_certificate()).unwrap();
    let tls_ca_certificate = Some(other.path().into());
    let settings = Settings { tls_ca_certificate, ..pinned(address, &[server_pin()]) };
    assert_eq!(failure(&send(settings).unwrap_err()), Failure::Trust);
    assert!(told.try_recv().is_err());
}

#[test]
fn the_error_says_which_key_the_server_has_and_what_to_do() {
    let (address, _told) = http1_server(&["http/1.1"]);
    let broken = send(pinned(address, &[KeyPin::of(b"another key")])).unwrap_err();
    let Broken::Exchange { failure, detail } = broken else { panic!("{broken:?}") };
    let asked = "signing".to_owned();
    let error = Error::Connection { asked, failure, detail };
    assert_eq!(error.class(), Class::Untrusted);
    let text = error.to_string();
    let expected = format!(
        "signing failed: the server's key is none of those in TlsServerKeySha256 (its key has the SHA-256 {}). Do not",
        server_pin()
    );
    assert!(text.starts_with(&expected), "{text}");
}
