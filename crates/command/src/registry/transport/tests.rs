use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use super::*;
use crate::image::Image;
use crate::registry::Registries;

/// Somebody who has this done to each visitor, and what is told of it.
fn server(
    serve: impl Fn(&TcpStream, &Sender<String>) + Send + 'static,
) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heard, hears) = mpsc::channel();
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            serve(&visitor, &heard);
        }
    });
    (address, hears)
}

/// Tells the head of each request, and then answers it with this: who has the answer finds the head.
fn answering(answer: String) -> impl Fn(&TcpStream, &Sender<String>) + Send + 'static {
    move |mut visitor, heard| {
        let lines = BufReader::new(visitor).lines().map_while(Result::ok);
        let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        heard.send(head.join("\n")).ok();
        visitor.write_all(answer.as_bytes()).ok();
    }
}

fn budget() -> Rc<Budget> {
    Rc::new(Budget::new(Duration::from_secs(60)))
}

fn over(scheme: &str, address: &str, sends_login: bool) -> Transport {
    let transport = Transport::over(scheme, address, budget()).unwrap();
    let login =
        Login::Password { user: "user".to_owned(), password: Token::new("s3cret".to_owned()) };
    transport.login.set(Some(login)).unwrap();
    Transport { sends_login, ..transport }
}

fn read(transport: &Transport) -> Answer {
    let call = Call::new(Method::GET, transport.url("/v2/a/manifests/1"), "scope".to_owned());
    transport.send(call, "reading").unwrap()
}

#[test]
fn plain_http_is_for_loopback_and_registries_that_are_named() {
    let named = PlainHttp { registries: vec!["10.0.0.1:5000".to_owned()], ..PlainHttp::default() };
    for (registry, plain, scheme) in [
        ("localhost", PlainHttp::default(), "http"),
        ("127.8.0.1:5000", PlainHttp::default(), "http"),
        ("[::1]:5000", PlainHttp::default(), "http"),
        ("localhost.example.com", PlainHttp::default(), "https"),
        ("10.0.0.1:5000", PlainHttp::default(), "https"),
        ("127.0.0.1.example.com", PlainHttp::default(), "https"),
        ("10.0.0.1:5000", named.clone(), "http"),
        ("10.0.0.1", named.clone(), "https"),
        ("10.0.0.1:5001", named, "https"),
    ] {
        let transport = Transport::new(registry, &plain, budget(), Rc::default()).unwrap();
        assert_eq!(transport.url("/v2/").to_string(), format!("{scheme}://{registry}/v2/"));
        assert!(transport.sends_login);
    }
}

#[test]
fn the_repositories_of_a_registry_have_one_login() {
    let registries = Registries::new(PlainHttp::default());
    let open = |name: &str| {
        let image: Image = format!("{name}@sha256:{}", "0".repeat(64)).parse().unwrap();
        registries.open(&image.repository).unwrap()
    };
    let known = open("localhost:5000/a");
    let login = Login::IdentityToken(Token::new("s3cret".to_owned()));
    known.transport.login.set(Some(login)).unwrap();
    for (name, is_known) in [("localhost:5000/b", true), ("localhost:5001/a", false)] {
        assert_eq!(open(name).transport.login.get().is_some(), is_known, "{name}");
    }
}

#[test]
fn only_who_answers_tls_with_something_else_speaks_none() {
    let plain = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let (speaks_http, _hears) = server(|mut visitor, _| {
        visitor.write_all(plain.as_bytes()).ok();
    });
    assert!(Transport::over("https", &speaks_http, budget()).unwrap().meets_no_tls());
    let (hangs_up, _hears) = server(|_, _| {});
    assert!(!Transport::over("https", &hangs_up, budget()).unwrap().meets_no_tls());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    assert!(!Transport::over("https", &nobody, budget()).unwrap().meets_no_tls());
}

#[test]
fn a_login_goes_over_plain_http_only_where_that_was_said() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\
                   Content-Length: 0\r\nConnection: close\r\n\r\n";
    for sends_login in [true, false] {
        let (address, hears) = server(answering(refusal.to_owned()));
        let transport = over("http", &address, sends_login);
        let answer = read(&transport);
        assert_eq!(answer.status, 401);
        let heard: Vec<_> = hears.try_iter().collect();
        assert_eq!(heard.len(), if sends_login { 2 } else { 1 }, "{heard:?}");
        let shown = heard.iter().any(|head| head.to_lowercase().contains("authorization: basic"));
        assert_eq!(shown, sends_login, "{heard:?}");
        let advice = transport.refused("reading", &answer).line();
        assert_eq!(advice.contains("--http-registry"), !sends_login, "{advice}");
    }
}

#[test]
fn a_token_service_gets_no_login_either() {
    let (service, hears) = server(answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"token\":\"t\"}"
            .to_owned(),
    ));
    let refusal = format!(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://{service}/token\"\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    for sends_login in [true, false] {
        let (address, _) = server(answering(refusal.clone()));
        read(&over("http", &address, sends_login));
        let heard: Vec<_> = hears.try_iter().collect();
        assert_eq!(heard.len(), 1, "{heard:?}");
        let shown = heard.iter().any(|head| head.to_lowercase().contains("authorization: basic"));
        assert_eq!(shown, sends_login, "{heard:?}");
    }
}

/// user:s3cret
const BASIC: &str = "dXNlcjpzM2NyZXQ=";

#[test]
fn a_refusal_that_repeats_what_it_was_sent_is_shown_without_it() {
    let body = format!(
        r#"{{"errors":[{{"code":"DENIED","message":"user:s3cret user:s%33cret Basic {BASIC} given-t0ken"}}]}}"#
    );
    let service = format!("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n{body}");
    let (service, _hears) = server(answering(service));
    for challenge in ["Basic".to_owned(), format!("Bearer realm=\"http://{service}/s3cret\"")] {
        let (address, _hears) = server(answering(format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nConnection: close\r\n\r\n{body}"
        )));
        let transport = over("http", &address, true);
        let given = HeaderValue::from_static("Bearer given-t0ken");
        transport.allowed.borrow_mut().insert("another scope".to_owned(), given);
        let call = Call::new(Method::GET, transport.url("/v2/"), "scope".to_owned());
        let error = match transport.send(call, "reading") {
            Ok(answer) => transport.refused("reading", &answer),
            Err(error) => error,
        };
        let line = error.line();
        assert!(line.contains("user:*** user:*** Basic *** ***"), "{line}");
    }
}

#[test]
fn a_place_for_a_login_is_named_without_the_login() {
    let (address, _hears) = server(answering(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"ftp://x/s3cret\"\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned(),
    ));
    let transport = over("http", &address, true);
    let call = Call::new(Method::GET, transport.url("/v2/"), "scope".to_owned());
    let line = transport.send(call, "reading").err().unwrap().line();
    assert!(line.contains("asks for a login at \"ftp://x/***\""), "{line}");
}

#[test]
fn registries_that_do_not_answer_end_with_the_time_that_all_of_them_have() {
    let (busy, _hears) = server(answering(
        "HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned(),
    ));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap().to_string();
    let budget = Rc::new(Budget::new(Duration::from_millis(300)));
    let begun = Instant::now();
    for address in [busy, silent_address] {
        let transport = Transport::over("http", &address, budget.clone()).unwrap();
        let call = Call::new(Method::GET, transport.url("/v2/"), String::new());
        let line = transport.send(call, "reading").err().unwrap().line();
        let expected = format!("reading failed: {address} has not answered within the 20 minutes");
        assert!(line.starts_with(&expected), "{line}");
        transport.pause(Duration::from_secs(60));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
