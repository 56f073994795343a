//! One request out, one answer in, read up to a bound.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::multipart;
use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::error::{Error, Failure, ServiceMessage};
use crate::http::{Answer, Broken, failure, retry_after};
use crate::secret::Token;
use crate::wire::{Body, File, Request};

/// Most bytes of an error's body that are read: 64 KiB.
const ERROR_MAX: usize = 64 << 10;

/// How long an error's body is waited for. What it says is good to know, but the status decides.
const ERROR_TIME: Duration = Duration::from_secs(2);

/// The request for the HTTP stack.
pub(super) fn outgoing(
    http: &Client,
    base: &Url,
    request: &Request,
    token: Option<&Token>,
) -> Result<RequestBuilder, Broken> {
    let url = url(base, request);
    let builder = match &request.body {
        Body::None => http.get(url),
        Body::Json(json) => {
            http.post(url).header(CONTENT_TYPE, "application/json").body(json.clone())
        }
        Body::Form { fields, file } => http.post(url).multipart(form(fields, file)?),
    };
    match token {
        Some(token) => Ok(builder.header(AUTHORIZATION, bearer(token)?)),
        None => Ok(builder),
    }
}

/// Sends, and reads the whole answer, within `time`.
pub(super) async fn exchange(
    outgoing: RequestBuilder,
    request: &Request,
    token: Option<&Token>,
    time: Duration,
) -> Result<Answer, Broken> {
    let late = |_| {
        let detail = format!("after {:.1} s", time.as_secs_f64());
        Broken::Exchange { failure: Failure::Timeout, detail }
    };
    let secret = token.map(Token::expose).unwrap_or_default();
    let deadline = Instant::now() + time;
    let sent = timeout_at(deadline, outgoing.send()).await.map_err(late)?;
    let response = sent.map_err(|error| failure::of(&error, secret))?;
    let status = response.status();
    if status.is_success() {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let date = date(response.headers());
        return timeout_at(deadline, read(response, request.answer_max, secret))
            .await
            .map_err(late)??
            .map_or(Err(Broken::TooLong { max: request.answer_max }), |body| {
                Ok(Answer { body, location, date })
            });
    }
    if status.is_redirection() {
        return Err(Broken::Redirect { status: status.as_u16(), host: location(&response) });
    }
    let retry_after = retry_after(response.headers());
    let body = read_start(response, deadline.min(Instant::now() + ERROR_TIME)).await;
    Err(Broken::Status {
        status: status.as_u16(),
        message: ServiceMessage::read(&body, secret),
        retry_after,
    })
}

/// A route below the base, whose host is not read again.
fn url(base: &Url, request: &Request) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{}", base.path(), request.route));
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    url
}

fn bearer(token: &Token) -> Result<HeaderValue, Broken> {
    secret_header(format!("Bearer {}", token.expose())).ok_or_else(|| {
        let why = "the API token has characters that no HTTP header can carry".to_owned();
        Broken::Setup(Error::Setup { why })
    })
}

/// The value of a header, wiped when the last request with it is gone. `None` if no header can carry it.
pub(super) fn secret_header(text: String) -> Option<HeaderValue> {
    let bytes = Bytes::from_owner(Zeroizing::new(text.into_bytes()));
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn form(fields: &[(Cow<'static, str>, String)], file: &File) -> Result<multipart::Form, Broken> {
    let part = multipart::Part::bytes(file.content.clone())
        .file_name(file.name)
        .mime_str(file.media_type)
        .map_err(|error| failure::of(&error, ""))?;
    let form = multipart::Form::new().part(file.field, part);
    Ok(fields.iter().fold(form, |form, (name, value)| form.text(name.clone(), value.clone())))
}

/// The body, or `None` if it has more than `max` bytes.
async fn read(mut response: Response, max: usize, secret: &str) -> Result<Option<Vec<u8>>, Broken> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure::of(&error, secret))? {
        if chunk.len() > max - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The first bytes of an error's body, as far as they come; the rest is left unread.
async fn read_start(mut response: Response, deadline: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < ERROR_MAX {
        let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await else { break };
        body.extend(chunk.iter().take(ERROR_MAX - body.len()));
    }
    body
}

fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    target.host_str().map(str::to_owned)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry_after::parse(headers.get(RETRY_AFTER)?.to_str().ok()?, SystemTime::now())
}

/// RFC 9110 §6.6.1.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}
