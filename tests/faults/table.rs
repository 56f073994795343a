//! The faults: a row each, of how it is made and what has to come of it.

use std::time::Duration;

use cryptoki_sys::*;
use signpath_sandbox::{Fault, ServerCertificate};

use super::caller::{Act, Call, Caller};
use super::scene::{self, Scene};

/// A fault, and what has to come of it.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) made: Made,
    /// The calls that meet it.
    pub(super) calls: &'static [Call],
    pub(super) repeats: Repeats,
    /// What the module's function returns.
    rv: CK_RV,
    /// The same for C_Login, where it is another value.
    login_rv: Option<CK_RV>,
    /// What the user reads; empty where nothing went wrong.
    pub(super) line: &'static str,
    /// The same of a file-based signing request, where it is something else.
    file_line: Option<&'static str>,
    /// How long it takes at most, in times of the configured budget.
    pub(super) longest: f64,
    pub(super) budget: Budget,
    needs: Needs,
}

/// What the system has to have for a row.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Faketime,
    NameSpaces,
    /// A name space with a network of its own.
    Network,
}

/// How a fault is made.
pub(super) enum Made {
    /// By the sandbox, on the route of the call.
    Answer(fn(Fault) -> Fault),
    /// By the sandbox, on the list of policies before a signature.
    ListBefore(fn(Fault) -> Fault),
    /// By the way to the service, before any HTTP.
    Way(fn() -> Scene),
    /// By what surrounds the program, the service being well.
    Place(fn(&mut Scene)),
}

/// What ends the repetitions.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Budget {
    /// Two repetitions, for which there is time: the server's count is exact.
    Counted,
    /// The time alone.
    Time,
    /// The default times: what takes a while in a build without optimisation is not cut off.
    Patient,
}

/// The rows of design.md's table of repetitions. How often a call is sent with two repetitions at most: a GET, hash signing,
/// a file submission.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Repeats {
    /// It works at once.
    Works,
    /// It works at the second attempt.
    WorksThen,
    NotSent,
    /// A tunnel that the proxy refuses.
    NoTunnel,
    TimeOut,
    LostAnswer,
    TooManyRequests,
    InternalError,
    Gateway,
    Unavailable,
    OtherServerError,
    Never,
}

impl Repeats {
    const fn counts(self) -> [usize; 3] {
        match self {
            Self::Works | Self::Never => [1, 1, 1],
            Self::WorksThen | Self::NoTunnel => [2, 2, 2],
            Self::NotSent | Self::TooManyRequests | Self::Unavailable => [3, 3, 3],
            Self::TimeOut | Self::LostAnswer | Self::InternalError => [3, 2, 1],
            Self::Gateway => [3, 3, 1],
            Self::OtherServerError => [3, 1, 1],
        }
    }

    pub(super) const fn attempts(self, call: Call) -> usize {
        let [get, hash, file] = self.counts();
        match (call.act, call.by) {
            (Act::Read, _) => get,
            (Act::Sign, Caller::Command) => file,
            (Act::Sign, _) => hash,
        }
    }

    pub(super) const fn works(self) -> bool {
        matches!(self, Self::Works | Self::WorksThen)
    }
}

impl Row {
    pub(super) fn rv(&self, call: Call) -> CK_RV {
        if call.act == Act::Read { self.login_rv.unwrap_or(self.rv) } else { self.rv }
    }

    pub(super) fn line(&self, call: Call) -> &'static str {
        match (call.act, call.by) {
            (Act::Sign, Caller::Command) => self.file_line.unwrap_or(self.line),
            _ => self.line,
        }
    }

    /// Why it cannot be run on this system.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        match self.needs {
            Needs::Faketime if scene::faketime().is_none() => Some("libfaketime is not installed"),
            Needs::NameSpaces if !scene::can_mount() => Some("users may not have name spaces here"),
            Needs::Network if !scene::can_silence_the_resolver() => Some(
                "users may not have a network of their own here, or ip and perl are not installed",
            ),
            Needs::Nothing | Needs::Faketime | Needs::NameSpaces | Needs::Network => None,
        }
    }

    const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    const fn on(mut self, calls: &'static [Call]) -> Self {
        self.calls = calls;
        self
    }

    const fn login(mut self, rv: CK_RV) -> Self {
        self.login_rv = Some(rv);
        self
    }

    const fn of_files(mut self, line: &'static str) -> Self {
        self.file_line = Some(line);
        self
    }

    const fn takes(mut self, longest: f64) -> Self {
        self.longest = longest;
        self
    }

    const fn with_patience(mut self) -> Self {
        self.budget = Budget::Patient;
        self
    }

    const fn until_time_is_over(mut self) -> Self {
        self.budget = Budget::Time;
        self.longest = 1.0;
        self
    }
}

