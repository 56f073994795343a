//! Guard 3: who resolves which name, where and when.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::*;

/// A transport whose names are looked up by `lookup`.
fn with_lookup(
    settings: Settings,
    lookup: impl Fn(&NextHop) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> Transport {
    let names = Names::new(settings.next_hop(), Box::new(lookup));
    let names = Arc::new(names.loopback_only(settings.is_local()));
    Transport { settings, names, engine: Mutex::new(None) }
}

#[test]
fn guard_3_names_are_resolved_on_the_calling_thread_outside_of_the_runtime() {
    let responder = Responder::script(vec![Reply::status(200, "ok")]);
    let address = responder.address();
    let caller = thread::current().id();
    let settings = Settings {
        base: format!("http://service.invalid:{}/Api", address.port()),
        service: named("service.invalid", address.port()),
        ..settings(address)
    };
    let transport = with_lookup(settings, move |hop| {
        assert_eq!(hop.host, "service.invalid");
        assert_eq!(thread::current().id(), caller);
        assert!(tokio::runtime::Handle::try_current().is_err(), "inside of the runtime");
        Ok(vec![address])
    });
    assert_eq!(send(&transport, &get()).unwrap().body, b"ok");
}

#[test]
fn guard_3_behind_a_proxy_only_the_proxys_name_is_resolved() {
    let proxy = Responder::script(vec![Reply::status(200, "through the proxy")]);
    let address = proxy.address();
    let hop = named("proxy.invalid", address.port());
    let settings = Settings {
        base: "http://service.invalid:1234/Api".to_owned(),
        service: named("service.invalid", 1234),
        proxy: Ok(Some(ProxySettings {
            url: format!("http://proxy.invalid:{}", address.port()),
            hop,
            user_info: Some(Token::new("us er:p:w".to_owned())),
        })),
        ..settings(address)
    };
    let transport = with_lookup(settings, move |hop| {
        assert_eq!(hop.host, "proxy.invalid");
        Ok(vec![address])
    });
    assert_eq!(send(&transport, &get()).unwrap().body, b"through the proxy");
    let [request] = proxy.received().try_into().unwrap();
    assert_eq!(request.target, "http://service.invalid:1234/Api/Things");
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXMgZXI6cDp3"));
}

#[test]
fn a_name_without_an_address_is_told_apart_from_a_connection_that_fails() {
    let settings =
        Settings { service: named("service.invalid", 1), ..settings(([127, 0, 0, 1], 1).into()) };
    let nothing = with_lookup(settings.clone(), |_| Ok(Vec::new()));
    assert_eq!(failure(&send(&nothing, &get()).unwrap_err()), Failure::Lookup);
    let fails = with_lookup(settings, |_| Err(io::Error::other("no such host")));
    let broken = send(&fails, &get()).unwrap_err();
    assert_eq!(failure(&broken), Failure::Lookup);
    assert!(
        format!("{broken:?}").contains("no such host; the system's resolver took 0."),
        "{broken:?}"
    );
    assert!(format!("{broken:?}").contains("service.invalid: no such host"));
}

#[test]
fn addresses_are_kept_for_a_minute_and_used_longer_if_they_cannot_be_had_anew() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let names = Names::new(
        named("service.invalid", 1),
        Box::new(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Ok(vec![(Ipv4Addr::LOCALHOST, 1).into()]),
            _ => Err(io::Error::other("no answer")),
        }),
    );
    let start = Instant::now();
    let rows =
        [(0, 1), (59, 1), (60, 2), (119, 2), (120, 3), (129, 3), (130, 4), (139, 4), (140, 5)];
    for (seconds, lookups) in rows {
        names.refresh(start + Duration::from_secs(seconds)).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), lookups, "after {seconds} s");
    }
    names.forget();
    assert!(names.refresh(start).is_err());
}

#[test]
fn the_others_do_not_wait_for_a_look_up_while_there_are_addresses() {
    let (tell, told) = channel();
    let (finish, finished) = channel();
    let finished = Mutex::new(finished);
    let asked = AtomicUsize::new(0);
    let lookup = move |_: &NextHop| {
        if asked.fetch_add(1, Ordering::SeqCst) > 0 {
            tell.send(()).unwrap();
            finished.lock().recv().unwrap();
        }
        Ok(vec![(Ipv4Addr::LOCALHOST, 1).into()])
    };
    let names = Names::new(named("service.invalid", 1), Box::new(lookup));
    let start = Instant::now();
    names.refresh(start).unwrap();
    let later = start + Duration::from_secs(61);
    thread::scope(|scope| {
        let slow = scope.spawn(|| names.refresh(later));
        told.recv().unwrap();
        names.refresh(later).unwrap();
        finish.send(()).unwrap();
        slow.join().unwrap().unwrap();
    });
}

#[test]
fn plain_http_goes_to_this_machine_alone_whatever_the_resolver_says() {
    let responder = Responder::script(vec![Reply::status(200, "ok")]);
    let local = responder.address();
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], local.port()));
    let base = format!("http://localhost:{}/Api", local.port());
    let settings = Settings { base, service: named("localhost", local.port()), ..settings(local) };
    let both = with_lookup(settings.clone(), move |_| Ok(vec![elsewhere, local]));
    assert_eq!(send(&both, &get()).unwrap().body, b"ok");
    let broken = send(&with_lookup(settings, move |_| Ok(vec![elsewhere])), &get()).unwrap_err();
    assert_eq!(failure(&broken), Failure::Lookup);
    assert!(format!("{broken:?}").contains("plain http goes nowhere else"), "{broken:?}");
}

#[test]
fn addresses_are_forgotten_when_they_do_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let responder = Responder::script(vec![Reply::status(200, "moved")]);
    let open = responder.address();
    let addresses = Mutex::new(vec![open, closed]);
    let base = "http://service.invalid/Api".to_owned();
    let settings =
        Settings { base, service: named("service.invalid", 80), ..settings(responder.address()) };
    let transport = with_lookup(settings, move |_| Ok(vec![addresses.lock().pop().unwrap()]));
    assert_eq!(failure(&send(&transport, &get()).unwrap_err()), Failure::Connect);
    assert_eq!(send(&transport, &get()).unwrap().body, b"moved");
}
