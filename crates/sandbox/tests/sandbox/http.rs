//! A client of a few lines over a socket: what it sees is what was sent.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use signpath_sandbox::Sandbox;

/// Long enough for anything, short enough that a test which waits in vain fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, its body complete.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// A request in the making.
pub(crate) struct Call<'s> {
    sandbox: &'s Sandbox,
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl<'s> Call<'s> {
    /// A request to a path below `/Api/v1/{organization}`, with the sandbox's token.
    pub(crate) fn new(sandbox: &'s Sandbox, method: &'static str, path: &str) -> Self {
        let target = format!("/Api/v1/{}/{path}", sandbox.organization_id());
        let call = Self::to(sandbox, method, &target);
        call.header("Authorization", &format!("Bearer {}", sandbox.token()))
    }

    /// A request to any path, without a token.
    pub(crate) fn to(sandbox: &'s Sandbox, method: &'static str, target: &str) -> Self {
        Self { sandbox, method, target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Sets a header, in place of one of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    pub(crate) fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A multipart form; a part with a file name is a file.
    pub(crate) fn form(self, parts: &[(&str, Option<&str>, &str)]) -> Self {
        let mut body = String::new();
        for (name, file_name, content) in parts {
            let file = file_name.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            body += &format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
            );
        }
        self.body("multipart/form-data; boundary=b", body + "--b--\r\n")
    }

    /// The bytes of the request.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "Host") {
            head += "Host: sandbox\r\n";
        }
        head += &format!("Content-Length: {}\r\n", self.body.len());
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub(crate) fn send(&self) -> Answer {
        self.try_send().unwrap()
    }

    /// As [`Self::send`], for when it is the connection that fails.
    pub(crate) fn try_send(&self) -> io::Result<Answer> {
        exchange(&mut connect(self.sandbox)?, &self.bytes())
    }
}

pub(crate) fn connect(sandbox: &Sandbox) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(sandbox.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends a request and reads one answer; the connection stays open.
pub(crate) fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> io::Result<Answer> {
    stream.write_all(request)?;
    let head = read_until(stream, b"\r\n\r\n")?;
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut answer =
        Answer { status: status.parse().map_err(io::Error::other)?, headers, body: Vec::new() };
    answer.body = match answer.header("content-length") {
        Some(length) => read_exactly(stream, length.parse().map_err(io::Error::other)?)?,
        None if answer.header("transfer-encoding") == Some("chunked") => read_chunks(stream)?,
        None => Vec::new(),
    };
    Ok(answer)
}

fn read_chunks(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = String::from_utf8(read_until(stream, b"\r\n")?).map_err(io::Error::other)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        body.extend(read_exactly(stream, length)?);
        read_exactly(stream, 2)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_until(stream: &mut impl Read, end: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        bytes.extend(read_exactly(stream, 1)?);
    }
    Ok(bytes)
}
