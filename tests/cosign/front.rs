//! What stands before the registry, which is Distribution v3 and has no referrers API: that API, as the OCI distribution
//! specification 1.1 describes it, and a door that asks for a login.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What a visitor has to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Door {
    Open,
    /// User and password.
    Basic,
    /// A token, for user and password.
    Bearer,
}

/// `user:s3cret`
pub(crate) const LOGIN: &str = "dXNlcjpzM2NyZXQ=";
/// What is given for it at [`Door::Bearer`].
pub(crate) const TOKEN: &str = "token-of-the-front";

/// The registry of a test, by another address.
pub(crate) struct Front {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

struct Behind {
    registry: String,
    address: String,
    has_referrers: bool,
    door: Door,
    seen: Arc<Mutex<Vec<String>>>,
    /// Descriptors, by the digest of their subject.
    referrers: Mutex<HashMap<String, Vec<Value>>>,
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Front {
    /// Lists referrers.
    pub(crate) fn with_referrers(registry: &str) -> Self {
        Self::new(registry, true, Door::Open)
    }

    /// Asks for a login.
    pub(crate) fn behind_a_door(registry: &str, door: Door) -> Self {
        Self::new(registry, false, door)
    }

    fn new(registry: &str, has_referrers: bool, door: Door) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let behind = Arc::new(Behind {
            registry: registry.to_owned(),
            address: address.clone(),
            has_referrers,
            door,
            seen: Arc::clone(&seen),
            referrers: Mutex::default(),
        });
        thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let behind = Arc::clone(&behind);
                thread::spawn(move || behind.serve(&visitor));
            }
        });
        Self { address, seen }
    }

    /// An image of the registry, by this address.
    pub(crate) fn name(&self, image: &str) -> String {
        let (_, rest) = image.split_once('/').expect("an image with its registry");
        format!("{}/{rest}", self.address)
    }

    /// `METHOD PATH` of what came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("nobody panicked").clone()
    }
}

impl Behind {
    fn serve(&self, visitor: &TcpStream) {
        // A visitor that goes is no matter here.
        if let Ok(request) = Request::read(visitor) {
            let line = format!("{} {}", request.method, request.path);
            self.seen.lock().expect("nobody panicked").push(line);
            self.answer(&request, visitor).ok();
        }
    }

    fn answer(&self, request: &Request, mut visitor: &TcpStream) -> io::Result<()> {
        if let Some(answer) = self.at_the_door(request) {
            return visitor.write_all(&answer);
        }
        if let Some((_, subject)) = request.path.split_once("/referrers/")
            && self.has_referrers
        {
            let referrers = self.referrers.lock().expect("nobody panicked");
            let listed = referrers.get(subject.split('?').next().unwrap_or(subject));
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed.unwrap_or(&Vec::new())});
            return visitor.write_all(&answer(
                "200 OK",
                &format!("Content-Type: {INDEX}"),
                &index.to_string(),
            ));
        }
        let answer = self.ask_the_registry(request)?;
        match self.note_subject(request).filter(|_| self.has_referrers) {
            None => visitor.write_all(&answer),
            Some(subject) => {
                let end = answer.windows(2).position(|two| two == b"\r\n").expect("a status line");
                let header = format!("\r\nOCI-Subject: {subject}");
                visitor.write_all(&[&answer[..end], header.as_bytes(), &answer[end..]].concat())
            }
        }
    }

    /// What is said to a visitor who may not come in.
    fn at_the_door(&self, request: &Request) -> Option<Vec<u8>> {
        let shown = request.header("authorization").unwrap_or_default();
        if self.door == Door::Bearer && request.path.starts_with("/token?") {
            let is_asked =
                request.path.contains("service=front&") || request.path.ends_with("service=front");
            let is_known = shown == format!("Basic {LOGIN}") && is_asked;
            let status = if is_known { "200 OK" } else { "401 Unauthorized" };
            return Some(answer(status, "X: y", &json!({ "token": TOKEN }).to_string()));
        }
        let (wanted, challenge) = match self.door {
            Door::Open => return None,
            Door::Basic => (format!("Basic {LOGIN}"), "Basic realm=\"front\"".to_owned()),
            Door::Bearer => {
                let realm = format!("http://{}/token", self.address);
                (format!("Bearer {TOKEN}"), format!("Bearer realm=\"{realm}\",service=\"front\""))
            }
        };
        let header = format!("WWW-Authenticate: {challenge}");
        (shown != wanted).then(|| answer("401 Unauthorized", &header, "{}"))
    }

    /// Whose referrer a manifest that is written is.
    fn note_subject(&self, request: &Request) -> Option<String> {
        if request.method != "PUT" || !request.path.contains("/manifests/") {
            return None;
        }
        let manifest: Value = serde_json::from_slice(&request.body).ok()?;
        let subject = manifest["subject"]["digest"].as_str()?.to_owned();
        let hash: String =
            Sha256::digest(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
        let descriptor = json!({
            "mediaType": request.header("content-type"),
            "size": request.body.len(),
            "digest": format!("sha256:{hash}"),
            "artifactType": manifest["artifactType"],
            "annotations": manifest["annotations"],
        });
        let mut referrers = self.referrers.lock().expect("nobody panicked");
        referrers.entry(subject.clone()).or_default().push(descriptor);
        Some(subject)
    }

    fn ask_the_registry(&self, request: &Request) -> io::Result<Vec<u8>> {
        let mut registry = TcpStream::connect(&self.registry)?;
        let mut head =
            format!("{} {} HTTP/1.1\r\nConnection: close\r\n", request.method, request.path);
        let passed_on = request.headers.iter().filter(|(name, _)| name != "connection");
        passed_on.for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        registry.write_all(&[head.as_bytes(), b"\r\n", &request.body].concat())?;
        let mut answer = Vec::new();
        registry.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Request {
    /// Reads one; its body has a length.
    fn read(visitor: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(visitor);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let first = lines.first().ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let header = |line: &String| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.iter().skip(1).filter_map(header).collect();
        let mut request = Self { method, path, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        request.body.resize(length.unwrap_or(0), 0);
        reader.read_exact(&mut request.body)?;
        Ok(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn answer(status: &str, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{header}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}
