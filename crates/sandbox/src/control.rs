//! The other side of `signpath-sandbox approve` and `deny`: asks a running sandbox, which may be another process.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use serde::Deserialize;

use crate::{
    Error, certificates, env_file, private_file,
    signing_request::Decision,
    state::{CLIENT_FILE, has_identity, is_in_use},
};

const PATIENCE: Duration = Duration::from_secs(30);
/// More than any answer to a decision has.
const LARGEST_ANSWER: u64 = 1024 * 1024;

/// How a running sandbox is reached: the `SIGNPATH_…` settings that it gives its clients.
#[derive(Clone)]
pub struct ClientSettings {
    api_url: String,
    organization_id: String,
    token: String,
    /// A file, PEM.
    ca_certificate: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DecidedAnswer {
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProblemAnswer {
    detail: Option<String>,
    errors: BTreeMap<String, Vec<String>>,
}

impl ClientSettings {
    /// From a source of settings, as an environment is one.
    ///
    /// # Errors
    /// [`Error::Settings`] when one is missing.
    pub fn from_source(source: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let needed = |name: &str| {
            source(name).filter(|value| !value.is_empty()).ok_or_else(|| Error::Settings {
                reason: format!(
                    "{name} is not set; name the sandbox with --state DIR or --env-file FILE, \
                     or source its env file"
                ),
            })
        };
        Ok(Self {
            api_url: needed("SIGNPATH_API_URL")?,
            organization_id: needed("SIGNPATH_ORGANIZATION_ID")?,
            token: needed("SIGNPATH_API_TOKEN")?,
            ca_certificate: source("SIGNPATH_TLS_CA_CERTIFICATE"),
        })
    }

    /// From the file that `serve --env-file` wrote.
    ///
    /// # Errors
    /// When it cannot be read or does not have what is needed.
    pub fn from_env_file(path: &Path) -> Result<Self, Error> {
        let missing = || Error::Settings { reason: format!("there is no file {}", path.display()) };
        let text = private_file::read_if_there(path)?.ok_or_else(missing)?;
        let settings = env_file::from_text(&text);
        Self::from_source(|name| {
            settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    /// From the state folder of a sandbox that is running.
    ///
    /// # Errors
    /// When it is none, or none is running.
    pub fn from_state(folder: &Path) -> Result<Self, Error> {
        if !has_identity(folder) {
            return Err(Error::NoStateFolder { folder: folder.to_owned() });
        }
        // What an earlier sandbox has left may name a port that is somebody else's by now, and holds a token.
        if is_in_use(folder)? {
            return Self::from_env_file(&folder.join(CLIENT_FILE));
        }
        let reason = format!("no sandbox is serving the state folder {}", folder.display());
        Err(Error::Settings { reason })
    }
}

/// Approves or denies a request, and gives the status that it has then.
///
/// # Errors
/// When the sandbox cannot be reached, or refuses.
pub fn decide(settings: &ClientSettings, id: &str, decision: Decision) -> Result<String, Error> {
    let unknown = || Error::UnknownRequest { id: id.to_owned() };
    let id = uuid::Uuid::try_parse(id).map_err(|_| unknown())?;
    let failed = |reason: String| Error::Control { reason };
    let url = Url::parse(&settings.api_url).map_err(failed)?;
    let request = format!(
        "POST /Sandbox/v1/{}/SigningRequests/{id}/{} HTTP/1.1\r\nHost: {}\r\n\
         Authorization: Bearer {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        settings.organization_id,
        decision.word(),
        url.authority,
        settings.token
    );
    let answer = url.exchange(settings.ca_certificate.as_deref(), &request).map_err(|error| {
        failed(format!("the sandbox at {} cannot be asked: {error}", settings.api_url))
    })?;
    let (status, body) = split(&answer)
        .ok_or_else(|| failed(format!("{} does not speak HTTP", settings.api_url)))?;
    match status {
        "200" => Ok(decided(body)),
        "404" => Err(unknown()),
        other => Err(failed(format!("the sandbox refused with {other}: {}", problem(body)))),
    }
}

/// The status after a decision.
fn decided(body: &str) -> String {
    let answer: DecidedAnswer = serde_json::from_str(body).unwrap_or_default();
    answer.status
}

/// The texts of a problem.
fn problem(body: &str) -> String {
    let problem: ProblemAnswer = serde_json::from_str(body).unwrap_or_default();
    let texts: Vec<String> = problem.errors.into_values().flatten().collect();
    match texts.is_empty() {
        true => problem.detail.unwrap_or_else(|| "no reason was given".to_owned()),
        false => texts.join(" "),
    }
}

/// Status and body of an answer whose end is that of its connection.
fn split(answer: &str) -> Option<(&str, &str)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split_whitespace().next()?;
    Some((status, body))
}

/// The parts of an `ApiUrl` that matter here.
struct Url<'a> {
    is_tls: bool,
    /// Host and port.
    authority: &'a str,
}

impl<'a> Url<'a> {
    fn parse(url: &'a str) -> Result<Self, String> {
        let parts = url.split_once("://").map(|(scheme, rest)| (scheme, rest.split_once('/')));
        match parts {
            Some(("http", Some((authority, "Api")))) => Ok(Self { is_tls: false, authority }),
            Some(("https", Some((authority, "Api")))) => Ok(Self { is_tls: true, authority }),
            _ => Err(format!("{url} is not the API URL of a sandbox")),
        }
    }

    fn exchange(&self, ca_certificate: Option<&str>, request: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.authority)?;
        // The token goes nowhere else in the clear, as with the module.
        if !self.is_tls && !stream.peer_addr()?.ip().is_loopback() {
            return Err(io::Error::other("plain http goes to loopback only"));
        }
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if !self.is_tls {
            return ask(&mut stream, request);
        }
        let host = self.authority.rsplit_once(':').map_or(self.authority, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::new(tls(ca_certificate)?), name);
        ask(&mut StreamOwned::new(connection.map_err(io::Error::other)?, stream), request)
    }
}

fn ask(stream: &mut (impl Read + Write), request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = String::new();
    match stream.take(LARGEST_ANSWER).read_to_string(&mut answer) {
        Ok(_) => Ok(answer),
        // The sandbox may close without a word of TLS; what it has said is complete then.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() => {
            Ok(answer)
        }
        Err(error) => Err(error),
    }
}

fn tls(ca_certificate: Option<&str>) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_certificate {
        let pem = std::fs::read_to_string(file)?;
        let der = certificates::der_of_pem(&pem).map_err(io::Error::other)?;
        roots.add(CertificateDer::from(der)).map_err(io::Error::other)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
