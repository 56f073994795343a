use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::config::ClientIdentity;
use crate::error::{Class, Failure};
use crate::http::names::Names;
use crate::http::responder::{Reply, Responder};
use crate::http::tests::{failure, get, settings, token};
use crate::http::{Broken, NextHop, ProxySettings, Transport};

mod identities;
mod pins;
mod proxy;

/// A certificate for 127.0.0.1 and localhost with its key, and the root that it was issued under.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tls/test_server.pem");
const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tls/test_ca.pem");

/// Our certificate and its key in one file, without a password.
fn client(path: impl Into<PathBuf>) -> ClientIdentity {
    ClientIdentity { certificate: path.into(), key: None, password: None }
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// A TLS server that takes one connection after the other.
fn server(alpn: &[&str], serve: impl Fn(Tls) + Send + 'static) -> SocketAddr {
    server_that_asks(alpn, WebPkiClientVerifier::no_client_auth(), serve)
}

/// The same, which asks for client certificates as the verifier says.
fn server_that_asks(
    alpn: &[&str],
    verifier: Arc<dyn ClientCertVerifier>,
    serve: impl Fn(Tls) + Send + 'static,
) -> SocketAddr {
    let (chain, key) = identity::of(&client(SERVER)).unwrap();
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream));
        }
    });
    address
}

/// Answers one request with `ok` in HTTP/1.1, and tells which protocol was agreed upon.
fn http1_server(alpn: &[&str]) -> (SocketAddr, Receiver<Option<String>>) {
    let (tell, told) = channel();
    let address = server(alpn, move |mut tls| {
        if tls.read(&mut [0; 4096]).is_ok() {
            let agreed =
                tls.conn.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
            tell.send(agreed).ok();
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").ok();
        }
    });
    (address, told)
}

fn https(address: SocketAddr) -> Settings {
    let base = format!("https://{address}/Api");
    let nowhere = SystemRoots { file: Some("/nonexistent".into()), directories: Vec::new() };
    let tls_ca_certificate = Some(PathBuf::from(CA));
    Settings { base, https: true, system_roots: nowhere, tls_ca_certificate, ..settings(address) }
}

fn send(settings: Settings) -> Result<Vec<u8>, Broken> {
    let answer = Transport::new(settings).send(&get(), &token(), Duration::from_secs(30));
    answer.map(|answer| answer.body)
}

#[test]
fn guard_4_http_2_and_http_1_1_are_offered() {
    let configuration = configuration(&https(([127, 0, 0, 1], 1).into())).unwrap();
    assert_eq!(configuration.alpn_protocols, [&b"h2"[..], b"http/1.1"]);
    for alpn in [&["http/1.1"][..], &["x", "http/1.1"]] {
        let (address, told) = http1_server(alpn);
        assert_eq!(send(https(address)).unwrap(), b"ok");
        assert_eq!(told.recv().unwrap().as_deref(), Some("http/1.1"));
    }
}

#[test]
fn a_server_without_alpn_gets_http_1_1() {
    let (address, told) = http1_server(&[]);
    assert_eq!(send(https(address)).unwrap(), b"ok");
    assert_eq!(told.recv().unwrap(), None);
}

#[test]
fn the_system_roots_of_the_environment_are_used_as_file_and_as_directory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::copy(CA, directory.path().join("ca.pem")).unwrap();
    for system_roots in [
        SystemRoots { file: Some(CA.into()), directories: Vec::new() },
        SystemRoots { file: None, directories: vec![directory.path().into()] },
    ] {
        let (address, _told) = http1_server(&["http/1.1"]);
        let settings = Settings { system_roots, tls_ca_certificate: None, ..https(address) };
        assert_eq!(send(settings).unwrap(), b"ok");
    }
}

#[test]
fn a_server_with_an_unknown_root_is_not_trusted_and_gets_no_request() {
    let (address, told) = http1_server(&["http/1.1"]);
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), servers_own_certificate()).unwrap();
    let settings = Settings { tls_ca_certificate: Some(other.path().into()), ..https(address) };
    let broken = send(settings).unwrap_err();
    assert_eq!(failure(&broken), Failure::Trust);
    assert!(format!("{broken:?}").contains("UnknownIssuer"), "{broken:?}");
    assert!(told.try_recv().is_err());
}

/// The server's own certificate: it can stand among the roots, but it did not issue itself.
fn servers_own_certificate() -> Vec<u8> {
    let pem = std::fs::read_to_string(SERVER).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    pem.split_inclusive(end).next().unwrap().into()
}