const fn row(
    name: &'static str,
    made: Made,
    repeats: Repeats,
    (rv, line): (CK_RV, &'static str),
) -> Row {
    Row {
        name,
        made,
        calls: ALL,
        repeats,
        rv,
        login_rv: None,
        line,
        file_line: None,
        longest: 0.5,
        budget: Budget::Counted,
        needs: Needs::Nothing,
    }
}

const fn answer(
    name: &'static str,
    repeats: Repeats,
    said: (CK_RV, &'static str),
    make: fn(Fault) -> Fault,
) -> Row {
    row(name, Made::Answer(make), repeats, said)
}

const fn way(
    name: &'static str,
    repeats: Repeats,
    said: (CK_RV, &'static str),
    make: fn() -> Scene,
) -> Row {
    row(name, Made::Way(make), repeats, said).on(READING_AND_FILES)
}

const fn call(by: Caller, act: Act) -> Call {
    Call { by, act }
}

const READING: &[Call] = &[
    call(Caller::Module, Act::Read),
    call(Caller::Plugin, Act::Read),
    call(Caller::Command, Act::Read),
];
const HASHES: &[Call] = &[call(Caller::Module, Act::Sign), call(Caller::Plugin, Act::Sign)];
const FILES: &[Call] = &[call(Caller::Command, Act::Sign)];
const SIGNING: &[Call] = &[
    call(Caller::Module, Act::Sign),
    call(Caller::Plugin, Act::Sign),
    call(Caller::Command, Act::Sign),
];
const READING_AND_FILES: &[Call] = &[
    call(Caller::Module, Act::Read),
    call(Caller::Plugin, Act::Read),
    call(Caller::Command, Act::Read),
    call(Caller::Command, Act::Sign),
];
const READING_AND_HASHES: &[Call] = &[
    call(Caller::Module, Act::Read),
    call(Caller::Plugin, Act::Read),
    call(Caller::Command, Act::Read),
    call(Caller::Module, Act::Sign),
    call(Caller::Plugin, Act::Sign),
];
const ALL: &[Call] = &[
    call(Caller::Module, Act::Read),
    call(Caller::Plugin, Act::Read),
    call(Caller::Command, Act::Read),
    call(Caller::Module, Act::Sign),
    call(Caller::Plugin, Act::Sign),
    call(Caller::Command, Act::Sign),
];

const WORKS: (CK_RV, &str) = (CKR_OK, "");
const NO_ID: &str = "it does not say the signing request's id";
const TOTAL: &str = "SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS is 3 s";

/// RFC 9457, as the service writes it.
const fn problem() -> &'static str {
    r#"{"title":"One or more validation errors occurred.","errors":{"":["Not this."]},"traceId":"00-1"}"#
}

fn refusal(fault: Fault, status: u16) -> Fault {
    fault.status(status).content_type("application/problem+json").body(problem())
}

fn redirection(fault: Fault, status: u16) -> Fault {
    fault.status(status).header("Location", "https://elsewhere.invalid/Api")
}

/// All rows.
#[rustfmt::skip]
pub(super) const GROUPS: &[(&str, &[Row])] =
    &[("the way", WAYS), ("the connection", CONNECTIONS), ("the status", STATUSES), ("the answer", ANSWERS),
      ("the signature", SIGNATURES), ("the budget", BUDGETS), ("the place", PLACES)];

#[rustfmt::skip]
const WAYS: &[Row] = &[
    way("the name does not resolve", Repeats::NotSent, (CKR_FUNCTION_FAILED, "the system's resolver took 0."), Scene::without_an_address),
    way("the resolver does not answer", Repeats::NotSent, (CKR_FUNCTION_FAILED, "the system's resolver took 3."), Scene::without_a_resolver).takes(1.3).needs(Needs::Network),
    way("the connection is refused", Repeats::NotSent, (CKR_FUNCTION_FAILED, "no connection (Connection refused"), Scene::refusing),
    way("the connection is never made", Repeats::NotSent, (CKR_FUNCTION_FAILED, "no connection"), Scene::with_a_full_queue),
    way("the TLS handshake is never answered", Repeats::NotSent, (CKR_FUNCTION_FAILED, "no connection"), Scene::silent),
    way("TLS: a wrong CA", Repeats::Never, (CKR_GENERAL_ERROR, "SIGNPATH_TLS_CA_CERTIFICATE"), Scene::of_an_unknown_ca),
    way("TLS: a wrong name", Repeats::Never, (CKR_GENERAL_ERROR, "the server's certificate is for another name"), || Scene::showing(ServerCertificate::OfAnotherName)),
    way("TLS: expired", Repeats::Never, (CKR_GENERAL_ERROR, "not valid at the time of this machine's clock"), || Scene::showing(ServerCertificate::Expired)),
    way("TLS: expired by a clock that is a day ahead", Repeats::Never, (CKR_GENERAL_ERROR, "Check this machine's clock"), Scene::expired_a_day_ahead).needs(Needs::Faketime),
    way("TLS: a client certificate is missing", Repeats::Never, (CKR_GENERAL_ERROR, "SIGNPATH_TLS_CLIENT_CERTIFICATE"), Scene::without_a_client_certificate),
    way("the proxy refuses", Repeats::NoTunnel, (CKR_FUNCTION_FAILED, "the proxy makes no connection"), || Scene::behind_a_proxy("403 Forbidden")),
    way("the proxy wants a password", Repeats::Never, (CKR_GENERAL_ERROR, "user:password@ before the host"), || Scene::behind_a_proxy("407 Proxy Authentication Required")),
    way("the proxy is never heard of", Repeats::NotSent, (CKR_FUNCTION_FAILED, "no connection"), Scene::behind_a_silent_proxy),
];

#[rustfmt::skip]
const CONNECTIONS: &[Row] = &[
    answer("closed before the answer", Repeats::LostAnswer, (CKR_FUNCTION_FAILED, "the connection ended before the whole answer was there"), Fault::drop_before_answer),
    answer("closed during the answer", Repeats::LostAnswer, (CKR_FUNCTION_FAILED, "the connection ended before the whole answer was there"), Fault::drop_mid_body),
    answer("closed after the answer", Repeats::Works, WORKS, Fault::close_after_answer),
    row("a kept connection that the server closed in between", Made::ListBefore(Fault::close_after_answer), Repeats::Works, WORKS).on(SIGNING),
    answer("an answer byte by byte, in time", Repeats::Works, WORKS, |fault| fault.drip(Duration::from_micros(100))).with_patience(),
    answer("an answer byte by byte, too slowly", Repeats::TimeOut, (CKR_FUNCTION_FAILED, "no whole answer in time"), |fault| fault.drip(Duration::from_millis(200))).takes(1.0),
    answer("an answer that never comes", Repeats::TimeOut, (CKR_FUNCTION_FAILED, "no whole answer in time"), Fault::never_answer).takes(1.0),
];

#[rustfmt::skip]
const STATUSES: &[Row] = &[
    answer("301 to another host", Repeats::Never, (CKR_ARGUMENTS_BAD, "301 and points to elsewhere.invalid"), |fault| redirection(fault, 301)),
    answer("302 to another host", Repeats::Never, (CKR_ARGUMENTS_BAD, "302 and points to elsewhere.invalid"), |fault| redirection(fault, 302)),
    answer("307 to another host", Repeats::Never, (CKR_ARGUMENTS_BAD, "307 and points to elsewhere.invalid"), |fault| redirection(fault, 307)),
    answer("400", Repeats::Never, (CKR_ARGUMENTS_BAD, "400: One or more validation errors occurred. Not this. [trace id 00-1]"), |fault| refusal(fault, 400)),
    answer("401", Repeats::Never, (CKR_ARGUMENTS_BAD, "check SIGNPATH_API_TOKEN"), |fault| fault.status(401)).login(CKR_PIN_INCORRECT),
    answer("403", Repeats::Never, (CKR_ARGUMENTS_BAD, "submitter"), |fault| refusal(fault, 403)),
    answer("404 with a reason", Repeats::Never, (CKR_ARGUMENTS_BAD, "the service answered 404"), |fault| refusal(fault, 404)),
    answer("404 without one", Repeats::Never, (CKR_ARGUMENTS_BAD, "the service answered 404"), |fault| fault.status(404)).on(READING_AND_FILES),
    answer("404 without one, and the older form is there", Repeats::Works, WORKS, |fault| fault.status(404)).on(HASHES),
    answer("408", Repeats::Never, (CKR_FUNCTION_FAILED, "Try again later"), |fault| fault.status(408)),
    answer("409", Repeats::Never, (CKR_ARGUMENTS_BAD, "the service answered 409"), |fault| refusal(fault, 409)),
    answer("413", Repeats::Never, (CKR_ARGUMENTS_BAD, "the service answered 413"), |fault| fault.status(413)),
    answer("429", Repeats::TooManyRequests, (CKR_FUNCTION_FAILED, "SIGNPATH_TIMEOUTS_RETRY_COUNT"), |fault| fault.status(429)),
    answer("429 once, to wait for a second", Repeats::WorksThen, WORKS, |fault| fault.status(429).header("Retry-After", "1")),
    answer("429, to wait for an hour", Repeats::Never, (CKR_FUNCTION_FAILED, "asks for a pause of 3600 s"), |fault| fault.status(429).header("Retry-After", "3600")),
    answer("500", Repeats::InternalError, (CKR_DEVICE_ERROR, "the service answered 500"), |fault| refusal(fault, 500)),
    answer("501", Repeats::OtherServerError, (CKR_DEVICE_ERROR, "the service answered 501"), |fault| fault.status(501)),
    answer("502", Repeats::Gateway, (CKR_FUNCTION_FAILED, "the service answered 502"), |fault| fault.status(502)),
    answer("503", Repeats::Unavailable, (CKR_FUNCTION_FAILED, "the service answered 503"), |fault| fault.status(503)),
    answer("503 once", Repeats::WorksThen, WORKS, |fault| fault.status(503)),
    answer("503 once, to wait for a second", Repeats::WorksThen, WORKS, |fault| fault.status(503).header("Retry-After", "1")),
    answer("504", Repeats::Gateway, (CKR_FUNCTION_FAILED, "the service answered 504"), |fault| fault.status(504)),
];

#[rustfmt::skip]
const ANSWERS: &[Row] = &[
    answer("empty", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), |fault| fault.body("")).of_files(NO_ID),
    answer("HTML", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), |fault| fault.body("<html>Log in</html>").content_type("text/html")).of_files(NO_ID),
    answer("HTML that is called JSON", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), Fault::garbage).of_files(NO_ID),
    answer("cut off", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), |fault| fault.body(r#"{"signingRequestId":"0"#)).of_files(NO_ID),
    answer("gigabytes", Repeats::Never, (CKR_GENERAL_ERROR, "it has more than"), |fault| fault.huge_body(4 << 30)).with_patience(),
    answer("no JSON", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), |fault| fault.body("hello").content_type("text/plain")).of_files(NO_ID),
    answer("JSON of another shape", Repeats::Never, (CKR_GENERAL_ERROR, "the answer cannot be used"), |fault| fault.body(r#"{"status":["well"]}"#)).of_files(NO_ID),
    answer("a list where an object belongs", Repeats::Never, (CKR_GENERAL_ERROR, "the answer cannot be used"), |fault| fault.body("[1,2]")).of_files(NO_ID),
    answer("a wrong content type", Repeats::Works, WORKS, |fault| fault.relabel("text/html")),
    answer("null where a signature belongs", Repeats::Never, (CKR_GENERAL_ERROR, "there is no signature in it"), |fault| fault.body(r#"{"hashSigningResult":{"signature":null}}"#)).on(HASHES),
    answer("null where policies belong", Repeats::Never, (CKR_GENERAL_ERROR, "it is not the expected JSON"), |fault| fault.body(r#"{"signingPolicies":null}"#)).on(READING),
    answer("null where an id belongs", Repeats::Never, (CKR_GENERAL_ERROR, NO_ID), |fault| fault.body(r#"{"signingRequestId":null}"#)).on(FILES),
    answer("a signature that is there twice", Repeats::Never, (CKR_GENERAL_ERROR, "duplicate field"), |fault| fault.prepend(r#""hashSigningResult":{"signature":"AAAA"}"#)).on(HASHES),
    answer("policies that are there twice", Repeats::Never, (CKR_GENERAL_ERROR, "duplicate field"), |fault| fault.prepend(r#""signingPolicies":[]"#)).on(READING),
    answer("more fields than are known, null among them", Repeats::Works, WORKS, |fault| fault.prepend(r#""more":null,"most":{"a":[1]}"#)),
];

const THROWN_AWAY: &str = "is wrong and was thrown away";
const NOT_A_SIGNATURE: &str = "cannot be used";

#[rustfmt::skip]
const SIGNATURES: &[Row] = &[
    answer("one byte short", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::short_signature).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("one byte long", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::long_signature).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("of no bytes", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::empty_signature).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("one bit wrong", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::wrong_signature).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("of another digest", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::other_digest).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("of another key", Repeats::Never, (CKR_GENERAL_ERROR, THROWN_AWAY), Fault::other_key).on(SIGNING).of_files(NOT_A_SIGNATURE),
    answer("in the other EC encoding, which is converted", Repeats::Works, WORKS, Fault::other_encoding).on(SIGNING),
    answer("of a key that was rotated after the listing", Repeats::Never, (CKR_GENERAL_ERROR, "the policy has another key now"), Fault::rotated_key).on(SIGNING).of_files("has another key now; run the command again"),
    answer("of a policy that was deleted after the listing", Repeats::Never, (CKR_ARGUMENTS_BAD, "Check the spelling of the project and the signing policy"), |fault| {
        fault.status(400).content_type("application/problem+json").body(
            r#"{"errors":{"SigningPolicySlug":["There is no signing policy with slug 'ec' in the project with slug 'demo'."]}}"#,
        )
    }).on(SIGNING),
];

#[rustfmt::skip]
const BUDGETS: &[Row] = &[
    answer("503 until the time is over", Repeats::Unavailable, (CKR_FUNCTION_FAILED, TOTAL), |fault| fault.status(503)).until_time_is_over(),
    answer("429 until the time is over", Repeats::TooManyRequests, (CKR_FUNCTION_FAILED, TOTAL), |fault| fault.status(429)).until_time_is_over(),
    answer("502 until the time is over", Repeats::Gateway, (CKR_FUNCTION_FAILED, TOTAL), |fault| fault.status(502)).on(READING_AND_HASHES).until_time_is_over(),
    answer("no answer until the time is over", Repeats::TimeOut, (CKR_FUNCTION_FAILED, TOTAL), Fault::never_answer).on(READING).until_time_is_over(),
    way("refused until the time is over", Repeats::NotSent, (CKR_FUNCTION_FAILED, TOTAL), Scene::refusing).until_time_is_over(),
    way("no handshake until the time is over", Repeats::NotSent, (CKR_FUNCTION_FAILED, TOTAL), Scene::silent).until_time_is_over(),
];

#[rustfmt::skip]
const PLACES: &[Row] = &[
    row("no log file can be written", Made::Place(Scene::without_a_log_file), Repeats::Works, (CKR_OK, "cannot be written")),
    row("neither cache nor memory can be written", Made::Place(Scene::without_folders), Repeats::Works, WORKS),
    row("the clock a day ahead", Made::Place(Scene::a_day_ahead), Repeats::Works, WORKS).needs(Needs::Faketime),
    row("the clock a day behind", Made::Place(Scene::a_day_behind), Repeats::Never, (CKR_GENERAL_ERROR, "Check this machine's clock")).on(READING).needs(Needs::Faketime),
    row("the disk is full", Made::Place(Scene::with_a_full_disk), Repeats::Works, (CKR_OK, "No space left on device")).needs(Needs::NameSpaces),
];
