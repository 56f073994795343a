//! Faults that a test injects: what goes wrong on a route, and how often.

use std::time::Duration;

use axum::http::StatusCode;
use parking_lot::Mutex;

use crate::{algorithm::EcdsaFormat, routes::Route};

/// Something that goes wrong with the next requests to a route.
///
/// ```
/// use signpath_sandbox::{Fault, Route};
///
/// let busy = Fault::on(Route::SignHash).times(2).status(503).header("Retry-After", "1");
/// let slow = Fault::on(Route::MySigningPolicies).delay(std::time::Duration::from_millis(50));
/// ```
///
/// A fault holds for one request unless [`Fault::times`] or [`Fault::always`] says otherwise. The first injected fault
/// that is meant for a route is used up before the next one.
#[derive(Clone, Debug)]
pub struct Fault {
    route: Option<Route>,
    skip: usize,
    remaining: Option<usize>,
    pub(crate) delay: Duration,
    /// Instead of the service's answer.
    pub(crate) canned: Option<Canned>,
    pub(crate) action: Action,
}

/// What happens to the answer, or instead of it.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Nothing,
    CloseBeforeAnswer,
    NeverAnswer,
    RefuseStream,
    CutBody,
    CloseAfterAnswer,
    Drip(Duration),
    Huge(u64),
    Tamper(Tamper),
    Prepend(String),
    Relabel(String),
}

/// An answer that a test has written.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is done to a signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Tamper {
    /// Other content is signed; of file-based signing alone.
    Replace(Vec<u8>),
    Flip,
    Shorten,
    Lengthen,
    Empty,
    /// Another digest is signed.
    OtherDigest,
    /// Another key of the same kind signs.
    OtherKey,
    /// EC: DER in place of r‖s, and the other way round.
    OtherEncoding,
    /// The policy gets another key first, which signs.
    RotatedKey,
}

impl Fault {
    /// A fault of one route.
    #[must_use]
    pub fn on(route: Route) -> Self {
        Self::of(Some(route))
    }

    /// A fault of whatever is requested next, known route or not.
    #[must_use]
    pub fn anywhere() -> Self {
        Self::of(None)
    }

    /// Nothing goes wrong.
    pub(crate) fn none() -> Self {
        Self::of(None)
    }

    fn of(route: Option<Route>) -> Self {
        Self {
            route,
            skip: 0,
            remaining: Some(1),
            delay: Duration::ZERO,
            canned: None,
            action: Action::Nothing,
        }
    }

    /// Holds for this many requests.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Holds until [`crate::Sandbox::clear_faults`].
    #[must_use]
    pub fn always(mut self) -> Self {
        self.remaining = None;
        self
    }

    /// Lets this many requests pass first.
    #[must_use]
    pub fn after(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Refuses the request's stream before anything is done (HTTP/2's REFUSED_STREAM, RFC 9113, 7); HTTP/1.1 has no such word,
    /// and its connection is closed.
    #[must_use]
    pub fn refuse_stream(mut self) -> Self {
        self.action = Action::RefuseStream;
        self
    }

    /// Waits before the answer, or before whatever else this fault does.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers with this status and an empty body, unless [`Fault::body`] gives one. Nothing is signed.
    ///
    /// A number that is no HTTP status becomes 500.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.canned().status = StatusCode::from_u16(status).map_or(500, |status| status.as_u16());
        self
    }

    /// Adds a header to the answer that the test writes.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.canned().headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers with this body, with status 200 unless [`Fault::status`] says otherwise.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.canned().body = body.into();
        self
    }

    /// The media type of the answer that the test writes; `application/json` otherwise.
    #[must_use]
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.canned().content_type = content_type.to_owned();
        self
    }

    /// Answers 200 with something that claims to be JSON and is not.
    #[must_use]
    pub fn garbage(self) -> Self {
        self.body("<html>not what was asked for</html>")
    }

    /// Closes the connection without an answer. The request has been read and recorded; nothing is signed.
    #[must_use]
    pub fn drop_before_answer(self) -> Self {
        self.with(Action::CloseBeforeAnswer)
    }

    /// Neither answers nor closes. Nothing is signed.
    #[must_use]
    pub fn never_answer(self) -> Self {
        self.with(Action::NeverAnswer)
    }

    /// Sends the head and half of the body, then closes the connection. The signature has been made.
    #[must_use]
    pub fn drop_mid_body(self) -> Self {
        self.with(Action::CutBody)
    }

    /// Answers, then closes the connection without a word in the headers: the client keeps a dead one.
    #[must_use]
    pub fn close_after_answer(self) -> Self {
        self.with(Action::CloseAfterAnswer)
    }

    /// Sends the body byte by byte, with this pause before each.
    #[must_use]
    pub fn drip(self, pause: Duration) -> Self {
        self.with(Action::Drip(pause))
    }

    /// Answers 200 with a JSON string of this many bytes, its length not said beforehand.
    #[must_use]
    pub fn huge_body(self, bytes: u64) -> Self {
        self.with(Action::Huge(bytes))
    }

    /// Gives a signature of the right length in which one bit is wrong.
    #[must_use]
    pub fn wrong_signature(self) -> Self {
        self.with(Action::Tamper(Tamper::Flip))
    }

    /// Gives a signature whose last byte is missing.
    #[must_use]
    pub fn short_signature(self) -> Self {
        self.with(Action::Tamper(Tamper::Shorten))
    }

    /// Gives a signature with a byte too many.
    #[must_use]
    pub fn long_signature(self) -> Self {
        self.with(Action::Tamper(Tamper::Lengthen))
    }

    /// Gives a signature of no bytes.
    #[must_use]
    pub fn empty_signature(self) -> Self {
        self.with(Action::Tamper(Tamper::Empty))
    }

    /// Gives a signature of another digest.
    #[must_use]
    pub fn other_digest(self) -> Self {
        self.with(Action::Tamper(Tamper::OtherDigest))
    }

    /// Gives a signature that another key of the same kind has made.
    #[must_use]
    pub fn other_key(self) -> Self {
        self.with(Action::Tamper(Tamper::OtherKey))
    }

    /// Gives an EC signature in DER where r‖s was asked for, and the other way round.
    #[must_use]
    pub fn other_encoding(self) -> Self {
        self.with(Action::Tamper(Tamper::OtherEncoding))
    }

    /// Gives the policy another key, as a renewal does between a look at the policy and a signature, and signs with that.
    #[must_use]
    pub fn rotated_key(self) -> Self {
        self.with(Action::Tamper(Tamper::RotatedKey))
    }

    /// Gives the service's own answer, a JSON object, with these members before its own: `"webLink":null`.
    #[must_use]
    pub fn prepend(self, members: &str) -> Self {
        self.with(Action::Prepend(members.to_owned()))
    }

    /// Gives the service's own answer under another media type.
    #[must_use]
    pub fn relabel(self, content_type: &str) -> Self {
        self.with(Action::Relabel(content_type.to_owned()))
    }

    /// Signs this content, correctly, in place of that of each file; of file-based requests alone.
    #[must_use]
    pub fn other_content(self, content: impl Into<Vec<u8>>) -> Self {
        self.with(Action::Tamper(Tamper::Replace(content.into())))
    }

    fn with(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    fn canned(&mut self) -> &mut Canned {
        self.canned.get_or_insert_with(|| Canned {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        })
    }
}

