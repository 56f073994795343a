//! https through a proxy: the tunnel, and what goes through it.

use std::io::{BufRead, BufReader};
use std::net::Shutdown;
use std::sync::Arc;

use super::*;

/// A proxy that makes one tunnel after the other to `target`, whatever host it is asked for, and tells the heads of the
/// requests that it got.
fn relay(target: SocketAddr) -> (SocketAddr, Receiver<Vec<String>>) {
    let (tell, told) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(client.try_clone().unwrap()).lines();
            let head = lines.map(Result::unwrap).take_while(|line| !line.is_empty());
            tell.send(head.collect()).unwrap();
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            tunnel(&client, &TcpStream::connect(target).unwrap());
        }
    });
    (address, told)
}

fn tunnel(client: &TcpStream, service: &TcpStream) {
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            std::io::copy(&mut from, &mut to).ok();
            to.shutdown(Shutdown::Both).ok();
        })
    };
    copy(client.try_clone().unwrap(), service.try_clone().unwrap());
    copy(service.try_clone().unwrap(), client.try_clone().unwrap());
}

/// A transport that reaches `https://localhost` through this proxy, whose name is the only one that can be resolved.
fn through(proxy: SocketAddr, user_info: Option<&str>) -> Transport {
    let hop = NextHop { host: "proxy.invalid".to_owned(), port: proxy.port() };
    let url = format!("http://proxy.invalid:{}", proxy.port());
    let user_info = user_info.map(|text| crate::secret::Token::new(text.to_owned()));
    let settings = Settings {
        base: "https://localhost:8443/Api".to_owned(),
        service: NextHop { host: "localhost".to_owned(), port: 8443 },
        proxy: Ok(Some(ProxySettings { url, hop: hop.clone(), user_info })),
        ..https(proxy)
    };
    let lookup = move |asked: &NextHop| {
        assert_eq!(asked.host, "proxy.invalid", "the service's name is the proxy's business");
        Ok(vec![proxy])
    };
    let names = Arc::new(Names::new(hop, Box::new(lookup)));
    Transport { settings, names, engine: parking_lot::Mutex::new(None) }
}

fn send_through(transport: &Transport) -> Result<Vec<u8>, Broken> {
    let answer = transport.send(&get(), &token(), Duration::from_secs(30));
    answer.map(|answer| answer.body)
}

#[test]
fn https_goes_through_the_proxys_tunnel_to_the_service_itself() {
    let (service, agreed) = http1_server(&["http/1.1"]);
    let (proxy, heads) = relay(service);
    assert_eq!(send_through(&through(proxy, Some("us er:p:w"))).unwrap(), b"ok");
    assert_eq!(agreed.recv().unwrap().as_deref(), Some("http/1.1"));
    let head = heads.recv().unwrap();
    assert_eq!(head[0], "CONNECT localhost:8443 HTTP/1.1");
    let value = |name: &str| {
        let lines = head.iter().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value)
    };
    assert_eq!(value("proxy-authorization"), Some("Basic dXMgZXI6cDp3"));
    assert_eq!(value("authorization"), None, "the token is not for the proxy");
    assert!(heads.try_recv().is_err(), "one tunnel");
}

#[test]
fn a_proxy_without_a_password_gets_no_credentials() {
    let (service, _agreed) = http1_server(&["http/1.1"]);
    let (proxy, heads) = relay(service);
    assert_eq!(send_through(&through(proxy, None)).unwrap(), b"ok");
    let head = heads.recv().unwrap().join("\n").to_ascii_lowercase();
    assert!(!head.contains("authorization"), "{head}");
}

#[test]
fn http_2_is_spoken_through_the_tunnel_where_the_service_knows_it() {
    let (tell, preface) = channel();
    let service = server(&["h2"], move |mut tls| {
        let mut start = [0; 24];
        tls.read_exact(&mut start).ok();
        tell.send(start).ok();
    });
    let (proxy, _heads) = relay(service);
    assert!(send_through(&through(proxy, None)).is_err(), "this service hangs up");
    // RFC 9113 §3.4
    assert_eq!(&preface.recv().unwrap(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

#[test]
fn a_proxy_cannot_put_itself_in_the_services_place() {
    let (service, agreed) = http1_server(&["http/1.1"]);
    let (proxy, _heads) = relay(service);
    let mut transport = through(proxy, None);
    transport.settings.base = "https://service.invalid/Api".to_owned();
    assert_eq!(failure(&send_through(&transport).unwrap_err()), Failure::CertificateName);
    assert!(agreed.try_recv().is_err(), "no request was sent");
}
