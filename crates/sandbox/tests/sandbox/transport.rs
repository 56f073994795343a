//! Sockets: HTTP/1.1 and HTTP/2, TLS, ports, what is recorded of a request.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use signpath_sandbox::{Error, Fault, Route, Sandbox, ServerCertificate, read_audit_lines};
use tempfile::TempDir;

use crate::{
    fixture::{builder, sandbox, sign_ec},
    http::{Call, connect, exchange},
};

/// A GET of /Api/healthz in HTTP/2: preface, SETTINGS, HEADERS (RFC 9113, 3.4 and 6; RFC 7541, appendix A).
fn http2_request() -> Vec<u8> {
    let mut fields = vec![0x82, 0x86, 0x04, 12];
    fields.extend(b"/Api/healthz");
    fields.extend([0x01, 7]);
    fields.extend(b"sandbox");
    let length = u8::try_from(fields.len()).unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    bytes.extend([0, 0, length, 1, 0x05, 0, 0, 0, 1]);
    bytes.extend(fields);
    bytes
}

/// Reads frames up to the first DATA, and gives its content; nothing when the connection is closed before.
fn http2_data(stream: &mut impl Read) -> Vec<u8> {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return Vec::new();
        }
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut content = vec![0; length];
        stream.read_exact(&mut content).unwrap();
        if head[3] == 0 {
            return content;
        }
    }
}

pub(crate) fn client(sandbox: &Sandbox, identity: Option<&str>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let root = sandbox.ca_certificate_pem().unwrap();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let chain =
                CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect();
            let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

pub(crate) fn tls(
    sandbox: &Sandbox,
    name: &str,
    config: ClientConfig,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(sandbox).unwrap())
}

