//! A connection: TCP, TLS, HTTP of one version.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    Failure,
    job::{self, Http, Job},
};

/// Where to connect to, and how.
pub(crate) struct Target {
    address: String,
    name: ServerName<'static>,
    tls: TlsConnector,
    http: Http,
}

/// A connection that requests go out on.
pub(crate) enum Connection {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Target {
    pub(crate) fn of(job: &Job) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&job.root)?)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A cold client is one without a ticket.
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = match job.http {
            Http::One => vec![b"http/1.1".to_vec()],
            Http::Two => vec![b"h2".to_vec()],
        };
        let host = job.address.rsplit_once(':').ok_or("the address has no port")?.0.to_owned();
        Ok(Self {
            address: job.address.clone(),
            name: ServerName::try_from(host)?,
            tls: TlsConnector::from(Arc::new(config)),
            http: job.http,
        })
    }

    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let stream = TokioIo::new(self.tls.connect(self.name.clone(), stream).await?);
        // What drives a connection ends with it; a failure is seen by whoever has a request on it.
        match self.http {
            Http::One => {
                let (sender, driver) = http1::handshake(stream).await?;
                tokio::spawn(driver);
                Ok(Connection::One(sender))
            }
            Http::Two => {
                let (sender, driver) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(driver);
                Ok(Connection::Two(sender))
            }
        }
    }
}

impl Connection {
    /// A further user of the same connection, where HTTP has that.
    pub(crate) fn shared(&self) -> Option<Self> {
        match self {
            Self::One(_) => None,
            Self::Two(sender) => Some(Self::Two(sender.clone())),
        }
    }

    /// Sends a request and gives the whole body of the answer.
    pub(crate) async fn send(&mut self, request: &Prepared) -> Result<Bytes, Failure> {
        let answer = match self {
            Self::One(sender) => {
                sender.ready().await?;
                sender.send_request(request.for_http1()?).await?
            }
            Self::Two(sender) => {
                sender.ready().await?;
                sender.send_request(request.for_http2()?).await?
            }
        };
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}

/// A request whose parts are read.
pub(crate) struct Prepared {
    request: job::Request,
    authority: String,
    body: Bytes,
}

impl Prepared {
    pub(crate) fn new(request: &job::Request, address: &str) -> Result<Self, Failure> {
        let body = crate::check::from_base64(&request.body)?.into();
        Ok(Self { request: request.clone(), authority: address.to_owned(), body })
    }

    fn for_http1(&self) -> Result<Request<Full<Bytes>>, Failure> {
        self.build(&self.request.path, true)
    }

    fn for_http2(&self) -> Result<Request<Full<Bytes>>, Failure> {
        self.build(&format!("https://{}{}", self.authority, self.request.path), false)
    }

    fn build(&self, uri: &str, has_host: bool) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder().method(self.request.method.as_str()).uri(uri);
        if has_host {
            request = request.header("host", &self.authority);
        }
        for (name, value) in &self.request.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}