impl Tamper {
    pub(crate) fn apply(&self, mut signature: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Replace(_)
            | Self::OtherDigest
            | Self::OtherKey
            | Self::OtherEncoding
            | Self::RotatedKey => {}
            Self::Flip => {
                // The lowest bit of the last byte: the value stays in the range that the key allows.
                if let Some(last) = signature.last_mut() {
                    *last ^= 1;
                }
            }
            Self::Shorten => {
                signature.pop();
            }
            Self::Lengthen => signature.push(0),
            Self::Empty => signature.clear(),
        }
        signature
    }

    /// What is signed in place of this digest.
    pub(crate) fn digest(&self, digest: &[u8]) -> Vec<u8> {
        let other = u8::from(*self == Self::OtherDigest);
        digest.iter().map(|byte| byte ^ other).collect()
    }

    /// The form that a signature has in place of this one.
    pub(crate) fn format(&self, format: EcdsaFormat) -> EcdsaFormat {
        match (self, format) {
            (Self::OtherEncoding, EcdsaFormat::Ieee) => EcdsaFormat::Asn1,
            (Self::OtherEncoding, EcdsaFormat::Asn1) => EcdsaFormat::Ieee,
            _ => format,
        }
    }
}

/// The faults that are still to happen, in the order they were injected.
#[derive(Default)]
pub(crate) struct FaultQueue {
    faults: Mutex<Vec<Fault>>,
}

impl FaultQueue {
    pub(crate) fn inject(&self, fault: Fault) {
        self.faults.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.faults.lock().clear();
    }

    /// The fault of a request that has just come in, counted down.
    pub(crate) fn take(&self, route: Option<Route>) -> Option<Fault> {
        let mut faults = self.faults.lock();
        faults.retain(|fault| fault.remaining != Some(0));
        for fault in faults.iter_mut() {
            if fault.route.is_some() && fault.route != route {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.remaining = fault.remaining.map(|remaining| remaining.saturating_sub(1));
            return Some(fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(fault: Option<Fault>) -> Option<u16> {
        fault?.canned.map(|canned| canned.status)
    }

    #[test]
    fn faults_are_used_up_in_their_order_and_on_their_route() {
        let queue = FaultQueue::default();
        queue.inject(Fault::on(Route::SignHash).times(2).status(503));
        queue.inject(Fault::on(Route::SignHash).status(429).header("Retry-After", "1"));
        assert_eq!(status_of(queue.take(Some(Route::MySigningPolicies))), None);
        assert_eq!(status_of(queue.take(None)), None);
        let taken: Vec<_> = (0..4).map(|_| status_of(queue.take(Some(Route::SignHash)))).collect();
        assert_eq!(taken, [Some(503), Some(503), Some(429), None]);
    }

    #[test]
    fn a_fault_can_let_requests_pass_and_can_stay() {
        let queue = FaultQueue::default();
        queue.inject(Fault::anywhere().after(1).always().status(500));
        let taken: Vec<_> = (0..3).map(|_| status_of(queue.take(None))).collect();
        assert_eq!(taken, [None, Some(500), Some(500)]);
        queue.clear();
        assert_eq!(status_of(queue.take(None)), None);
    }
}
