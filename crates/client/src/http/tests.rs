use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::responder::{Received, Reply, Responder};
use super::*;
use crate::config::SystemRoots;
use crate::retry::Call;
use crate::wire::{Body, File};

mod names;
mod process;

const LONG: Duration = Duration::from_secs(30);

pub(crate) fn settings(address: SocketAddr) -> Settings {
    Settings {
        base: format!("http://{address}/Api/v1/org"),
        https: false,
        service: NextHop { host: address.ip().to_string(), port: address.port() },
        proxy: Ok(None),
        system_roots: SystemRoots::default(),
        tls_ca_certificate: None,
        tls_client: None,
        tls_server_keys: Vec::new(),
        connect_time: LONG,
        seen: None,
    }
}

fn transport(responder: &Responder) -> Transport {
    Transport::new(settings(responder.address()))
}

pub(crate) fn get() -> Request {
    Request {
        route: "/Things".into(),
        query: Vec::new(),
        body: Body::None,
        call: Call::Get,
        answer_max: 1000,
    }
}

fn named(host: &str, port: u16) -> NextHop {
    NextHop { host: host.to_owned(), port }
}

fn post() -> Request {
    Request { body: Body::Json(b"{\"a\":1}".to_vec()), call: Call::HashSigning, ..get() }
}

pub(crate) fn token() -> Token {
    Token::new("to+ken/1".to_owned())
}

fn send(transport: &Transport, request: &Request) -> Result<Answer, Broken> {
    transport.send(request, &token(), LONG)
}

pub(crate) fn failure(broken: &Broken) -> Failure {
    match broken {
        Broken::Exchange { failure, .. } => *failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_has_the_token_and_no_header_that_is_invented() {
    let responder = Responder::script(vec![Reply::status(200, "ok")]);
    let request = Request { query: vec![("projectSlug", "a b&c".to_owned())], ..get() };
    assert_eq!(send(&transport(&responder), &request).unwrap().body, b"ok");
    assert_eq!(send(&transport(&responder), &post()).unwrap().body, b"ok");
    let [get, post] = responder.received().try_into().unwrap();
    assert_eq!(
        (get.method.as_str(), get.target.as_str()),
        ("GET", "/Api/v1/org/Things?projectSlug=a+b%26c")
    );
    assert_eq!(get.header("authorization"), Some("Bearer to+ken/1"));
    let agent = get.header("user-agent").unwrap();
    assert!(agent.starts_with("signpath-pkcs11/0."), "{agent}");
    let names = |request: &Received| -> Vec<String> {
        let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&get), ["accept", "authorization", "host", "user-agent"]);
    assert_eq!(
        names(&post),
        ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]
    );
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!((post.method.as_str(), post.body.as_slice()), ("POST", &b"{\"a\":1}"[..]));
}

#[test]
fn a_form_is_sent_with_its_fields_and_its_file() {
    let responder = Responder::script(vec![Reply::status(200, "")]);
    let file = File {
        field: "Artifact",
        name: "payload.json",
        media_type: "application/json",
        content: b"{}".to_vec(),
    };
    let body = Body::Form { fields: vec![("ProjectSlug".into(), "demo".to_owned())], file };
    send(&transport(&responder), &Request { body, ..post() }).unwrap();
    let [request] = responder.received().try_into().unwrap();
    let kind = request.header("content-type").unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let text = String::from_utf8(request.body).unwrap();
    assert!(text.contains("form-data; name=\"ProjectSlug\"\r\n\r\ndemo\r\n"), "{text}");
    assert!(text.contains("form-data; name=\"Artifact\"; filename=\"payload.json\"\r\n"), "{text}");
    assert!(text.contains("ontent-Type: application/json\r\n\r\n{}\r\n"), "{text}");
}

#[test]
fn guard_1_a_kept_connection_that_the_server_closed_costs_neither_an_error_nor_a_second_request() {
    let responder = Responder::script(vec![Reply::WholeThenClosed(b"ok".to_vec())]);
    let transport = transport(&responder);
    for _ in 0..100 {
        assert_eq!(send(&transport, &post()).unwrap().body, b"ok");
        responder.wait_for_close();
    }
    assert_eq!(responder.received().len(), 100);
}

#[test]
fn one_connection_is_used_again_and_again() {
    let responder =
        Responder::script(vec![Reply::status(200, "ok"), Reply::WholeThenClosed(Vec::new())]);
    let transport = transport(&responder);
    send(&transport, &get()).unwrap();
    send(&transport, &get()).unwrap();
    responder.wait_for_close();
    assert_eq!(responder.received().len(), 2, "both came on the connection that was closed");
}