#[test]
fn a_server_of_another_name_is_not_trusted() {
    let (real, _told) = http1_server(&["http/1.1"]);
    let base = format!("https://service.invalid:{}/Api", real.port());
    let settings = Settings { base, ..https(real) };
    let names = Names::new(
        NextHop { host: "service.invalid".to_owned(), port: real.port() },
        Box::new(move |_| Ok(vec![real])),
    );
    let transport =
        Transport { settings, names: Arc::new(names), engine: parking_lot::Mutex::new(None) };
    let broken = transport.send(&get(), &token(), Duration::from_secs(30)).unwrap_err();
    assert_eq!(failure(&broken), Failure::CertificateName);
}

#[test]
fn a_server_that_speaks_no_tls_is_a_failed_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
            while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
        }
    });
    assert_eq!(failure(&send(https(address)).unwrap_err()), Failure::Tls);
}

/// Of client certificates below the test's root.
fn verifier(is_needed: bool) -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(&std::fs::read(CA).unwrap()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if is_needed { builder } else { builder.allow_unauthenticated() };
    builder.build().unwrap()
}

#[test]
fn a_server_that_refuses_for_want_of_a_client_certificate_has_not_lost_the_answer() {
    for alpn in [&["h2"][..], &["http/1.1"]] {
        let address = server_that_asks(alpn, verifier(true), |mut tls| {
            assert!(tls.read(&mut [0; 4096]).is_err(), "it is refused");
        });
        let broken = send(https(address)).unwrap_err();
        // The refusal may come as such, or as the end of the connection.
        assert_eq!(failure(&broken), Failure::Tls, "{broken:?}");
    }
}

#[test]
fn an_answer_is_lost_also_at_a_server_that_would_have_liked_a_client_certificate() {
    let answers = AtomicBool::new(true);
    let address = server_that_asks(&["http/1.1"], verifier(false), move |mut tls| {
        if tls.read(&mut [0; 4096]).is_ok() && answers.swap(false, Ordering::Relaxed) {
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                .ok();
        }
    });
    let transport = Transport::new(https(address));
    let send = || transport.send(&get(), &token(), Duration::from_secs(30));
    assert_eq!(send().unwrap().body, b"ok");
    let broken = send().unwrap_err();
    assert_eq!(failure(&broken), Failure::Lost);
    assert!(!format!("{broken:?}").contains("docs.rs"), "{broken:?}");
}

#[test]
fn without_any_root_the_error_says_what_to_install() {
    let text = no_roots(&SystemRoots::default());
    assert!(text.contains("ca-certificates"), "{text}");
}

#[test]
fn variables_that_name_no_root_are_told_with_their_paths() {
    let directory = tempfile::tempdir().unwrap();
    let system_roots = SystemRoots {
        file: Some("/nonexistent/roots.pem".into()),
        directories: vec![directory.path().into()],
    };
    let address = ([127, 0, 0, 1], 1).into();
    let settings = Settings { system_roots, tls_ca_certificate: None, ..https(address) };
    let Err(Broken::Setup(error)) = send(settings) else { panic!("no error") };
    assert_eq!(error.class(), Class::Configuration);
    let text = error.to_string();
    assert!(text.contains("/nonexistent/roots.pem (SSL_CERT_FILE) and "), "{text}");
    let directory = format!("{} (SSL_CERT_DIR)", directory.path().display());
    assert!(text.contains(&directory) && !text.contains("ca-certificates"), "{text}");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let large = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(large.path(), vec![b'x'; PEM_MAX + 1]).unwrap();
    let address = ([127, 0, 0, 1], 1).into();
    for (path, expected) in [
        (PathBuf::from("/nonexistent/ca.pem"), "cannot be read"),
        (PathBuf::from("/dev/zero"), "not a regular file"),
        (large.path().to_owned(), "longer than 1048576 bytes"),
        (empty.path().to_owned(), "holds no certificate in PEM"),
    ] {
        for settings in [
            Settings { tls_ca_certificate: Some(path.clone()), ..https(address) },
            Settings { tls_client: Some(client(&path)), ..https(address) },
        ] {
            let text = configuration(&settings).unwrap_err().to_string();
            for part in [expected, path.to_str().unwrap(), "allowed: the path of a PEM file"] {
                assert!(text.contains(part), "{text}");
            }
        }
    }
    let no_key = Settings { tls_client: Some(client(CA)), ..https(address) };
    let text = configuration(&no_key).unwrap_err().to_string();
    assert!(text.contains("holds no private key in PEM"), "{text}");
}

#[test]
fn a_client_certificate_is_taken_from_one_file() {
    let address = ([127, 0, 0, 1], 1).into();
    let settings = Settings { tls_client: Some(client(SERVER)), ..https(address) };
    assert!(configuration(&settings).unwrap().client_auth_cert_resolver.has_certs());
}

