//! The sockets: accepts connections, reads requests, lets faults happen, sends answers. One thread, one runtime; what
//! takes a processor's time (keys, signatures) goes to the runtime's blocking threads.

use std::{
    convert::Infallible, net::TcpListener, sync::Arc, thread::JoinHandle, time::Duration,
    time::Instant,
};

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version, header,
    },
};
use h2::Reason;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::{
    Error,
    answer::Answer,
    connection::{Connection, Outgoing, Sending, Wire},
    fault::{Action, Canned, Fault},
    line::LongLine,
    problem::Problem,
    record,
    routes::{self, Call, Form, Route},
    service::Service,
};

/// A hash to sign is small.
const LARGEST_BODY: usize = 1024 * 1024;
/// Payloads are small too, but an attestation can be a list of everything that is in an image.
const LARGEST_SUBMISSION: usize = 16 * 1024 * 1024;

/// A server that answers until it is dropped.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(
        service: Arc<Service>,
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Runtime { source };
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let thread = std::thread::Builder::new().name("signpath-sandbox".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                tokio::spawn(accept(service, listener, tls.map(TlsAcceptor::from)));
                // Nothing is ever sent: the sender goes when the server is dropped.
                drop(stopped.await);
            });
            runtime.shutdown_background();
        });
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(failed)?) })
    }
}

impl Drop for Server {
    /// Returns when the port is free again.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on standard error.
            drop(thread.join());
        }
    }
}

async fn accept(service: Arc<Service>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or the client was gone: others wait.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let connection = Arc::new(Connection::new(service.recorder.connected()));
        let serving = serve(Arc::clone(&service), stream, tls.clone(), Arc::clone(&connection));
        connection.owned_by(tokio::spawn(serving).abort_handle());
    }
}

async fn serve(
    service: Arc<Service>,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    connection: Arc<Connection>,
) {
    // Without it small answers wait for the acknowledgement of the one before; it is only a matter of speed.
    drop(stream.set_nodelay(true));
    let round_trip = service.round_trip_time;
    if round_trip.is_zero() {
        serve_securely(service, stream, tls, connection).await;
    } else {
        serve_securely(service, LongLine::under(stream, round_trip), tls, connection).await;
    }
}

/// By TLS, if there is to be TLS.
async fn serve_securely<S>(
    service: Arc<Service>,
    stream: S,
    tls: Option<TlsAcceptor>,
    connection: Arc<Connection>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match tls {
        None => serve_http(service, stream, connection).await,
        Some(tls) => {
            let Ok(stream) = tls.accept(stream).await else { return };
            service.recorder.shook_hands();
            serve_http(service, stream, connection).await;
        }
    }
}

/// HTTP/1.1 and HTTP/2; without TLS the client's first bytes say which.
async fn serve_http<S>(service: Arc<Service>, stream: S, connection: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let wire = Wire { stream, connection: Arc::clone(&connection) };
    let handler =
        service_fn(move |request| handle(Arc::clone(&service), Arc::clone(&connection), request));
    let server = auto::Builder::new(TokioExecutor::new());
    // An error here is a client that went away or spoke no HTTP; it has nobody to be told to.
    drop(server.serve_connection(TokioIo::new(wire), handler).await);
}

async fn handle(
    service: Arc<Service>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, h2::Error> {
    let (head, body) = request.into_parts();
    let is_http2 = head.version == Version::HTTP_2;
    let route = Route::of(&head.method, head.uri.path());
    let limit = match route.is_some_and(Route::takes_artifact) {
        true => LARGEST_SUBMISSION,
        false => LARGEST_BODY,
    };
    let Ok(body) = to_bytes(Body::new(body), limit).await else {
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE);
        let answer = problem.into_answer(service.generation);
        return Ok(respond(answer, Sending::ThenClose, connection));
    };
    let mut call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        host: host(&head.uri, &head.headers),
        headers: head.headers,
        body: body.to_vec(),
        form: None,
        tamper: None,
    };
    let record = || record_of(&call, route, connection.number, is_http2);
    service.recorder.requested(record);
    let fault = service.faults.take(route).unwrap_or_else(Fault::none);
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    if let Action::CloseBeforeAnswer = fault.action {
        connection.close();
    }
    if let Action::CloseBeforeAnswer | Action::NeverAnswer = fault.action {
        return std::future::pending().await;
    }
    if let Action::RefuseStream = fault.action {
        return Err(Reason::REFUSED_STREAM.into());
    }
    if let Action::Tamper(tamper) = &fault.action {
        call.tamper = Some(tamper.clone());
    }
    let mut answer = match fault.canned {
        Some(canned) => written_by_the_test(canned),
        None => answer(service, call).await,
    };
    match &fault.action {
        Action::Prepend(members) => answer.prepend(members),
        Action::Relabel(content_type) => answer.relabel(content_type),
        _ => {}
    }
    Ok(respond(answer, sending(&fault.action), connection))
}

async fn answer(service: Arc<Service>, mut call: Call) -> Answer {
    if is_multipart(&call) {
        call.form = Form::read(&call.headers, std::mem::take(&mut call.body)).await;
    }
    let answering = tokio::task::spawn_blocking(move || routes::answer(&service, &call));
    answering.await.unwrap_or_else(|_| Answer::bare(StatusCode::INTERNAL_SERVER_ERROR))
}

fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    header.or_else(|| uri.authority().map(|authority| authority.as_str())).map(str::to_owned)
}

fn is_multipart(call: &Call) -> bool {
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"))
}

fn record_of(call: &Call, route: Option<Route>, connection: u64, http2: bool) -> record::Request {
    let headers = call.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    record::Request {
        method: call.method.to_string(),
        path: call.path.clone(),
        query: call.query.clone(),
        headers: headers.collect(),
        body: call.body.clone(),
        route,
        connection,
        http2,
        at: Instant::now(),
    }
}

fn sending(action: &Action) -> Sending {
    match action {
        Action::CutBody => Sending::Half,
        Action::CloseAfterAnswer => Sending::ThenClose,
        Action::Drip(pause) => Sending::Drip(*pause),
        Action::Huge(bytes) => Sending::Endless(*bytes),
        Action::Nothing
        | Action::CloseBeforeAnswer
        | Action::NeverAnswer
        | Action::RefuseStream
        | Action::Tamper(_)
        | Action::Prepend(_)
        | Action::Relabel(_) => Sending::Whole,
    }
}

fn written_by_the_test(canned: Canned) -> Answer {
    let status = StatusCode::from_u16(canned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Answer::new(status, &canned.content_type, canned.body);
    answer.headers.extend(canned.headers);
    answer
}

fn respond(answer: Answer, sending: Sending, connection: Arc<Connection>) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::new(answer.body, sending, connection));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
