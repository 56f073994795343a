//! File-based signing requests. What is in the zip, and what a signature in it is worth, is for the caller to know.

use std::sync::atomic::Ordering;
use std::time::Instant;

use tracing::debug;
use uuid::Uuid;
use x509_cert::der::pem;

use crate::certificate::Certificate;
use crate::client::Client;
use crate::client::effort::Effort;
use crate::error::Error;
use crate::http::Answer;
use crate::wire::files::{self, About, FileSubmission, RequestStatus, SubmittedRequest};

impl Client {
    /// Makes a file-based signing request (`POST …/SigningRequests/SubmitWithArtifact`). It is never made twice: after an
    /// error that is [`crate::Class::Transient`] nobody knows whether it was made.
    ///
    /// # Errors
    /// The service's refusal, no answer, an answer without an id.
    pub fn submit_file(&self, submission: &FileSubmission) -> Result<SubmittedRequest, Error> {
        let (project, policy) = (&submission.project, &submission.policy);
        let asked =
            format!("submitting a signing request to {project}/{policy} at {}", self.api_url);
        let answer = self.call(&submission.encode(), &asked, &Effort::start())?;
        let read = files::submitted(&answer.body, answer.location.as_deref());
        let request = read.map_err(|why| self.bad_answer(&asked, &why))?;
        Ok(SubmittedRequest {
            link: request.link.as_deref().map(|link| self.shown(link)),
            ..request
        })
    }

    /// How a request goes (`GET …/<id>/Status`, or the whole request of older services). It is over by `until`, but for one
    /// attempt; `None`: within the client's own time.
    ///
    /// # Errors
    /// The service's refusal, no answer, or one of another shape.
    pub fn request_status(
        &self,
        id: &Uuid,
        until: Option<Instant>,
    ) -> Result<RequestStatus, Error> {
        let asked = format!("reading the status of the signing request {id} at {}", self.api_url);
        let last = until.map(|until| until.max(Instant::now()));
        let end = last.and_then(|last| last.checked_add(self.limits.attempt));
        let effort = Effort { end, ..Effort::start() };
        let answer = self.status_answer(id, &asked, &effort)?;
        let status = files::status(&answer.body).map_err(|why| self.bad_answer(&asked, &why))?;
        Ok(RequestStatus { words: self.shown(&status.words), ..status })
    }

    fn status_answer(&self, id: &Uuid, asked: &str, effort: &Effort) -> Result<Answer, Error> {
        let id = id.to_string();
        if !self.is_without_status.load(Ordering::Relaxed) {
            match self.call(&files::about(&id, About::Status), asked, effort) {
                Err(error) if error.is_missing_route() => {
                    debug!("the service does not know /Status");
                    self.is_without_status.store(true, Ordering::Relaxed);
                }
                answered => return answered,
            }
        }
        self.call(&files::about(&id, About::Whole), asked, effort)
    }

    /// The zip of a completed request.
    ///
    /// # Errors
    /// It is not there yet, the service's refusal, no answer, or more than 128 MiB.
    pub fn signed_artifact(&self, id: &Uuid) -> Result<Vec<u8>, Error> {
        let asked = format!("fetching what the signing request {id} signed at {}", self.api_url);
        let request = files::about(&id.to_string(), About::SignedArtifact);
        Ok(self.call(&request, &asked, &Effort::start())?.body)
    }

    /// The zip that a request was made with; `None` if the service does not give it.
    ///
    /// # Errors
    /// There is no such request, the service's refusal, no answer, or more than 128 MiB.
    pub fn unsigned_artifact(&self, id: &Uuid) -> Result<Option<Vec<u8>>, Error> {
        let asked = format!("fetching what the signing request {id} is about at {}", self.api_url);
        let request = files::about(&id.to_string(), About::UnsignedArtifact);
        match self.call(&request, &asked, &Effort::start()) {
            Err(error) if error.is_missing_route() => Ok(None),
            answered => Ok(Some(answered?.body)),
        }
    }

    /// The X.509 certificate of a policy, DER or PEM: where the organization has no hash signing, the only word on its key.
    ///
    /// # Errors
    /// The service's refusal, no answer, or what is no certificate.
    pub fn policy_certificate(&self, project: &str, policy: &str) -> Result<Certificate, Error> {
        let asked = format!(
            "reading the certificate of the signing policy {project}/{policy} at {}",
            self.api_url
        );
        let answer = self.call(&files::certificate(project, policy), &asked, &Effort::start())?;
        let der = pem::decode_vec(answer.body.trim_ascii()).map(|(_, der)| der);
        let read = Certificate::from_der(&der.unwrap_or(answer.body));
        read.map_err(|why| self.bad_answer(&asked, &why.to_string()))
    }
}