#[test]
fn an_answer_that_drips_does_not_get_past_the_time_out() {
    let responder = Responder::script(vec![Reply::Drip(200)]);
    let start = Instant::now();
    let time = Duration::from_millis(200);
    let request = Request { answer_max: 1_000_000, ..get() };
    let broken = transport(&responder).send(&request, &token(), time).unwrap_err();
    assert_eq!(failure(&broken), Failure::Timeout);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_answer_that_does_not_come_is_a_time_out() {
    let responder = Responder::script(vec![Reply::Silence]);
    let broken =
        transport(&responder).send(&post(), &token(), Duration::from_millis(50)).unwrap_err();
    assert_eq!(failure(&broken), Failure::Timeout);
}

#[test]
fn an_answer_is_read_up_to_its_bound_and_not_further() {
    let endless = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec();
    let endless = [endless, vec![b'x'; 5000]].concat();
    let responder = Responder::script(vec![
        Reply::status(200, &"x".repeat(1000)),
        Reply::status(200, &"x".repeat(1001)),
        Reply::Bytes(endless),
    ]);
    let transport = transport(&responder);
    assert_eq!(send(&transport, &get()).unwrap().body.len(), 1000);
    for _ in 0..2 {
        assert!(matches!(send(&transport, &get()), Err(Broken::TooLong { max: 1000 })));
    }
}

#[test]
fn the_body_of_an_error_is_cut_and_not_refused() {
    let responder = Responder::script(vec![Reply::status(500, &"x".repeat(200_000))]);
    let broken = send(&transport(&responder), &get()).unwrap_err();
    let Broken::Status { status: 500, message, .. } = broken else { panic!("{broken:?}") };
    assert_eq!(message.text().chars().count(), 1001);
}

#[test]
fn a_token_that_the_service_gives_back_is_not_shown() {
    let responder = Responder::script(vec![
        Reply::status(401, "Bearer to+ken/1 is wrong"),
        Reply::status(401, r#"{"detail": "to\u002Bken/1 is wrong", "traceId": "to+ken/1"}"#),
    ]);
    let transport = transport(&responder);
    for _ in 0..2 {
        let broken = format!("{:?}", send(&transport, &get()).unwrap_err());
        assert!(broken.contains("*** is wrong") && !broken.contains("ken/1"), "{broken}");
    }
}

#[test]
fn a_redirection_is_not_followed_and_its_host_is_named() {
    let target = Responder::script(vec![Reply::status(200, "stolen")]);
    for (location, expected) in
        [(target.url(), Some("127.0.0.1")), ("//evil.example/x".to_owned(), Some("evil.example"))]
    {
        let headers = vec![("location", location)];
        let responder =
            Responder::script(vec![Reply::Whole { status: 307, headers, body: Vec::new() }]);
        let broken = send(&transport(&responder), &post()).unwrap_err();
        let Broken::Redirect { status: 307, host } = broken else { panic!("{broken:?}") };
        assert_eq!(host.as_deref(), expected);
    }
    assert!(target.received().is_empty());
}

#[test]
fn an_error_status_holds_also_if_its_body_breaks_off() {
    let cut = |status: u16| {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 99\r\nretry-after: 7\r\n\r\n");
        Reply::Bytes((head + "to be co").into_bytes())
    };
    for expected in [400, 401, 429, 503] {
        let responder = Responder::script(vec![cut(expected)]);
        let broken = send(&transport(&responder), &post()).unwrap_err();
        let Broken::Status { status, message, retry_after } = broken else { panic!("{broken:?}") };
        assert_eq!((status, message.text()), (expected, "to be co"));
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
    }
}

#[test]
fn an_error_status_holds_also_if_its_body_drips() {
    for time in [Duration::from_millis(500), LONG] {
        let responder = Responder::script(vec![Reply::Drip(401)]);
        let start = Instant::now();
        let broken = transport(&responder).send(&post(), &token(), time).unwrap_err();
        assert!(matches!(broken, Broken::Status { status: 401, .. }), "{broken:?}");
        assert!(start.elapsed() < LONG / 2);
    }
}

#[test]
fn retry_after_is_passed_on() {
    let headers = vec![("retry-after", "7".to_owned())];
    let responder =
        Responder::script(vec![Reply::Whole { status: 429, headers, body: Vec::new() }]);
    let broken = send(&transport(&responder), &get()).unwrap_err();
    let Broken::Status { retry_after, .. } = broken else { panic!("{broken:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn broken_answers_are_lost_answers() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12",
        b"garbage\r\n\r\n",
    ] {
        let responder = Responder::script(vec![Reply::Bytes(bytes.to_vec())]);
        let broken = send(&transport(&responder), &post()).unwrap_err();
        assert_eq!(failure(&broken), Failure::Lost, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_port_where_nobody_listens_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let broken = send(&Transport::new(settings(address)), &post()).unwrap_err();
    assert_eq!(failure(&broken), Failure::Connect);
    let text = format!("{broken:?}");
    assert!(text.contains("refused"), "{text}");
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_before_anything_is_sent() {
    let responder = Responder::script(vec![Reply::status(200, "")]);
    let token = Token::new("a\nb".to_owned());
    let broken = transport(&responder).send(&get(), &token, LONG).unwrap_err();
    let Broken::Setup(error) = broken else { panic!("{broken:?}") };
    assert!(!error.to_string().contains("a\nb"));
    assert!(responder.received().is_empty());
}

#[test]
fn many_threads_may_call_at_once() {
    let responder = Responder::script(vec![Reply::status(200, "ok")]);
    let transport = transport(&responder);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| (0..5).for_each(|_| drop(send(&transport, &get()).unwrap())));
        }
    });
    assert_eq!(responder.received().len(), 320);
}

#[test]
fn one_waiting_thread_does_not_hold_up_the_others() {
    let silent = AtomicBool::new(true);
    let responder = Responder::start(move |_, _| {
        if silent.swap(false, Ordering::SeqCst) { Reply::Silence } else { Reply::status(200, "ok") }
    });
    let transport = transport(&responder);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| transport.send(&get(), &token(), Duration::from_secs(3)));
        while responder.received().is_empty() {
            thread::yield_now();
        }
        let start = Instant::now();
        for _ in 0..20 {
            send(&transport, &get()).unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(2));
        assert_eq!(failure(&waiting.join().unwrap().unwrap_err()), Failure::Timeout);
    });
}
