//! A server for tests: HTTP/1.1 on loopback, each answer made by a closure.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is done about it.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer; the connection is kept.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// An answer that does not announce it, and then the connection is closed.
    WholeThenClosed(Vec<u8>),
    /// These bytes, and then the connection is closed.
    Bytes(Vec<u8>),
    /// The head of an answer of this status, then a byte now and then, until the client goes away.
    Drip(u16),
    /// Nothing, until the client goes away.
    Silence,
}

pub(crate) struct Responder {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    closed: Receiver<()>,
}

type Handler = dyn Fn(&Received, usize) -> Reply + Send + Sync;

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Whole { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::Whole { status, headers, body: body.into() }
    }
}

impl Responder {
    /// `handler` gets a request and how many came before it.
    pub(crate) fn start(
        handler: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (tell, closed) = channel();
        let handler: Arc<Handler> = Arc::new(handler);
        let kept = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (handler, kept, tell) = (Arc::clone(&handler), Arc::clone(&kept), tell.clone());
                thread::spawn(move || serve(&stream, &*handler, &kept, &tell));
            }
        });
        Self { address, received, closed }
    }

    /// The same answers again and again, the last one for all further requests.
    pub(crate) fn script(replies: Vec<Reply>) -> Self {
        Self::start(move |_, before| replies[before.min(replies.len() - 1)].clone())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/Api", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    /// Returns when one more connection was closed from this end.
    pub(crate) fn wait_for_close(&self) {
        self.closed.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn serve(stream: &TcpStream, handler: &Handler, kept: &Mutex<Vec<Received>>, tell: &Sender<()>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        let before = {
            let mut kept = kept.lock();
            kept.push(request.clone());
            kept.len() - 1
        };
        if !reply(stream, handler(&request, before)) {
            break;
        }
    }
    stream.shutdown(Shutdown::Both).ok();
    tell.send(()).ok();
}

/// Whether the connection is kept.
fn reply(mut stream: &TcpStream, reply: Reply) -> bool {
    match reply {
        Reply::Whole { status, headers, body } => {
            let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
            stream.write_all(&whole(status, &headers.collect::<String>(), &body)).is_ok()
        }
        Reply::WholeThenClosed(body) => {
            stream.write_all(&whole(200, "", &body)).ok();
            false
        }
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).ok();
            false
        }
        Reply::Drip(status) => {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 100000\r\n\r\n");
            stream.write_all(head.as_bytes()).ok();
            while client_stays(stream) && stream.write_all(b" ").is_ok() {}
            false
        }
        Reply::Silence => {
            while client_stays(stream) {}
            false
        }
    }
}

fn whole(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Looks for a moment whether the client closes the connection.
fn client_stays(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    !matches!(stream.read(&mut [0]), Ok(0))
}

fn read_request(reader: &mut impl BufRead) -> Option<Received> {
    let line = read_line(reader)?;
    let mut words = line.split(' ').map(str::to_owned);
    let mut request =
        Received { method: words.next()?, target: words.next()?, ..Received::default() };
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}