#[test]
fn one_connection_carries_many_requests() {
    let sandbox = sandbox();
    let mut stream = connect(&sandbox).unwrap();
    let request = Call::to(&sandbox, "GET", "/Api/healthz?a=b").header("X-Y", "z").bytes();
    for _ in 0..3 {
        assert_eq!(exchange(&mut stream, &request).unwrap().status, 200);
    }
    Call::to(&sandbox, "GET", "/Api/healthz").send();
    let requests = sandbox.requests();
    let numbers: Vec<u64> = requests.iter().map(|request| request.connection).collect();
    assert_eq!((numbers.as_slice(), sandbox.connections()), ([1, 1, 1, 2].as_slice(), 2));
    let first = &requests[0];
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/Api/healthz"));
    assert_eq!((first.query.as_str(), first.header("x-y")), ("a=b", Some("z")));
    assert_eq!((first.route, first.http2), (Some(Route::Health), false));
    assert!(requests[0].at <= requests[1].at);
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_request_is_recorded_as_it_came() {
    let sandbox = sandbox();
    sign_ec(&sandbox);
    let requests = sandbox.requests();
    let authorization = format!("Bearer {}", sandbox.token());
    assert_eq!(requests[0].header("authorization"), Some(authorization.as_str()));
    assert_eq!(requests[0].json().unwrap()["signingPolicySlug"], "ec");
    assert_eq!(requests[0].route, Some(Route::SignHash));
}

#[test]
fn a_sandbox_without_records_counts_and_keeps_nothing() {
    let folder = TempDir::new().unwrap();
    let sandbox = builder().state(folder.path()).without_records().start().unwrap();
    assert_eq!(sign_ec(&sandbox).status, 200);
    assert!(sandbox.requests().is_empty() && sandbox.audit().is_empty());
    assert_eq!(sandbox.connections(), 1);
    assert_eq!(read_audit_lines(folder.path()).unwrap().len(), 1);
}

#[test]
fn http2_is_spoken_without_tls_to_who_begins_with_it() {
    let sandbox = sandbox();
    let mut stream = connect(&sandbox).unwrap();
    stream.write_all(&http2_request()).unwrap();
    assert_eq!(http2_data(&mut stream), b"Healthy");
    assert!(sandbox.requests()[0].http2);
}

#[test]
fn http2_connections_can_be_cut_like_others() {
    let sandbox = sandbox();
    for (fault, seen) in [
        (Fault::on(Route::Health).drop_before_answer(), b"".as_slice()),
        (Fault::on(Route::Health).drop_mid_body(), b"Hea"),
        (Fault::on(Route::Health).body("x").drop_mid_body(), b""),
        (Fault::on(Route::Health).body("").drop_mid_body(), b""),
        (Fault::on(Route::Health).close_after_answer(), b"Healthy"),
    ] {
        sandbox.inject(fault);
        let mut stream = connect(&sandbox).unwrap();
        stream.write_all(&http2_request()).unwrap();
        assert_eq!(http2_data(&mut stream), seen);
        stream.read_to_end(&mut Vec::new()).expect("the connection is closed");
    }
}

#[test]
fn tls_offers_http2_and_http1() {
    let sandbox = builder().tls().start().unwrap();
    assert!(sandbox.api_url().starts_with("https://127.0.0.1:"));
    let mut config = client(&sandbox, None);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = tls(&sandbox, "127.0.0.1", config);
    stream.write_all(&http2_request()).unwrap();
    assert_eq!(http2_data(&mut stream), b"Healthy");
    assert_eq!(stream.conn.alpn_protocol(), Some(b"h2".as_slice()));

    let mut stream = tls(&sandbox, "localhost", client(&sandbox, None));
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    assert_eq!(exchange(&mut stream, &request).unwrap().text(), "Healthy");
    assert_eq!((sandbox.connections(), sandbox.tls_handshakes()), (2, 2));
}

#[test]
fn http2_can_be_left_out() {
    let sandbox = builder().tls().http1_only().start().unwrap();
    let mut config = client(&sandbox, None);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = tls(&sandbox, "127.0.0.1", config);
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    assert_eq!(exchange(&mut stream, &request).unwrap().text(), "Healthy");
    assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
}

/// What a client says to this certificate, that trusts the root.
fn refusal(certificate: ServerCertificate, name: &str) -> String {
    let sandbox = builder().server_certificate(certificate).start().unwrap();
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    let mut stream = tls(&sandbox, name, client(&sandbox, None));
    exchange(&mut stream, &request).unwrap_err().to_string()
}

#[test]
fn a_certificate_can_have_ended_or_be_of_another_server() {
    let expired = refusal(ServerCertificate::Expired, "127.0.0.1");
    assert!(expired.contains("expired"), "{expired}");
    let other = refusal(ServerCertificate::OfAnotherName, "127.0.0.1");
    assert!(other.contains("not valid for name"), "{other}");
}

#[test]
fn the_certificate_is_for_the_address_that_clients_are_told() {
    let sandbox = builder().tls().listen("127.0.0.2:0").start().unwrap();
    assert!(sandbox.api_url().starts_with("https://127.0.0.2:"));
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    let mut stream = tls(&sandbox, "127.0.0.2", client(&sandbox, None));
    assert_eq!(exchange(&mut stream, &request).unwrap().status, 200);
    let mut stream = tls(&sandbox, "127.0.0.3", client(&sandbox, None));
    assert!(exchange(&mut stream, &request).is_err());
}

#[test]
fn the_certificate_is_for_loopback_only() {
    let sandbox = builder().tls().start().unwrap();
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    let mut stream = tls(&sandbox, "::1", client(&sandbox, None));
    assert_eq!(exchange(&mut stream, &request).unwrap().status, 200);
    let mut stream = tls(&sandbox, "sandbox.example", client(&sandbox, None));
    assert!(exchange(&mut stream, &request).is_err());
    let another = builder().tls().start().unwrap();
    let mut stream = tls(&sandbox, "127.0.0.1", client(&another, None));
    assert!(exchange(&mut stream, &request).is_err());
}

#[test]
fn a_client_certificate_can_be_asked_for() {
    let sandbox = builder().require_client_certificate().start().unwrap();
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    let mut stream = tls(&sandbox, "127.0.0.1", client(&sandbox, None));
    assert!(exchange(&mut stream, &request).is_err());
    let identity = sandbox.client_certificate_pem().unwrap();
    let mut stream = tls(&sandbox, "127.0.0.1", client(&sandbox, Some(&identity)));
    assert_eq!(exchange(&mut stream, &request).unwrap().status, 200);
}

#[test]
fn a_stopped_sandbox_refuses_and_comes_back_on_its_port() {
    let sandbox = sandbox();
    let mut open = connect(&sandbox).unwrap();
    let address = sandbox.address();
    let request = Call::to(&sandbox, "GET", "/Api/healthz").bytes();
    exchange(&mut open, &request).unwrap();
    sandbox.stop();
    assert!(connect(&sandbox).is_err());
    assert!(exchange(&mut open, &request).is_err());
    sandbox.restart().unwrap();
    assert_eq!(sandbox.address(), address);
    assert_eq!(Call::to(&sandbox, "GET", "/Api/healthz").send().status, 200);
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn an_address_that_others_can_reach_needs_to_be_allowed() {
    let refused = builder().listen("0.0.0.0:0").start().unwrap_err();
    assert!(matches!(refused, Error::NotLoopback { .. }));
    assert!(refused.to_string().contains("--allow-remote"));
    let sandbox = builder().listen("0.0.0.0:0").allow_remote().start().unwrap();
    assert!(sandbox.api_url().starts_with("http://127.0.0.1:"));
    let taken = builder().listen(&sandbox.address().to_string()).allow_remote().start();
    assert!(matches!(taken.unwrap_err(), Error::Listen { .. }));
}

#[test]
fn cached_keys_are_made_once_for_all_sandboxes() {
    let keys = || sandbox().public_key_pem("demo/rsa").unwrap();
    assert_eq!(keys(), keys());
}
