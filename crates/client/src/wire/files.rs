//! File-based signing requests: handing in a zip, asking how it goes, fetching what was signed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::retry::Call;
use crate::wire::{ANSWER_MAX, Body, File, Request, if_any};

/// Longest zip that is read: 128 MiB.
const ARTIFACT_MAX: usize = 128 << 20;

/// A file-based signing request to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSubmission {
    /// `projectSlug`
    pub project: String,
    /// `signingPolicySlug`
    pub policy: String,
    /// `artifactConfigurationSlug`
    pub artifact_configuration: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `parameters.<name>`
    pub parameters: Vec<(String, String)>,
    /// The zip.
    pub artifact: Vec<u8>,
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedRequest {
    /// Its id.
    pub id: String,
    /// Its page.
    pub link: Option<String>,
}

/// How a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestStatus {
    /// What becomes of it.
    pub state: RequestState,
    /// The service's word for it, with its word for the step where that says more.
    pub words: String,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It is not decided yet.
    Open,
    /// It was signed.
    Completed,
    /// It will never be signed.
    Ended,
}

/// What the rest of this crate asks for, by the end of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Status,
    Whole,
    SignedArtifact,
    UnsignedArtifact,
}

impl FileSubmission {
    pub(crate) fn encode(&self) -> Request {
        let fields = [
            ("projectSlug", Some(&self.project)),
            ("signingPolicySlug", Some(&self.policy)),
            ("artifactConfigurationSlug", self.artifact_configuration.as_ref()),
            ("description", self.description.as_ref()),
        ];
        let fields =
            fields.into_iter().filter_map(|(name, text)| Some((name.into(), text?.clone())));
        let parameters = self.parameters.iter();
        let parameters =
            parameters.map(|(name, value)| (format!("parameters.{name}").into(), value.clone()));
        let body = Body::Form {
            fields: fields.chain(parameters).collect(),
            file: File {
                field: "artifact",
                name: "artifact.zip",
                media_type: "application/zip",
                content: self.artifact.clone(),
            },
        };
        let route = "/SigningRequests/SubmitWithArtifact".into();
        let call = Call::FileSubmission;
        Request { route, query: Vec::new(), body, call, answer_max: ANSWER_MAX }
    }
}

/// A request about a signing request; the id is a UUID.
pub(crate) fn about(id: &str, what: About) -> Request {
    let (end, body, call, answer_max) = match what {
        About::Status => ("/Status", Body::None, Call::Get, ANSWER_MAX),
        About::Whole => ("", Body::None, Call::Get, ANSWER_MAX),
        About::SignedArtifact => ("/SignedArtifact", Body::None, Call::Get, ARTIFACT_MAX),
        About::UnsignedArtifact => ("/UnsignedArtifact", Body::None, Call::Get, ARTIFACT_MAX),
    };
    let route: Cow<'static, str> = format!("/SigningRequests/{id}{end}").into();
    Request { route, query: Vec::new(), body, call, answer_max }
}

/// The certificate of a policy; the slugs are made of letters, digits, `-` and `_`.
pub(crate) fn certificate(project: &str, policy: &str) -> Request {
    let route = format!("/Projects/{project}/SigningPolicies/{policy}/Certificate").into();
    let (query, body) = (Vec::new(), Body::None);
    Request { route, query, body, call: Call::Get, answer_max: ANSWER_MAX }
}

/// Reads the answer to a submission: the id stands in the body of newer answers, and at the end of `Location` in all.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(crate) fn submitted(body: &[u8], location: Option<&str>) -> Result<SubmittedRequest, String> {
    let answer: SubmittedAnswer = serde_json::from_slice(body).unwrap_or_default();
    let path = location.map(|url| url.split(['?', '#']).next().unwrap_or_default());
    let last = path.and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    let ids = [answer.signing_request_id.as_deref(), last].into_iter().flatten();
    let id = ids.filter_map(|text| uuid::Uuid::try_parse(text).ok()).next();
    let id = id.ok_or("it does not say the signing request's id")?;
    Ok(SubmittedRequest { id: id.hyphenated().to_string(), link: answer.web_link })
}