#[test]
fn without_https_no_certificate_is_read() {
    let nonexistent = Some(PathBuf::from("/nonexistent"));
    let plain = settings(([127, 0, 0, 1], 1).into());
    let settings = Settings {
        tls_ca_certificate: nonexistent,
        tls_client: Some(client("/nonexistent")),
        ..plain
    };
    assert!(configuration(&settings).is_ok());
}

#[test]
fn no_certificate_is_read_before_the_first_request() {
    let settings = Settings {
        tls_ca_certificate: Some("/nonexistent".into()),
        ..https(([127, 0, 0, 1], 1).into())
    };
    let transport = Transport::new(settings);
    let sent = transport.send(&get(), &token(), Duration::from_secs(1));
    assert!(matches!(sent, Err(Broken::Setup(_))));
}

/// RFC 9113 §4.1 and §6.5: a SETTINGS frame without settings.
const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

#[test]
fn guard_1_a_peer_that_says_nothing_more_on_http_2_is_noticed_long_before_the_time_out() {
    let address = server(&["h2"], |mut tls| {
        tls.write_all(&EMPTY_SETTINGS).ok();
        while matches!(tls.read(&mut [0; 4096]), Ok(1..)) {}
    });
    let start = Instant::now();
    let broken = send(https(address)).unwrap_err();
    assert!(matches!(failure(&broken), Failure::Timeout | Failure::Lost), "{broken:?}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn a_handshake_that_hangs_is_a_connection_that_was_not_made() {
    let responder = Responder::script(vec![Reply::Silence]);
    let time = Duration::from_millis(100);
    let settings = Settings { connect_time: time, ..https(responder.address()) };
    assert_eq!(failure(&send(settings).unwrap_err()), Failure::Connect);
}

/// A service that is only reached through a proxy, and the proxy's answer to CONNECT.
fn through_proxy(status: u16) -> (Responder, Broken) {
    let proxy = Responder::script(vec![Reply::status(status, "")]);
    let hop = NextHop { host: "127.0.0.1".to_owned(), port: proxy.address().port() };
    let url = format!("http://{}", proxy.address());
    let settings = Settings {
        base: "https://service.invalid/Api".to_owned(),
        service: NextHop { host: "service.invalid".to_owned(), port: 443 },
        proxy: Ok(Some(ProxySettings { url, hop, user_info: None })),
        ..https(proxy.address())
    };
    let broken = send(settings).unwrap_err();
    (proxy, broken)
}

#[test]
fn a_proxy_that_wants_a_password_is_told_apart_from_one_that_refuses() {
    for (status, expected) in
        [(407, Failure::Proxy), (403, Failure::Tunnel), (502, Failure::Tunnel)]
    {
        let (proxy, broken) = through_proxy(status);
        assert_eq!(failure(&broken), expected, "{status}: {broken:?}");
        let address = format!("http://{}", proxy.address());
        assert!(format!("{broken:?}").contains(&address), "the proxy is named: {broken:?}");
        let [request] = proxy.received().try_into().unwrap();
        assert_eq!(request.method, "CONNECT");
        assert_eq!(request.target, "service.invalid:443");
        assert_eq!(request.header("authorization"), None, "the token is not for the proxy");
    }
}

#[test]
fn the_certificate_of_a_server_is_noted_whether_it_is_trusted_or_not() {
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), servers_own_certificate()).unwrap();
    for (trusted, root) in [(true, PathBuf::from(CA)), (false, other.path().into())] {
        let (address, _told) = http1_server(&["http/1.1"]);
        let seen = Arc::new(Seen::default());
        let settings = Settings {
            seen: Some(Arc::clone(&seen)),
            tls_ca_certificate: Some(root),
            ..https(address)
        };
        assert_eq!(send(settings).is_ok(), trusted);
        let own = CertificateDer::from_pem_slice(&servers_own_certificate()).unwrap();
        assert_eq!(seen.certificate().as_deref(), Some(&*own));
    }
}

#[test]
fn keys_are_taken_out_wherever_they_stand() {
    let key = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----";
    let certificate = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----";
    for (pem, expected) in [
        (format!("{certificate}\n{key}\n"), format!("{certificate}\n\n")),
        (format!("{certificate}{key}{certificate}"), format!("{certificate}{certificate}")),
        (format!("  {key}\n{certificate}\n"), format!("  \n{certificate}\n")),
        (format!("{certificate}\n-----BEGIN PRIVATE KEY-----\nAAAA"), format!("{certificate}\n")),
        (format!("{key}{key}"), String::new()),
        (certificate.to_owned(), certificate.to_owned()),
    ] {
        assert_eq!(without_keys(pem.as_bytes()), expected.as_bytes(), "{pem}");
    }
}