/// Reads a status, from either answer.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(crate) fn status(body: &[u8]) -> Result<RequestStatus, String> {
    let answer: StatusAnswer = serde_json::from_slice(body)
        .map_err(|error| format!("it is not the expected JSON: {error}"))?;
    let status = answer.status.ok_or("there is no status in it")?;
    let state = match status.as_str() {
        "Completed" => RequestState::Completed,
        "Failed" | "Denied" | "Canceled" => RequestState::Ended,
        // A word that is new here; whether it is the last one, the service says.
        _ if answer.is_final_status == Some(true) => RequestState::Ended,
        _ => RequestState::Open,
    };
    let step = answer.workflow_status.filter(|step| *step != status);
    let words = step.map_or(status.clone(), |step| format!("{status} ({step})"));
    Ok(RequestStatus { state, words })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubmittedAnswer {
    #[serde(deserialize_with = "if_any")]
    signing_request_id: Option<String>,
    #[serde(deserialize_with = "if_any")]
    web_link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusAnswer {
    status: Option<String>,
    #[serde(default, deserialize_with = "if_any")]
    workflow_status: Option<String>,
    #[serde(default, deserialize_with = "if_any")]
    is_final_status: Option<bool>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "9d0e2a1c-0000-4000-8000-000000000001";

    #[test]
    fn a_submission_is_the_documented_form() {
        let submission = FileSubmission {
            project: "demo".to_owned(),
            policy: "release".to_owned(),
            artifact_configuration: Some("raw".to_owned()),
            description: None,
            parameters: vec![("version".to_owned(), "1.0".to_owned())],
            artifact: b"PK".to_vec(),
        };
        let request = submission.encode();
        assert_eq!(
            (request.method(), &*request.route),
            ("POST", "/SigningRequests/SubmitWithArtifact")
        );
        assert_eq!(request.call, Call::FileSubmission);
        let Body::Form { fields, file } = request.body else { panic!() };
        let expected = [
            ("projectSlug", "demo"),
            ("signingPolicySlug", "release"),
            ("artifactConfigurationSlug", "raw"),
            ("parameters.version", "1.0"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.into(), value.to_owned())));
        assert_eq!(
            (file.field, file.media_type, &*file.content),
            ("artifact", "application/zip", &b"PK"[..])
        );
    }

    #[test]
    fn the_id_comes_from_the_body_or_the_location() {
        let url = format!("https://app.signpath.io/API/v1/x/SigningRequests/{ID}");
        let body = format!(r#"{{"signingRequestId":"{ID}","webLink":"https://w"}}"#);
        let newer = submitted(body.as_bytes(), None).unwrap();
        assert_eq!(
            newer,
            SubmittedRequest { id: ID.to_owned(), link: Some("https://w".to_owned()) }
        );
        for location in [url.clone(), format!("{url}/"), format!("{}?x=1", url.to_uppercase())] {
            let older = submitted(b"", Some(&location)).unwrap();
            assert_eq!(older, SubmittedRequest { id: ID.to_owned(), link: None });
        }
        let odd = submitted(br#"{"signingRequestId":7,"webLink":{}}"#, Some(&url)).unwrap();
        assert_eq!(odd, SubmittedRequest { id: ID.to_owned(), link: None });
        assert!(submitted(b"{}", Some("https://x/SigningRequests/")).is_err());
        assert!(submitted(b"", None).is_err());
    }

    #[test]
    fn every_status_is_open_completed_or_ended() {
        for (words, state) in [
            ("InProgress", RequestState::Open),
            ("WaitingForApproval", RequestState::Open),
            ("WaitingForArtifactUpload", RequestState::Open),
            ("Completed", RequestState::Completed),
            ("Failed", RequestState::Ended),
            ("Denied", RequestState::Ended),
            ("Canceled", RequestState::Ended),
            ("New", RequestState::Open),
        ] {
            let body = format!(r#"{{"status":"{words}","workflowStatus":"{words}"}}"#);
            let expected = RequestStatus { state, words: words.to_owned() };
            assert_eq!(status(body.as_bytes()), Ok(expected));
        }
        let last = br#"{"status":"New","workflowStatus":"Odd","isFinalStatus":true}"#;
        let expected = RequestStatus { state: RequestState::Ended, words: "New (Odd)".to_owned() };
        assert_eq!(status(last), Ok(expected));
        let odd = br#"{"status":"Completed","workflowStatus":4,"isFinalStatus":"yes"}"#;
        assert_eq!(status(odd).unwrap().state, RequestState::Completed);
        assert!(status(b"{}").is_err());
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..99), location in "\\PC*") {
            submitted(&body, Some(&location)).ok();
            status(&body).ok();
        }
    }
}
